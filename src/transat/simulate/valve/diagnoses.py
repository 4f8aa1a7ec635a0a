"""Which stenoses are coded, when, and which codes are false.

A code is seen with a sensitivity of 53.1 % and a specificity of 94.8 % per person (Strom 2022,
PMC9588616), whatever the shore; it says nothing of the severity, but severe stenoses are coded more
often, so that 40 % of the coded are severe. Every replacement is coded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.valve.course import Course
from transat.simulate.valve.echos import first_stenosis
from transat.simulate.valve.parameters import SEVERE, STENOSIS, YEAR, Numbers, value
from transat.simulate.valve.patients import Mask, Rows

ICD10, ICD9 = ("I35.0", "I35.2"), "424.1"
_WITH_REGURGITATION = 0.12
_BEFORE, _AFTER = 14, 180  # days around the echo in which a code comes (Solomon, PMC8890044)
_VISITS = 0.8  # coded visits a year once coded
_STAY_SHARE = 0.6  # of first codes
_STAY_CODED = 0.7  # of heart-failure stays of the coded
_TWICE = 0.4  # of false codes


@dataclass(frozen=True, slots=True)
class Diagnoses:
    """One row per code: person (row), days from the first echo, index in ICD10, in a stay or not,
    and whether the person has a stenosis on that day."""

    rows: Rows
    days: Numbers
    code: NDArray[np.int64]
    stay: Mask
    true: Mask


def stenosis(course: Course) -> Mask:
    """(n,) whether the native valve reaches 2.0 m/s while it can be seen."""
    return np.asarray(course.elders.reaches(STENOSIS) < course.native_end)


def coded(rng: np.random.Generator, course: Course) -> Mask:
    """(n,) whether a stenosis is ever coded, by the last severity; always with a replacement."""
    every = np.arange(len(course.elders))
    last = course.elders.velocity(every, np.maximum(course.native_end, 0))
    shares = np.array([value(f"coded_{s}") for s in ("mild", "moderate", "severe")])
    chance = shares[np.searchsorted([3.0, SEVERE], last, side="right")]
    seen = stenosis(course) & (rng.random(len(every)) < chance)
    return np.asarray(seen | np.isfinite(course.replacement))


def draw(rng: np.random.Generator, course: Course) -> Diagnoses:
    """Every code, by person and day."""
    sick, known = stenosis(course), coded(rng, course)
    first = _first(rng, course, known)
    parts = [
        (np.flatnonzero(known), first[known], rng.random(int(known.sum())) < _STAY_SHARE),
        _visits(rng, course, first),
        _in_stays(rng, course, first),
        _at_replacement(course),
        _false(rng, course, ~sick),
    ]
    rows, days, stay = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((stay, days, rows))
    rows, days, stay = rows[order], days[order], stay[order]
    code = (rng.random(len(rows)) < _WITH_REGURGITATION).astype(np.int64)
    true = sick[rows] & (course.elders.reaches(STENOSIS)[rows] <= days)
    return Diagnoses(rows, days, code, stay, true)


def _first(rng: np.random.Generator, course: Course, known: Mask) -> Numbers:
    """(n,) day of the first code, inf without: near the echo that shows the stenosis."""
    begins = np.maximum(course.elders.reaches(STENOSIS), 0)
    echo = np.maximum(
        np.where(np.isfinite(first_stenosis(course)), first_stenosis(course), 0), begins
    )
    when = np.maximum(echo + rng.uniform(-_BEFORE, _AFTER, len(known)), begins)
    latest = np.minimum(course.end, course.replacement)
    when = np.where(when < latest, when, begins + rng.random(len(known)) * (latest - begins))
    return np.where(known, np.maximum(when, 0), np.inf)


def _visits(rng: np.random.Generator, course: Course, first: Numbers) -> tuple[Rows, Numbers, Mask]:
    rows = np.flatnonzero(np.isfinite(first))
    years = (course.end[rows] - first[rows]) / YEAR
    of = np.repeat(rows, rng.poisson(_VISITS * years))
    days = first[of] + rng.random(len(of)) * (course.end[of] - first[of])
    return of, days, np.zeros(len(of), bool)


def _in_stays(
    rng: np.random.Generator, course: Course, first: Numbers
) -> tuple[Rows, Numbers, Mask]:
    rows, days = course.stays
    kept = (days >= first[rows]) & (rng.random(len(rows)) < _STAY_CODED)
    return rows[kept], days[kept], np.ones(int(kept.sum()), bool)


def _at_replacement(course: Course) -> tuple[Rows, Numbers, Mask]:
    rows = np.flatnonzero(np.isfinite(course.replacement))
    return rows, course.replacement[rows], np.ones(len(rows), bool)


def _false(rng: np.random.Generator, course: Course, sound: Mask) -> tuple[Rows, Numbers, Mask]:
    chosen = sound & (rng.random(len(sound)) < value("coded_none"))
    rows = np.flatnonzero(chosen)
    rows = np.repeat(rows, 1 + (rng.random(len(rows)) < _TWICE))
    days = rng.random(len(rows)) * course.end[rows]
    return rows, days, rng.random(len(rows)) < _STAY_SHARE
