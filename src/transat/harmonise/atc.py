"""The ATC codes of a referential, in one form and one vintage, on both shores alike.

A referential files a product under a substance (7 characters), under a class (1 to 5), or under
nothing that the ATC knows. Classes are kept: fluindione is B01AA and nothing more (rule T16). An
older code is moved to the study's vintage by `tables/atc_drift.csv`.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from transat.engines.engine import Engine
from transat.tables.drug_codes import DrugCode, Vocabulary, atc_drift, drug_codes

#: Length of the code of a substance; a shorter one names a class.
SUBSTANCE: Final = 7

#: The ATC's five levels, with the ATCvet's leading Q.
_LEVELS: Final = "^Q?[A-Z][0-9][0-9]([A-Z]([A-Z]([0-9][0-9])?)?)?"

#: CNAM's own code of homeopathy, which the ATC does not have: kept, so that no line loses it.
HOMEOPATHY: Final = "WHOMEO"


def atc_sql(code: str) -> str:
    """SQL of the longest ATC level that a text begins with, NULL when it begins with none.

    'R05X00' is R05X; 'UNASSIGN' is NULL; CNAM's 'WHOMEO' stays itself.
    """
    text = f"upper(trim({code}))"
    return (
        f"CASE WHEN {text} = '{HOMEOPATHY}' THEN {text} "
        f"ELSE nullif(regexp_extract({text}, '{_LEVELS}', 0), '') END"
    )


def register_drift(engine: Engine) -> None:
    """Make `atc_move` (old, new): the codes that the vintage of the studies has renamed."""
    drift = atc_drift()
    engine.register(
        "atc_move",
        pa.table(
            {
                "old": pa.array(list(drift), pa.string()),
                "new": pa.array(list(drift.values()), pa.string()),
            }
        ),
    )


def register_list(engine: Engine, name: str, *vocabularies: Vocabulary) -> None:
    """Make `name` (vocabulary, code, atc, substance, units_per_pack): the package's own codes."""
    known: list[DrugCode] = [c for c in drug_codes() if c.vocabulary in vocabularies]
    engine.register(
        name,
        pa.table(
            {
                "vocabulary": pa.array([c.vocabulary for c in known], pa.string()),
                "code": pa.array([c.code for c in known], pa.string()),
                "atc": pa.array([c.atc for c in known], pa.string()),
                "substance": pa.array([c.substance for c in known], pa.string()),
                "units_per_pack": pa.array([c.units_per_pack for c in known], pa.float64()),
            }
        ),
    )


def best_atc_sql(rows: str, key: str) -> str:
    """A query (key columns, atc, how, several) with one ATC a code, of the studies' vintage.

    `rows` is a query of the columns `key` (comma-separated), ``atc``, ``how`` and ``place`` (1 for
    the surest source). A substance beats a class; then the surest source; then the first code in
    alphabetical order. ``several``: how many codes the surest source gave. Needs `atc_move`.
    """
    return (
        f"SELECT {key}, atc, how, several FROM (SELECT *, row_number() OVER (PARTITION BY {key} "
        f"ORDER BY length(atc) >= {SUBSTANCE} DESC, place, atc, how) AS rank, "
        f"count(*) OVER (PARTITION BY {key}, place) AS several FROM ("
        f"SELECT DISTINCT {key}, coalesce(new, atc) AS atc, how, place FROM ({rows}) AS said "
        "LEFT JOIN atc_move ON old = atc WHERE atc IS NOT NULL) AS moved) AS ranked WHERE rank = 1"
    )
