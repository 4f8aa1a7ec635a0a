"""Covariates summed up by cohort, as FeatureExtraction aggregates them; exact, for the site only.

A binary covariate: how many rows have it, and their share. A number: over all rows with 0 where it
is missing (scores, counts, ages), or over the rows that have one (values of measurements). The
standard deviation is over the rows that have a number, as in FeatureExtraction's SQL; `deviation`
of `moments` is over all rows that the mean is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat.cohorts.covariates.matrix import Covariates

#: sum_value: rows that have the covariate; average_value: their share of the cohort's rows.
BINARY_SCHEMA: Final = pa.schema(
    [
        ("cohort_definition_id", pa.int64()),
        ("covariate_id", pa.int64()),
        ("sum_value", pa.int64()),
        ("average_value", pa.float64()),
    ]
)
QUANTILES: Final = {"median": 0.5, "p10": 0.1, "p25": 0.25, "p75": 0.75, "p90": 0.9}
#: count_value: rows that have a number. standard_deviation is null for one value.
CONTINUOUS_SCHEMA: Final = pa.schema(
    [
        ("cohort_definition_id", pa.int64()),
        ("covariate_id", pa.int64()),
        ("count_value", pa.int64()),
        *((f"{name}_value", pa.float64()) for name in ("min", "max", "average")),
        ("standard_deviation", pa.float64()),
        *((f"{name}_value", pa.float64()) for name in QUANTILES),
    ]
)


@dataclass(frozen=True, slots=True)
class Summary:
    """BINARY_SCHEMA and CONTINUOUS_SCHEMA, by definition and covariate."""

    binary: pa.Table
    continuous: pa.Table


@dataclass(frozen=True, slots=True)
class Moments:
    """One number in a group of `size` rows; `held` rows have it.

    mean, deviation: over the rows, 0 where missing, or over those that have it (see module).
    quantiles: smallest number that a share of them does not exceed. deviation: nan for one row.
    """

    size: int
    held: int
    mean: float
    deviation: float
    quantiles: dict[str, float]


def summarise(covariates: Covariates) -> Summary:
    """The two tables; a covariate that no row of a cohort has, has no line for it."""
    ids = covariates.covariate_ids
    kinds = {a.number: a for a in covariates.analyses}
    number = covariates.dictionary["analysis_id"].to_numpy()
    binary = np.isin(number, [n for n, a in kinds.items() if a.binary])
    zero = np.isin(number, [n for n, a in kinds.items() if a.zero_when_missing])
    definitions = covariates.rows["cohort_definition_id"].to_numpy()
    counts, numbers = [], []
    for definition in np.unique(definitions):
        part = csc_array(covariates.matrix[np.flatnonzero(definitions == definition)])
        size, held = part.shape[0], np.diff(part.indptr)
        counts.append(
            _shares(int(definition), ids, held, size, np.flatnonzero(binary & (held > 0)))
        )
        for column in np.flatnonzero(~binary & (held > 0)):
            values = part.data[part.indptr[column] : part.indptr[column + 1]]
            over = size if zero[column] else None
            numbers.append((int(definition), int(ids[column]), *_statistics(values, over)))
    return Summary(pa.concat_tables([BINARY_SCHEMA.empty_table(), *counts]), _table(numbers))


def _shares(
    definition: int,
    ids: NDArray[np.int64],
    held: NDArray[np.integer[Any]],
    size: int,
    columns: NDArray[np.intp],
) -> pa.Table:
    count = held[columns].astype(np.int64)
    return pa.table(
        [np.full(len(columns), definition, np.int64), ids[columns], count, count / size],
        BINARY_SCHEMA,
    )


def moments(values: NDArray[np.float64], size: int, zero: bool) -> Moments:
    """One number in a group of `size` rows. values: of the rows that have it, in any order.

    zero: whether a row without it has 0.
    """
    values = np.sort(values)
    over = size if zero else len(values)
    every = np.sort(np.concatenate([values, np.zeros(over - len(values))]))
    mean = float(every.mean()) if over else float("nan")
    deviation = float(every.std(ddof=1)) if over > 1 else float("nan")
    quantiles = {name: _quantile(values, over, q) for name, q in QUANTILES.items()}
    return Moments(size, len(values), mean, deviation, quantiles)


def _statistics(values: NDArray[np.float64], size: int | None) -> tuple[float | int | None, ...]:
    """From count_value on; size: rows of the cohort where a missing number is 0, else None."""
    values = np.sort(values)
    held = len(values)
    over = held if size is None else size
    alone = None if size is None else 0.0
    return (
        held,
        float(values[0]) if held == over else 0.0,
        float(values[-1]),
        float(values.sum()) / over,
        float(values.std(ddof=1)) if held > 1 else alone,
        *(_quantile(values, over, q) for q in QUANTILES.values()),
    )


def _quantile(values: NDArray[np.float64], over: int, share: float) -> float:
    """0 while missing numbers alone make up more than `share`, else the first sorted value that,
    with the missing and the values before it, does.
    """
    missing = over - len(values)
    # A share such as 0.1 is not exact in binary: 0.1 * 30 must not ask for a fourth row.
    wanted = share * over - 1e-9
    if not len(values) or wanted < missing - 1e-6:
        return 0.0
    return float(values[max(int(np.ceil(wanted - missing)) - 1, 0)])


def _table(lines: Sequence[tuple[object, ...]]) -> pa.Table:
    schema = CONTINUOUS_SCHEMA
    columns = list(zip(*lines, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)
