"""Boxes of three months of treatment, told from boxes of one month by their units (trap T7).

France allowed them in 2004; they are sold since September 2005, for diabetes, osteoporosis,
hypertension and high cholesterol (CNAMTS, Points de repère n° 30). A CIP13 is one when its ATC is
in those classes (`three_month_packs.csv`: the classes are our reading of the four diseases;
metformin and acarbose, of which several units are taken a day, are left out) and its box holds
three times the units of a box of 28, 30 or 31 units of the same ATC.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

from transat.tables.drug_codes import DrugCode

#: Units of a box of one month, one unit a day.
MONTHS: Final = (28, 30, 31)


@cache
def large_pack_classes() -> tuple[str, ...]:
    """ATC prefixes of the classes that are sold in boxes of three months."""
    text = files("transat.tables").joinpath("three_month_packs.csv").read_text("utf-8")
    return tuple(row["atc"] for row in csv.DictReader(text.splitlines()))


def large_packs(codes: Iterable[DrugCode]) -> frozenset[str]:
    """The CIP13 among `codes` whose box lasts three months."""
    units: dict[str, set[float]] = defaultdict(set)
    boxes = [c for c in codes if c.vocabulary == "CIP13" and c.units_per_pack]
    for box in boxes:
        units[box.atc].add(box.units_per_pack or 0)
    return frozenset(
        box.code
        for box in boxes
        if box.atc.startswith(large_pack_classes())
        and any(3 * month == box.units_per_pack and month in units[box.atc] for month in MONTHS)
    )
