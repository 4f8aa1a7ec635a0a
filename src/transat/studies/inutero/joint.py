"""INuTERO's findings as its result: identity, sites with their attrition, pairs, notes."""

from __future__ import annotations

from dataclasses import fields

from transat.cohorts.population import population_rules
from transat.core.languages import Text
from transat.federation.attrition import Release as AttritionRelease
from transat.studies.hashes import identity
from transat.studies.inutero import assemble
from transat.studies.inutero.protocol import Inutero
from transat.studies.inutero.study import Findings
from transat.studies.numbers import count
from transat.studies.results import AttritionStep, RunRecord, SiteSummary, StudyResult
from transat.studies.site_record import SiteRecord


def result(
    protocol: Inutero,
    findings: Findings,
    sites: tuple[SiteRecord, ...],
    run: RunRecord,
    notes: tuple[Text, ...],
) -> StudyResult:
    """All that a report needs; notes: those that every kind of study has."""
    summaries = tuple(_summary(protocol, site, findings) for site in sites)
    return StudyResult(
        study=identity(protocol),
        sites=summaries,
        births=_births(findings),
        exposures=assemble.exposures(protocol),
        outcomes=assemble.outcomes(protocol),
        prevalences=assemble.prevalences(findings.prevalence, findings.asked),
        pairs=assemble.pairs(protocol, findings),
        signals=assemble.signals(protocol, findings),
        detectable=assemble.detectable(findings),
        parameters=_parameters(protocol, findings),
        notes=(*_notes(summaries), *notes),
        run=run,
    )


def _births(findings: Findings) -> int | None:
    """Births that entered the scan; 0 where every site says that it has none."""
    if findings.scan is not None:
        return findings.scan.persons
    told = [release for release in findings.attrition.values() if release is not None]
    return 0 if len(told) == len(findings.attrition) else None


def _summary(protocol: Inutero, site: SiteRecord, findings: Findings) -> SiteSummary:
    release = findings.attrition[site.site]
    steps = _steps(protocol, release)
    return SiteSummary(
        **{field.name: getattr(site, field.name) for field in fields(SiteRecord)},
        births=None if release is None else release.rows,
        attrition=steps,
        no_pregnancies=bool(steps) and steps[0].count == 0,
    )


def _steps(protocol: Inutero, release: AttritionRelease | None) -> tuple[AttritionStep, ...]:
    if release is None:
        return ()
    texts = {rule.key: rule.text for rule in population_rules(protocol.specification())}
    return tuple(
        AttritionStep(key, texts[key], count(pregnancies))
        for key, pregnancies in zip(release.keys, release.pregnancies, strict=True)
    )


def _parameters(protocol: Inutero, findings: Findings) -> tuple[tuple[str, str], ...]:
    document = protocol.document
    pairs = len(protocol.exposures) * len(protocol.outcomes)
    tested = int(findings.scan.testable.sum()) if findings.scan else 0
    return (
        ("false_share", str(document.scan.false_share.value)),
        ("least_expected", str(document.scan.least_expected.value)),
        ("level", str(document.scan.level.value)),
        ("power", str(document.scan.power.value)),
        ("pairs", str(pairs)),
        ("pairs_tested", str(tested)),
        ("p_threshold", f"{findings.scan.threshold:.3g}" if findings.scan else ""),
    )


def _notes(sites: tuple[SiteSummary, ...]) -> tuple[Text, ...]:
    notes = []
    for site in sites:
        if site.no_pregnancies:
            notes.append(
                Text(
                    f"{site.label.fr} : ce CDM ne contient aucune grossesse.",
                    f"{site.label.en}: this CDM holds no pregnancy.",
                )
            )
        elif site.births is None:
            notes.append(
                Text(
                    f"{site.label.fr} : trop peu de naissances pour rien en dire.",
                    f"{site.label.en}: too few births to say anything of them.",
                )
            )
        elif site.births == 0:
            notes.append(
                Text(
                    f"{site.label.fr} : aucune naissance ne remplit les règles du protocole.",
                    f"{site.label.en}: no birth meets the protocol's rules.",
                )
            )
    return tuple(notes)
