"""Stays in rehabilitation (PMSI-SSR): some that follow a stay for a disease, of one to four weeks.

A stay is written by calendar week (RHS): T_SSRaaB has a line for each, T_SSRaaC the person and the
days. T8: a stay again under another number in an error group (GRG_GME 90).

Choices where the rules are silent: the disease is the main manifestation (MOR_PRP) of every week;
the purpose of care is Z508; one unit a stay; groups are invented, but for the errors' first digits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws
from transat.simulate.snds.formats import NO_DAY, year_of
from transat.simulate.snds.native_file import native_table
from transat.simulate.snds.pmsi import RETURN_CODES
from transat.simulate.snds.rates import rates
from transat.simulate.snds.stays import Arrays, Stays
from transat.simulate.snds.window import WINDOW_END, YEARS

_STAYS_PER_CHUNK = 10**6
_PURPOSE, _GROUP, _ERROR_GROUP, _UNIT = "Z508", "0103A1", "9001Z1", "51"
_GROUPS_FROM = 2013
_SOR_MOD, _ENT_MOD, _FROM_MCO = "8", "7", "1"


def rehabilitation(history: Stays, people: Beneficiaries, draws: Draws) -> Arrays:
    """Arrays of one length: beneficiary, entry, exit, code, hospital, group (error or not)."""
    s = history.stays
    event = s["event"]
    entry = s["exit"] + draws.integers("days to rehabilitation", event, 1, 4)
    leave = entry + draws.integers("rehabilitation", event, 6, 28)
    death = people.death[s["beneficiary"]]
    alive = (death == NO_DAY) | (leave < death)
    chosen = alive & (leave < WINDOW_END) & (s["refused"] == 0)
    chosen &= draws.below("to rehabilitation", event, rates()["rehabilitation"])
    person = people.person[s["beneficiary"]]
    code = np.where(s["main"] == "Z768", "", s["main"]).astype("U6")
    code[history.diagnoses["stay"]] = history.diagnoses["code"]
    made: Arrays = {
        "beneficiary": people.row(person, entry.astype(np.int32)),
        "entry": entry.astype(np.int32),
        "exit": leave.astype(np.int32),
        "code": code,
        "hospital": s["hospital"],
        "event": event,
        "error": np.zeros(len(event), np.bool_),
    }
    true = {k: v[chosen] for k, v in made.items()}
    again = draws.below("rehabilitation in error", true["event"], rates()["rehabilitation_error"])
    again &= year_of(true["exit"]) >= _GROUPS_FROM
    errors = {k: v[again] for k, v in true.items()} | {"error": np.ones(again.sum(), np.bool_)}
    return {k: np.concatenate([true[k], errors[k]]) for k in true}


def rehabilitation_tables(
    stays: Arrays, people: Beneficiaries, chunk: int
) -> Iterator[tuple[str, pa.Table]]:
    """Name and content of T_SSRaaC and T_SSRaaB of each year with a stay that ends in it."""
    order = np.lexsort((stays["error"], stays["event"], stays["exit"]))
    ordered = {k: v[order] for k, v in stays.items()}
    number = chunk * _STAYS_PER_CHUNK + np.arange(len(order), dtype=np.int64)
    year = year_of(ordered["exit"])
    for one in YEARS:
        here = year == one
        if not here.any():
            continue
        part = {k: v[here] for k, v in ordered.items()}
        key = {
            "ETA_NUM": formats.choice(part["hospital"], people.places.finess()),
            "RHA_NUM": formats.padded(number[here], 10),
        }
        rows = int(here.sum())
        chaining = native_table("T_SSRaaC", rows, key | _chaining(part, people), one)
        yield f"T_SSR{one % 100:02d}C", chaining
        weeks, columns = _weeks(part, key, people)
        yield f"T_SSR{one % 100:02d}B", native_table("T_SSRaaB", weeks, columns, one)


def _chaining(part: Arrays, people: Beneficiaries) -> dict[str, pa.Array]:
    rows = len(part["entry"])
    columns = {"NIR_ANO_17": formats.choice(part["beneficiary"], people.psa)}
    for side, name, letter in (("entry", "ENT", "D"), ("exit", "SOR", "F")):
        columns[f"{name}_DAT"] = formats.days(part[side], formats.PMSI_DAY)
        columns[f"EXE_SOI_DT{letter}"] = formats.days(part[side], formats.DCIR_DAY)
        columns[f"EXE_SOI_AM{letter}"] = formats.days(part[side], formats.MONTH)
    return columns | {code: formats.text(np.full(rows, "0")) for code in RETURN_CODES}


def _weeks(
    part: Arrays, key: dict[str, pa.Array], people: Beneficiaries
) -> tuple[int, dict[str, pa.Array]]:
    """The lines of every stay: one a calendar week (Monday to Sunday) that it touches."""
    monday = _monday(part["entry"])
    count = (_monday(part["exit"]) - monday) // 7 + 1
    stay = np.repeat(np.arange(len(count)), count)
    rank = np.arange(len(stay)) - np.repeat(np.cumsum(count) - count, count)
    since = np.maximum(0, monday[stay] + 7 * rank - part["entry"][stay]).astype(np.int32)
    last = rank == count[stay] - 1
    row = part["beneficiary"][stay]
    years = ((part["entry"][stay] - people.birth[row]) / 365.25).astype(np.int32)
    at = pa.array(stay)
    columns = {name: values.take(at) for name, values in key.items()} | {
        "RHS_NUM": formats.numbers(rank + 1),
        "AGE_ANN": formats.numbers(years),
        "COD_SEX": formats.numbers(people.sex[row]),
        "RHS_ANT_SEJ_ENT": formats.numbers(since),
        "SEJ_ANT": formats.numbers(since),
        "AUT_TYP_UM": formats.text(np.full(len(stay), _UNIT)),
        "ENT_MOD": formats.text(np.full(len(stay), _ENT_MOD)),
        "ENT_PRV": formats.text(np.full(len(stay), _FROM_MCO)),
        "SOR_MOD": formats.text(np.where(last, _SOR_MOD, "")),
        "FP_PEC": formats.text(np.full(len(stay), _PURPOSE)),
        "MOR_PRP": formats.text(part["code"][stay]),
        "GRG_GME": formats.choice(part["error"][stay], (_GROUP, _ERROR_GROUP)),
    }
    return len(stay), columns


def _monday(days: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The Monday of each day's week (1 January 1970 was a Thursday)."""
    return (days - (days + 3) % 7).astype(np.int32)
