"""What echocardiography and CT measure of a course."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.valve.course import Course
from transat.simulate.valve.parameters import Numbers, value
from transat.simulate.valve.patients import Mask, Rows

_LVEF_ERROR = 2.0  # %
_SMALLEST_SCORED = 1.5  # m/s: no CT below
_LARGEST_AREA = 4.5  # cm²


@dataclass(frozen=True, slots=True)
class Echos:
    """One row per echo: person (row), days from the first one, what is measured.

    Units: vmax m/s, gradient mmHg (mean), area cm², lvef %, nyha 1..4, calcium AU (nan: no CT).
    """

    rows: Rows
    days: Numbers
    vmax: Numbers
    gradient: Numbers
    area: Numbers
    lvef: Numbers
    nyha: NDArray[np.int8]
    calcium: Numbers


def measure(rng: np.random.Generator, course: Course) -> Echos:
    """Echos of a course, by person and day.

    The mean gradient is 2.2 to 2.5 Vmax², a ratio of the person (the peak one is 4 Vmax²). The area
    follows the guideline pairs. The calcium score follows velocity and sex, of the native valve.
    """
    rows, days, vmax = course.echos
    e = course.elders
    native = days < course.replacement[rows]
    area = value("area_severe") * (4 / vmax) ** value("area_power") * e.area[rows]
    area *= np.where(e.man[rows], 1.0, value("area_woman"))
    lvef = course.lvef(rows, days) + rng.normal(0, _LVEF_ERROR, len(rows))
    return Echos(
        rows=rows,
        days=days,
        vmax=vmax,
        gradient=np.round(e.gradient[rows] * vmax**2, 1),
        area=np.asarray(np.round(np.minimum(area, _LARGEST_AREA), 2), np.float64),
        lvef=np.asarray(np.round(np.clip(lvef, 10, 80)), np.float64),
        nyha=_nyha(rng, course, rows, days, native),
        calcium=_calcium(rng, course, rows, days, native),
    )


def _nyha(
    rng: np.random.Generator, course: Course, rows: Rows, days: Numbers, native: Mask
) -> NDArray[np.int8]:
    """I without symptoms; II to IV with; II for a dyspnoea of another cause."""
    with_symptoms = 2 + np.searchsorted([0.6, 0.93], rng.random(len(rows)), side="right")
    symptomatic = native & (course.symptoms[rows] <= days)
    without = np.where(course.elders.breathless[rows], 2, 1)
    return np.where(symptomatic, with_symptoms, without).astype(np.int8)


def _calcium(
    rng: np.random.Generator, course: Course, rows: Rows, days: Numbers, native: Mask
) -> Numbers:
    """AU; nan without CT. The median at 4 m/s is that of the sex."""
    e = course.elders
    true = e.velocity(rows, days)
    middle = np.where(e.man[rows], value("calcium_man"), value("calcium_woman"))
    score = middle * ((true - 1) / 3) ** value("calcium_power") * e.calcium[rows]
    done = native & (true >= _SMALLEST_SCORED) & (rng.random(len(rows)) < value("calcium_share"))
    return np.where(done, np.round(score), np.nan)
