"""Everything that the report on aortic stenosis shows, as CSV: decimal point, masked cells empty.

What has a name in words has three columns: as the program writes it, French, English. Times are
months of 30.4375 days from the landmark; incidences and risks are shares of 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from transat.core.languages import LANGUAGES
from transat.reports.aortic_stenosis import evidence
from transat.reports.aortic_stenosis.words import Words
from transat.reports.evidence import forms
from transat.reports.files import Cell, write_csv
from transat.studies.aortic_stenosis.results import Figure, ValveResult

CSV_FOLDER: Final = "tables"

Rows = Iterable[Sequence[Cell]]


class _Told:
    """A result, and how both languages name what is in it."""

    def __init__(self, result: ValveResult) -> None:
        self.result = result
        self.words = tuple(Words(result, language) for language in LANGUAGES)

    def kind(self, name: str) -> tuple[str, ...]:
        return (name, *(words.of("kind", name) for words in self.words))

    def outcome(self, name: str) -> tuple[str, ...]:
        return (name, *(words.outcome(name) for words in self.words))

    def group(self, name: str) -> tuple[str, ...]:
        return (name, *(words.group(name) for words in self.words))

    def metric(self, name: str) -> tuple[str, ...]:
        return (name, *(words.of("metric", name) for words in self.words))

    def feature(self, name: str) -> tuple[str, ...]:
        return (name, *(words.feature(name) for words in self.words))


def write_tables(result: ValveResult, folder: Path) -> tuple[Path, ...]:
    """Write every table under `folder`; return the paths, in the order of NAMES."""
    folder.mkdir(parents=True, exist_ok=True)
    told = _Told(result)
    return tuple(write_csv(folder / name, table(told)) for name, table in _TABLES.items())


def _sites(told: _Told) -> Rows:
    yield (
        "site", "site_fr", "site_en", "holder", "policy", "threshold", "source", "starts", "ends",
        "simulated", "releases", "bytes_out", "cells_out", "cells_masked", "ledger",
        "ledger_head_sha256",
    )  # fmt: skip
    for s in told.result.sites:
        yield (
            s.site, s.label.fr, s.label.en, s.holder, s.policy, s.threshold, s.source,
            *(s.period or (None, None)), s.simulated, s.releases, s.bytes_out, s.cells_out,
            s.cells_masked, s.ledger, s.ledger_head,
        )  # fmt: skip


def _attrition(told: _Told) -> Rows:
    yield (
        *_named("outcome"), "landmark", "evidence", "site", "step", "rule_fr", "rule_en", "count",
    )  # fmt: skip
    last = tuple(words.of("valve", "people_rows") for words in told.words)
    for p in told.result.populations:
        for site in p.sites:
            about = (*told.outcome(p.name), p.landmark, p.evidence, site.site)
            for step in site.attrition:
                yield (*about, step.key, step.text.fr, step.text.en, step.count)
            yield (*about, "rows", *last, site.rows)


def _curves(told: _Told) -> Rows:
    yield (
        *_named("outcome"), *_named("kind"), "site", *_named("group"), "months", "at_risk",
        "incidence", "low", "high",
    )  # fmt: skip
    for c in told.result.curves:
        about = (*told.outcome(c.outcome), *told.kind(c.kind), c.site or "all")
        for row in zip(c.edges, c.at_risk, c.incidence, c.low, c.high, strict=True):
            yield (*about, *told.group(c.group), *row)


def _models(told: _Told) -> Rows:
    yield (
        "model", *_named("outcome"), "learnt_on", *_named("kind"), "people", "events", "rounds",
        "converged", "dropped", "file",
    )  # fmt: skip
    for m in told.result.models:
        for h in m.hazards:
            yield (
                m.model, *told.outcome(m.outcome), " ".join(m.learnt_on), *told.kind(h.kind),
                h.persons, h.events, h.rounds, h.converged, " ".join(h.dropped), m.file,
            )  # fmt: skip


def _coefficients(told: _Told) -> Rows:
    yield (
        "model", "outcome", "learnt_on", *_named("kind"), *_named("feature"), "coefficient",
        "standard_error", "hazard_ratio", "low", "high", "p",
    )  # fmt: skip
    for m in told.result.models:
        for h in m.hazards:
            about = (m.model, m.outcome, " ".join(m.learnt_on), *told.kind(h.kind))
            for c in h.coefficients:
                yield (
                    *about, *told.feature(c.name), c.value, c.error, *_figure(c.hazard_ratio), c.p,
                )  # fmt: skip


def _features(told: _Told) -> Rows:
    yield (
        *_named("feature"),
        "unit",
        "known",
        "delay_days",
        "if_later",
        "if_missing",
        "low",
        "high",
        "fill",
    )
    for f in told.result.features:
        yield (
            f.name, f.text.fr, f.text.en, f.unit, f.available_at, f.delay_days, f.later, f.missing,
            f.low, f.high, f.fill,
        )  # fmt: skip


_JUDGED = ("model", "outcome", "kind", "horizon_months", "learnt_on", "judged_on")


def _judged(told: _Told) -> Iterable[tuple[int, tuple[Cell, ...]]]:
    for at, v in enumerate(told.result.validations):
        sites = (" ".join(v.learnt_on), " ".join(v.judged_on))
        yield at, (v.model, v.outcome, v.kind, v.horizon, *sites)


def _metrics(told: _Told) -> Rows:
    yield (*_JUDGED, *_named("metric"), *_named("group"), "masked", "value", "low", "high")
    for at, about in _judged(told):
        for m in told.result.validations[at].metrics:
            yield (
                *about, *told.metric(m.name), *told.group(m.group), m.masked, *_figure(m.figure),
            )  # fmt: skip


def _calibration(told: _Told) -> Rows:
    yield (*_JUDGED, "predicted", "observed", "low", "high")
    for at, about in _judged(told):
        for level in told.result.validations[at].calibration:
            yield (*about, level.predicted, *_figure(level.observed))


def _net_benefit(told: _Told) -> Rows:
    yield (*_JUDGED, "threshold", "model_value", "low", "high", "treat_all")
    for at, about in _judged(told):
        for d in told.result.validations[at].decisions:
            yield (*about, d.threshold, *_figure(d.model), d.all)


def _trial(told: _Told) -> Rows:
    yield (*_named("outcome"), *_named("arm"), "months", "risk", "low", "high")
    trial = told.result.trial
    if trial is None:
        return
    about = told.outcome(trial.outcome)
    for arm in trial.arms:
        name = (arm.name, *(words.of("arm", arm.name) for words in told.words))
        for row in zip(trial.edges, arm.risk, arm.low, arm.high, strict=True):
            yield (*about, *name, *row)
    name = ("difference", *(words.of("valve", "trial_difference") for words in told.words))
    for edge, figure in zip(trial.edges, trial.difference, strict=True):
        yield (*about, *name, edge, *_figure(figure))


def _trial_ratios(told: _Told) -> Rows:
    yield ("trial_fr", "trial_en", "hazard_ratio", "low", "high", "source")
    trial = told.result.trial
    if trial is not None:
        ours = (words.of("valve", "trial_ours") for words in told.words)
        yield (*ours, *_figure(trial.hazard_ratio), None)
        for b in trial.published:
            yield (b.label.fr, b.label.en, *_figure(b.figure), b.source)


def _waiting(told: _Told) -> Rows:
    yield ("months_of_waiting", *_named("kind"), "months", "incidence")
    for w in told.result.waits:
        for edge, share in zip(w.edges, w.incidence, strict=True):
            yield (w.months, *told.kind(w.kind), edge, share)


def _corrected(told: _Told) -> Rows:
    yield (
        *_named("outcome"), *_named("kind"), "horizon_months", "coded", "coded_low", "coded_high",
        "corrected", "corrected_low", "corrected_high",
    )  # fmt: skip
    for c in told.result.corrected:
        yield (
            *told.outcome(c.outcome), *told.kind(c.kind), c.horizon, *_figure(c.coded),
            *_figure(c.corrected),
        )  # fmt: skip


def _truth(told: _Told) -> Rows:
    yield (
        *_named("outcome"), *_named("kind"), "site", *_named("group"), "months", "true",
        "points_covered", "points",
    )  # fmt: skip
    for t in told.result.truth:
        about = (*told.outcome(t.outcome), *told.kind(t.kind), t.site, *told.group(t.group))
        for edge, true in zip(t.edges, t.true, strict=True):
            yield (*about, edge, true, t.covered, t.of)


def _withheld(told: _Told) -> Rows:
    yield (*_named("outcome"), "question", "site", "reason_fr", "reason_en", "columns")
    for w in told.result.withheld:
        yield (
            *told.outcome(w.outcome), w.step, w.site, w.reason.fr, w.reason.en, " ".join(w.columns),
        )  # fmt: skip


def _evidence(told: _Told) -> Rows:
    yield ("form", "item", "asked_fr", "asked_en", "answer_fr", "answer_en", "taken_from")
    answered: tuple[tuple[forms.Form, dict[str, forms.Answer]], ...] = (
        ("tripod_ai", evidence.tripod(told.result)),
        ("probast_ai", evidence.probast(told.result)),
    )
    for form, answers in answered:
        for line in forms.filled(form, answers):
            item, found = line.item, line.answer
            said = (found.text.fr, found.text.en, found.where) if found else (None, None, None)
            yield (form, item.key, item.text.fr, item.text.en, *said)


def _named(column: str) -> tuple[str, str, str]:
    return (column, f"{column}_fr", f"{column}_en")


def _figure(figure: Figure | None) -> tuple[Cell, Cell, Cell]:
    return (None, None, None) if figure is None else (figure.value, figure.low, figure.high)


_TABLES: Final[dict[str, Callable[[_Told], Rows]]] = {
    "sites.csv": _sites,
    "attrition.csv": _attrition,
    "curves.csv": _curves,
    "features.csv": _features,
    "models.csv": _models,
    "coefficients.csv": _coefficients,
    "metrics.csv": _metrics,
    "calibration.csv": _calibration,
    "net_benefit.csv": _net_benefit,
    "trial.csv": _trial,
    "trial_ratios.csv": _trial_ratios,
    "waiting.csv": _waiting,
    "corrected.csv": _corrected,
    "truth.csv": _truth,
    "withheld.csv": _withheld,
    "evidence.csv": _evidence,
}
#: Files of the tables, in the order of the report.
NAMES: Final = tuple(_TABLES)
