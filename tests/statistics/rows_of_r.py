"""Survival tables from the rows of R's package survival, columns named as R names coefficients."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from transat.cohorts.survival_table import SurvivalTable

Values = np.ndarray


def column(rows: pa.Table, name: str) -> Values:
    """A term as R names it: a column, its logarithm, an equality, a level of a factor."""
    if name in rows.column_names:
        return numbers(rows, name)
    if found := re.fullmatch(r"log\((.*)\)", name):
        return np.log(numbers(rows, found[1]))
    if found := re.fullmatch(r"I\((\w+) == '(.*)'\)TRUE", name):
        return equal(rows, found[1], found[2])
    factor = max((c for c in rows.column_names if name.startswith(c)), key=len)
    return equal(rows, factor, name.removeprefix(factor))


def numbers(rows: pa.Table, name: str) -> Values:
    return rows[name].to_numpy().astype(np.float64)


def equal(rows: pa.Table, name: str, level: str) -> Values:
    values = rows[name].to_pylist()
    return np.array([np.nan if v is None else float(str(v) == level) for v in values])


def survival_table(
    rows: pa.Table,
    terms: Sequence[str],
    time: Values,
    event: Values,
    entry: Values | None = None,
    strata: str = "",
    people: str = "",
    weights: Values | None = None,
    only: Values | None = None,
    also: Mapping[str, Values] | None = None,
) -> SurvivalTable:
    """Rows without a missing value, as R's na.omit leaves them; also: columns made by hand."""
    made = dict(also or {})
    columns = np.column_stack([made[t] if t in made else column(rows, t) for t in terms])
    groups = rows[strata].to_pylist() if strata else [0] * len(time)
    names = rows[people].to_pylist() if people else list(range(len(time)))
    kept = np.isfinite(columns).all(axis=1) & np.isfinite(time) & np.isfinite(event)
    kept &= np.array([g is not None and p is not None for g, p in zip(groups, names, strict=True)])
    kept &= True if only is None else only
    labels = sorted({str(g) for g, k in zip(groups, kept, strict=True) if k})
    stratum = np.array(
        [labels.index(str(g)) if k else 0 for g, k in zip(groups, kept, strict=True)]
    )
    person = np.unique([str(p) for p in names], return_inverse=True)[1]
    return SurvivalTable(
        n=int(kept.sum()),
        time=time[kept],
        entry=np.zeros(int(kept.sum())) if entry is None else entry[kept],
        event=event[kept].astype(np.int8),
        columns=columns[kept],
        column_names=tuple(terms),
        strata=stratum[kept].astype(np.int32),
        stratum_labels=tuple(labels),
        people=person[kept].astype(np.int64),
        weights=None if weights is None else weights[kept],
    )
