"""A study carried out under a permit, over any transport: ask the sites, combine, say the result.

What the result says of a site comes from its permit, from its answers, and from nowhere else: the
coordinator never sees a CDM. The same lines serve one process, an export desk and a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from transat.cohorts.population import population_rules
from transat.core.errors import PermissionRefused
from transat.core.languages import Text
from transat.federation import policy
from transat.federation.attrition import Release as AttritionRelease
from transat.federation.coordinator import Coordinator
from transat.federation.permit import Permit, SiteTerms
from transat.studies import record
from transat.studies.hashes import Hashes, hashes
from transat.studies.inutero import assemble
from transat.studies.inutero.study import Findings, Progress, conduct
from transat.studies.numbers import count
from transat.studies.protocol import Protocol
from transat.studies.results import (
    AttritionStep,
    RunRecord,
    SiteSummary,
    StudyIdentity,
    StudyResult,
)


def carry_out(
    protocol: Protocol,
    permit: Permit,
    coordinator: Coordinator,
    progress: Progress | None = None,
    ledgers: Mapping[str, str] | None = None,
) -> StudyResult:
    """Ask the permit's sites all that the protocol asks; the joint result.

    ledgers: by site, where a reader of the result finds its register; none where it stays at the
    site.

    Raises
    ------
    PermissionRefused: the permit is not for this protocol. Others: as `inutero.study.conduct`.
    """
    names = hashes(protocol)
    _meant(permit, names)
    started, clock = record.now(), perf_counter()
    findings = conduct(protocol, coordinator, progress)
    whole = (*findings.seconds, ("all", round(perf_counter() - clock, 3)))
    inputs = tuple((s, t.holding.fingerprint) for s, t in sorted(permit.sites.items()))
    ran = RunRecord(started, record.now(), record.versions(), (), inputs, whole)
    summaries = tuple(
        _summary(protocol, site, terms, findings, coordinator, (ledgers or {}).get(site, ""))
        for site, terms in sorted(permit.sites.items())
    )
    return _result(protocol, names, summaries, findings, ran)


def _meant(permit: Permit, names: Hashes) -> None:
    wrong = (permit.study, permit.document) != (names.logic, names.document)
    if wrong or names.cohort not in permit.cohorts:
        raise PermissionRefused(
            Text("ce permis est celui d'un autre protocole.", "this permit is another protocol's."),
            permit.project,
            Text("Faites-en signer un pour ce protocole.", "Have one signed for this protocol."),
        )


def _result(
    protocol: Protocol,
    names: Hashes,
    sites: tuple[SiteSummary, ...],
    findings: Findings,
    ran: RunRecord,
) -> StudyResult:
    document = protocol.document
    return StudyResult(
        study=StudyIdentity(
            document.study.id, document.study.version, document.title.text(),
            document.purpose.text(), names.logic, names.document, protocol.rules(),
        ),
        sites=sites,
        births=_births(findings),
        exposures=assemble.exposures(protocol),
        outcomes=assemble.outcomes(protocol),
        prevalences=assemble.prevalences(findings.prevalence, findings.asked),
        pairs=assemble.pairs(protocol, findings),
        signals=assemble.signals(protocol, findings),
        detectable=assemble.detectable(findings),
        parameters=_parameters(protocol, findings),
        notes=(*_notes(sites), *_same_people(sites, ran)),
        run=ran,
    )  # fmt: skip


def _births(findings: Findings) -> int | None:
    """Births that entered the scan; 0 where every site says that it has none."""
    if findings.scan is not None:
        return findings.scan.persons
    told = [release for release in findings.attrition.values() if release is not None]
    return 0 if len(told) == len(findings.attrition) else None


def _summary(
    protocol: Protocol,
    site: str,
    terms: SiteTerms,
    findings: Findings,
    coordinator: Coordinator,
    ledger: str,
) -> SiteSummary:
    declared = {s.name: s for s in protocol.document.sites}
    release, left = findings.attrition[site], coordinator.left(site)
    seen, held = coordinator.registers()[site], terms.holding
    steps = _steps(protocol, release)
    return SiteSummary(
        site=site,
        label=declared[site].label.text(),
        holder=terms.policy,
        policy=_source(terms),
        threshold=terms.threshold,
        simulated=held.simulated,
        source=held.source,
        period=None if not held.starts or not held.ends else (str(held.starts), str(held.ends)),
        births=None if release is None else release.rows,
        attrition=steps,
        releases=left.releases,
        bytes_out=left.bytes,
        cells_out=left.cells,
        cells_masked=left.masked,
        ledger=ledger,
        ledger_head=seen.heads[seen.entries],
        no_pregnancies=bool(steps) and steps[0].count == 0,
        notice=Text(held.notice_fr, held.notice_en) if held.notice_fr else None,
    )


def _source(terms: SiteTerms) -> str:
    """Where the holder's threshold comes from, where its policy is one that ships with Transat."""
    known = policy.installed().get(terms.policy)
    return known.source if known is not None and known.sha256() == terms.policy_sha256 else ""


def _steps(protocol: Protocol, release: AttritionRelease | None) -> tuple[AttritionStep, ...]:
    if release is None:
        return ()
    texts = {rule.key: rule.text for rule in population_rules(protocol.specification())}
    return tuple(
        AttritionStep(key, texts[key], count(pregnancies))
        for key, pregnancies in zip(release.keys, release.pregnancies, strict=True)
    )


def _parameters(protocol: Protocol, findings: Findings) -> tuple[tuple[str, str], ...]:
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


def _same_people(sites: tuple[SiteSummary, ...], ran: RunRecord) -> tuple[Text, ...]:
    """A note for two sites that read one CDM: its people would be counted twice."""
    labels = {site.site: site.label for site in sites}
    first: dict[str, str] = {}
    notes = []
    for site, content in ran.inputs:
        one, two = labels[first.setdefault(content or site, site)], labels[site]
        if one != two:
            notes.append(
                Text(
                    f"{one.fr} et {two.fr} lisent le même CDM : les mêmes personnes sont comptées "
                    "deux fois, et rien de ce qui les réunit n'a de sens.",
                    f"{one.en} and {two.en} read the same CDM: the same people are counted twice, "
                    "and nothing that joins them has a meaning.",
                )
            )
    return tuple(notes)


def write_result(protocol: Protocol, result: StudyResult, out: Path) -> None:
    """Write result.json, run.json and protocol.json beside their places, then rename them."""
    record.write(out / "protocol.json", record.as_json(protocol.data()))
    record.write(out / "run.json", record.as_json(asdict(result.run)))
    record.write(out / "result.json", result.to_json() + "\n")
