"""Ordinary visits of women and children to a physician, with one ICD-9 code each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.design import EXTRACT_END, EXTRACT_START, day
from transat.simulate.pregnancies import Days, Pregnancies
from transat.simulate.women import Women

WOMEN_CODES = ("460", "724", "780", "784", "789", "465", "599", "V70", "300", "692")
PREGNANCY_CODES = ("V22", "V23", "646")
CHILD_CODES = ("460", "382", "V20", "465", "009", "691")
CODES: tuple[str, ...] = WOMEN_CODES + PREGNANCY_CODES + CHILD_CODES
VISITS_PER_WOMAN, VISITS_PER_PREGNANCY, VISITS_PER_CHILD = 5.0, 3.0, 3.0


@dataclass(frozen=True, slots=True)
class Contacts:
    """person: row of the woman, or number of women + row of the child. code: index in CODES."""

    person: NDArray[np.int64]
    date: Days
    code: NDArray[np.int64]


def draw(
    rng: np.random.Generator,
    women: Women,
    pregnancies: Pregnancies,
    child_birth: Days,
    child_death: Days,
) -> Contacts:
    """Visits, ordered by person, date, code; none after death or outside the extract."""
    opens, closes = day(EXTRACT_START), day(EXTRACT_END)
    n = len(women)
    own = np.repeat(np.arange(n), rng.poisson(VISITS_PER_WOMAN, n))
    own_day = rng.integers(opens, closes, len(own))
    of = np.repeat(np.arange(len(pregnancies)), rng.poisson(VISITS_PER_PREGNANCY, len(pregnancies)))
    of_day = pregnancies.start[of] + 35
    of_day = of_day + np.floor(rng.random(len(of)) * np.maximum(1, pregnancies.end[of] - of_day))
    child = np.repeat(np.arange(len(child_birth)), rng.poisson(VISITS_PER_CHILD, len(child_birth)))
    child_day = child_birth[child] + 5 + np.floor(rng.random(len(child)) * 720)
    a, b = len(WOMEN_CODES), len(PREGNANCY_CODES)
    person = np.concatenate([own, pregnancies.woman[of], n + child])
    when = np.concatenate([own_day, of_day, child_day]).astype(np.int64)
    code = np.concatenate(
        [
            rng.integers(0, a, len(own)),
            a + rng.integers(0, b, len(of)),
            a + b + rng.integers(0, len(CHILD_CODES), len(child)),
        ]
    )
    death = np.concatenate([women.death, child_death])
    kept = (when >= opens) & (when < closes) & (when < death[person])
    person, when, code = person[kept], when[kept], code[kept]
    order = np.lexsort((code, when, person))
    return Contacts(person[order], when[order].astype(np.int32), code[order])
