"""Planted effects against what the study says, when the population is the simulator's."""

from __future__ import annotations

from dataclasses import dataclass

from transat.core.languages import Text
from transat.reports.rows import named, signals
from transat.studies.results import Estimate, StudyResult, Truth


@dataclass(frozen=True, slots=True)
class PlantedRow:
    """One planted effect; `verdict` is found, missed or not_testable."""

    exposure: Text
    code: str
    outcome: Text
    true_ratio: float
    estimate: Estimate | None
    verdict: str


@dataclass(frozen=True, slots=True)
class TruthView:
    """What the section on truth shows."""

    planted: int
    found: int
    missed: int
    not_testable: int
    covered: int
    coverage_of: int
    rows: tuple[PlantedRow, ...]
    false_signals: tuple[tuple[Text, Text, str], ...]  # with what adjustment leaves of them
    false_faded: int
    explained: tuple[tuple[Text, Text, str], ...]


def truth_view(result: StudyResult, truth: Truth) -> TruthView:
    """The planted pairs in order of exposure and outcome, and the signals that are none of them."""
    labels = named(result)
    estimates = {(p.exposure, p.outcome): p.odds_ratio for p in result.pairs}
    found, untestable = set(truth.found), set(truth.not_testable)

    def verdict(pair: tuple[str, str]) -> str:
        if pair in found:
            return "found"
        return "not_testable" if pair in untestable else "missed"

    rows = tuple(
        PlantedRow(
            exposure=labels.exposure(exposure),
            code=exposure,
            outcome=labels.outcome(outcome),
            true_ratio=ratio,
            estimate=estimates.get((exposure, outcome)),
            verdict=verdict((exposure, outcome)),
        )
        for exposure, outcome, ratio in sorted(truth.pair_planted)
    )

    standing = {(r.signal.exposure, r.signal.outcome): r.standing for r in signals(result)}

    def named_pairs(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[Text, Text, str], ...]:
        return tuple(
            (labels.exposure(e), labels.outcome(o), standing.get((e, o), "unadjusted"))
            for e, o in sorted(pairs)
        )

    return TruthView(
        planted=len(rows),
        found=sum(row.verdict == "found" for row in rows),
        missed=sum(row.verdict == "missed" for row in rows),
        not_testable=sum(row.verdict == "not_testable" for row in rows),
        covered=truth.covered,
        coverage_of=truth.coverage_of,
        rows=rows,
        false_signals=named_pairs(truth.false_signals),
        false_faded=sum(standing.get(pair) == "fades" for pair in truth.false_signals),
        explained=named_pairs(truth.explained),
    )
