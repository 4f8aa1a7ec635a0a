"""Which stenoses are coded, when, and which codes are false.

A code is seen with a sensitivity of 53.1 % and a specificity of 94.8 % per person (Strom 2022,
PMC9588616), whatever the shore; it says nothing of the severity, but severe stenoses are coded more
often, so that about 40 % of the coded are severe. Every replacement is coded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.valve.course import Course
from transat.simulate.valve.parameters import SEVERE, STENOSIS, YEAR, Numbers, value
from transat.simulate.valve.patients import Mask, Rows

ICD10, ICD9 = ("I35.0", "I35.2"), "424.1"
_WITH_REGURGITATION = 0.12
_BEFORE, _AFTER = 14, 180  # days around the echo in which a code comes (Solomon, PMC8890044)
_VISITS = 0.8  # coded visits a year once coded
_STAY_SHARE = 0.6  # of first codes
_STAY_CODED = 0.7  # of heart-failure stays of the coded


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


def first_codes(rng: np.random.Generator, course: Course) -> Numbers:
    """(n,) day of the first code of a stenosis that is there; inf without one.

    A code may follow the first echo that shows a stenosis, by its severity, and the first that
    shows a severe one; the replacement is coded on its day. Nothing that comes later decides.
    """
    n = len(course.elders)
    rows, days, vmax = course.echos
    real = (days < course.replacement[rows]) & (course.elders.reaches(STENOSIS)[rows] <= days)
    shares = np.array([value(f"coded_{s}") for s in ("mild", "moderate", "severe")])
    first = np.full(n, np.inf)
    for shown in (real & (vmax >= STENOSIS), real & (vmax >= SEVERE)):
        who, at = np.unique(rows[shown], return_index=True)
        at = np.flatnonzero(shown)[at]
        chance = shares[np.searchsorted([3.0, SEVERE], vmax[at], side="right")]
        again = np.isinf(first[who]) | (first[who] > days[at])
        said = again & (rng.random(len(who)) < chance)
        day = np.maximum(days[at] + rng.uniform(-_BEFORE, _AFTER, len(who)), 0)
        day = np.maximum(day, course.elders.reaches(STENOSIS)[who])
        said &= day < course.native_end[who]
        first[who[said]] = np.minimum(first[who[said]], day[said])
    return np.asarray(np.minimum(first, course.replacement))


def draw(rng: np.random.Generator, course: Course) -> Diagnoses:
    """Every code, by person and day."""
    sick = stenosis(course)
    first = first_codes(rng, course)
    known = np.isfinite(first)
    parts = [
        (np.flatnonzero(known), first[known], rng.random(int(known.sum())) < _STAY_SHARE),
        _visits(rng, course, first),
        _in_stays(rng, course, first),
        _at_replacement(course, first),
        _false(rng, course),
    ]
    rows, days, stay = (np.concatenate(column) for column in zip(*parts, strict=True))
    stay |= days == course.replacement[rows]
    order = np.lexsort((stay, days, rows))
    rows, days, stay = rows[order], days[order], stay[order]
    code = (rng.random(len(rows)) < _WITH_REGURGITATION).astype(np.int64)
    true = sick[rows] & (course.elders.reaches(STENOSIS)[rows] <= days)
    return Diagnoses(rows, days, code, stay, true)


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


def _at_replacement(course: Course, first: Numbers) -> tuple[Rows, Numbers, Mask]:
    """Codes of the replacements of people already coded."""
    rows = np.flatnonzero(np.isfinite(course.replacement) & (first < course.replacement))
    return rows, course.replacement[rows], np.ones(len(rows), bool)


def _false(rng: np.random.Generator, course: Course) -> tuple[Rows, Numbers, Mask]:
    """Codes of people who have no stenosis, or not yet, at a constant rate."""
    onset = np.maximum(course.elders.reaches(STENOSIS), 0)
    without = np.minimum(course.native_end, onset)
    rows = np.repeat(np.arange(len(onset)), rng.poisson(value("coded_none") * without / YEAR))
    return rows, rng.random(len(rows)) * without[rows], rng.random(len(rows)) < _STAY_SHARE
