"""One chunk of the virtual population, as tables.

    from transat.simulate.design import Design
    from transat.simulate.population import generate
    people = generate(Design(seed=1, persons=20_000), "france", chunk=0)
    people.pregnancies  # a pyarrow.Table with the schema of TABLES["pregnancies"]

A chunk holds 20 000 women (the last one fewer) and their children. It depends on (seed, shore,
chunk) and the other fields of the design only, never on the number of chunks or processes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from transat.simulate import (
    children,
    conditions,
    contacts,
    drug_plan,
    exposures,
    malformations,
    pregnancies,
    records,
    truth,
    women,
)
from transat.simulate.coverage import cover
from transat.simulate.design import Design, Shore, stream
from transat.simulate.effects import rules
from transat.simulate.records import TABLES
from transat.simulate.valve.schemas import VALVE_TABLES
from transat.simulate.valve.tables import add_elders

__all__ = ["TABLES", "Population", "generate"]


@dataclass(frozen=True, slots=True)
class Population:
    """What one chunk holds; columns and types in records.TABLES.

    persons, pregnancies, links, exposures, conditions, malformations, contacts, drug_plan,
    valve_*: truth tables, each in a total order. `effect_sums`: the chunk's share of the true
    ratios (truth.py).
    """

    shore: Shore
    chunk: int
    persons: pa.Table
    pregnancies: pa.Table
    links: pa.Table
    exposures: pa.Table
    conditions: pa.Table
    malformations: pa.Table
    contacts: pa.Table
    drug_plan: pa.Table
    valve_patients: pa.Table
    valve_echos: pa.Table
    valve_events: pa.Table
    valve_diagnoses: pa.Table
    effect_sums: pa.Table

    def tables(self) -> dict[str, pa.Table]:
        """Name -> table, for the truth files."""
        return {name: getattr(self, name) for name in TABLES}


def generate(design: Design, shore: Shore, chunk: int) -> Population:
    """Draws one chunk.

    shore: 'france', 'quebec', or 'both' for people who are written on both shores.
    chunk: 0 … design.chunks - 1; beyond, the tables are empty.
    """

    def rng(name: str) -> np.random.Generator:
        return stream(design, shore, chunk, name)

    size = design.women_in(chunk)
    planned = pregnancies.draw(rng("pregnancies"), size, shore)
    mothers = women.draw(rng("women"), size, shore, planned)
    diseases = conditions.draw(rng("conditions"), design, shore, mothers, planned)
    taken = exposures.draw(rng("exposures"), design, shore, mothers, planned, diseases)
    fetuses = malformations.conceive(rng("fetuses"), planned)
    age = mothers.age_at(planned.woman, planned.start)
    risk = malformations.risks(design, shore, fetuses, planned, diseases, age)
    coverage = cover(taken, planned, size, len(exposures.drugs(shore)))
    applied = malformations.apply(rules(shore, design), coverage, fetuses)
    for each in applied:
        risk[each.fetus] *= each.ratio
    anomalies = malformations.draw(rng("malformations"), risk)
    lost = malformations.fates(rng("fates"), shore, fetuses, anomalies, planned)
    settled = pregnancies.settle(rng("settle"), planned, *lost)
    born = children.draw(rng("children"), fetuses, anomalies, settled)
    world = records.World(shore, chunk, mothers, settled, diseases, taken, fetuses, anomalies, born)
    visits = contacts.draw(rng("contacts"), mothers, settled, born.birth, born.death)
    plan = drug_plan.draw(rng("drug_plan"), mothers, born.mother, born.birth, born.death)
    tables = {
        "persons": records.persons(world),
        "pregnancies": records.pregnancies(world),
        "links": records.links(world),
        "exposures": records.exposures(world),
        "conditions": records.conditions(world),
        "malformations": records.malformations(world, rng("codes")),
        "contacts": records.contacts(world, visits),
        "drug_plan": records.drug_plan(world, plan),
        **{name: schema.empty_table() for name, schema in VALVE_TABLES.items()},
    }
    return Population(
        shore=shore,
        chunk=chunk,
        **add_elders(design, shore, chunk, tables),
        effect_sums=truth.sums(shore, fetuses, settled, risk, applied, coverage),
    )
