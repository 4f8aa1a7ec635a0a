"""HIP and PPS side by side: each episode of one has one of the other at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transat.cohorts.episodes.hip import NEVER, Hip
from transat.cohorts.episodes.intervals import Ints, Mask, first_of, others, within
from transat.cohorts.episodes.parameters import LAST, HippsParameters
from transat.cohorts.episodes.progress import Progress

#: A run of signs longer than this loses against any other.
LONGEST_RUN: Final = 310


@dataclass(frozen=True, slots=True)
class Matched:
    """Episodes in order of (person, first): (n,) each.

    hip, pps: places in Hip and Progress, -1 where one has no part. first, last: days between which
    its evidence lies.
    """

    person: Ints
    hip: Ints
    pps: Ints
    first: Ints
    last: Ints


def match(hip: Hip, pps: Progress) -> Matched:
    """Match what overlaps, the nearest ends first.

    Published: an episode of HIP all of whose partners go to others is dropped. Here it stays, and a
    run of signs that overlaps some episode of HIP without being its match is part of it. The weeks
    of HIP that were recorded after the end are evidence too.
    """
    one, other = _overlapping(hip, pps)
    matched, run = _one_to_one(one, other, hip, pps)
    alone = others(len(hip.end), matched)
    signs_only = others(len(pps.last), other)
    both = np.concatenate((matched, alone, np.full(len(signs_only), -1)))
    runs = np.concatenate((run, np.full(len(alone), -1), signs_only))
    person = np.where(both >= 0, _at(hip.person, both, 0), _at(pps.person, runs, 0))
    starts = (_at(hip.start, both, NEVER), _at(hip.first_week, both, NEVER))
    first = np.minimum.reduce([*starts, _at(pps.first, runs, NEVER)])
    ends = (_at(hip.end, both, -NEVER), _at(hip.last_week, both, -NEVER))
    last = np.maximum.reduce([*ends, _at(pps.last, runs, -NEVER)])
    order = np.lexsort((runs, both, last, first, person))
    return Matched(person[order], both[order], runs[order], first[order], last[order])


@dataclass(frozen=True, slots=True)
class Concluded:
    """End, outcome (place in OUTCOMES) and record of the outcome (row in Ends or -1) of each."""

    end: Ints
    category: Ints
    row: Ints


def conclude(matched: Matched, hip: Hip, pps: Progress, parameters: HippsParameters) -> Concluded:
    """Take the end and the outcome of HIP or those of PPS.

    PPS alone; or both with an outcome, when HIP's is at least `later_days` earlier, unless PPS has
    the next outcome of HIP, `next_days` later. Otherwise HIP.
    """
    has_hip, has_pps = matched.hip >= 0, matched.pps >= 0
    of_hip = _at(hip.category, matched.hip, LAST)
    of_pps = _at(pps.category, matched.pps, LAST)
    later = _at(pps.end, matched.pps, 0) - _at(hip.end, matched.hip, 0)
    agree = (of_hip == of_pps) & (np.abs(later) <= parameters.agree_days)
    disagree = has_hip & has_pps & (of_hip != LAST) & (of_pps != LAST) & ~agree
    following = np.full(len(of_hip), -1)
    following[:-1] = np.where(has_hip[1:], of_hip[1:], -1)
    following[:-1][matched.person[1:] != matched.person[:-1]] = -1
    is_next = (of_pps == following) & (later >= parameters.next_days)
    by_signs = ~has_hip | (disagree & (later >= parameters.later_days) & ~is_next)
    return Concluded(
        *(
            np.where(by_signs, _at(of_signs, matched.pps, -1), _at(of_outcome, matched.hip, -1))
            for of_signs, of_outcome in (
                (pps.end, hip.end),
                (pps.category, hip.category),
                (pps.row, hip.row),
            )
        )
    )


def _overlapping(hip: Hip, pps: Progress) -> tuple[Ints, Ints]:
    everything = np.full(len(hip.end), -NEVER)
    one, other = within(hip.person, everything, hip.end, pps.person, pps.first)
    overlap = hip.start[one] <= pps.reach[other]
    return one[overlap], other[overlap]


def _one_to_one(one: Ints, other: Ints, hip: Hip, pps: Progress) -> tuple[Ints, Ints]:
    """Pairs, taken while they are the best of both; those that share a side with one taken go."""
    apart = np.abs(hip.end[one] - pps.last[other])
    length = pps.last[other] - pps.first[other]
    length = np.where(length > LONGEST_RUN, -1, length)
    order = np.lexsort((other, one, -length, apart, pps.category[other] == LAST))
    one, other = one[order], other[order]
    taken: list[tuple[Ints, Ints]] = []
    while len(one):
        best = _first(one) & _first(other)
        taken.append((one[best], other[best]))
        left = ~np.isin(one, one[best]) & ~np.isin(other, other[best])
        one, other = one[left], other[left]
    if not taken:
        return one, other
    return np.concatenate([t[0] for t in taken]), np.concatenate([t[1] for t in taken])


def _first(values: Ints) -> Mask:
    """Which rows are the first with their value."""
    order = np.argsort(values, kind="stable")
    first = np.zeros(len(values), np.bool_)
    first[order[first_of(values[order])]] = True
    return first


def _at(values: Ints, index: Ints, missing: int) -> Ints:
    """values[index], `missing` where the index is -1."""
    if not len(values):
        return np.full(len(index), missing, np.int64)
    return np.where(index >= 0, values[index], missing)
