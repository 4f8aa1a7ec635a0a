"""Natures of service (PRS_NAT_REF, nomenclature IR_NAT_V) that have a place in OMOP here."""

from __future__ import annotations

from typing import Final

#: Consultations and home visits: an outpatient visit. Surcharges and lump sums are not.
VISITS: Final = (
    "1104",
    "1105",
    "1107",
    "1109",
    "1110",
    "1111",
    "1112",
    "1113",
    "1114",
    "1115",
    "1117",
    "1118",
    "1140",
    "1157",
    "1209",
    "1210",
    "1211",
    "1212",
    "1213",
    "1214",
    "1221",
    "1222",
)

#: Elective abortion by medicine in town, billed as a package (Documentation-SNDS, ivg.md).
TOWN_ABORTION: Final = "3329"

USED: Final = (*VISITS, TOWN_ABORTION)


def among(natures: tuple[str, ...]) -> str:
    """The natures as an SQL list."""
    return "(" + ", ".join(f"'{n}'" for n in natures) + ")"
