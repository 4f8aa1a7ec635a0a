"""The covariates of a cohort: a sparse matrix, its rows, and the dictionary of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from transat.cohorts.covariates.settings import Analysis

#: One line per column, in their order: ascending covariate_id. name: FeatureExtraction's; label:
#: the column within its analysis; concept_id, value_as_concept_id, code: what it is of, null where
#: nothing (the second is the answer, or a value's unit). collisions: columns that had its id and
#: were left out.
DICTIONARY_SCHEMA: Final = pa.schema(
    [
        ("column", pa.int32()),
        ("covariate_id", pa.int64()),
        ("analysis_id", pa.int32()),
        ("name", pa.string()),
        ("label_fr", pa.string()),
        ("label_en", pa.string()),
        ("concept_id", pa.int64()),
        ("value_as_concept_id", pa.int64()),
        ("code", pa.string()),
        ("collisions", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Covariates:
    """The covariates of the rows of a cohort; they stay on the site.

    rows: the cohort table, as given. matrix: (n, k), row i is row i of `rows`; a binary column
    holds 1 or nothing; a stored 0 of another column is a number known to be 0. dictionary:
    DICTIONARY_SCHEMA. analyses: those asked for, whether or not they have a column.

    Raises ValueError when the parts do not agree.
    """

    rows: pa.Table
    matrix: csr_array[np.float64]
    dictionary: pa.Table
    analyses: tuple[Analysis, ...]

    def __post_init__(self) -> None:
        if self.matrix.shape != (self.rows.num_rows, self.dictionary.num_rows):
            raise ValueError("matrix: one row per cohort row, one column per dictionary line")

    @property
    def covariate_ids(self) -> NDArray[np.int64]:
        """(k,) ids, ascending."""
        ids: NDArray[np.int64] = self.dictionary["covariate_id"].to_numpy()
        return ids

    def analysis_of(self, column: int) -> Analysis:
        """The analysis that a column is of."""
        number = self.dictionary["analysis_id"][column].as_py()
        return next(a for a in self.analyses if a.number == number)

    def triplets(self) -> pa.Table:
        """One line per stored value: row (place in `rows`), covariate_id, value; in this order."""
        matrix = self.matrix
        row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
        return pa.table(
            {
                "row": row,
                "covariate_id": self.covariate_ids[matrix.indices],
                "value": matrix.data,
            }
        )
