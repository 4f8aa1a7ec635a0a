"""Outpatient care of public hospitals: some consultations and scans are in the PMSI (T20).

T_MCOaaCSTC says who and when, FCSTC that it was a consultation, FMSTC which scan it was. The DCIR
holds such care again when the hospital bills directly: ETE_IND_TAA is then 1 (T2), in the share of
the year; a few acts are there with an empty indicator, which only their double in FMSTC betrays
(T20). Passages of AP-HP and AP-HM are also sent under a geographic FINESS up to 2017 (T11).

Choices where the rules are silent: one passage a consultation or scan; nobody who shares a number
with a twin has one (the PMSI could not tell them apart before 2016); return codes are all zero.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws, Flags
from transat.simulate.snds.formats import year_of
from transat.simulate.snds.lines import ACT, EMPTY, NO_HOSPITAL, Lines, joined, taken
from transat.simulate.snds.native_file import native_columns, native_table
from transat.simulate.snds.places import LAST_YEAR_OF_DOUBLES
from transat.simulate.snds.rates import rates, share_of_duplicates
from transat.simulate.snds.town_care import SCAN_CODES
from transat.simulate.snds.window import YEARS

_PASSAGES_PER_CHUNK = 10**6
_SPECIALIST = "CS"


def passages(source: Lines, people: Beneficiaries, draws: Draws) -> Lines:
    """The lines that are passages in a hospital, with their T11 doubles."""
    true = taken(source, _held(source, people, draws))
    hospital = true["hospital"].astype(np.int32)
    double = people.places.has_sites(hospital) & (year_of(true["care"]) <= LAST_YEAR_OF_DOUBLES)
    double &= draws.below("passage twice", true["event"], rates()["geographic_double"])
    site = people.places.geographic_of(draws, hospital, true["event"]).astype(np.int16)
    return joined([true, taken({**true, "hospital": site}, double)])


def as_in_dcir(source: Lines, people: Beneficiaries, draws: Draws) -> Lines:
    """The lines as the DCIR has them: of a passage, those billed directly (T2) or by mistake.

    A share of the year's hospital lines is billed directly; the others are not of passages.
    """
    held = _held(source, people, draws)
    share = share_of_duplicates(year_of(source["care"]))
    in_pmsi = rates()["outpatient_in_pmsi"]
    rate = share / (1.0 - share) * (1.0 - in_pmsi) / in_pmsi
    direct = held & draws.below("billed directly", source["event"], rate)
    again = held & ~direct & (source["detail"] == ACT)
    again &= draws.below("act billed again", source["event"], rates()["outpatient_act_twice"])
    indicator = np.where(direct, 1, np.where(again, EMPTY, source["indicator"])).astype(np.int8)
    return taken({**source, "indicator": indicator}, ~held | direct | again)


def _held(source: Lines, people: Beneficiaries, draws: Draws) -> Flags:
    public = source["indicator"] != NO_HOSPITAL
    alone = ~people.shared_number[source["beneficiary"]]
    chosen = draws.below("outpatient care", source["event"], rates()["outpatient_in_pmsi"])
    return np.asarray(public & alone & chosen)


def outpatient_tables(
    source: Lines, people: Beneficiaries, chunk: int
) -> Iterator[tuple[str, pa.Table]]:
    """Name and content of CSTC, FMSTC and FCSTC of each year with a passage."""
    order = np.lexsort((source["hospital"], source["event"], source["care"]))
    ordered = taken(source, order)
    year = year_of(ordered["care"])
    number = chunk * _PASSAGES_PER_CHUNK + np.arange(len(order), dtype=np.int64)
    for one in YEARS:
        here = year == one
        if not here.any():
            continue
        part = taken(ordered, here)
        key = {
            "ETA_NUM": formats.choice(part["hospital"], people.places.finess()),
            "SEQ_NUM": formats.padded(number[here], 10),
        }
        act = part["detail"] == ACT
        month = {"SOR_MOI": formats.days(part["care"], formats.MONTH_OF_YEAR)}
        yield _table("CSTC", one, key | _who_and_when(part, people), len(act))
        scan = {"CCAM_COD": formats.choice(np.maximum(part["code"], 0), SCAN_CODES)} | month
        yield _table("FMSTC", one, _rows(key | scan, act), int(act.sum()))
        fee = {"ACT_COD": formats.text(np.full(len(act), _SPECIALIST)), **month}
        fee["EXE_SPE"] = formats.numbers(part["performer"])
        yield _table("FCSTC", one, _rows(key | fee, ~act), int((~act).sum()))


def _who_and_when(part: Lines, people: Beneficiaries) -> dict[str, pa.Array]:
    row = part["beneficiary"]
    columns = {
        "NIR_ANO_17": formats.choice(row, people.psa),
        "RNG_NAI": formats.numbers(np.maximum(people.gem[row], 1)),
    }
    for name, letter in (("ENT", "D"), ("SOR", "F")):
        columns[f"{name}_DAT"] = formats.days(part["care"], formats.PMSI_DAY)
        columns[f"EXE_SOI_DT{letter}"] = formats.days(part["care"], formats.DCIR_DAY)
        columns[f"EXE_SOI_AM{letter}"] = formats.days(part["care"], formats.MONTH)
    return columns


def _table(
    letters: str, year: int, columns: dict[str, pa.Array], rows: int
) -> tuple[str, pa.Table]:
    name = f"T_MCOaa{letters}"
    wanted = {c.name for c in native_columns(name, year)}
    kept = {k: v for k, v in columns.items() if k in wanted}
    return f"T_MCO{year % 100:02d}{letters}", native_table(name, rows, kept, year)


def _rows(columns: dict[str, pa.Array], here: Flags) -> dict[str, pa.Array]:
    places = pa.array(np.flatnonzero(here))
    return {name: column.take(places) for name, column in columns.items()}
