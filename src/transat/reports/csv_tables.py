"""The report's tables as CSV: decimal point, ISO dates, masked cells empty, codes with labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from transat.reports.files import Cell, write_csv
from transat.reports.rows import named
from transat.studies.results import Estimate, StudyResult

NAMES = (
    "attrition.csv",
    "prevalences.csv",
    "pairs.csv",
    "pairs_by_site.csv",
    "signals.csv",
    "releases.csv",
)


def write_tables(result: StudyResult, folder: Path) -> tuple[Path, ...]:
    """Write every table under `folder`; return the paths, in the order of NAMES."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = (_attrition, _prevalences, _pairs, _pairs_by_site, _signals, _releases)
    made = zip(NAMES, tables, strict=True)
    return tuple(write_csv(folder / name, table(result)) for name, table in made)


def _attrition(result: StudyResult) -> Iterable[Sequence[Cell]]:
    yield ("site", "step", "rule_fr", "rule_en", "count")
    for site in result.sites:
        for step in site.attrition:
            yield (site.site, step.key, step.text.fr, step.text.en, step.count)


def _prevalences(result: StudyResult) -> Iterable[Sequence[Cell]]:
    yield ("outcome", "site", "cases", "births", "per_10000", "low", "high", "method")
    for p in result.prevalences:
        yield (p.outcome, p.site or "all", p.cases, p.births, *_estimate(p.per_10000))


def _pairs(result: StudyResult) -> Iterable[Sequence[Cell]]:
    labels = named(result)
    yield (
        "exposure", "exposure_fr", "exposure_en", "outcome", "outcome_fr", "outcome_en", "state",
        "reference", "exposed", "exposed_cases", "cases", "births", "expected", "odds_ratio", "low",
        "high", "method", "p", "q", "signal", "sites_used", "minimum_detectable_risk_ratio",
    )  # fmt: skip
    seen = {(d.exposure, d.outcome): d.risk_ratio for d in result.detectable}
    for p in sorted(result.pairs, key=lambda p: (p.exposure, p.outcome)):
        exposure, outcome = labels.exposure(p.exposure), labels.outcome(p.outcome)
        yield (
            p.exposure, exposure.fr, exposure.en, p.outcome, outcome.fr, outcome.en, p.state,
            p.reference, p.exposed, p.exposed_cases, p.cases, p.births, p.expected,
            *_estimate(p.odds_ratio), p.p, p.q, p.signal, " ".join(p.sites_used),
            seen.get((p.exposure, p.outcome)),
        )  # fmt: skip


def _pairs_by_site(result: StudyResult) -> Iterable[Sequence[Cell]]:
    yield (
        "exposure", "outcome", "site", "exposed", "cases", "exposed_cases", "odds_ratio", "low",
        "high", "method",
    )  # fmt: skip
    for p in sorted(result.pairs, key=lambda p: (p.exposure, p.outcome)):
        for s in p.sites:
            counts = (s.exposed, s.cases, s.exposed_cases)
            yield (p.exposure, p.outcome, s.site, *counts, *_estimate(s.odds_ratio))


def _signals(result: StudyResult) -> Iterable[Sequence[Cell]]:
    risks = ("exposed", "unexposed", "difference")
    yield (
        "exposure", "outcome", "reason", "odds_ratio", "low", "high", "method", "p", "q",
        "adjusted_odds_ratio", "adjusted_low", "adjusted_high", "adjusted_method", "adjusted_p",
        "columns_refused", "not_adjusted", "q_cochran", "i2_percent",
        *(f"risk_{r}_per_10000{part}" for r in risks for part in ("", "_low", "_high")),
    )  # fmt: skip
    for s in result.signals:
        adjusted, spread, risk = s.adjusted, s.heterogeneity, s.absolute
        three = (risk.exposed, risk.unexposed, risk.difference) if risk else (None, None, None)
        yield (
            s.exposure, s.outcome, s.reason, *_estimate(s.odds_ratio), s.p, s.q,
            *_estimate(adjusted.odds_ratio if adjusted else None),
            adjusted.p if adjusted else None,
            " ".join(adjusted.columns_refused) if adjusted else None,
            s.not_adjusted, spread.q if spread else None, spread.i2_percent if spread else None,
            *(value for e in three for value in _estimate(e)[:3]),
        )  # fmt: skip


def _releases(result: StudyResult) -> Iterable[Sequence[Cell]]:
    yield (
        "site", "holder", "policy", "threshold", "births", "releases", "bytes_out", "cells_out",
        "cells_masked", "ledger", "ledger_head_sha256",
    )  # fmt: skip
    for s in result.sites:
        yield (
            s.site, s.holder, s.policy, s.threshold, s.births, s.releases, s.bytes_out,
            s.cells_out, s.cells_masked, s.ledger, s.ledger_head,
        )  # fmt: skip


def _estimate(estimate: Estimate | None) -> tuple[Cell, Cell, Cell, Cell]:
    if estimate is None:
        return (None, None, None, None)
    return (estimate.value, estimate.low, estimate.high, estimate.method)
