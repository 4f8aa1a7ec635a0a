"""How many days a box stands for (T7), and what the referential does not say of a drug (T16).

The DCIR counts boxes, and boxes of one and of three months both count 1. A box of three months
(`tables.large_packs`: its classes, and three times the units of a monthly box of the same ATC)
stands for 90 days, every other box for 30.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE
from transat.tables.large_packs import MONTHS, large_pack_classes

#: Days that one box stands for, and those of a box of three months.
DAYS_PER_PACK: Final = 30
DAYS_PER_LARGE_PACK: Final = 90


def large_packs(engine: Engine, context: Context) -> None:
    """View `large_pack` (vocabulary, code): CIP13 in boxes of three months; none with T7 off."""
    classes = pa.table({"atc": pa.array(large_pack_classes(), pa.string())})
    engine.register("large_pack_class", classes)
    months = ", ".join(map(str, MONTHS))
    context.materialise(
        engine,
        "large_pack",
        "SELECT DISTINCT big.vocabulary, big.code FROM medicine AS big "
        "JOIN large_pack_class AS k ON big.atc LIKE k.atc || '%' "
        "JOIN medicine AS small ON small.atc = big.atc AND small.vocabulary = big.vocabulary "
        "AND small.units_per_pack * 3 = big.units_per_pack "
        f"WHERE big.vocabulary = 'CIP13' AND small.units_per_pack IN ({months}) "
        f"AND {'true' if context.applies('T7') else 'false'}",
    )


def note_medicines(engine: Engine, context: Context) -> None:
    """T7 and T16 take no line away: the ledger notes the dispensings that they are about.

    T7: in boxes of three months. T16: without an ATC, with one that names no substance.
    """
    found = engine.rows(
        "SELECT d.source, count(large_pack.code), count(*) FILTER (d.atc IS NULL), "
        "count(*) FILTER (length(d.atc) < 7) FROM dispensing AS d "
        "LEFT JOIN large_pack USING (vocabulary, code) "
        "WHERE d.source IN ('ER_PHA_F', 'ER_UCD_F') GROUP BY d.source"
    )
    for table, large, without, short in found:
        for note, rows in (("T7", large), ("T16_no_atc", without), ("T16_short_atc", short)):
            if rows and context.applies(note.split("_")[0]):
                context.ledger.record(str(table), f"{NOTE}{note}", int(rows))
