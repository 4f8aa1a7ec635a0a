"""Who is in Québec's public drug plan, and when.

About 36 % of women aged 15-45 are (data_sources.md §3.1), more of the deprived; a third of them
for a part of the time only. A child follows the mother's plan. Nobody is covered after death.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.design import EXTRACT_END, EXTRACT_START, day
from transat.simulate.pregnancies import Days
from transat.simulate.women import Women

COVERED = 0.36
PARTLY = 0.33


@dataclass(frozen=True, slots=True)
class DrugPlan:
    """Closed-open periods. person: row of the woman, or number of women + row of the child."""

    person: NDArray[np.int64]
    start: Days
    end: Days


def draw(
    rng: np.random.Generator,
    women: Women,
    mother: NDArray[np.int64],
    child_birth: Days,
    child_death: Days,
) -> DrugPlan:
    """Periods of the covered women and of their children, ordered by person and start.

    mother: row of the mother of each child. child_death: day, or NEVER.
    """
    opens, closes = day(EXTRACT_START), day(EXTRACT_END)
    # Partial members are covered half the time: the share of person-time stays COVERED.
    ever = COVERED / (1 - PARTLY / 2)
    tilt = (0.6 + 0.1333 * women.deprivation) * (0.9 + 0.2 * (women.region % 3 == 0))
    mean = tilt.mean() if len(women) else 1.0
    member = rng.random(len(women)) < np.clip(ever * tilt / mean, 0, 0.98)
    person = np.flatnonzero(member)
    partly = rng.random(len(person)) < PARTLY
    half = (closes - opens) // 2
    begin = np.where(partly, opens + rng.integers(0, closes - opens - half, len(person)), opens)
    end = np.where(partly, begin + half, closes)
    end = np.minimum(end, np.minimum(women.death[person] + 1, closes))
    kept = end > begin
    person, begin, end = person[kept], begin[kept], end[kept]
    row_of = np.full(len(women), -1)
    row_of[person] = np.arange(len(person))
    row = row_of[mother]
    child = np.flatnonzero(row >= 0)
    child_start = np.maximum(child_birth[child], begin[row[child]])
    child_end = np.minimum(child_death[child] + 1, end[row[child]])
    in_time = child_start < child_end
    return DrugPlan(
        person=np.concatenate([person, len(women) + child[in_time]]),
        start=np.concatenate([begin, child_start[in_time]]).astype(np.int32),
        end=np.concatenate([end, child_end[in_time]]).astype(np.int32),
    )
