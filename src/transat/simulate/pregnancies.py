"""Pregnancies of each woman: start (LMP), end, outcome, plurality, where it ended.

Outcome mix: Blotière 2018 (doi 10.1002/pds.4556) in France, the Quebec Pregnancy Cohort in Québec
(data/outcomes.csv). Gestation stays inside the Matcho limits (DARWIN PregnancyIdentifier,
`Matcho_term_durations`: live birth 161-308 days, stillbirth 140-308, abortion 42-168, spontaneous
28-139, ectopic 42-84). A therapeutic termination here is one of 22 weeks or more, coded as a
delivery (Z37.11), so it takes the limits of a stillbirth. The next LMP comes at least 42 days
after an end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from transat.simulate.design import FIRST_LMP, LAST_END, Shore, day
from transat.simulate.read_data import rows

Days = NDArray[np.int32]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]

OUTCOMES = (
    "live_birth",
    "stillbirth",
    "therapeutic_termination",
    "elective_termination",
    "spontaneous_abortion",
    "ectopic",
)
LIVE, STILL, THERAPEUTIC, ELECTIVE, SPONTANEOUS, ECTOPIC = range(6)
MATCHO_DAYS = {
    "live_birth": (161, 308),
    "stillbirth": (140, 308),
    "therapeutic_termination": (140, 308),
    "elective_termination": (42, 168),
    "spontaneous_abortion": (28, 139),
    "ectopic": (42, 84),
}
SPACING_DAYS = 42
TWIN_DELIVERIES = 0.016
LONGEST = 301
MOST = 5
# Share of women by number of conceptions that they would have over the whole period.
PARITY = (0.20, 0.44, 0.23, 0.10, 0.03)


@dataclass(frozen=True, slots=True)
class Pregnancies:
    """One row per pregnancy, ordered by woman then start.

    woman: row of the woman in the chunk. start, end, admission: days since 1970 (admission equals
    end for those that end in town). outcome: index in OUTCOMES. plurality: 1 or 2.
    """

    woman: NDArray[np.int64]
    start: Days
    end: Days
    outcome: NDArray[np.int8]
    plurality: NDArray[np.int8]
    town: Mask
    admission: Days

    def __len__(self) -> int:
        return len(self.woman)

    @property
    def gestation(self) -> Days:
        """Days from LMP to the end."""
        return self.end - self.start

    @property
    def late(self) -> Mask:
        """Those that reach a delivery: a child, live-born or not."""
        return self.outcome <= THERAPEUTIC


@cache
def outcome_shares(shore: Shore) -> tuple[float, ...]:
    """Shares of OUTCOMES, of sum 1. Both shores at once take the French mix."""
    column = "quebec_percent" if shore == "quebec" else "france_percent"
    by_key = {row["outcome"]: float(row[column]) for row in rows("outcomes")}
    total = sum(by_key.values())
    return tuple(by_key[key] / total for key in OUTCOMES)


def _town_shares(shore: Shore) -> Numbers:
    column = "town_share_quebec" if shore == "quebec" else "town_share_france"
    by_key = {row["outcome"]: float(row[column]) for row in rows("outcomes")}
    return np.array([by_key[key] for key in OUTCOMES])


@cache
def _limits() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    by_key = {row["outcome"]: row for row in rows("outcomes")}
    low = np.array([int(by_key[key]["gestation_min"]) for key in OUTCOMES])
    high = np.array([int(by_key[key]["gestation_max"]) for key in OUTCOMES])
    return low, high


def _gestation(rng: np.random.Generator, outcome: NDArray[np.int8], town: Mask, twin: Mask) -> Days:
    """Days from LMP to the end, by outcome; skewed to the left for live births."""
    shape = outcome.shape
    term = rng.normal(280.0, 8.5, shape)
    preterm = 259.0 - rng.gamma(1.3, 18.0, shape)
    is_preterm = rng.random(shape) < np.where(twin, 0.55, 0.065)
    live = np.where(is_preterm, preterm, term - np.where(twin, 14.0, 0.0))
    late_loss = rng.triangular(154.0, 165.0, 294.0, shape)
    therapeutic = 154.0 + rng.gamma(1.6, 18.0, shape)
    elective = np.where(
        town, rng.triangular(42.0, 47.0, 63.0, shape), rng.triangular(42.0, 60.0, 98.0, shape)
    )
    spontaneous = 35.0 + rng.gamma(3.0, 11.0, shape)
    ectopic = rng.triangular(42.0, 48.0, 77.0, shape)
    drawn = np.choose(outcome, [live, late_loss, therapeutic, elective, spontaneous, ectopic])
    low, high = _limits()
    days = np.clip(np.rint(drawn), low[outcome], high[outcome])
    return np.asarray(days, dtype=np.int32)


def draw(rng: np.random.Generator, women: int, shore: Shore) -> Pregnancies:
    """Sequences of pregnancies of `women` women; every one that reaches a delivery is provisionally
    a live birth, until the anomalies are known (see `settle`)."""
    shares = np.array(outcome_shares(shore))
    late = shares[:ELECTIVE].sum()
    odds = np.array([late, 0.0, 0.0, *shares[ELECTIVE:]])
    planned = rng.choice(MOST, size=women, p=PARITY)
    shape = (women, MOST)
    outcome = rng.choice(6, size=shape, p=odds).astype(np.int8)
    twin = (outcome == LIVE) & (rng.random(shape) < TWIN_DELIVERIES)
    town = rng.random(shape) < _town_shares(shore)[outcome]
    length = _gestation(rng, outcome, town, twin)
    mean_gap = np.where(outcome == LIVE, 430.0, 160.0)
    gap = SPACING_DAYS + np.rint(rng.gamma(1.5, 1.0, shape) * mean_gap / 1.5).astype(np.int32)
    first, last = day(FIRST_LMP), day(LAST_END) - LONGEST - 1
    start = np.zeros(shape, np.int32)
    start[:, 0] = rng.integers(first, last, women, endpoint=True)
    start[:, 1:] = start[:, :1] + np.cumsum(length + gap, axis=1)[:, :-1]
    # A start must leave room for the longest pregnancy, or the short outcomes would be favoured.
    kept = (np.arange(MOST) < planned[:, None]) & (start <= last)
    woman = np.nonzero(kept)[0]
    begin = start[kept]
    end = begin + length[kept]
    return Pregnancies(
        woman=woman,
        start=begin,
        end=end,
        outcome=outcome[kept],
        plurality=np.where(twin[kept], 2, 1).astype(np.int8),
        town=town[kept],
        admission=end,
    )


def settle(
    rng: np.random.Generator, pregnancies: Pregnancies, terminated: Mask, stillborn: Mask
) -> Pregnancies:
    """Gives the deliveries their outcome. An earlier end replaces the provisional one (never a
    later one, so spacing holds); admission comes 0 to 2 days before a delivery."""
    outcome = pregnancies.outcome.copy()
    outcome[stillborn] = STILL
    outcome[terminated] = THERAPEUTIC
    drawn = _gestation(rng, outcome, pregnancies.town, pregnancies.plurality == 2)
    changed = (outcome == STILL) | (outcome == THERAPEUTIC)
    length = np.where(changed, np.minimum(drawn, pregnancies.gestation), pregnancies.gestation)
    end = (pregnancies.start + length).astype(np.int32)
    days_before = np.where(
        outcome <= THERAPEUTIC, rng.choice(3, len(outcome), p=[0.6, 0.33, 0.07]), 0
    )
    return replace(
        pregnancies, outcome=outcome, end=end, admission=(end - days_before).astype(np.int32)
    )
