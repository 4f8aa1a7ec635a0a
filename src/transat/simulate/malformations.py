"""Anomalies of the fetuses that reach 22 weeks, and what they do to the outcome.

Risk of a leaf = baseline of the shore x sex x maternal age (chromosomal only) x diseases x drugs.
Leaves are independent given these. An anomaly ends the pregnancy with its own probability
(data/malformations.csv, `termination_share`), so live births are selected as in real life.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.conditions import Conditions
from transat.simulate.coverage import Coverage
from transat.simulate.design import Design, Shore
from transat.simulate.effects import Rule, condition_ratios
from transat.simulate.groups import BOYS, CHROMOSOMAL, DEATHS_IN_UTERO, PDA, baseline, groups
from transat.simulate.pregnancies import (
    LIVE,
    STILL,
    THERAPEUTIC,
    Mask,
    Numbers,
    Pregnancies,
    outcome_shares,
)

HIGHEST_RISK = 0.6
TERM = 259


@dataclass(frozen=True, slots=True)
class Fetuses:
    """One row per fetus of a pregnancy that reaches a delivery, ordered by pregnancy and rank."""

    pregnancy: NDArray[np.int64]
    rank: NDArray[np.int8]
    boy: Mask

    def __len__(self) -> int:
        return len(self.pregnancy)


def conceive(rng: np.random.Generator, pregnancies: Pregnancies) -> Fetuses:
    """Fetuses with their sex; a third of twin pairs are identical, so of one sex."""
    late = np.flatnonzero(pregnancies.late)
    plurality = pregnancies.plurality[late].astype(np.int64)
    pregnancy = np.repeat(late, plurality)
    rank = 1 + np.arange(len(pregnancy)) - np.repeat(np.cumsum(plurality) - plurality, plurality)
    boy = rng.random(len(pregnancy)) < BOYS
    identical = rng.random(len(pregnancy)) < 1 / 3
    second = np.flatnonzero((rank == 2) & identical)
    boy[second] = boy[second - 1]
    return Fetuses(pregnancy, rank.astype(np.int8), boy)


def _age_ratio(age: Numbers) -> Numbers:
    """Chromosomal risk by maternal age over its mean: flat before 30, then rising fast."""
    return np.asarray((0.5 + 0.16 * np.exp((age - 30) / 3.3)) / 1.02)


def risks(
    design: Design,
    shore: Shore,
    fetuses: Fetuses,
    pregnancies: Pregnancies,
    conditions: Conditions,
    mother_age: Numbers,
) -> Numbers:
    """(fetuses, leaves) risks before any drug. mother_age: years at LMP, per pregnancy."""
    tree = groups()
    risk = np.tile(baseline(shore), (len(fetuses), 1))
    sex = np.where(tree.boys_only, 1 / BOYS, np.where(tree.girls_only, 0.0, 1.0))
    other = np.where(tree.boys_only, 0.0, np.where(tree.girls_only, 1 / (1 - BOYS), 1.0))
    risk *= np.where(fetuses.boy[:, None], sex, other)
    chromosomal = tree.members(CHROMOSOMAL)
    risk[:, chromosomal] *= _age_ratio(mother_age[fetuses.pregnancy])[:, None]
    risk[pregnancies.gestation[fetuses.pregnancy] < TERM, tree.leaf(PDA)] = 0.0
    ratio = condition_ratios(design)
    sick = conditions.has[pregnancies.woman[fetuses.pregnancy]]
    for column in np.flatnonzero((ratio != 1).any(axis=1)):
        risk[sick[:, column]] *= ratio[column]
    return risk


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule where it acts: rows of the fetuses, and their (n, leaves) ratios."""

    rule: Rule
    fetus: NDArray[np.int64]
    ratio: Numbers


def apply(rules: tuple[Rule, ...], coverage: Coverage, fetuses: Fetuses) -> tuple[Applied, ...]:
    """Each rule on the fetuses of the pregnancies with a covered day in its window."""
    found: list[Applied] = []
    for rule in rules:
        exposed, tier = coverage.exposed(rule.drugs, rule.window)
        first = np.searchsorted(fetuses.pregnancy, exposed)
        count = np.searchsorted(fetuses.pregnancy, exposed, side="right") - first
        row = np.repeat(np.arange(len(exposed)), count)
        fetus = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        if len(fetus):
            found.append(Applied(rule, fetus, rule.ratios(tier[row])))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Anomalies:
    """One row per anomaly: fetus (row), leaf (index)."""

    fetus: NDArray[np.int64]
    leaf: NDArray[np.int64]


def draw(rng: np.random.Generator, risk: Numbers) -> Anomalies:
    """Draws every leaf of every fetus."""
    fetus, leaf = np.nonzero(rng.random(risk.shape) < risk)
    return Anomalies(fetus, leaf)


def fates(
    rng: np.random.Generator,
    shore: Shore,
    fetuses: Fetuses,
    anomalies: Anomalies,
    pregnancies: Pregnancies,
) -> tuple[Mask, Mask]:
    """Which deliveries become terminations and which stillbirths (per pregnancy).

    Each anomaly can end the pregnancy; other reasons fill up to the published outcome mix.
    """
    tree = groups()
    n = len(pregnancies)
    terminated, stillborn = np.zeros(n, bool), np.zeros(n, bool)
    of = fetuses.pregnancy[anomalies.fetus]
    terminated[of[rng.random(len(of)) < tree.terminated[anomalies.leaf]]] = True
    stillborn[of[rng.random(len(of)) < DEATHS_IN_UTERO]] = True
    shares = np.array(outcome_shares(shore))
    late = shares[[LIVE, STILL, THERAPEUTIC]].sum()
    by_anomaly = (baseline(shore) * tree.terminated).sum()
    dead_by_anomaly = (baseline(shore) * DEATHS_IN_UTERO).sum()
    other_termination = max(0.0, shares[THERAPEUTIC] / late - by_anomaly)
    other_death = max(0.0, shares[STILL] / late - dead_by_anomaly)
    terminated |= rng.random(n) < other_termination
    stillborn |= rng.random(n) < other_death
    late_rows = pregnancies.late
    return terminated & late_rows, stillborn & ~terminated & late_rows
