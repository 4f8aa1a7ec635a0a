"""Where a monthly series of records changes level for good, or stops for a month.

Question
    From which month on is there durably more, or less, of a kind of record than a year earlier?

Method
    The rate is records per person observed; y is its logarithm. For a month t, each of the 12
    months from t on is compared with the same month a year before, so that seasons cancel; the
    shift is the median of the 12 differences, less the series' own median shift (its trend). It is
    divided by its standard error: the noise of one yearly difference is the larger of Poisson's and
    of the median absolute deviation within such windows (which a step does not inflate), and a
    median of 12 has sqrt(pi / 24) of it. A break needs a shift of LEAST_Z errors and of a fifth,
    and at least half of it within three months: a slope is not a step. Series of fewer records than
    MONTHLY a month are read by year: each year against the one before. A month without any record
    where HOLE are usual around it is told too.

Limits
    The first and the last 12 months (the first and last year) cannot tell a break. The false-alarm
    rate on stationary series is measured in tests/quality/test_breaks.py.

Reference
    Tukey 1977, Exploratory Data Analysis (medians and their deviations); seasonal differences as in
    Box and Jenkins 1976. Constants are Transat's, set on stationary series.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp, log, pi, sqrt
from typing import Final, Literal

import numpy as np

from transat.quality.series import Counts, Series

Kind = Literal["step", "hole"]

YEAR: Final = 12
NEAR: Final = 3
LEAST_Z: Final = 5.0
LEAST_SHIFT: Final = log(1.2)
ABRUPT: Final = 0.5
MONTHLY: Final = 11
HOLE: Final = 25
#: One empty month in this many within a year on either side: more, and the series comes in clumps.
OFTEN: Final = 8
#: A median absolute deviation as a standard deviation, for normal noise.
MAD: Final = 1.4826
#: Series of fewer periods have no trend of their own to take away.
TREND_FROM: Final = 4


@dataclass(frozen=True, slots=True)
class Break:
    """One break of one series.

    month: first month of the new level, or the empty month. ratio: new rate over the rate expected.
    z: shift in standard errors; yearly: found between years.
    """

    domain: str
    vocabulary: str
    month: date
    kind: Kind
    ratio: float
    z: float
    yearly: bool


@dataclass(frozen=True, slots=True)
class _Step:
    place: int
    shift: float
    z: float
    jump: float


def examine(series: Series) -> tuple[Break, ...] | None:
    """The breaks of a series, in order; None when it is too short or too thin to be read."""
    usual = _usual(series.counts)
    if usual >= MONTHLY and series.counts.size > 2 * YEAR:
        steps = _steps(series.counts, series.observed, YEAR)
        found = [_break(series, s, s.place, yearly=False) for s in steps]
        return tuple(sorted(found + _holes(series), key=lambda b: b.month))
    counts, observed, start = _by_year(series)
    if counts.size < 3 or _usual(counts) < MONTHLY:
        return None
    steps = _steps(counts, observed, 1)
    return tuple(_break(series, s, start + YEAR * s.place, yearly=True) for s in steps)


def _usual(counts: Counts) -> float:
    some = counts[counts > 0]
    return float(np.median(some)) if some.size else 0.0


def _by_year(series: Series) -> tuple[Counts, Counts, int]:
    start = (1 - series.first.month) % YEAR
    years = (series.counts.size - start) // YEAR
    cut = slice(start, start + YEAR * years)
    counts = series.counts[cut].reshape(years, YEAR).sum(axis=1)
    return counts, series.observed[cut].reshape(years, YEAR).sum(axis=1), start


def _steps(counts: Counts, observed: Counts, season: int) -> list[_Step]:
    rate = np.log((counts + 0.5) / np.maximum(observed, 1.0))
    yearly = rate[season:] - rate[:-season]
    noise = 1 / (counts[season:] + 0.5) + 1 / (counts[:-season] + 0.5)
    windows = np.lib.stride_tricks.sliding_window_view(yearly, season)
    poisson = np.lib.stride_tricks.sliding_window_view(noise, season).mean(axis=1)
    shift = np.median(windows, axis=1)
    if shift.size >= TREND_FROM * season:
        shift = shift - np.median(shift)
    spread = _spread(windows, shift, season)
    error = np.sqrt(np.maximum(poisson, spread**2) * (pi / (2 * season) if season > 1 else 1.0))
    jump = _jumps(rate, season)
    places = np.arange(shift.size) + season
    large = (np.abs(shift) >= LEAST_Z * error) & (np.abs(shift) >= LEAST_SHIFT)
    sharp = jump[places] * np.sign(shift)
    chosen = large & (_beside(sharp) >= ABRUPT * np.abs(shift))
    # Of months whose three and three differ alike, the first of the new level.
    sharp = sharp + np.diff(rate)[places - 1] * np.sign(shift)
    steps = zip(places[chosen], shift[chosen], error[chosen], sharp[chosen], strict=True)
    candidates = [_Step(int(p), float(s), float(s / e), float(j)) for p, s, e, j in steps]
    return _apart(candidates, season)


def _beside(values: Counts) -> Counts:
    """The largest of each value and its two neighbours."""
    around = np.pad(values, 1, mode="edge")
    return np.asarray(np.maximum(np.maximum(around[:-2], around[2:]), values))


def _spread(windows: Counts, shift: Counts, season: int) -> float:
    if season == 1:
        return MAD * float(np.median(np.abs(shift - np.median(shift))))
    within = np.median(np.abs(windows - np.median(windows, axis=1, keepdims=True)), axis=1)
    return MAD * float(np.median(within))


def _jumps(rate: Counts, season: int) -> Counts:
    """Change of level between the NEAR months before each month and those from it on."""
    jump = np.zeros(rate.size)
    if season == 1:
        jump[1:] = np.diff(rate)
        return jump - (np.median(jump[1:]) if rate.size > TREND_FROM else 0.0)
    level = np.median(np.lib.stride_tricks.sliding_window_view(rate, NEAR), axis=1)
    jump[NEAR : rate.size - NEAR + 1] = level[NEAR:] - level[:-NEAR]
    usual = np.zeros(rate.size)
    for month in range(season):
        same = jump[month::season]
        usual[month::season] = np.median(same) if same.size >= TREND_FROM else 0.0
    return jump - usual


def _apart(candidates: list[_Step], season: int) -> list[_Step]:
    """The sharpest of the candidates within a season of one another."""
    kept: list[_Step] = []
    for step in sorted(candidates, key=lambda s: (-s.jump, s.place)):
        if all(abs(step.place - other.place) >= season for other in kept):
            kept.append(step)
    return sorted(kept, key=lambda s: s.place)


def _holes(series: Series) -> list[Break]:
    """Empty months among months of HOLE records or more (half a year on either side)."""
    found = []
    for place in map(int, np.flatnonzero(series.counts == 0)):
        near = series.counts[max(place - YEAR // 2, 0) : place + YEAR // 2 + 1]
        year = series.counts[max(place - YEAR, 0) : place + YEAR + 1]
        usual = float(np.median(near))
        if usual >= HOLE and np.count_nonzero(year == 0) <= year.size // OFTEN:
            month = series.month(place)
            found.append(
                Break(series.domain, series.vocabulary, month, "hole", 0.0, -sqrt(usual), False)
            )
    return found


def _break(series: Series, step: _Step, place: int, *, yearly: bool) -> Break:
    month = series.month(place)
    ratio = exp(step.shift)
    return Break(series.domain, series.vocabulary, month, "step", ratio, step.z, yearly)
