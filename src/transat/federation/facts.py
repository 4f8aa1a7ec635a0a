"""What the gate knows of a site before the first question: which cells may ever leave it.

Masks are computed once, from the site's whole table, for every block of cells that an installed
statistic can tell: exposures by outcomes (scan), and the binary covariates with both and with each
other (regressions). What a site answers therefore never depends on the order of the questions, and
no sequence of questions shows more than the whole table with its masks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation.checks import cells, margins
from transat.federation.checks.containment import Family, Relations, families, relations

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Groups of one kind: names, which sizes stay inside, and what subtraction can use."""

    names: tuple[str, ...]
    matrix: csc_array[np.int64]
    groups: Relations
    parts: tuple[Family, ...]
    hidden: Flags


@dataclass(frozen=True, slots=True, eq=False)
class SiteFacts:
    """Masks of one site at one threshold; everything here stays inside."""

    threshold: int
    rows: int
    exposures: Block
    outcomes: Block
    covariates: Block
    exposure_outcome: Flags  # (D, M), True = stays inside
    exposure_covariate: Flags  # (D, K)
    covariate_outcome: Flags  # (K, M)
    covariate_covariate: Flags  # (K, K)
    words: frozenset[str]  # the only strings that may leave


def facts(table: AnalysisTable, keys: tuple[str, ...], threshold: int) -> SiteFacts:
    """Compute the masks of a site; `keys` are its attrition steps."""
    binary = _binary_covariates(table)
    exposures = _block(table.exposure_codes, csc_array(table.exposures), table.n, threshold)
    outcomes = _block(table.outcome_codes, csc_array(table.outcomes), table.n, threshold)
    covariates = _block(
        tuple(table.covariate_names[i] for i in binary),
        csc_array(table.covariates[:, list(binary)].astype(np.uint8)),
        table.n,
        threshold,
    )
    words = {"intercept", *keys, *table.exposure_codes, *table.outcome_codes}
    return SiteFacts(
        threshold=threshold,
        rows=table.n,
        exposures=exposures,
        outcomes=outcomes,
        covariates=covariates,
        exposure_outcome=_cells(exposures, outcomes, table.n, threshold),
        exposure_covariate=_cells(exposures, covariates, table.n, threshold),
        covariate_outcome=_cells(covariates, outcomes, table.n, threshold),
        covariate_covariate=_cells(covariates, covariates, table.n, threshold),
        words=frozenset(words | set(table.covariate_names)),
    )


def _binary_covariates(table: AnalysisTable) -> tuple[int, ...]:
    columns = range(len(table.covariate_names))
    return tuple(j for j in columns if np.isin(table.covariates[:, j], (0.0, 1.0)).all())


def _block(names: tuple[str, ...], matrix: csc_array[np.uint8], rows: int, threshold: int) -> Block:
    ones = csc_array(matrix, dtype=np.int64, copy=True)
    ones.sum_duplicates()
    ones.data = np.minimum(ones.data, 1)
    groups = relations(ones)
    parts = families(groups)
    return Block(
        names, ones, groups, parts, margins.mask(groups.sizes, rows, groups, parts, threshold)
    )


def _cells(one: Block, other: Block, rows: int, threshold: int) -> Flags:
    counts = np.asarray((one.matrix.T @ other.matrix).todense(), dtype=np.int64)
    counts = counts.reshape(len(one.names), len(other.names))
    table = cells.CellTable(
        counts, one.groups.sizes, other.groups.sizes, rows, one.groups, other.groups,
        one.parts, other.parts,
    )  # fmt: skip
    return cells.mask(table, one.hidden, other.hidden, threshold)
