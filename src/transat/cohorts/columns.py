"""Strata and covariates of an analysis table, from the variables that a specification names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.confounders import Variable
from transat.core.errors import StudyError
from transat.core.languages import Text


def strata(
    size: int, names: tuple[str, ...], variables: dict[str, Variable]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """The crossing of the named variables: index of each row, and the labels present, in order.

    A label reads 'year=2015|age_band=25-29'. Without a name there is one stratum, 'all'.
    """
    if not names or not size:
        return np.zeros(size, np.int32), ("all",) if size else ()
    code = np.zeros(size, np.int64)
    for name in names:
        code = code * len(variables[name].labels) + variables[name].level
    present, index = np.unique(code, return_inverse=True)
    return index.astype(np.int32), tuple(_label(int(c), names, variables) for c in present)


def covariates(
    size: int, names: tuple[str, ...], variables: dict[str, Variable]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The (n, K) covariates and their names, the same on every shore.

    A count c is log(1 + c); years are dummies of the years asked for, or one column (year - 2015)
    when none were; other variables are dummies without their reference level.
    Raises StudyError for 'region', whose levels differ between shores: it belongs to the strata.
    """
    columns: list[NDArray[np.float64]] = []
    labels: list[str] = []
    for name in names:
        variable = variables[name]
        if variable.number is not None:
            columns.append(variable.number)
            labels.append(name)
            continue
        if not variable.reference:
            raise _not_a_covariate(name)
        for index, level in enumerate(variable.labels):
            if level != variable.reference:
                columns.append((variable.level == index).astype(np.float64))
                labels.append(name if len(variable.labels) == 2 else f"{name}={level}")
    matrix = np.column_stack(columns) if columns else np.empty((size, 0))
    return matrix, tuple(labels)


def _label(code: int, names: tuple[str, ...], variables: dict[str, Variable]) -> str:
    parts: list[str] = []
    for name in reversed(names):
        code, level = divmod(code, len(variables[name].labels))
        parts.append(f"{name}={variables[name].labels[level]}")
    return "|".join(reversed(parts))


def _not_a_covariate(name: str) -> StudyError:
    return StudyError(
        what=Text(
            f"« {name} » n'a pas les mêmes niveaux sur les deux rives.",
            f"'{name}' does not have the same levels on both shores.",
        ),
        where="confounders",
        next_step=Text("Le mettre dans les strates.", "Put it in the strata."),
    )
