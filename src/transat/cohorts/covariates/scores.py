"""Indices of illness: Charlson (Romano), DCSI, CHADS2, CHA2DS2-VASc, from all conditions before.

A category counts once, with the largest of its weights met. CHADS2 and CHA2DS2-VASc add points for
age, and sex, so every person known has a score; the two others are 0 where no score is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from transat.cohorts.covariates.blocks import Block, column, ones, sparse
from transat.tables.omop import FEMALE

if TYPE_CHECKING:
    from transat.cohorts.covariates.demographics import Persons
    from transat.cohorts.covariates.settings import Analysis
    from transat.cohorts.covariates.vocabulary import Ids, Vocabulary

_AGED: Final = ("Chads2", "Chads2Vasc")


def score(
    analysis: Analysis,
    item: Ids,
    counts: csr_array[np.float64],
    people: Persons,
    vocabulary: Vocabulary,
) -> Block:
    """The score of each row: item, counts are its conditions, (n, c)."""
    total, met = _illness(item, counts, vocabulary.illnesses(analysis.name, item))
    if analysis.name in _AGED:
        total = total + _points(analysis.name, people)
        met = met | people.dated
    row = np.flatnonzero(met)
    return column(analysis, row, total[row], counts.shape[0])


def _illness(
    item: Ids, counts: csr_array[np.float64], illnesses: list[tuple[str, int, int]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Sum over categories of the largest weight met, and whether any was."""
    n = counts.shape[0]
    known = {int(concept): place for place, concept in enumerate(item)}
    categories = sorted({category for category, _, _ in illnesses})
    best = csr_array((n, len(categories)), dtype=np.float64)
    for weight in sorted({weight for _, weight, _ in illnesses}):
        of = [
            (known[c], categories.index(name))
            for name, w, c in illnesses
            if w == weight and c in known
        ]
        pairs = np.array(sorted(set(of)), np.int32).reshape(-1, 2)
        into = sparse(pairs[:, 0], pairs[:, 1], np.ones(len(pairs)), (len(item), len(categories)))
        best = csr_array(best.maximum(ones(csr_array(counts @ into)) * float(weight)))
    return np.asarray(best.sum(axis=1), np.float64).ravel(), np.diff(best.indptr) > 0


def _points(name: str, people: Persons) -> NDArray[np.float64]:
    """Points for age, and for CHA2DS2-VASc for sex, where the year of birth is known."""
    age = people.age
    old = (age >= 75).astype(np.float64)
    if name == "Chads2Vasc":
        woman = people.columns["gender_concept_id"] == FEMALE
        old = old + (age >= 65) + woman
    points: NDArray[np.float64] = np.where(people.dated, old, 0.0)
    return points
