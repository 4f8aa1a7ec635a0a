"""Chronic diseases of the women (data/conditions.csv) and nausea of pregnancy.

A disease is known from a day of the extract before the first pregnancy, so that both shores can
show it (long-term illness, hospital stay or visit). Prevalences are illustrative and say so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.design import EXTRACT_END, EXTRACT_START, Design, Shore, day
from transat.simulate.pregnancies import Days, Mask, Numbers, Pregnancies
from transat.simulate.read_data import per_shore, rows
from transat.simulate.women import YEAR, Women

NAUSEA = "nausea"
CONDITIONS: tuple[str, ...] = tuple(r["condition"] for r in rows("conditions"))
CHRONIC: tuple[str, ...] = tuple(c for c in CONDITIONS if c != NAUSEA)


@dataclass(frozen=True, slots=True)
class Conditions:
    """has: (women, CHRONIC) truth. nausea: (pregnancies,) truth.

    Then one row per recorded condition: woman (row), condition (index in CONDITIONS), code (index
    in the ICD-10 codes of that condition), start (day).
    """

    has: NDArray[np.bool_]
    nausea: Mask
    woman: NDArray[np.int64]
    condition: NDArray[np.int64]
    code: NDArray[np.int64]
    start: Days


def prevalence(condition: str, shore: Shore, design: Design) -> float:
    """Mean share of women with the disease. A disease that a studied drug treats grows with
    `exposure_multiplier`, up to its cap: a richer sample is enriched in treated women."""
    row = next(r for r in rows("conditions") if r["condition"] == condition)
    share = per_shore(row, "per_1000", shore) / 1000
    if row["scaled"] != "yes":
        return share
    return max(share, min(share * design.exposure_multiplier, float(row["cap_per_1000"]) / 1000))


def _chance(row: dict[str, str], women: Women, mean: float) -> Numbers:
    """Chance by age (per decade from 30) and deprivation (per quintile from 3), same mean."""
    decades = ((day(EXTRACT_START) - women.birth) / YEAR + 3.0 - 30.0) / 10.0
    tilt = float(row["age_slope"]) * np.clip(decades, -2, 2)
    tilt = tilt + float(row["deprivation_slope"]) * (women.deprivation - 3.0)
    return np.asarray(np.clip(mean * np.exp(tilt), 0.0, 0.95))


def _first_seen(rng: np.random.Generator, women: Women, pregnancies: Pregnancies) -> Days:
    """A day of the extract, a month or more before the first LMP; one per woman and disease."""
    size = (len(women), len(CHRONIC))
    opens = day(EXTRACT_START)
    before = np.full(len(women), day(EXTRACT_END) - 1461, np.int64)
    before[pregnancies.woman[::-1]] = pregnancies.start[::-1]
    room = before - 30 - opens
    days = opens + np.floor(rng.random(size) * room[:, None])
    return days.astype(np.int32)


def draw(
    rng: np.random.Generator,
    design: Design,
    shore: Shore,
    women: Women,
    pregnancies: Pregnancies,
) -> Conditions:
    """Diseases of each woman, independent given age and deprivation."""
    table = {row["condition"]: row for row in rows("conditions")}
    has = np.zeros((len(women), len(CHRONIC)), bool)
    for column, name in enumerate(CHRONIC):
        chance = _chance(table[name], women, prevalence(name, shore, design))
        has[:, column] = rng.random(len(women)) < chance
    since = _first_seen(rng, women, pregnancies)
    who, which = np.nonzero(has)
    sick_day = pregnancies.start + rng.integers(42, 84, len(pregnancies))
    nausea = (rng.random(len(pregnancies)) < prevalence(NAUSEA, shore, design)) & (
        sick_day < pregnancies.end
    )
    woman = np.concatenate([who, pregnancies.woman[nausea]])
    condition = np.concatenate([which, np.full(int(nausea.sum()), CONDITIONS.index(NAUSEA))])
    start = np.concatenate([since[who, which], sick_day[nausea].astype(np.int32)])
    choices = np.array([len(table[name]["icd10"].split()) for name in CONDITIONS])
    code = np.floor(rng.random(len(woman)) * choices[condition]).astype(np.int64)
    order = np.lexsort((condition, start, woman))
    return Conditions(has, nausea, woman[order], condition[order], code[order], start[order])
