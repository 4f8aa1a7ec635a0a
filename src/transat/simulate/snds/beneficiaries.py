"""Who a person is in the SNDS: IR_BEN_R, its pseudonyms, and the ways one human has several.

Rules: a person is BEN_NIR_ANO where present, else BEN_NIR_PSA and BEN_RNG_GEM (Documentation-SNDS,
fiche_beneficiaire). BEN_NIR_PSA hashes insured number, birth date and sex, so same-sex twins share
it and differ by BEN_RNG_GEM (1, 2...). Fictive numbers (BEN_CDI_NIR 01, 06: abortion under
anonymity) are one 'person' shared by many women.

Choices where the rules are silent: everyone has BEN_RNG_GEM 1, further same-sex twins 2, 3; a woman
with a second BEN_NIR_PSA changes on one day of the window and keeps her BEN_NIR_ANO; a person
without BEN_NIR_ANO never has a second BEN_NIR_PSA (she would be two people for ever); one fictive
number of each kind per chunk of the extract; BEN_DTE_INS is the day after birth, or a day before
the window; outside the general scheme nothing is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.population import Population
from transat.simulate.snds import formats
from transat.simulate.snds.draws import Draws, Flags, Ids, Ints
from transat.simulate.snds.formats import NO_DAY
from transat.simulate.snds.places import Places, places
from transat.simulate.snds.population_tables import sorted_by
from transat.simulate.snds.rates import rates
from transat.simulate.snds.window import WINDOW_END, WINDOW_START

_PSEUDONYM = 17
#: Kinds of number (BEN_CDI_NIR): normal, fictive for abortion, the same for a minor.
NORMAL, ABORTION, ABORTION_OF_MINOR = 0, 1, 6
NUMBER_KINDS = ("00", "01", "02", "03", "04", "05", "06")


@dataclass(frozen=True, slots=True)
class Beneficiaries:
    """Rows of IR_BEN_R: first every person in the order of person_id, then second numbers of
    women, then the two fictive numbers. Arrays over persons: person_id, second, switch (day).
    """

    person_id: npt.NDArray[np.int64]
    second: Ints
    switch: Ints
    person: Ints
    psa: pa.StringArray
    gem: Ints
    ano: pa.StringArray
    idt: pa.StringArray
    kind: Ints
    sex: Ints
    birth: Ints
    death: Ints
    department: Ints
    shared_number: Flags
    places: Places

    def __len__(self) -> int:
        return len(self.psa)

    def place(self, ids: Ids) -> Ints:
        """The place of each person_id in the order of persons."""
        return np.searchsorted(self.person_id, ids).astype(np.int32)

    def row(self, person: Ints, day: Ints) -> Ints:
        """The row of IR_BEN_R under which a person (by place) is known on a day."""
        second = self.second[person]
        return np.where((second >= 0) & (day >= self.switch[person]), second, person).astype(
            np.int32
        )

    def fictive(self, kind: int) -> int:
        """The row of the fictive number of `kind` (ABORTION or ABORTION_OF_MINOR)."""
        return len(self) - (2 if kind == ABORTION else 1)


def beneficiaries(population: Population, draws: Draws, chunk: int) -> Beneficiaries:
    """Every number under which the people of a chunk are known."""
    persons = sorted_by(population.persons, "person_id")
    ids = persons["person_id"].to_numpy().astype(np.int64)
    woman = pc.equal(persons["role"], "woman").to_numpy(zero_copy_only=False)
    owner, gem, shared = _twins(population, ids)
    named = ~draws.below("no BEN_NIR_ANO", ids, rates()["no_ben_nir_ano"])
    changed = woman & named & draws.below("second number", ids, rates()["second_ben_nir_psa"])
    twice = np.flatnonzero(changed).astype(np.int32)
    second = np.full(len(ids), -1, np.int32)
    second[twice] = len(ids) + np.arange(len(twice), dtype=np.int32)
    switch = draws.integers("switch", ids, WINDOW_START, WINDOW_END)
    place = places()
    department = place.department(draws, persons["region"].to_numpy().astype(np.int32), ids)
    fictive = np.array([2 * chunk, 2 * chunk + 1], np.int64)
    person = np.concatenate([np.arange(len(ids)), twice, [-1, -1]]).astype(np.int32)
    known = np.where(person >= 0, np.append(ids, 0)[person], 0)
    sex = np.where(pc.equal(persons["sex"], "F").to_numpy(zero_copy_only=False), 2, 1)
    return Beneficiaries(
        person_id=ids,
        second=second,
        switch=switch,
        person=person,
        psa=_joined(
            draws.letters("BEN_NIR_PSA", owner, _PSEUDONYM),
            draws.letters("second BEN_NIR_PSA", ids[twice], _PSEUDONYM),
            draws.letters("fictive BEN_NIR_PSA", fictive, _PSEUDONYM),
        ),
        gem=_over_rows(gem, person, 0),
        ano=_where(np.append(named, False)[person], draws.letters("BEN_NIR_ANO", known, 17)),
        idt=draws.letters("BEN_IDT_ANO", np.where(person >= 0, known, person - chunk), 17),
        kind=np.concatenate(
            [np.zeros(len(person) - 2, np.int32), [ABORTION, ABORTION_OF_MINOR]]
        ).astype(np.int32),
        sex=_over_rows(sex, person, 2),
        birth=_over_rows(formats.as_days(persons["birth_date"]), person, formats.day("1980-01-01")),
        death=_over_rows(formats.as_days(persons["death_date"]), person, NO_DAY),
        department=_over_rows(department, person, 0),
        shared_number=np.append(shared, False)[person],
        places=place,
    )


def identifiers(people: Beneficiaries) -> pa.Table:
    """person_id and snds_person: BEN_NIR_ANO, else BEN_NIR_PSA||'|'||BEN_RNG_GEM; one row each."""
    n = len(people.person_id)
    gem = pa.array(people.gem[:n]).cast(pa.string())
    other = pc.binary_join_element_wise(people.psa.slice(0, n), gem, "|")
    return pa.table(
        {
            "person_id": pa.array(people.person_id.astype(np.int32)),
            "snds_person": pc.coalesce(people.ano.slice(0, n), other),
        }
    )


def referentials(
    people: Beneficiaries, draws: Draws
) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """The varying columns of IR_BEN_R and of IR_BEN_R_ARC; a few people are in both."""
    every = _beneficiary_columns(people)
    person = people.person
    ids = np.append(people.person_id, -1)[person]
    archived = draws.below("archived", ids, rates()["archived"]) & (person >= 0)
    both = draws.below("archived and current", ids, rates()["archived_and_current"])
    tables = (np.flatnonzero(~archived | both), np.flatnonzero(archived))
    current, old = (
        {name: column.take(pa.array(here)) for name, column in every.items()} for here in tables
    )
    return current, old


def _beneficiary_columns(people: Beneficiaries) -> dict[str, pa.Array]:
    rows = np.arange(len(people), dtype=np.int32)
    enrolled = np.maximum(people.birth + 1, WINDOW_START - 400 + rows % 350)
    recent = np.where(people.birth >= WINDOW_START, people.birth + 1, enrolled).astype(np.int32)
    updated = np.maximum(recent, WINDOW_END - 30 + rows % 25).astype(np.int32)
    return {
        "BEN_NIR_PSA": people.psa,
        "BEN_RNG_GEM": formats.numbers(people.gem),
        "BEN_NIR_ANO": people.ano,
        "BEN_IDT_ANO": people.idt,
        "ASS_NIR_ANO": people.ano,
        "BEN_CDI_NIR": formats.choice(people.kind, NUMBER_KINDS),
        "BEN_NAI_ANN": formats.days(people.birth, formats.YEAR),
        "BEN_NAI_MOI": formats.days(people.birth, formats.MONTH_OF_YEAR),
        "BEN_SEX_COD": formats.numbers(people.sex),
        "BEN_DCD_DTE": formats.days(people.death, formats.DCIR_DAY),
        "BEN_DCD_AME": formats.days(people.death, formats.MONTH),
        **residence(people, rows),
        "MAX_TRT_DTD": formats.days(updated, formats.DCIR_DAY),
        "BEN_DTE_INS": formats.days(recent, formats.DCIR_DAY),
        "BEN_DTE_MAJ": formats.days(updated, formats.DCIR_DAY),
    }


def residence(people: Beneficiaries, rows: Ints, fund: bool = True) -> dict[str, pa.Array]:
    """Department (three characters), commune and, with `fund`, insurance fund of rows."""
    departments = people.places.departments
    here = people.department[rows]
    columns = {
        "BEN_RES_DPT": formats.choice(here, tuple(f"0{d}" for d in departments)),
        "BEN_RES_COM": formats.choice(here % 3, ("001", "056", "123")),
    }
    if fund:
        columns["ORG_AFF_BEN"] = formats.choice(here, tuple(f"01C{d}1011" for d in departments))
    return columns


def _twins(population: Population, ids: Ids) -> tuple[Ids, Ints, Flags]:
    """Whose number each person carries, BEN_RNG_GEM, and whether a number is shared."""
    owner, gem, shared = ids.copy(), np.ones(len(ids), np.int32), np.zeros(len(ids), np.bool_)
    links = population.links.filter(pc.is_valid(population.links["infant_id"]))
    infant = links["infant_id"].to_numpy().astype(np.int64)
    sex = pc.equal(links["sex"], "F").to_numpy(zero_copy_only=False)
    pair = links["pregnancy_id"].to_numpy().astype(np.int64) * 2 + sex
    order = np.lexsort((infant, links["rank"].to_numpy(), pair))
    pair, infant = pair[order], infant[order]
    if not len(pair):
        return owner, gem, shared
    opens = np.append(True, pair[1:] != pair[:-1])
    group = np.cumsum(opens) - 1
    start = np.flatnonzero(opens)
    place = np.searchsorted(ids, infant)
    owner[place] = infant[start][group]
    gem[place] = np.arange(len(pair)) - start[group] + 1
    shared[place] = np.bincount(group)[group] > 1
    return owner, gem, shared


def _over_rows(values: Ints, person: Ints, fictive: int) -> Ints:
    return np.append(values, fictive)[person].astype(np.int32)


def _joined(*parts: pa.StringArray) -> pa.StringArray:
    return pa.concat_arrays(parts)


def _where(keep: Flags, values: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pa.array(keep), values, pa.scalar(None, pa.string()))
