"""A small CDM of standard concepts written by hand: women, records, infants."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transat.engines.cdm import Cdm

#: One concept of each outcome, and others of DARWIN's lists.
LIVE_BIRTH, STILLBIRTH, ECTOPIC, ABORTION = 4014295, 4014454, 437611, 4081422
MISCARRIAGE, DELIVERY = 45876808, 440795
WEEK = {8: 4132434, 12: 4197245, 20: 4051642, 21: 4185780, 30: 434484, 40: 444098}
#: A measured gestation in weeks, in days; the last period; the date due.
WEEKS, DAYS, LAST_PERIOD, DUE = 3012266, 3050433, 3002314, 3011536
#: Signs of months 1 to 4, 2 to 4, 4 to 6, 8 to 11.
TEST, EARLY_SCAN, SCAN, STREP = 4094910, 2211747, 2211751, 3036000
START = date(2015, 1, 1)
_DATE = {
    "condition_occurrence": ("condition", "condition_start_date"),
    "procedure_occurrence": ("procedure", "procedure_date"),
    "observation": ("observation", "observation_date"),
    "measurement": ("measurement", "measurement_date"),
}


def day(number: int) -> date:
    """Day `number` after START."""
    return START + timedelta(days=number)


class Standard:
    """Rows by table; ids follow the order of the calls."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def add(self, table: str, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

    def woman(self, person: int, born: int = 1985, gender: int = 8532) -> None:
        self.add("person", person_id=person, gender_concept_id=gender, year_of_birth=born)
        self.add("observation_period", observation_period_id=person, person_id=person,
                 observation_period_start_date=date(2010, 1, 1),
                 observation_period_end_date=date(2022, 12, 31),
                 period_type_concept_id=32817)  # fmt: skip

    def infant(self, person: int, mother: int, when: date, relation: int = 4277283) -> None:
        self.add("person", person_id=person, gender_concept_id=8507, year_of_birth=when.year,
                 month_of_birth=when.month, day_of_birth=when.day)  # fmt: skip
        self.add("fact_relationship", domain_concept_id_1=56, fact_id_1=mother,
                 domain_concept_id_2=56, fact_id_2=person,
                 relationship_concept_id=relation)  # fmt: skip

    def record(
        self, person: int, concept: int, when: int, table: str = "condition_occurrence",
        **values: Any,
    ) -> None:  # fmt: skip
        stem, dated = _DATE[table]
        number = len(self.rows.get(table, [])) + 1
        self.add(table, **{f"{table}_id": number, "person_id": person,
                           f"{stem}_concept_id": concept, dated: day(when), **values})  # fmt: skip

    def measured(self, person: int, weeks: float, when: int, concept: int = WEEKS) -> None:
        self.record(person, concept, when, "measurement", value_as_number=weeks)

    def said(self, person: int, concept: int, text: str, when: int) -> None:
        self.record(person, concept, when, "observation", value_as_string=text)

    def drug(self, person: int, concept: int, when: int, days: int) -> None:
        number = len(self.rows.get("drug_exposure", [])) + 1
        self.add("drug_exposure", drug_exposure_id=number, person_id=person,
                 drug_concept_id=concept, drug_exposure_start_date=day(when),
                 drug_exposure_end_date=day(when + days - 1))  # fmt: skip

    def write(self, path: Path, seed: int | None = None) -> Cdm:
        """The CDM at `path`; its rows in another order when there is a seed."""
        path.mkdir(parents=True)
        for table, rows in self.rows.items():
            shuffled = list(rows)
            if seed is not None:
                random.Random(seed).shuffle(shuffled)
            names = dict.fromkeys(name for row in rows for name in row)
            lines = [{name: row.get(name) for name in names} for row in shuffled]
            pq.write_table(pa.Table.from_pylist(lines), path / f"{table}.parquet")
        return Cdm(path)
