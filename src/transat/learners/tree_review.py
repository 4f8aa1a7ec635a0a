"""How good is a forest on people it never saw, and does it betray those it was grown on?

Question
    Before a model leaves: its error on the rows kept apart at each site, how small its leaves are,
    and how well its errors tell the people it was grown on from the others.

Formula
    Log-loss and Brier score over the rows kept apart, and observed over expected cases. Attack: a
    person with a small loss is said to be one of those it was grown on; its area under the ROC
    curve (Mann-Whitney, ties one half) is 1/2 where the losses tell nothing. Leaves: the smallest
    of any tree at the site. Equal predictions: the smallest group of people with the same one.

Assumptions
    Rows kept apart are drawn like the others (`trees.apart`).

References
    Yeom S, Giacomelli I, Fredrikson M, Jha S (2018) IEEE CSF 268-282, doi:10.1109/CSF.2018.00027.
    Smith J et al. (2022) Safe machine learning model release from trusted research environments,
    arXiv:2212.01233 (what SACRO-ML reports before a model leaves: structure, then attacks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import rankdata

from transat.cohorts.analysis_table import AnalysisTable
from transat.learners import trees
from transat.learners.trees import Forest

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Parameters:
    """forest: the model. hold_out: the share kept apart when it was grown."""

    forest: Forest
    hold_out: float


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site. persons, cases: rows kept apart, and those with the outcome. log_loss,
    brier: means over them. expected: sum of their predictions. attack: area under the curve."""

    persons: int
    cases: int
    log_loss: float
    brier: float
    expected: float
    attack: float

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """Every head count stated."""
        stated = {"apart": self.persons, "cases": self.cases, "others": self.persons - self.cases}
        return {name: np.array([count], dtype=np.int64) for name, count in stated.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """Over all sites; attack: of the site where it succeeds best."""

    persons: int
    cases: int
    log_loss: float
    brier: float
    observed_over_expected: float
    attack: float


@dataclass(frozen=True, slots=True)
class Structure:
    """A forest on the rows it was grown on. smallest_leaf: rows in the smallest leaf that has any;
    smallest_group: rows with the rarest prediction; leaves: numbers that it learnt."""

    smallest_leaf: int
    smallest_group: int
    leaves: int


def at_site(table: AnalysisTable, parameters: Parameters) -> Release:
    """The errors and the attack at one site; means and areas to three digits.

    Raises
    ------
    ValueError : nobody kept apart, or nobody else.
    """
    y = table.outcome(parameters.forest.outcome).astype(np.float64)
    aside = trees.apart(table.cluster, parameters.hold_out)
    if not aside.any() or aside.all():
        raise ValueError("hold_out: nobody is kept apart, or everybody")
    odds = trees.margins(parameters.forest, trees.binned(table, parameters.forest.bins))
    p, loss = expit(odds), np.logaddexp(0.0, odds) - y * odds
    return Release(
        persons=int(aside.sum()),
        cases=int(y[aside].sum()),
        log_loss=round(float(loss[aside].mean()), 3),
        brier=round(float(((y - p) ** 2)[aside].mean()), 3),
        expected=float(np.round(p[aside].sum())),
        attack=round(attack(loss, aside), 3),
    )


def combine(releases: Sequence[Release], parameters: Parameters) -> Result:
    """Means over the sites, by people.

    Raises
    ------
    ValueError : no release.
    """
    if not releases:
        raise ValueError("tree_review needs releases")
    persons = sum(r.persons for r in releases)
    cases = sum(r.cases for r in releases)
    return Result(
        persons=persons,
        cases=cases,
        log_loss=sum(r.persons * r.log_loss for r in releases) / persons,
        brier=sum(r.persons * r.brier for r in releases) / persons,
        observed_over_expected=cases / sum(r.expected for r in releases),
        attack=max(r.attack for r in releases),
    )


def attack(loss: Floats, aside: Flags) -> float:
    """Chance that a row kept apart has a larger loss than one of the others; (n,) each."""
    rank = rankdata(loss)
    apart, others = int(aside.sum()), int((~aside).sum())
    return float((rank[aside].sum() - apart * (apart + 1) / 2) / (apart * others))


def structure(table: AnalysisTable, parameters: Parameters) -> Structure:
    """How small what the forest is made of is at one site; stays there."""
    found = trees.binned(table, parameters.forest.bins)
    grown_on = ~trees.apart(table.cluster, parameters.hold_out)
    smallest, leaves = int(grown_on.sum()), 0
    for tree in parameters.forest.trees:
        sizes = np.unique(trees.nodes(tree, found)[grown_on], return_counts=True)[1]
        smallest, leaves = min(smallest, int(sizes.min())), leaves + len(sizes)
    odds = trees.margins(parameters.forest, found)[grown_on]
    groups = np.unique(odds, return_counts=True)[1]
    return Structure(smallest, int(groups.min(initial=smallest)), leaves)
