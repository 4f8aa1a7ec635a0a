"""Hospital stays as files: T_MCOaaB, C, D, A, UM by year of discharge.

RSA_NUM numbers the stays of a chunk: chunk then serial, ten digits, so (ETA_NUM, RSA_NUM) is unique
in the extract. Stays are written in the order of discharge. An empty NIR_ANO_MAM is 32 blanks; one
that matched no stay is ABAB repeated (Documentation-SNDS). A badly chained stay has one return code
at 1 and either another person's number or seventeen x.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws, Flags, Ints
from transat.simulate.snds.formats import year_of
from transat.simulate.snds.native_file import native_columns, native_table
from transat.simulate.snds.stays import (
    BLANK,
    REFUSED_ANOTHER,
    REFUSED_NOBODY,
    UNMATCHED,
    Arrays,
    Stays,
)
from transat.simulate.snds.window import YEARS

_NUMBER = 32
_STAYS_PER_CHUNK = 10**6
RETURN_CODES = (
    "NIR_RET", "NAI_RET", "SEX_RET", "SEJ_RET", "FHO_RET", "PMS_RET", "DAT_RET",
    "COH_NAI_RET", "COH_SEX_RET",
)  # fmt: skip
_CODES_IN_EVERY_YEAR = 7


def pmsi_tables(
    stays: Stays, people: Beneficiaries, draws: Draws, chunk: int
) -> Iterator[tuple[str, pa.Table]]:
    """Name and content of each table of each year with a stay."""
    year = year_of(stays.stays["exit"])
    rsa = chunk * _STAYS_PER_CHUNK + np.arange(len(stays), dtype=np.int64)
    for one in YEARS:
        here = year == one
        if not here.any():
            continue
        order = np.argsort(stays.stays["exit"][here], kind="stable")
        part = stays.where(here)
        made = _Year(part, rsa[here], order, people, draws, one)
        for letter in ("B", "C", "D", "A", "UM"):
            yield f"T_MCO{one % 100:02d}{letter}", made.table(letter)


class _Year:
    """The stays of one year, ready to be written; `order` is the order of the lines."""

    def __init__(
        self,
        part: Stays,
        rsa: npt.NDArray[np.int64],
        order: npt.NDArray[np.intp],
        people: Beneficiaries,
        draws: Draws,
        year: int,
    ) -> None:
        self.part, self.order, self.people, self.draws, self.year = part, order, people, draws, year
        self.rsa = formats.padded(rsa, 10)
        self.hospital = formats.choice(part.stays["hospital"], people.places.finess())

    def table(self, letter: str) -> pa.Table:
        """One table of the year, by its last letters."""
        columns, rows = {
            "B": self._stays,
            "C": self._chaining,
            "D": self._diagnoses,
            "A": self._acts,
            "UM": self._units,
        }[letter]()
        name = f"T_MCOaa{letter}"
        wanted = {c.name for c in native_columns(name, self.year)}
        kept = {k: v for k, v in columns.items() if k in wanted}
        return native_table(name, rows, kept, self.year)

    def _keys(self, places: npt.NDArray[np.integer]) -> dict[str, pa.Array]:
        at = pa.array(places)
        return {"ETA_NUM": self.hospital.take(at), "RSA_NUM": self.rsa.take(at)}

    def _stays(self) -> tuple[dict[str, pa.Array], int]:
        s = {k: v[self.order] for k, v in self.part.stays.items()}
        row = s["beneficiary"]
        age_days = (s["entry"] - self.people.birth[row]).astype(np.int32)
        years = (age_days / 365.25).astype(np.int32)
        young = age_days < 365
        columns = self._keys(self.order) | {
            "AGE_ANN": formats.numbers(years, young),
            "AGE_JOU": formats.numbers(np.maximum(age_days, 0), ~young),
            "AGE_GES": _unless_empty(s["gestation"]),
            "DEL_REG_ENT": _unless_empty(s["since_lmp"]),
            "POI_NAI": _unless_empty(s["weight"]),
            "COD_SEX": formats.numbers(self.people.sex[row]),
            "DGN_PAL": formats.text(s["main"]),
            "DGN_REL": formats.text(s["related"]),
            "GRG_GHM": formats.text(s["ghm"]),
            "GRG_RET": formats.choice(np.char.startswith(s["ghm"], "90"), ("000", "080")),
            "ENT_MOD": formats.text(s["entry_mode"]),
            "ENT_PRV": formats.text(np.where(s["newborn"], "N", "")),
            "SOR_MOD": formats.text(s["exit_mode"]),
            "SOR_DES": formats.text(np.full(len(row), "")),
            "SEJ_TYP": formats.text(s["stay_type"]),
            "SEJ_NBJ": formats.numbers(s["exit"] - s["entry"]),
            "SOR_ANN": formats.days(s["exit"], formats.YEAR),
            "SOR_MOI": formats.days(s["exit"], formats.MONTH_OF_YEAR),
            "NBR_RUM": formats.numbers(1 + self._number_of(self.part.units)[self.order]),
            "NBR_DGN": formats.numbers(self._number_of(self.part.diagnoses)[self.order]),
            "NBR_ACT": formats.numbers(self._number_of(self.part.acts)[self.order]),
            "BDI_DEP": formats.choice(self.people.department[row], self.people.places.departments),
        }
        return columns, len(row)

    def _chaining(self) -> tuple[dict[str, pa.Array], int]:
        s = {k: v[self.order] for k, v in self.part.stays.items()}
        rows = len(s["entry"])
        gem = self.people.gem[s["beneficiary"]]
        columns = self._keys(self.order) | {
            "NIR_ANO_17": self._number(s["beneficiary"], s["refused"]),
            "SEJ_NUM": formats.numbers(self.order.astype(np.int64) % 99_991),
            "NIR_ANO_MAM": self._mother_child(s["mother_child"]),
            "HOS_NN_MAM": formats.text(np.where(s["newborn"], "1", "")),
            "RNG_BEN": formats.choice(np.where(s["newborn"], 1, 0), ("001", "002")),
            "RNG_NAI": formats.numbers(np.maximum(gem, 1)),
        }
        for side, name, letter in (("entry", "ENT", "D"), ("exit", "SOR", "F")):
            day = s[side]
            columns[f"{name}_DAT"] = formats.days(day, formats.PMSI_DAY)
            columns[f"EXE_SOI_DT{letter}"] = formats.days(day, formats.PMSI_INSTANT)
            columns[f"EXE_SOI_AM{letter}"] = formats.days(day, formats.MONTH)
        columns["SOR_ANN"] = formats.days(s["exit"], formats.YEAR)
        columns["SOR_MOI"] = formats.days(s["exit"], formats.MONTH_OF_YEAR)
        return columns | self._return_codes(s["event"], s["refused"] != 0), rows

    def _number(self, row: Ints, refused: npt.NDArray[np.int8]) -> pa.Array:
        """The stay's person: hers, another's (T9), or seventeen x."""
        number = self.people.psa.take(pa.array((row + 1) % len(self.people)))
        own = self.people.psa.take(pa.array(row))
        said = pc.if_else(pa.array(refused == REFUSED_ANOTHER), number, own)
        return pc.if_else(pa.array(refused == REFUSED_NOBODY), "x" * 17, said)

    def _mother_child(self, number: npt.NDArray[np.int64]) -> pa.Array:
        made = self.draws.letters("NIR_ANO_MAM", np.maximum(number, 0), _NUMBER)
        said = pc.if_else(pa.array(number == BLANK), " " * _NUMBER, made)
        return pc.if_else(pa.array(number == UNMATCHED), "AB" * (_NUMBER // 2), said)

    def _return_codes(self, event: npt.NDArray[np.int64], bad: Flags) -> dict[str, pa.Array]:
        """One code at 1 for a badly chained stay, among those that the year has."""
        wrong = self.draws.integers("return code", event, 0, _CODES_IN_EVERY_YEAR + 2)
        if self.year < 2013:
            wrong %= _CODES_IN_EVERY_YEAR
        return {
            name: formats.choice(bad & (wrong == place), ("0", "1"))
            for place, name in enumerate(RETURN_CODES)
        }

    def _diagnoses(self) -> tuple[dict[str, pa.Array], int]:
        entries = self._in_order(self.part.diagnoses)
        number = 1 + np.arange(len(entries["stay"])) - _group_start(entries["stay"])
        columns = self._keys(entries["stay"]) | {
            "DGN_ASS_NUM": formats.numbers(number),
            "ASS_DGN": formats.text(entries["code"]),
        }
        return columns, len(number)

    def _acts(self) -> tuple[dict[str, pa.Array], int]:
        entries = self._in_order(self.part.acts)
        columns = self._keys(entries["stay"]) | {
            "ENT_DAT_DEL": formats.numbers(entries["delay"]),
            "CDC_ACT": formats.text(entries["code"]),
        }
        return columns, len(entries["stay"])

    def _units(self) -> tuple[dict[str, pa.Array], int]:
        """One unit a stay with its main diagnosis, then the second ones; nights add up to the stay.

        Nights are shared out evenly. A newborn's first unit keeps it no night: what is coded in
        another unit is known from birth. Types of unit are from memory (neonatology 04, obstetrics
        70, elsewhere 53).
        """
        first = np.arange(len(self.part), dtype=np.int32)
        stay = np.concatenate([first, self.part.units["stay"]])
        code = np.concatenate([self.part.stays["main"], self.part.units["code"]])
        order = np.argsort(stay, kind="stable")
        stay, code = stay[order], code[order]
        number = 1 + np.arange(len(stay)) - _group_start(stay)
        nights = (self.part.stays["exit"] - self.part.stays["entry"])[stay]
        newborn = (
            self.part.stays["newborn"][stay] & (np.bincount(stay, minlength=len(first)) > 1)[stay]
        )
        rank = number - 1 - newborn
        units = np.bincount(stay, minlength=len(first))[stay] - newborn
        length = np.where(rank < 0, 0, nights * (rank + 1) // units - nights * rank // units)
        kind = np.where(self.part.stays["since_lmp"][stay] >= 0, 1, 0)
        kind = np.where(newborn & (rank >= 0), 2, kind)
        columns = self._keys(stay) | {
            "UM_ORD_NUM": formats.numbers(number),
            "AGE_GES": _unless_empty(self.part.stays["gestation"][stay]),
            "DGN_PAL": formats.text(code),
            "DGN_REL": formats.text(np.full(len(stay), "")),
            "AUT_TYP1_UM": formats.choice(kind, ("53", "70", "04")),
            "PAR_DUR_SEJ": formats.numbers(length),
        }
        return columns, len(stay)

    def _number_of(self, entries: Arrays) -> Ints:
        return np.bincount(entries["stay"].astype(np.int64), minlength=len(self.part)).astype(
            np.int32
        )

    @staticmethod
    def _in_order(
        entries: Arrays,
    ) -> Arrays:
        order = np.argsort(entries["stay"], kind="stable")
        return {k: v[order] for k, v in entries.items()}


def _group_start(sorted_stay: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
    """The place where each entry's stay begins."""
    return np.searchsorted(sorted_stay, sorted_stay, side="left")


def _unless_empty(values: npt.NDArray[np.integer]) -> pa.Array:
    return formats.numbers(values, values < 0)
