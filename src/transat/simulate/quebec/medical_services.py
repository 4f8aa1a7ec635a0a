"""I_SMOD_SERV_MD_CM: medical services billed by act, one ICD-9 diagnosis per act.

Act codes are fictitious (`acts.csv` says so line by line); their groups, where they are lump sums,
are the published ones, so that the published exclusion works as it does on a real extract.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.quebec import establishments
from transat.simulate.quebec.native import (
    Flags,
    Integers,
    chosen,
    constant,
    dates,
    dollars,
    native,
    padded,
)
from transat.simulate.quebec.traps import Copies, moved, pick, repeated, shuffled
from transat.simulate.quebec.world import World, equal, inside_the_extract

VISIT: Final = "visit"
DELIVERY: Final = "delivery"
EARLY_LOSS: Final = "early_loss"
_LUMP_SUM: Final = "lump_sum"

#: Decisions used: paid, paid in part, refused.
_DECISIONS: Final = ("PAY", "PPY", "REF")

#: 43.5 % of diagnoses carry more than three digits in Alberta's claims (data sources §3.1).
_FULL_CODE: Final = 0.435

#: Always whole here: cut to 424, a code of the aortic valve is one of any valve.
_WHOLE: Final = ("4241",)
_PART_PAID: Final = 0.05
_TWICE: Final = 0.01
_REFUSED: Final = 0.015
_VOID: Final = 0.01
_LUMP: Final = 0.03
_PERFORMERS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Acts:
    """Billed acts, before accounting: person, day, ICD-9 code without dot (or null), kind."""

    person: Integers
    day: Integers
    icd9: pa.Array
    kind: pa.Array

    @classmethod
    def of(cls, kind: str, person: Integers, day: Integers, icd9: pa.Array) -> Acts:
        """Acts of one kind."""
        return cls(person, day, icd9, constant(kind, len(person)))

    def take(self, rows: Integers, days: Integers | None = None) -> Acts:
        """The acts at these positions, on other days where given."""
        at = pa.array(rows)
        day = self.day[rows] if days is None else days
        return Acts(self.person[rows], day, self.icd9.take(at), self.kind.take(at))


def stacked(parts: Sequence[Acts]) -> Acts:
    """All acts as one."""
    return Acts(
        np.concatenate([p.person for p in parts]),
        np.concatenate([p.day for p in parts]),
        pa.concat_arrays([p.icd9 for p in parts]),
        pa.concat_arrays([p.kind for p in parts]),
    )


def text(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A code column as one text array without dots."""
    plain = pc.replace_substring(pc.cast(column, pa.string()), ".", "")
    return plain.combine_chunks() if isinstance(plain, pa.ChunkedArray) else plain


def ordinary_visits(world: World) -> Acts:
    """The contacts of the population, one act each."""
    contacts = world.population.contacts
    person = np.asarray(contacts["person_id"].to_numpy(), dtype=np.int64)
    day = np.asarray(contacts["date"].cast(pa.int32()).to_numpy(), dtype=np.int64)
    acts = Acts.of(VISIT, person, day, text(contacts["icd9"]))
    return acts.take(np.flatnonzero(inside_the_extract(day)))


def lines(world: World, parts: Sequence[Acts]) -> pa.Table:
    """Acts as the plan holds them: cut codes, refusals, cancelled pairs, lump sums, repeats."""
    random = world.stream("I_SMOD_SERV_MD_CM")
    acts = _cut(random, stacked(parts))
    rows = len(acts.person)
    refused = _clear_copies(random, acts, _REFUSED, (3, 20), (70, 110))
    void = _clear_copies(random, acts, _VOID, (3, 20), (70, 110))
    lump = pick(random, rows, _LUMP)
    lump_sums = Acts.of(
        _LUMP_SUM, acts.person[lump], acts.day[lump], pa.nulls(len(lump), pa.string())
    )
    places = world.stream("SMOD_NO_ETAB_USUEL")
    true_lines = _native(world, random, places, acts, random.random(rows) < _PART_PAID)
    void_lines = _native(world, random, places, acts.take(void.rows, void.days))
    table = pa.concat_tables(
        [
            repeated(random, true_lines, np.ones(rows, dtype=np.bool_), _TWICE),
            _refuse(_native(world, random, places, acts.take(refused.rows, refused.days))),
            void_lines,
            _cancel(void_lines),
            _native(world, random, places, lump_sums),
        ]
    )
    return shuffled(random, table)


def act_directory() -> pa.Table:
    """V_RPERT_COD_ACTE: the acts used, with their groups."""
    acts = _acts()
    return native(
        "V_RPERT_COD_ACTE",
        {
            "NMOD_COD_ACTE": pa.array([row["act"] for row in acts]),
            "NMOD_COD_GRP_ACTE": pa.array([row["group"] for row in acts]),
        },
    )


def _cut(random: np.random.Generator, acts: Acts) -> Acts:
    """Some codes cut to their first three characters."""
    whole_code = random.random(len(acts.person)) < _FULL_CODE
    whole_code = pa.array(whole_code | equal(acts.icd9, *_WHOLE))
    short = pc.utf8_slice_codeunits(acts.icd9, 0, 3)
    return Acts(acts.person, acts.day, pc.if_else(whole_code, acts.icd9, short), acts.kind)


def _clear_copies(
    random: np.random.Generator,
    acts: Acts,
    share: float,
    near: tuple[int, int],
    far: tuple[int, int],
) -> Copies:
    """Copies of visits some days later, and of losses months later: a false pregnancy if kept."""
    loss = equal(acts.kind, EARLY_LOSS)
    visits = moved(random, acts.person, acts.day, share, near)
    visits = visits.keep(~loss[visits.rows])
    losses = moved(random, acts.person, acts.day, share * 3, far)
    losses = losses.keep(loss[losses.rows])
    both = Copies(
        np.concatenate([visits.rows, losses.rows]), np.concatenate([visits.days, losses.days])
    )
    return both.keep(inside_the_extract(both.days) & ~equal(acts.kind, DELIVERY)[both.rows])


@cache
def _acts() -> tuple[dict[str, str], ...]:
    source = resources.files("transat.simulate.quebec").joinpath("acts.csv")
    return tuple(csv.DictReader(source.read_text("utf-8").splitlines()))


def _act_codes(random: np.random.Generator, kind: pa.Array) -> pa.Array:
    """An act code of the kind of each line."""
    codes = pa.nulls(len(kind), pa.string())
    for name in (VISIT, DELIVERY, EARLY_LOSS, _LUMP_SUM):
        values = tuple(row["act"] for row in _acts() if row["kind"] == name)
        drawn = chosen(values, random.integers(0, len(values), len(kind)))
        codes = pc.if_else(pa.array(equal(kind, name)), drawn, codes)
    return codes


def _native(
    world: World,
    random: np.random.Generator,
    places: np.random.Generator,
    acts: Acts,
    part_paid: Flags | None = None,
) -> pa.Table:
    rows = len(acts.person)
    in_part = np.zeros(rows, dtype=np.bool_) if part_paid is None else part_paid
    codes, amounts = _act_codes(random, acts.kind), random.integers(2_000, 20_000, rows)
    performer = random.integers(1, _PERFORMERS + 1, rows)
    return native(
        "I_SMOD_SERV_MD_CM",
        {
            "SMOD_NO_INDIV_BEN_BANLS": world.person_numbers(acts.person),
            "SMOD_DAT_SERV": dates(acts.day),
            "SMOD_COD_ACTE": codes,
            "SMOD_COD_DIAGN_PRIMR": acts.icd9,
            "SMOD_MNT_PAIMT": dollars(amounts),
            "SMOD_COD_ROLE": constant("1", rows),
            "DISP_NO_SEQ_DISP_BANLS": padded(performer, 8),
            "SMOD_COD_SPEC": establishments.speciality(performer),
            "SMOD_NO_ETAB_USUEL": establishments.of_acts(places, equal(acts.kind, DELIVERY)),
            "SMOD_COD_STA_DECIS": chosen(_DECISIONS, in_part.astype(np.int64)),
        },
    )


def _refuse(table: pa.Table) -> pa.Table:
    refused = constant(_DECISIONS[2], table.num_rows)
    nothing = constant("0.00", table.num_rows)
    table = _replaced(table, "SMOD_COD_STA_DECIS", refused)
    return _replaced(table, "SMOD_MNT_PAIMT", nothing)


def _cancel(table: pa.Table) -> pa.Table:
    """The lines that cancel these: the same, the amount with a minus sign."""
    minus = constant("-", table.num_rows)
    paid = table["SMOD_MNT_PAIMT"].combine_chunks()
    return _replaced(table, "SMOD_MNT_PAIMT", pc.binary_join_element_wise(minus, paid, ""))


def _replaced(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(column), column, values)
