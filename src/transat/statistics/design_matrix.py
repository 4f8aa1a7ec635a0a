"""The columns of a regression, in one fixed order, and the head counts that they would tell.

Columns: the intercept; an indicator of each site but the first; an indicator of each stratum named;
the exposures; the covariates. Sites give the same columns in the same order, so their sums add up.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.analysis_table import AnalysisTable
from transat.core.errors import StudyError, close_match
from transat.core.languages import Text

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """What is regressed on what.

    outcome: one outcome code. exposures, covariates: codes and names of the analysis table.
    strata: labels whose indicator enters (leave one out, it is the reference).
    sites: number of sites, each with its own intercept; site: the position of the one asked.
    """

    outcome: str
    exposures: tuple[str, ...]
    covariates: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    sites: int = 1
    site: int = 0

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the columns."""
        others = tuple(f"site:{k}" for k in range(1, self.sites))
        strata = tuple(f"stratum:{label}" for label in self.strata)
        return ("intercept", *others, *strata, *self.exposures, *self.covariates)


_BLOCK = 4096  # rows whose products stay in a processor's cache


class _Last(threading.local):
    """The columns asked for last, in each thread: a fit asks for the same ones every round."""

    asked: tuple[AnalysisTable, Model] | None = None
    made: tuple[Floats, Floats] | None = None


_last = _Last()


def columns(table: AnalysisTable, model: Model) -> tuple[Floats, Floats]:
    """The matrix (n, terms) and the outcome (n,), 0 or 1; both read-only.

    Raises
    ------
    StudyError : an outcome, exposure or covariate that the table does not hold.
    """
    if _last.asked is not None and _last.made is not None:
        same_table, same_model = _last.asked
        if same_table is table and same_model == model:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    made = _columns(table, model)
    for array in made:
        array.flags.writeable = False
    _last.asked, _last.made = (table, model), made
    return made


def _columns(table: AnalysisTable, model: Model) -> tuple[Floats, Floats]:
    _known("outcome", (model.outcome,), table.outcome_codes)
    _known("exposures", model.exposures, table.exposure_codes)
    _known("covariates", model.covariates, table.covariate_names)
    x = np.zeros((table.n, len(model.terms)), order="F")  # made and looked at by columns
    x[:, 0] = 1.0
    if model.site:
        x[:, model.site] = 1.0
    at = model.sites
    for label in model.strata:
        if label in table.stratum_labels:
            x[:, at] = table.strata == table.stratum_labels.index(label)
        at += 1
    for code in model.exposures:
        x[:, at] = table.exposure(code)
        at += 1
    for name in model.covariates:
        x[:, at] = table.covariates[:, table.covariate_names.index(name)]
        at += 1
    return x, table.outcome(model.outcome).astype(np.float64)


def gram(x: Floats, weights: Floats) -> Floats:
    """sum of weight x x' over rows, (p, p); weights (n,) not negative.

    In blocks of rows, each a product of a matrix with itself: no second array as large as `x`.
    """
    total = np.zeros((x.shape[1], x.shape[1]))
    roots = np.sqrt(np.maximum(weights, 0.0))
    for start in range(0, len(x), _BLOCK):
        block = x[start : start + _BLOCK] * roots[start : start + _BLOCK, None]
        total += block.T @ block
    return total


def decomposed(information: Floats, terms: tuple[str, ...]) -> tuple[Floats, Floats, Floats]:
    """Square roots of the diagonal, then eigenvalues and vectors of the matrix scaled by them.

    Raises
    ------
    StudyError : a column that is constant or follows from the others; names it.
    """
    size = np.sqrt(np.diag(information))
    if (size == 0).any():
        raise _redundant(terms[int(np.argmin(size))])
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    if values[0] < 1e-11:
        raise _redundant(terms[int(np.argmax(np.abs(vectors[:, 0])))])
    return size, values, vectors


def _redundant(term: str) -> StudyError:
    return StudyError(
        Text(
            "Cette colonne est constante ou se déduit des autres : le modèle n'a pas de solution.",
            "This column is constant or follows from the others: the model has no solution.",
        ),
        term,
        Text("Retirer cette colonne du modèle.", "Take this column out of the model."),
    )


def implied_counts(table: AnalysisTable, model: Model) -> dict[str, int]:
    """Head counts that gradients and Hessians of the binary columns give back.

    At coefficient 0 a Hessian is a quarter of the cross-products, so it tells every 2 x 2 table of
    two binary columns, and the gradient every table of a binary column with the outcome. Names are
    'a&b' for the rows with both, 'a&!b' with the first alone, and so on. Continuous columns tell
    sums, not counts. Later Hessians, at other coefficients, weigh the same rows otherwise: with
    very many rounds finer cells could be solved for, so the rounds are worth bounding too.
    """
    x, y = columns(table, model)
    named = {
        name: column
        for name, column in zip(model.terms[1:], x.T[1:], strict=True)
        if bool(np.isin(column, (0.0, 1.0)).all())
    }
    named[f"outcome:{model.outcome}"] = y
    counts = {"rows": table.n}
    names = tuple(named)
    both = np.stack([named[name] for name in names], axis=1)
    cross = np.rint(both.T @ both).astype(np.int64)
    for i, one in enumerate(names):
        alone = int(cross[i, i])
        counts[one], counts[f"!{one}"] = alone, table.n - alone
        for j in range(i + 1, len(names)):
            other, pair = names[j], int(cross[i, j])
            counts[f"{one}&{other}"] = pair
            counts[f"{one}&!{other}"] = alone - pair
            counts[f"!{one}&{other}"] = int(cross[j, j]) - pair
            counts[f"!{one}&!{other}"] = table.n - alone - int(cross[j, j]) + pair
    return counts


def _known(where: str, names: tuple[str, ...], held: tuple[str, ...]) -> None:
    for name in names:
        if name not in held:
            near = close_match(name, held)
            raise StudyError(
                Text(
                    f"« {name} » n'est pas dans la table d'analyse.",
                    f"'{name}' is not in the analysis table.",
                ),
                where,
                Text(
                    f"Vouliez-vous « {near} » ?" if near else "Corriger le protocole.",
                    f"Did you mean '{near}'?" if near else "Correct the protocol.",
                ),
            )


def stated_counts(rows: int, cases: int) -> dict[str, NDArray[np.int64]]:
    """The head counts that a regression's release states as such: rows, cases, the others."""
    return {
        "persons": np.array([rows], dtype=np.int64),
        "cases": np.array([cases], dtype=np.int64),
        "others": np.array([rows - cases], dtype=np.int64),
    }
