"""Which drugs covered at least one day of a window, for every pregnancy of a cohort.

A dispensing covers [start, start + days_supply); a window is [LMP + start_day, LMP + end_day),
cut at the outcome. Exposed = one covered day or more (Blotière 2019). Drugs
given inside hospital stays are in no source, but those that a hospital bills apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.sparse import csc_array, csr_array

from transat.cohorts.specification import Exposure, Window
from transat.cohorts.study_codes import StudyCodes, atc_codes
from transat.core.errors import DataQualityError
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.engines.engine import Engine

#: First day that a dispensing does not cover, from its first day.
COVERED_UNTIL = """d.drug_exposure_start_date + CAST(CASE
        WHEN d.days_supply >= 1 THEN d.days_supply
        WHEN d.drug_exposure_end_date >= d.drug_exposure_start_date
            THEN date_diff('day', d.drug_exposure_start_date, d.drug_exposure_end_date) + 1
        ELSE 1 END AS INTEGER)"""


def exposed(
    engine: Engine, size: int, exposures: tuple[Exposure, ...], windows: tuple[Window, ...]
) -> dict[str, csc_array[np.uint8]]:
    """For each window, the (P, D) 0/1 matrix of exposure of the pregnancies of `cohort`.

    size: P. One pass over DRUG_EXPOSURE for all windows.
    Raises DataQualityError when the CDM has dispensings but no ATC code for any of them: its
    exposures would all be zero.
    """
    atc = atc_codes(engine)
    if size and exposures and not atc.codes:
        _refuse_drugs_without_atc(engine)
    leaves, membership = _leaves(atc, exposures)
    engine.register("exposure_leaf", leaves)
    flags = " | ".join(
        f"((d.drug_exposure_start_date < least(u.start_date + {w.end_day}, u.end_date)"
        f" AND {COVERED_UNTIL} > u.start_date + {w.start_day})::INTEGER << {i})"
        for i, w in enumerate(windows)
    )
    found = engine.arrow(f"""
        SELECT preg, leaf, flags FROM (
            SELECT u.preg, x.leaf, bit_or({flags}) AS flags
            FROM drug_exposure d
            JOIN exposure_leaf x ON x.concept_id = d.{atc.column}
            JOIN cohort u ON u.person_id = d.person_id
            WHERE d.drug_exposure_start_date < u.end_date
              AND {COVERED_UNTIL} > u.start_date + {min(w.start_day for w in windows)}
            GROUP BY u.preg, x.leaf) WHERE flags <> 0""")
    engine.unregister("exposure_leaf")
    preg, leaf, bits = (found[name].to_numpy() for name in ("preg", "leaf", "flags"))
    return {
        window.name: _matrix(preg[on], leaf[on], size, membership)
        for i, window in enumerate(windows)
        for on in [(bits >> i) & 1 == 1]
    }


def _refuse_drugs_without_atc(engine: Engine) -> None:
    if engine.scalar("SELECT 1 FROM drug_exposure LIMIT 1"):
        raise DataQualityError(
            what=Text(
                "Les délivrances n'ont aucun code ATC.", "The dispensings have no ATC code at all."
            ),
            where="drug_exposure.drug_concept_id",
            next_step=Text(
                "Harmonisez l'extrait avec Transat, ou donnez à chaque délivrance un concept ATC.",
                "Harmonise the extract with Transat, or give each dispensing an ATC concept.",
            ),
        )


def _leaves(
    atc: StudyCodes, exposures: tuple[Exposure, ...]
) -> tuple[pa.Table, csr_array[np.uint8]]:
    """The wanted concepts, each with the number of its ATC, and the (L, D) matrix of who holds it.

    Several source concepts (boxes) may share an ATC: they are one leaf.
    """
    concepts: list[int] = []
    leaves: list[int] = []
    numbers: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    for concept, code in atc.codes:
        inside = [j for j, e in enumerate(exposures) if code.startswith(e.prefixes)]
        if not inside:
            continue
        if code not in numbers:
            rows += [len(numbers)] * len(inside)
            columns += inside
            numbers[code] = len(numbers)
        concepts.append(concept)
        leaves.append(numbers[code])
    ones = np.ones(len(rows), np.uint8)
    membership = csr_array((ones, (rows, columns)), shape=(len(numbers), len(exposures)))
    table = pa.table(
        {"concept_id": pa.array(concepts, pa.int64()), "leaf": pa.array(leaves, pa.int32())}
    )
    return table, membership


def _matrix(
    preg: np.ndarray, leaf: np.ndarray, size: int, membership: csr_array[np.uint8]
) -> csc_array[np.uint8]:
    ones = np.ones(len(preg), np.int32)
    leaves = csr_array((ones, (preg, leaf)), shape=(size, membership.shape[0]))
    counted = csc_array(leaves @ membership.astype(np.int32))
    counted.sort_indices()
    return csc_array(
        (np.ones(counted.nnz, np.uint8), counted.indices, counted.indptr), shape=counted.shape
    )
