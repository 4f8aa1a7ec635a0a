"""What the native SNDS tables share: keys, and the joins that give a line its person or its stay.

Hashes keep their case ('text'); codes are capitals ('code'). `NUM_ENQ` and its kin are the names of
project extracts (Documentation-SNDS, Formation_demex.md).
"""

from __future__ import annotations

from typing import Final

from transat.harmonise.casts import Cast
from transat.harmonise.native import Demand, NativeColumn
from transat.tables.snds import NINE_KEYS

_KEY_DATES: Final = ("FLX_DIS_DTD", "FLX_TRT_DTD")


def column(
    name: str,
    cast: Cast = "code",
    demand: Demand = "free",
    required: bool = False,
    *aliases: str,
) -> NativeColumn:
    """A column under its published name; `aliases` are the names of project extracts."""
    return NativeColumn(name, cast, demand, required, aliases)


def key(name: str) -> NativeColumn:
    """One of the nine columns that join the DCIR line by line."""
    cast: Cast = "date" if name in _KEY_DATES else "code" if name == "ORG_CLE_NUM" else "integer"
    return NativeColumn(name, cast, "needed", required=True)


NINE: Final = tuple(key(name) for name in NINE_KEYS)

PSA: Final = column("BEN_NIR_PSA", "text", "needed", True, "NUM_ENQ")

GEM: Final = column("BEN_RNG_GEM", "integer", "checked")


def _line_key(*salt: str) -> str:
    whole = " AND ".join(f"{name} IS NOT NULL" for name in NINE_KEYS)
    return f"CASE WHEN {whole} THEN hash({', '.join((*salt, *NINE_KEYS))}) END"


#: The nine columns as two hashes of 64 bits, NULL when one of the nine is: what is kept of them.
#: That two of ten thousand million lines share both has a chance of 10^20 / 2^129, below 10^-18.
LINE_KEY: Final = (f"{_line_key()} AS line_key", _line_key("'check'") + " AS line_check")


def same_line(left: str, right: str) -> str:
    """SQL: the two lines are the same DCIR line."""
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in ("line_key", "line_check"))


#: What names a stay.
STAY_KEY: Final = ("year_key", "eta_key", "rsa_key")

PERSON_JOIN: Final = (
    "LEFT JOIN person_key AS p ON p.psa = n.BEN_NIR_PSA AND p.gem = coalesce(n.BEN_RNG_GEM, 1)"
)

LINE_EXTRA: Final = (
    "l.person_id AS person_id",
    "l.EXE_SOI_DTD AS care_date",
    "l.PRE_PRE_DTD AS prescription_date",
    "l.PSP_SPE_COD AS prescriber",
    "l.fate AS line_fate",
    "l.line_id AS line_id",
)

#: Once its line is found, a sister line needs its key no more: `line_id` stands for it.
LINE_SPENT: Final = (*NINE_KEYS, "line_key", "line_check", "line_fate", "file_year")

LINE_JOIN: Final = f"LEFT JOIN line AS l ON {same_line('n', 'l')}"
