"""KI_CCI_R, KI_ECD_R: causes of death, for linked deaths (rates: ``data/death_linkage.csv``).

No linkage rate was found for deaths after 2016: none is linked here. The date of death itself is
always in IR_BEN_R. Choice where the rules are silent: a child with a malformation dies of it,
another child of R95, a woman of R99 (no cause is simulated). A certificate's first line says
cardiac arrest (I469), its second the initial cause, but a malformation: what KI_ECD_R shows is
never the only trace of one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.population import Population
from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries, residence
from transat.simulate.snds.draws import Draws, Ints
from transat.simulate.snds.population_tables import sorted_by
from transat.simulate.snds.rates import read_data

Ids64 = npt.NDArray[np.int64]

_NEWBORN_DAYS = 28
_LAST_CAUSE = "I469"


def ki_cci_r(population: Population, people: Beneficiaries, draws: Draws) -> dict[str, pa.Array]:
    """The varying columns of KI_CCI_R: one line a linked death."""
    persons = len(people.person_id)
    death, ids = people.death[:persons], people.person_id
    linked = np.zeros(persons, np.bool_)
    u = draws.uniform("linked death", ids)
    for row in read_data("death_linkage.csv"):
        linked |= (formats.year_of(death) == int(row["year"])) & (u < float(row["rate"]))
    which = np.flatnonzero(linked).astype(np.int32)
    day, birth = death[which], people.birth[which]
    newborn = day - birth < _NEWBORN_DAYS
    weeks, weight = _at_birth(population, ids[which])
    at = pa.array(which)
    known = newborn & (weeks > 0)
    return {
        "DCD_IDT_ENC": draws.letters("DCD_IDT_ENC", ids[which], 64),
        "BEN_IDT_ANO": people.idt.take(at),
        "BEN_NIR_ANO": people.ano.take(at),
        "FLX_PER_ANN": formats.days(day, formats.YEAR),
        "BEN_DCD_DTE": formats.days(day, formats.DCIR_DAY),
        "BEN_DCD_AME": formats.days(day, formats.MONTH),
        "BEN_NAI_ANN": formats.days(birth, formats.YEAR),
        "BEN_NAI_MOI": formats.days(birth, formats.MONTH_OF_YEAR),
        "BEN_SEX_COD": formats.numbers(people.sex[which]),
        **residence(people, which, fund=False),
        "DCD_CIM_COD": pa.array(_causes(population, ids[which], day - birth), pa.string()),
        "NEO_GES_AGE": formats.numbers(weeks, ~known),
        "NEO_NAI_POI": formats.numbers(weight, ~known),
    }


def ki_ecd_r(certificates: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The varying columns of KI_ECD_R, from those of KI_CCI_R: one or two lines a certificate."""
    causes = certificates["DCD_CIM_COD"]
    told = np.flatnonzero(pc.invert(pc.starts_with(causes, "Q")).to_numpy(zero_copy_only=False))
    which = np.concatenate([np.arange(len(causes)), told])
    line = np.repeat([1, 2], [len(causes), len(told)])
    order = np.lexsort((line, which))
    which, line = which[order], line[order]
    at = pa.array(which)
    same = (
        "DCD_IDT_ENC",
        "BEN_IDT_ANO",
        "BEN_NIR_ANO",
        "FLX_PER_ANN",
        "BEN_DCD_DTE",
        "BEN_DCD_AME",
    )
    return {
        **{name: certificates[name].take(at) for name in same},
        "CER_LIG_NUM": formats.numbers(line),
        "ECD_CIM_COD": pc.if_else(pa.array(line == 1), _LAST_CAUSE, causes.take(at)),
    }


def _at_birth(population: Population, ids: Ids64) -> tuple[Ids64, Ids64]:
    """Completed weeks and weight at birth of persons; 0 where the birth is not simulated."""
    born = population.links.filter(pc.is_valid(population.links["infant_id"]))
    born = sorted_by(born, "infant_id")
    infants = born["infant_id"].to_numpy().astype(np.int64)
    place = np.searchsorted(infants, ids)
    found = np.isin(ids, infants)
    weeks = np.append(born["gestational_days"].to_numpy().astype(np.int64) // 7, 0)
    weight = np.append(born["weight_g"].to_numpy().astype(np.int64), 0)
    return np.where(found, weeks[place], 0), np.where(found, weight[place], 0)


def _causes(
    population: Population,
    ids: Ids64,
    age: Ints,
) -> list[str]:
    table = sorted_by(population.malformations, "malformation_id")
    table = table.filter(pc.is_in(table["infant_id"], pa.array(ids.astype(np.int32))))
    first = dict(
        zip(table["infant_id"].to_pylist()[::-1], table["icd10"].to_pylist()[::-1], strict=True)
    )
    usual = ["R95" if days < 366 else "R99" for days in age.tolist()]
    return [first.get(i, cause) for i, cause in zip(ids.tolist(), usual, strict=True)]
