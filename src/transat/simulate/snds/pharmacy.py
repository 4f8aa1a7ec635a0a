"""Dispensed drugs as lines: town (CIP13, ER_PHA_F) and hospital pharmacies (UCD7, ER_UCD_F).

Choices where the rules are silent. A woman always gets the same product of a substance and dose
tier. A substance with no code of its channel on this shore is written through the other channel
(thalidomide, endothelin antagonists: no CIP13 in the French referential); with no code at all it is
unseen ('no_code_on_this_shore'). A dose tier without a product of its own gets any product of the
substance. Boxes of three months are never given: a pack of the truth is thirty days (T7).
UCD_DLV_NBR counts the same packs as the truth. The prescription is 0 to 20 days older.

T6, a line delivered by the unit (PHA_DEC_TOP D): PHA_DEC_QSU holds the units (packs x units per
pack) and PHA_ACT_QSN 0, since no whole box was billed; boxes = PHA_DEC_QSU / units per pack.
Only products whose units per pack are known are split.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.population import Population
from transat.simulate.snds import formats, natures
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws, Ints
from transat.simulate.snds.lines import (
    EVENT_OF_EXPOSURE,
    HOSPITAL_DRUG,
    PHARMACY,
    Lines,
    at_public_hospital,
    events,
    lines,
    taken,
    with_flow,
)
from transat.simulate.snds.population_tables import sorted_by
from transat.simulate.snds.rates import rates
from transat.simulate.snds.unseen import Unseen
from transat.simulate.snds.window import LAST_FLOW, WINDOW_END, WINDOW_START
from transat.tables.drug_codes import DrugCode, Vocabulary, drug_codes
from transat.tables.large_packs import large_packs

_PRESCRIBERS = np.array([1, 1, 1, 7, 7, 33, 32, 77], np.int8)
#: Most units of a split line: PHA_DEC_QSU has four digits.
_MOST_UNITS = 9999


@cache
def products(vocabulary: Vocabulary) -> tuple[DrugCode, ...]:
    """The study's products of one vocabulary (CIP13 or UCD7) that last a month, by code."""
    large = large_packs(drug_codes())
    found = (c for c in drug_codes() if c.vocabulary == vocabulary and c.code not in large)
    return tuple(sorted(found, key=lambda c: c.code))


@cache
def _units_per_pack() -> npt.NDArray[np.int32]:
    """Units of a pack of each CIP13 product, 0 when not a whole number; then a 0 for none."""
    known = [c.units_per_pack or 0.0 for c in products("CIP13")]
    return np.array([*(int(u) if u.is_integer() else 0 for u in known), 0], np.int32)


def drug_lines(
    population: Population, people: Beneficiaries, draws: Draws, unseen: Unseen
) -> Lines:
    """One line a dispensing, before any trap; what has no code or comes late is unseen."""
    table = sorted_by(population.exposures, "exposure_id")
    ids = table["exposure_id"].to_numpy().astype(np.int64)
    person = people.place(table["person_id"].to_numpy())
    care = formats.as_days(table["date"])
    hospital = pc.equal(table["channel"], "hospital").to_numpy(zero_copy_only=False)
    detail, code = _products_of(table, people.person_id[person], hospital, draws)
    packs = table["packs"].to_numpy().astype(np.int32)
    event = events(EVENT_OF_EXPOSURE, ids)
    made = lines(
        len(ids),
        beneficiary=people.row(person, care),
        care=care,
        prescribed=care - draws.integers("prescription", event, 0, 21),
        nature=np.where(detail == HOSPITAL_DRUG, natures.HOSPITAL_PHARMACY, natures.TOWN_PHARMACY),
        quantity=packs,
        detail=detail,
        code=code,
        boxes=packs,
        prescriber=_PRESCRIBERS[draws.integers("prescriber", event, 0, len(_PRESCRIBERS))],
        performer=np.where(detail == HOSPITAL_DRUG, 0, 60),
        event=event,
    )
    made = _in_hospital_pharmacy(with_flow(_split(made, draws), draws), people, draws)
    inside = (care >= WINDOW_START) & (care < WINDOW_END)
    unseen.add("exposure", ids[code < 0], "no_code_on_this_shore")
    unseen.add("exposure", ids[~inside], "outside_the_window")
    unseen.add("exposure", ids[made["flow"] > LAST_FLOW], "flow_after_the_extract")
    return taken(made, (code >= 0) & inside & (made["flow"] <= LAST_FLOW))


def pharmacy_columns(source: Lines) -> dict[str, pa.Array]:
    """The varying columns of ER_PHA_F but its key, for lines of PHARMACY."""
    codes = [p.code for p in products("CIP13")]
    split = source["units"] != -1
    return {
        "PHA_PRS_C13": formats.choice(source["code"], codes),
        "PHA_PRS_IDE": formats.choice(source["code"], [c[5:12] for c in codes]),
        "PHA_ACT_QSN": formats.numbers(source["boxes"]),
        "PHA_DEC_TOP": formats.choice(split.astype(np.int32), ("Z", "D")),
        "PHA_DEC_QSU": formats.numbers(np.where(split, source["units"], 0)),
    }


def hospital_drug_columns(source: Lines) -> dict[str, pa.Array]:
    """The varying columns of ER_UCD_F but its key, for lines of HOSPITAL_DRUG."""
    codes = ["000000" + p.code for p in products("UCD7")]
    return {
        "UCD_UCD_COD": formats.choice(source["code"], codes),
        "UCD_DLV_NBR": formats.numbers(source["boxes"]),
    }


def _products_of(
    table: pa.Table, person: npt.NDArray[np.int64], hospital: npt.NDArray[np.bool_], draws: Draws
) -> tuple[Ints, Ints]:
    """The sister table and the product of each dispensing; product -1 when there is no code."""
    atc = table["atc"].combine_chunks().dictionary_encode()
    names = atc.dictionary.to_pylist()
    substance = atc.indices.to_numpy().astype(np.int64)
    tier = table["dose_tier"].to_numpy().astype(np.int64)
    u = draws.uniform("product", person * 1009 + _hashed(names)[substance] + tier)
    town = _product(names, substance, tier, u, "CIP13")
    ward = _product(names, substance, tier, u, "UCD7")
    by_hospital = np.where(hospital, ward >= 0, (town < 0) & (ward >= 0))
    detail = np.where(by_hospital, HOSPITAL_DRUG, PHARMACY).astype(np.int32)
    return detail, np.where(by_hospital, ward, town).astype(np.int32)


def _hashed(names: list[str]) -> npt.NDArray[np.int64]:
    """A number for each substance that depends on its name only, not on its place."""
    return np.array([int.from_bytes(n.encode()[:7], "big") % 999_983 for n in names], np.int64)


def _product(
    names: list[str],
    substance: npt.NDArray[np.int64],
    tier: npt.NDArray[np.int64],
    u: npt.NDArray[np.float64],
    vocabulary: Vocabulary,
) -> Ints:
    """A product of the tier when there is one, else of the substance, else -1."""
    known = products(vocabulary)
    chosen = np.full(len(substance), -1, np.int32)
    for place, name in enumerate(names):
        here = [i for i, p in enumerate(known) if p.atc == name]
        rows = np.flatnonzero(substance == place)
        for level in np.unique(tier[rows]) if here else ():
            exact = [i for i in here if known[i].dose_tier == level] or here
            at = rows[tier[rows] == level]
            chosen[at] = np.array(exact, np.int32)[(u[at] * len(exact)).astype(np.int64)]
    return chosen


def _split(made: Lines, draws: Draws) -> Lines:
    """T6: some town lines are delivered by the unit."""
    town = made["detail"] == PHARMACY
    each = _units_per_pack()[np.where(town, made["code"], -1)]
    units = made["boxes"] * each
    chosen = draws.below("split box", made["event"], rates()["split_box"])
    split = chosen & (units > 1) & (units <= _MOST_UNITS)
    return {
        **made,
        "units": np.where(split, units, -1).astype(np.int32),
        "boxes": np.where(split, 0, made["boxes"]).astype(np.int32),
    }


def _in_hospital_pharmacy(made: Lines, people: Beneficiaries, draws: Draws) -> Lines:
    ward = made["detail"] == HOSPITAL_DRUG
    department = people.department[made["beneficiary"]]
    hospital = people.places.hospital(draws, department, made["event"])
    return at_public_hospital(made, ward, hospital, draws)
