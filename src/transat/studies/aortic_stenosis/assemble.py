"""Findings written as a ValveResult: labels, shown counts, estimates, and what cannot be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transat.core.languages import Text
from transat.federation.attrition import Release as AttritionRelease
from transat.statistics import aalen_johansen, cox
from transat.studies.aortic_stenosis.coding import corrected
from transat.studies.aortic_stenosis.conduct import Curves, Findings
from transat.studies.aortic_stenosis.fits import Fit
from transat.studies.aortic_stenosis.model_files import name_of, text_of
from transat.studies.aortic_stenosis.performances import validations
from transat.studies.aortic_stenosis.protocol import AorticStenosis
from transat.studies.aortic_stenosis.results import (
    ArmTold,
    Beside,
    Coefficient,
    CurveTold,
    FeatureTold,
    Figure,
    HazardTold,
    ModelTold,
    PopulationAtSite,
    PopulationTold,
    TrialTold,
    ValveResult,
)
from transat.studies.hashes import identity
from transat.studies.numbers import count, number
from transat.studies.results import AttritionStep, RunRecord
from transat.studies.site_record import SiteRecord


def result(
    protocol: AorticStenosis,
    findings: Findings,
    sites: tuple[SiteRecord, ...],
    run: RunRecord,
    notes: tuple[Text, ...],
) -> ValveResult:
    """All that a report needs; notes: those that every kind of study has."""
    return ValveResult(
        study=identity(protocol),
        sites=sites,
        features=features(protocol),
        populations=tuple(_population(protocol, findings, name) for name in findings.attrition),
        curves=tuple(c for curves in findings.curves for c in _curves(protocol, curves)),
        models=tuple(_models(protocol, findings)),
        validations=validations(protocol, findings),
        trial=trial(protocol, findings),
        waits=(),
        corrected=corrected(protocol, findings),
        withheld=findings.withheld,
        notes=(*_notes(protocol, findings, sites), *notes),
        run=run,
    )


def features(protocol: AorticStenosis) -> tuple[FeatureTold, ...]:
    """The leak audit's table: what every feature is, and when it is known."""
    return tuple(
        FeatureTold(
            name, rule.text.text(), rule.value.unit, rule.value.available_at,
            rule.value.delay_days, rule.value.later, rule.value.missing, rule.value.low,
            rule.value.high, rule.value.fill if rule.value.missing == "flag" else None,
        )
        for name, rule in protocol.document.features.items()
    )  # fmt: skip


def _population(protocol: AorticStenosis, findings: Findings, name: str) -> PopulationTold:
    rule = protocol.document.outcomes[name]
    landmark = protocol.document.landmarks[rule.value.landmark].value
    texts = _texts(protocol, name)
    return PopulationTold(
        name=name,
        text=rule.text.text(),
        landmark=rule.value.landmark,
        evidence=landmark.evidence,
        kinds=rule.value.kinds,
        asked=findings.asked[name],
        sites=tuple(
            PopulationAtSite(site, None if told is None else told.rows, _steps(told, texts))
            for site, told in sorted(findings.attrition[name].items())
        ),
    )


def _texts(protocol: AorticStenosis, name: str) -> dict[str, Text]:
    """The sentences of an attrition's steps, by key; sites send keys only."""
    from transat.cohorts.landmark_table import steps_of

    landmark = protocol.document.outcomes[name].value.landmark
    cohort = protocol.document.landmarks[landmark].value.cohort
    return steps_of(protocol.study.population(cohort))


def _steps(told: AttritionRelease | None, texts: dict[str, Text]) -> tuple[AttritionStep, ...]:
    if told is None:
        return ()
    return tuple(
        AttritionStep(key, texts[key], count(persons))
        for key, persons in zip(told.keys, told.persons, strict=True)
    )


def _curves(protocol: AorticStenosis, curves: Curves) -> list[CurveTold]:
    kinds = protocol.document.outcomes[curves.outcome].value.kinds
    whole: list[tuple[str | None, tuple[aalen_johansen.Curves, ...]]] = [
        (None, curves.result.together),
        *zip(curves.sites, curves.result.sites, strict=True),
    ]
    return [
        _curve(curves, kinds, kind, site, group, one)
        for site, groups in whole
        for group, one in enumerate(groups)
        for kind in range(len(kinds))
    ]


def _curve(
    curves: Curves,
    kinds: Sequence[str],
    kind: int,
    site: str | None,
    group: int,
    one: aalen_johansen.Curves,
) -> CurveTold:
    return CurveTold(
        outcome=curves.outcome,
        kind=kinds[kind],
        site=site,
        group=f"{curves.by}={group}" if curves.by else "",
        edges=tuple(float(edge) for edge in one.edges),
        at_risk=tuple(_head_count(n) for n in one.at_risk),
        incidence=tuple(float(f) for f in one.incidence[kind]),
        low=tuple(number(f) for f in one.low[kind]),
        high=tuple(number(f) for f in one.high[kind]),
    )


def _head_count(value: Any) -> int | None:
    """People at risk, None where so few are left that it is not said."""
    return int(value) if int(value) == 0 or int(value) > 10 else None


def _models(protocol: AorticStenosis, findings: Findings) -> list[ModelTold]:
    made: dict[tuple[str, str, tuple[str, ...]], list[HazardTold]] = {}
    for model, fits in findings.fits.items():
        for fit in fits:
            made.setdefault((model, fit.outcome, fit.learnt_on), []).append(_hazard(protocol, fit))
    files = {
        (m.about.model, m.about.outcome, m.learnt_on): (name_of(m), text_of(told))
        for m, told in findings.documents
    }
    return [
        ModelTold(*key, tuple(hazards), *files.get(key, ("", ""))) for key, hazards in made.items()
    ]


def _hazard(protocol: AorticStenosis, fit: Fit) -> HazardTold:
    found = fit.result
    return HazardTold(
        kind=protocol.document.outcomes[fit.outcome].value.kinds[fit.kind - 1],
        coefficients=tuple(_coefficient(found, k) for k in range(len(found.terms))),
        dropped=fit.dropped,
        persons=found.persons,
        events=found.events,
        rounds=found.rounds,
        converged=found.converged,
    )


def _coefficient(found: cox.Result, at: int) -> Coefficient:
    return Coefficient(
        name=found.terms[at],
        value=number(found.coefficients[at]),
        error=number(found.standard_errors[at]),
        hazard_ratio=Figure(
            number(found.hazard_ratios[at]), number(found.low[at]), number(found.high[at])
        ),
        p=number(found.p[at]),
    )


def trial(protocol: AorticStenosis, findings: Findings) -> TrialTold | None:
    """The emulated trial beside what was published."""
    if findings.trial is None:
        return None
    found = findings.trial.result
    arms = (("early", found.early), ("waiting", found.waiting))
    differences = zip(found.difference, found.difference_low, found.difference_high, strict=True)
    return TrialTold(
        outcome=findings.trial.outcome,
        edges=tuple(float(edge) for edge in found.edges),
        arms=tuple(
            ArmTold(
                name, tuple(float(r) for r in arm.risk), tuple(number(r) for r in arm.low),
                tuple(number(r) for r in arm.high),
            )
            for name, arm in arms
        ),
        difference=tuple(Figure(number(d), number(a), number(b)) for d, a, b in differences),
        hazard_ratio=Figure(
            found.hazard_ratio, found.hazard_ratio_low, found.hazard_ratio_high
        ),
        published=tuple(
            Beside(p.label.text(), Figure(p.value, p.low, p.high), p.source)
            for p in protocol.document.trial.published.value
        ),
    )  # fmt: skip


def _notes(
    protocol: AorticStenosis, findings: Findings, sites: tuple[SiteRecord, ...]
) -> tuple[Text, ...]:
    """What every reader must be told of populations that could not enter."""
    labels = {site.site: site.label for site in sites}
    notes = []
    for name, told in findings.attrition.items():
        text = protocol.document.outcomes[name].text.text()
        for site, release in sorted(told.items()):
            if release is None or release.rows == 0:
                notes.append(
                    Text(
                        f"{labels[site].fr} : trop peu de personnes pour en rien dire. {text.fr}",
                        f"{labels[site].en}: too few people to say anything of them. {text.en}",
                    )
                )
    return tuple(notes)
