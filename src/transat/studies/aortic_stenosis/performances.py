"""How good each model is on the shore that it never saw, from the counts that came back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from transat.core.languages import Text
from transat.statistics import performance as performances
from transat.statistics.performance import Performance, performance
from transat.statistics.subgroups import Group, by_group
from transat.studies.aortic_stenosis.conduct import Findings
from transat.studies.aortic_stenosis.foreseen import Judged
from transat.studies.aortic_stenosis.protocol import AorticStenosis
from transat.studies.aortic_stenosis.results import (
    Decision,
    Figure,
    Level,
    Metric,
    ValidationTold,
)
from transat.studies.numbers import number

#: Samples behind an interval that is had by drawing people again.
DRAWS: Final = 50
FEW: Final = 11
#: Metrics that need no order among people.
OF_LEVEL: Final = ("null_brier", "observed_over_expected")


def validations(protocol: AorticStenosis, findings: Findings) -> tuple[ValidationTold, ...]:
    """One entry per model, horizon and pair of shores; metrics of everybody, then by group."""
    return tuple(
        _told(protocol, judged, [j for j in findings.judged if _same(j, judged) and j.by])
        for judged in findings.judged
        if not judged.by
    )


def _same(one: Judged, other: Judged) -> bool:
    return (one.about, one.horizon, one.learnt_on, one.judged_on) == (
        other.about, other.horizon, other.learnt_on, other.judged_on,
    )  # fmt: skip


def _told(protocol: AorticStenosis, judged: Judged, grouped: list[Judged]) -> ValidationTold:
    about = judged.about
    whole = _measured(protocol, judged)[0]
    metrics = list(_metrics("", whole, _apart(judged)))
    for other in grouped:
        for group in _measured(protocol, other)[1:]:
            name = ",".join(f"{column}={value}" for column, value in group.values)
            metrics += _metrics(name, group, _apart(other))
    found = whole.metric
    return ValidationTold(
        model=about.model,
        outcome=about.outcome,
        kind=about.kinds[0],
        horizon=judged.horizon,
        learnt_on=judged.learnt_on,
        judged_on=judged.judged_on,
        metrics=tuple(metrics),
        calibration=() if found is None else tuple(_levels(found)),
        decisions=() if found is None else tuple(_decisions(found)),
    )


def _measured(protocol: AorticStenosis, judged: Judged) -> tuple[Group[Performance], ...]:
    """Every metric of everybody at the one site, then of its groups."""
    thresholds = protocol.document.validation.thresholds.value.get(judged.about.outcome, ())
    level = protocol.document.curves.level.value
    ask = partial(
        performance, horizon=judged.horizon, thresholds=thresholds, level=level, draws=DRAWS
    )
    told = by_group(judged.result, judged.judged_on, judged.horizon, ask, least=FEW)
    return tuple(group for group in told if not group.site)


def _apart(judged: Judged) -> bool:
    """Whether the gates left at least two bins of risk apart: one tells nothing of order."""
    bins = sum(release.persons().sum(axis=0) for release in judged.result.sites)
    return bool((bins > 0).sum() > 1)


def _metrics(name: str, group: Group[Performance], apart: bool) -> Iterator[Metric]:
    if group.metric is None:
        yield Metric("all", name, None, masked=True)
        return
    for metric in performances.NAMES:
        figure = group.metric.figures.get(metric)
        shown = None
        if figure is not None and (apart or metric in OF_LEVEL):
            shown = Figure(number(figure.value), number(figure.low), number(figure.high))
        yield Metric(metric, name, shown)


def _levels(found: Performance) -> Iterator[Level]:
    for level in found.levels:
        seen = level.observed
        if level.persons >= FEW:
            yield Level(
                float(level.predicted),
                Figure(number(seen.value), number(seen.low), number(seen.high)),
            )


def _decisions(found: Performance) -> Iterator[Decision]:
    curve = found.decisions
    if curve is None:
        return
    for threshold, model, everybody in zip(
        curve.thresholds, curve.model, curve.everybody, strict=True
    ):
        yield Decision(
            float(threshold),
            Figure(number(model.value), number(model.low), number(model.high)),
            float(everybody.value),
        )


#: What each metric is, for a reader.
METRICS: Final[dict[str, Text]] = {
    "concordance": Text("concordance (Uno)", "concordance (Uno)"),
    "auc": Text("AUC à l'horizon", "AUC at the horizon"),
    "brier": Text("score de Brier", "Brier score"),
    "null_brier": Text("score de Brier du modèle nul", "Brier score of the null model"),
    "ipa": Text("gain sur le modèle nul (IPA)", "gain on the null model (IPA)"),
    "observed_over_expected": Text("observé sur attendu", "observed over expected"),
    "intercept": Text("constante de calibration", "calibration intercept"),
    "slope": Text("pente de calibration", "calibration slope"),
    "ici": Text("écart moyen de calibration (ICI)", "mean calibration gap (ICI)"),
}
