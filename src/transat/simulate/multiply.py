"""A native extract many times over, each copy with people of its own: for benchmarks at scale.

Drawing a hundred million lines takes hours; copying the lines of a smaller extract under other
identifiers takes minutes, and the work of harmonising them is the same: as many persons, keys,
reversals and stays in proportion, none of them shared between copies.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from transat.core.folders import partial_of, replace_folder
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine, identifier

#: Columns that name a person, a mother, a certificate.
_PERSON: Final = re.compile(
    r"BEN_NIR_(PSA|ANO)|BEN_IDT_ANO|NIR_ANO_(17|MAM)|.*NO_INDIV.*|NUM_ENQ.*", re.IGNORECASE
)
#: Columns that name a line or a stay, written as numbers.
_NUMBER: Final = re.compile(
    r"DCT_ORD_NUM|(RSA|SEQ|RHA|RHS|RHAD|RPSA)_(NUM|SEQ)|(SHOP_)?NO_SEQ_SEJ_HOSP.*", re.IGNORECASE
)
#: Above every number that the simulator gives a line or a stay.
_STEP: Final = 10_000_000_000


def multiply(extract: Path, copies: int, to: Path) -> int:
    """Write `copies` of the Parquet extract in `extract` to the folder `to`; return their lines.

    Files of referentials (codes, no person in them) are copied once.
    """
    lines = 0
    with partial_of(to) as partial, DuckDB() as engine:
        for path in sorted(p for p in extract.rglob("*") if p.is_file()):
            place = partial / path.relative_to(extract)
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix != ".parquet":
                shutil.copyfile(path, place)
                continue
            engine.view_parquet("native", [path])
            columns = engine.columns("native")
            people = any(_PERSON.fullmatch(c) or _NUMBER.fullmatch(c) for c in columns)
            for copy in range(copies if people else 1):
                lines += _write(engine, columns, copy, place)
        replace_folder(partial, to)
    return lines


def _write(engine: Engine, columns: list[str], copy: int, place: Path) -> int:
    selected = ", ".join(f"{_renamed(c, copy)} AS {identifier(c)}" for c in columns)
    own = place.with_name(f"{place.stem}_{copy:04d}.parquet")
    return engine.write_parquet(f"SELECT {selected} FROM native", own)


def _renamed(column: str, copy: int) -> str:
    name = identifier(column)
    if _PERSON.fullmatch(column):
        # An empty mother-child number, or one pair of characters repeated, names nobody.
        nobody = f"trim({name}) = '' OR {name} = repeat({name}[1:2], length({name}) // 2)"
        return f"CASE WHEN {nobody} THEN {name} ELSE {name} || '{copy:04d}' END"
    if _NUMBER.fullmatch(column):
        return f"CAST(CAST({name} AS BIGINT) + {copy * _STEP} AS VARCHAR)"
    return name
