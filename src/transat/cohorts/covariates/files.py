"""Covariates as files: a folder of Parquet, and the dictionary as CSV. They stay on the site.

covariates.parquet   row, covariate_id, value: one line per stored value
rows.parquet         the cohort, in the order of `row`
dictionary.parquet   what each covariate is (DICTIONARY_SCHEMA); dictionary.csv, the same
analyses.parquet     the analyses that were asked for
summary.parquet      exact counts and shares by cohort; numbers.parquet, means and quantiles
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from scipy.sparse import csr_array

from transat.cohorts.covariates.matrix import Covariates
from transat.cohorts.covariates.settings import Analysis
from transat.cohorts.covariates.summary import summarise
from transat.core.errors import InputError
from transat.core.folders import partial_of, replace_folder
from transat.core.languages import Text

NAMES: Final = ("covariates", "rows", "dictionary", "analyses", "summary", "numbers")
_ANALYSES: Final = pa.schema(
    [
        ("number", pa.int32()),
        *((name, pa.string()) for name in ("name", "kind", "table")),
        ("low", pa.int32()),
        ("high", pa.int32()),
        *((name, pa.string()) for name in ("events", "vocabulary", "level")),
        ("cut", pa.bool_()),
    ]
)


def write(covariates: Covariates, folder: Path) -> Path:
    """Write the folder, beside its place and renamed when complete; return it."""
    folder = Path(folder)
    if folder.exists() and not _ours(folder):
        raise InputError(
            Text("ce dossier contient autre chose.", "this folder holds something else."),
            str(folder),
            Text("Donnez un autre dossier.", "Name another folder."),
        )
    summary = summarise(covariates)
    tables = (
        covariates.triplets(),
        covariates.rows,
        covariates.dictionary,
        pa.Table.from_pylist([asdict(a) for a in covariates.analyses], _ANALYSES),
        summary.binary,
        summary.continuous,
    )
    with partial_of(folder) as partial:
        for name, table in zip(NAMES, tables, strict=True):
            pq.write_table(table, partial / f"{name}.parquet", compression="zstd")
        pa_csv.write_csv(covariates.dictionary, partial / "dictionary.csv")
        replace_folder(partial, folder)
    return folder


def read(folder: Path) -> Covariates:
    """What `write` wrote. Raises InputError for a folder that is not such."""
    folder = Path(folder)
    try:
        stored, rows, dictionary, analyses = (
            pq.read_table(folder / f"{name}.parquet") for name in NAMES[:4]
        )
        ids = dictionary["covariate_id"].to_numpy()
        place = np.searchsorted(ids, stored["covariate_id"].to_numpy())
        matrix = csr_array(
            (stored["value"].to_numpy(), (stored["row"].to_numpy(), place)),
            shape=(rows.num_rows, len(ids)),
        )
        held = tuple(Analysis(**line) for line in analyses.to_pylist())
        return Covariates(rows, matrix, dictionary, held)
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise InputError(
            Text("ce dossier ne contient pas de covariables.", "this folder holds no covariates."),
            str(folder),
            Text("Donnez le dossier écrit par Transat.", "Name the folder that Transat wrote."),
        ) from error


def _ours(folder: Path) -> bool:
    names = {*(f"{name}.parquet" for name in NAMES), "dictionary.csv"}
    return folder.is_dir() and all(f.name in names for f in folder.iterdir())
