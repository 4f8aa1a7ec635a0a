"""All that is said of a prediction model among some people: order, distance, level, use.

Question
    Discrimination (concordance, AUC), overall accuracy (Brier, IPA), calibration (observed over
    expected, intercept, slope, ICI) and net benefit at one horizon, each with its interval, for one
    kind of event among others. Each is a statistic of its own file; here they are only asked
    together, for instance of each group of `subgroups`.

What is left out
    A metric that does not exist among these people (nobody with the event, one risk for all) is
    named with its reason, and the others are given.

References
    van Geloven N et al. (2022) BMJ 377:e069249, doi:10.1136/bmj-2021-069249.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import calibration, concordance
from transat.statistics.brier import brier
from transat.statistics.net_benefit import DecisionCurve, decision_curve
from transat.statistics.scored_rows import Estimate, ScoredRows, as_table
from transat.statistics.time_auc import time_auc

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's value and interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """figures: by name, those of `NAMES` that exist. missing: the others, with the reason. levels,
    decisions: of calibration and use, () and None where they do not exist."""

    figures: dict[str, Figure]
    missing: dict[str, Text]
    levels: tuple[calibration.Level, ...]
    decisions: DecisionCurve | None


#: concordance: Uno's up to the horizon, others' events never ending. ici: by resampling.
NAMES = (
    "concordance", "auc", "brier", "null_brier", "ipa", "observed_over_expected", "intercept",
    "slope", "ici",
)  # fmt: skip


def performance(
    rows: ScoredRows,
    horizon: float,
    thresholds: Sequence[float] = (),
    event: int = 1,
    level: float = 0.95,
    draws: int = 40,
    seed: int = 0,
) -> Performance:
    """Every metric of these rows at a horizon.

    thresholds: of the decision curve. draws: samples behind the interval of ICI
    (which take by far the longest); 0 leaves ICI out.
    """
    figures: dict[str, Figure] = {}
    missing: dict[str, Text] = {}
    for names, ask in _asked(rows, horizon, event, level, draws, seed):
        found = _tried(ask)
        if isinstance(found, Text):
            missing.update(dict.fromkeys(names, found))
        else:
            figures.update(zip(names, found, strict=True))
    groups = _tried(lambda: calibration.levels(rows, horizon, 10, event, level))
    decisions = _tried(lambda: decision_curve(rows, horizon, thresholds, event, level))
    return Performance(
        figures,
        missing,
        () if isinstance(groups, Text) else groups,
        None if isinstance(decisions, Text) else decisions,
    )


def _asked(
    rows: ScoredRows, horizon: float, event: int, level: float, draws: int, seed: int
) -> Iterator[tuple[tuple[str, ...], Callable[[], tuple[Figure, ...]]]]:
    """What is asked, with the names of the answers."""

    def scores() -> tuple[Figure, ...]:
        found = brier(rows, horizon, event, level)
        return _figures(found.brier, found.null, found.ipa)

    def weak() -> tuple[Figure, ...]:
        found = calibration.weak(rows, horizon, event, level)
        return _figures(found.intercept, found.slope)

    def ratio() -> tuple[Figure, ...]:
        return _figures(calibration.in_the_large(rows, horizon, event, level).ratio)

    def ici() -> tuple[Figure, ...]:
        def measure(some: ScoredRows) -> float:
            return calibration.curve(some, horizon, event).ici

        return _figures(calibration.resampled(measure, rows, draws, seed, level))

    yield ("concordance",), lambda: (_uno(rows, horizon, event, level),)
    yield ("auc",), lambda: _figures(time_auc(rows, horizon, event, level))
    yield ("brier", "null_brier", "ipa"), scores
    yield ("observed_over_expected",), ratio
    yield ("intercept", "slope"), weak
    if draws:
        yield ("ici",), ici


def _figures(*estimates: Estimate) -> tuple[Figure, ...]:
    return tuple(Figure(e.value, e.low, e.high) for e in estimates)


def _tried(ask: Callable[[], T]) -> T | Text:
    """The answer, or why there is none."""
    try:
        return ask()
    except StudyError as error:
        return error.what


def _uno(rows: ScoredRows, horizon: float, event: int, level: float) -> Figure:
    asked = concordance.Parameters("risk", event, "uno", "never", horizon, level)
    found = concordance.combine([concordance.at_site(as_table(rows), asked)], asked).together
    if not found.concordant + found.discordant + found.tied > 0:
        raise StudyError(
            Text("Aucune paire n'est comparable.", "No pair is comparable."),
            "concordance",
            Text("Choisir un autre horizon ou groupe.", "Choose another horizon or group."),
        )
    return Figure(found.concordance, found.low, found.high)
