"""A small CDM written by hand: the conventions of harmonise, a few rows, nothing else."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transat.core.codes import icd10_who
from transat.engines.cdm import Cdm, CdmWriter
from transat.engines.duckdb import DuckDB

FIRST = date(2012, 1, 1)
LAST = date(2019, 12, 31)
LMP = date(2015, 3, 1)


def day(number: int, start: date = LMP) -> date:
    """Day `number` after `start` (LMP by default)."""
    return start + timedelta(days=number)


class Hand:
    """Rows by table; ids are given in the order of the calls."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.concepts: dict[tuple[str, str], int] = {}

    def concept(self, vocabulary: str, code: str) -> int:
        number = 2_000_000_001 + len(self.concepts)
        return self.concepts.setdefault((vocabulary, code), number)

    def add(self, table: str, **values: Any) -> int:
        rows = self.rows.setdefault(table, [])
        rows.append(values)
        return len(rows)

    def woman(self, person: int, year: int = 1988, gender: int = 8532, region: str = "75") -> int:
        locations = [r["location_source_value"] for r in self.rows.get("location", [])]
        if region not in locations:
            locations.append(region)
            self.add("location", location_id=len(locations), location_source_value=region)
        self.add("person", person_id=person, gender_concept_id=gender, year_of_birth=year,
                 month_of_birth=6, location_id=1 + locations.index(region))  # fmt: skip
        self.observed(person, FIRST, LAST)
        self.drug_plan(person, FIRST, LAST)
        return person

    def infant(self, person: int, mother: int, born: date, sex: int = 8507) -> int:
        self.add("person", person_id=person, gender_concept_id=sex, year_of_birth=born.year,
                 month_of_birth=born.month, day_of_birth=born.day)  # fmt: skip
        self.observed(person, born, LAST)
        self.link(mother, person)
        return person

    def link(self, mother: int, infant: int) -> None:
        for one, two, relation in ((mother, infant, 581436), (infant, mother, 581435)):
            self.add("fact_relationship", domain_concept_id_1=1147314, fact_id_1=one,
                     domain_concept_id_2=1147314, fact_id_2=two,
                     relationship_concept_id=relation)  # fmt: skip

    def observed(self, person: int, start: date, end: date) -> None:
        number = len(self.rows.get("observation_period", [])) + 1
        self.add("observation_period", observation_period_id=number, person_id=person,
                 observation_period_start_date=start,
                 observation_period_end_date=end)  # fmt: skip

    def drug_plan(self, person: int, start: date, end: date) -> None:
        number = len(self.rows.get("payer_plan_period", [])) + 1
        self.add("payer_plan_period", payer_plan_period_id=number, person_id=person,
                 payer_plan_period_start_date=start, payer_plan_period_end_date=end)  # fmt: skip

    def visit(self, person: int, start: date, concept: int = 9201) -> int:
        number = len(self.rows.get("visit_occurrence", [])) + 1
        return self.add("visit_occurrence", visit_occurrence_id=number, person_id=person,
                        visit_concept_id=concept, visit_start_date=start)  # fmt: skip

    def condition(
        self, person: int, code: str, when: date, visit: int | None = None,
        vocabulary: str = "CIM10", hospital: bool = True,
    ) -> None:  # fmt: skip
        number = len(self.rows.get("condition_occurrence", [])) + 1
        who = 0 if vocabulary == "ICD9" else self.concept("ICD10", icd10_who(code))
        self.add("condition_occurrence", condition_occurrence_id=number, person_id=person,
                 condition_concept_id=who, condition_start_date=when,
                 condition_source_concept_id=self.concept(vocabulary, code),
                 condition_type_concept_id=32817 if hospital else 32810,
                 visit_occurrence_id=visit)  # fmt: skip

    def act(self, person: int, code: str, when: date, visit: int | None = None,
            vocabulary: str = "CCAM") -> None:  # fmt: skip
        number = len(self.rows.get("procedure_occurrence", [])) + 1
        self.add("procedure_occurrence", procedure_occurrence_id=number, person_id=person,
                 procedure_date=when, visit_occurrence_id=visit,
                 procedure_source_concept_id=self.concept(vocabulary, code))  # fmt: skip

    def gestation(
        self, person: int, kind: str, value: float, when: date, visit: int | None = None
    ) -> None:
        number = len(self.rows.get("measurement", [])) + 1
        self.add("measurement", measurement_id=number, person_id=person, measurement_date=when,
                 measurement_concept_id=self.concept("Transat", kind), value_as_number=value,
                 visit_occurrence_id=visit)  # fmt: skip

    def dispensing(self, person: int, atc: str, when: date, days: int | None = 30) -> None:
        number = len(self.rows.get("drug_exposure", [])) + 1
        self.add("drug_exposure", drug_exposure_id=number, person_id=person,
                 drug_concept_id=self.concept("ATC", atc), drug_exposure_start_date=when,
                 days_supply=days)  # fmt: skip

    def birth(self, mother: int, infant: int | None, lmp: date = LMP, days: int = 280,
              code: str = "Z370") -> date:  # fmt: skip
        """A delivery on day `days`, its stay, its dating, and its infant when one is given."""
        end = day(days, lmp)
        visit = self.visit(mother, day(-1, end))
        self.condition(mother, code, day(-1, end), visit)
        self.act(mother, "JQGD010", end, visit)
        self.gestation(mother, "gestational_age_days_at_admission", days - 1, day(-1, end), visit)
        if infant is not None:
            self.infant(infant, mother, end)
        return end

    def tables(self) -> dict[str, pa.Table]:
        rows = self.rows | {
            "concept": [
                {"concept_id": number, "vocabulary_id": vocabulary, "concept_code": code}
                for (vocabulary, code), number in self.concepts.items()
            ]
        }
        return {
            name: pa.Table.from_pylist(_complete(lines)) for name, lines in rows.items() if lines
        }

    def write(self, path: Path) -> Cdm:
        with DuckDB(threads=1) as engine, CdmWriter(path) as writer:
            for name, table in self.tables().items():
                engine.register(f"hand_{name}", table)
                writer.write(engine, name, f"SELECT * FROM hand_{name}")
            return writer.finish({"source": "hand"})

    def write_shuffled(self, path: Path, seed: int) -> Cdm:
        """The same rows in another order, in files that nobody sorted."""
        path.mkdir(parents=True)
        order = random.Random(seed)
        for name, table in self.tables().items():
            rows = list(range(table.num_rows))
            order.shuffle(rows)
            pq.write_table(table.take(pa.array(rows)), path / f"{name}.parquet")
        return Cdm(path)


def _complete(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]
