"""From arrays to the truth tables: identifiers, types, order of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transat.simulate import conditions as conditions_
from transat.simulate import contacts as contacts_
from transat.simulate.children import Children
from transat.simulate.conditions import Conditions
from transat.simulate.contacts import Contacts
from transat.simulate.design import (
    EVENTS_PER_CHUNK,
    EXTRACT_END,
    IDS_PER_CHUNK,
    WOMEN_PER_CHUNK,
    Shore,
    day,
    id_base,
)
from transat.simulate.drug_plan import DrugPlan
from transat.simulate.exposures import Exposures, drugs
from transat.simulate.groups import groups
from transat.simulate.malformations import Anomalies, Fetuses
from transat.simulate.pregnancies import OUTCOMES, Days, Pregnancies
from transat.simulate.read_data import rows
from transat.simulate.valve.schemas import VALVE_TABLES
from transat.simulate.women import NEVER, Women

I8, I16, I32, TEXT, DATE = pa.int8(), pa.int16(), pa.int32(), pa.string(), pa.date32()
TABLES: dict[str, pa.Schema] = {
    "persons": pa.schema(
        [
            ("person_id", I32),
            ("sex", TEXT),
            ("birth_date", DATE),
            ("death_date", DATE),
            ("role", TEXT),
            ("region", I16),
            ("deprivation", I8),
        ]
    ),
    "pregnancies": pa.schema(
        [
            ("pregnancy_id", I32),
            ("person_id", I32),
            ("start", DATE),
            ("end", DATE),
            ("outcome", TEXT),
            ("plurality", I8),
            ("setting", TEXT),
            ("admission_date", DATE),
        ]
    ),
    "links": pa.schema(
        [
            ("pregnancy_id", I32),
            ("mother_id", I32),
            ("infant_id", I32),
            ("rank", I8),
            ("sex", TEXT),
            ("birth_date", DATE),
            ("weight_g", I16),
            ("gestational_days", I16),
            ("live", pa.bool_()),
        ]
    ),
    "exposures": pa.schema(
        [
            ("exposure_id", I32),
            ("person_id", I32),
            ("date", DATE),
            ("atc", TEXT),
            ("dose_tier", I8),
            ("packs", I16),
            ("days", I16),
            ("channel", TEXT),
        ]
    ),
    "conditions": pa.schema(
        [
            ("person_id", I32),
            ("condition", TEXT),
            ("icd10", TEXT),
            ("icd9", TEXT),
            ("start_date", DATE),
        ]
    ),
    "malformations": pa.schema(
        [
            ("malformation_id", I32),
            ("pregnancy_id", I32),
            ("infant_id", I32),
            ("rank", I8),
            ("malformation", TEXT),
            ("icd10", TEXT),
            ("diagnosis_date", DATE),
        ]
    ),
    "contacts": pa.schema(
        [("contact_id", I32), ("person_id", I32), ("date", DATE), ("icd9", TEXT)]
    ),
    "drug_plan": pa.schema([("person_id", I32), ("start", DATE), ("end", DATE)]),
    **VALVE_TABLES,
}
AT_BIRTH = 0.7  # share of anomalies coded at the birth; the others within a year


@dataclass(frozen=True, slots=True)
class World:
    """Everything drawn for one chunk."""

    shore: Shore
    chunk: int
    women: Women
    pregnancies: Pregnancies
    conditions: Conditions
    exposures: Exposures
    fetuses: Fetuses
    anomalies: Anomalies
    children: Children

    def person_ids(self, row: NDArray[np.int64]) -> NDArray[np.int64]:
        """Identifier of a woman (row), or of a child (number of women + row)."""
        women = len(self.women)
        offset = np.where(row < women, row, row - women + WOMEN_PER_CHUNK)
        return id_base(self.shore, self.chunk, IDS_PER_CHUNK) + offset + 1

    def pregnancy_ids(self, row: NDArray[np.int64]) -> NDArray[np.int64]:
        """Identifier of a pregnancy."""
        return id_base(self.shore, self.chunk, IDS_PER_CHUNK) + row + 1

    def event_ids(self, count: int) -> NDArray[np.int64]:
        """Identifiers of `count` dispensings or visits."""
        return id_base(self.shore, self.chunk, EVENTS_PER_CHUNK) + np.arange(count) + 1


def _dates(days: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(days.astype(np.int32), mask=missing).cast(DATE)


def _words(index: NDArray[Any], words: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), list(words)).cast(TEXT)


def _sex(boy: NDArray[np.bool_]) -> pa.Array:
    return _words(boy, ("F", "M"))


def _table(name: str, **columns: Any) -> pa.Table:
    schema = TABLES[name]
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column) for column in columns.values()
    ]
    return pa.Table.from_arrays(arrays, names=list(columns)).select(schema.names).cast(schema)


def persons(world: World) -> pa.Table:
    """Women, then children in order of birth rank of their pregnancy."""
    women, born = world.women, world.children
    n, k = len(women), len(born.birth)
    death = np.concatenate([women.death, born.death])
    return _table(
        "persons",
        person_id=world.person_ids(np.arange(n + k)),
        sex=_sex(np.concatenate([np.zeros(n, bool), born.boy])),
        birth_date=_dates(np.concatenate([women.birth, born.birth])),
        death_date=_dates(death, death == NEVER),
        role=_words(np.arange(n + k) >= n, ("woman", "infant")),
        region=np.concatenate([women.region, women.region[born.mother]]),
        deprivation=np.concatenate([women.deprivation, women.deprivation[born.mother]]),
    )


def pregnancies(world: World) -> pa.Table:
    """All pregnancies, by woman and start; no admission for those that end in town."""
    p = world.pregnancies
    return _table(
        "pregnancies",
        pregnancy_id=world.pregnancy_ids(np.arange(len(p))),
        person_id=world.person_ids(p.woman),
        start=_dates(p.start),
        end=_dates(p.end),
        outcome=_words(p.outcome, OUTCOMES),
        plurality=p.plurality,
        setting=_words(p.town, ("hospital", "town")),
        admission_date=_dates(p.admission, p.town),
    )


def _infant_ids(world: World, fetus: NDArray[np.int64]) -> pa.Array:
    child = world.children.row_of[fetus]
    ids = world.person_ids(child + len(world.women))
    return pa.array(ids.astype(np.int32), mask=child < 0)


def links(world: World) -> pa.Table:
    """Every fetus of a delivery with its mother; infant_id is null unless live-born."""
    fetuses, p = world.fetuses, world.pregnancies
    every = np.arange(len(fetuses))
    return _table(
        "links",
        pregnancy_id=world.pregnancy_ids(fetuses.pregnancy),
        mother_id=world.person_ids(p.woman[fetuses.pregnancy]),
        infant_id=_infant_ids(world, every),
        rank=fetuses.rank,
        sex=_sex(fetuses.boy),
        birth_date=_dates(p.end[fetuses.pregnancy]),
        weight_g=world.children.weight,
        gestational_days=p.gestation[fetuses.pregnancy],
        live=world.children.row_of >= 0,
    )


def exposures(world: World) -> pa.Table:
    """Every dispensing; channel 'hospital' for what French hospitals retrocede."""
    taken, catalogue = world.exposures, drugs(world.shore)
    hospital = np.array([drug.hospital for drug in catalogue])
    return _table(
        "exposures",
        exposure_id=world.event_ids(len(taken)),
        person_id=world.person_ids(taken.woman),
        date=_dates(taken.date),
        atc=_words(taken.drug, tuple(drug.atc for drug in catalogue)),
        dose_tier=taken.tier,
        packs=taken.packs,
        days=taken.days,
        channel=_words(hospital[taken.drug], ("community", "hospital")),
    )


def conditions(world: World) -> pa.Table:
    """Recorded diseases, by woman and day."""
    seen = world.conditions
    table = {row["condition"]: row for row in rows("conditions")}
    names = conditions_.CONDITIONS
    codes = [tuple(table[name]["icd10"].split()) for name in names]
    first = np.cumsum([0, *(len(c) for c in codes)])[:-1]
    flat = tuple(code for chosen in codes for code in chosen)
    return _table(
        "conditions",
        person_id=world.person_ids(seen.woman),
        condition=_words(seen.condition, names),
        icd10=_words(first[seen.condition] + seen.code, flat),
        icd9=_words(seen.condition, tuple(table[name]["icd9"] for name in names)),
        start_date=_dates(seen.start),
    )


def _diagnosis_days(world: World, rng: np.random.Generator) -> Days:
    """At the end of the pregnancy, or within a year for three live-born in ten, before death."""
    fetus = world.anomalies.fetus
    end = world.pregnancies.end[world.fetuses.pregnancy[fetus]]
    child = world.children.row_of[fetus]
    later = end + rng.integers(2, 365, len(fetus))
    death = np.full(len(fetus), day(EXTRACT_END), np.int64)
    alive = child >= 0
    death[alive] = np.minimum(world.children.death[child[alive]], day(EXTRACT_END))
    waits = (rng.random(len(fetus)) >= AT_BIRTH) & alive & (later < death)
    return np.where(waits, later, end).astype(np.int32)


def malformations(world: World, rng: np.random.Generator) -> pa.Table:
    """Every anomaly with a code of its leaf; infant_id is null when the fetus is not live-born."""
    found, tree = world.anomalies, groups()
    counts = np.array([len(codes) for codes in tree.codes])
    first = np.cumsum(counts) - counts
    flat = tuple(code for codes in tree.codes for code in codes)
    chosen = np.floor(rng.random(len(found.leaf)) * counts[found.leaf]).astype(np.int64)
    when = _diagnosis_days(world, rng)
    return _table(
        "malformations",
        malformation_id=world.pregnancy_ids(np.arange(len(found.leaf))),
        pregnancy_id=world.pregnancy_ids(world.fetuses.pregnancy[found.fetus]),
        infant_id=_infant_ids(world, found.fetus),
        rank=world.fetuses.rank[found.fetus],
        malformation=_words(found.leaf, tree.leaves),
        icd10=_words(first[found.leaf] + chosen, flat),
        diagnosis_date=_dates(when),
    )


def contacts(world: World, visits: Contacts) -> pa.Table:
    """Ordinary visits, by person and day."""
    return _table(
        "contacts",
        contact_id=world.event_ids(len(visits.person)),
        person_id=world.person_ids(visits.person),
        date=_dates(visits.date),
        icd9=_words(visits.code, contacts_.CODES),
    )


def drug_plan(world: World, plan: DrugPlan) -> pa.Table:
    """Periods of Québec's public drug plan; empty for people of the French shore only."""
    kept = np.full(len(plan.person), world.shore != "france")
    return _table(
        "drug_plan",
        person_id=world.person_ids(plan.person[kept]),
        start=_dates(plan.start[kept]),
        end=_dates(plan.end[kept]),
    )
