"""A small CDM without a fault, written by hand, that each test spoils in one place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transat.engines.cdm import Cdm, CdmWriter
from transat.engines.duckdb import DuckDB

FIRST, LAST = date(2012, 1, 1), date(2019, 12, 31)
WOMEN = range(1, 41)
INFANTS = range(101, 141)
DEAD = range(201, 241)
ATC, CIP, ICD, Z37, WEEKS = (
    2_000_000_001,
    2_000_000_002,
    2_000_000_003,
    2_000_000_004,
    2_000_000_005,
)
OLD_ATC = 2_000_000_006
PREGNANCY = 2_000_000_007
MOTHER_OF, CHILD_OF = 581436, 581435

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def _concept(number: int, vocabulary: str, code: str) -> Row:
    return {
        "concept_id": number, "concept_name": code, "domain_id": "Drug",
        "vocabulary_id": vocabulary, "concept_class_id": "Local", "concept_code": code,
        "valid_start_date": date(1970, 1, 1), "valid_end_date": date(2099, 12, 31),
    }  # fmt: skip


def birth_day(woman: int) -> date:
    """The day on which a woman of this CDM gives birth: 20 in 2015, 20 in 2016."""
    return date(2015 + (woman > 20), 3, 1) + timedelta(days=woman)


def sound() -> Tables:
    """The rows of a CDM in which every check finds nothing wrong."""
    women = [_person(w, 8532, date(1985, 6, 1)) for w in WOMEN]
    infants = [_person(w + 100, 8507, birth_day(w)) for w in WOMEN]
    dead = [_person(d, 8507, date(1940, 1, 1)) for d in DEAD]
    people = [*women, *infants, *dead]
    return {
        "person": people,
        "observation_period": [_period("observation_period", i, p) for i, p in numbered(people)],
        "payer_plan_period": [_period("payer_plan_period", i, p) for i, p in numbered(people)],
        "concept": [
            _concept(ATC, "ATC", "N02BE01"), _concept(CIP, "CIP13", "3400930000001"),
            _concept(ICD, "ICD10", "E11"), _concept(Z37, "CIM10", "Z370"),
            _concept(WEEKS, "Transat", "gestational_age_weeks"),
            _concept(OLD_ATC, "ATC", "N03AX12"), _concept(PREGNANCY, "Transat", "pregnancy"),
        ],
        "fact_relationship": [row for w in WOMEN for row in link(w, w + 100)],
        "pregnancy": [pregnancy(w, w, birth_day(w)) for w in WOMEN],
        "measurement": [measurement(w, w, 39) for w in WOMEN],
        "condition_occurrence": [condition(w, w, birth_day(w)) for w in WOMEN],
        "drug_exposure": [
            *(dispensing(w, w, date(2015, 1, 10)) for w in WOMEN),
            *(dispensing(d, d, date(2014, 1, 10)) for d in DEAD),
        ],
        "death": [
            {"person_id": d, "death_date": date(2014, 6, 1), "death_type_concept_id": 32810,
             "cause_source_value": "I21" if d < 237 else None}
            for d in DEAD
        ],
        "ledger": [
            {"table": "ER_PHA_F", "kind": "read", "rule": "read", "rows": 1000},
            {"table": "ER_PHA_F", "kind": "kept", "rule": "kept", "rows": 900},
            {"table": "ER_PHA_F", "kind": "rule", "rule": "T4", "rows": 100},
        ],
    }  # fmt: skip


def numbered(rows: list[Row]) -> list[tuple[int, Row]]:
    """Rows with numbers from 1."""
    return list(enumerate(rows, 1))


def _person(number: int, gender: int, born: date) -> Row:
    return {
        "person_id": number, "gender_concept_id": gender, "year_of_birth": born.year,
        "month_of_birth": born.month, "day_of_birth": born.day, "race_concept_id": 0,
        "ethnicity_concept_id": 0,
    }  # fmt: skip


def _period(table: str, number: int, person: Row) -> Row:
    born = date(person["year_of_birth"], person["month_of_birth"], person["day_of_birth"])
    return {
        f"{table}_id": number, "person_id": person["person_id"],
        f"{table}_start_date": max(born, FIRST), f"{table}_end_date": LAST,
        "period_type_concept_id": 32810,
    }  # fmt: skip


def link(mother: int, infant: int) -> list[Row]:
    """Both rows of a mother and her child."""
    pairs = ((mother, infant, MOTHER_OF), (infant, mother, CHILD_OF))
    return [
        {"domain_concept_id_1": 1147314, "fact_id_1": one, "domain_concept_id_2": 1147314,
         "fact_id_2": two, "relationship_concept_id": relation}
        for one, two, relation in pairs
    ]  # fmt: skip


def pregnancy(
    number: int, woman: int, end: date, days: int = 275, outcome: str = "live_birth"
) -> Row:
    """One row of Transat's own table of pregnancies."""
    return {
        "episode_id": number, "person_id": woman, "start_date": end - timedelta(days=days),
        "end_date": end, "outcome": outcome, "gestation_days": days,
    }  # fmt: skip


def measurement(number: int, woman: int, weeks: float) -> Row:
    """A recorded gestational age in weeks."""
    return {
        "measurement_id": number, "person_id": woman, "measurement_concept_id": WEEKS,
        "measurement_date": birth_day(min(woman, 40)), "measurement_type_concept_id": 32817,
        "value_as_number": float(weeks),
    }  # fmt: skip


def condition(number: int, woman: int, when: date, source: int = Z37, shared: int = ICD) -> Row:
    """A diagnosis, by default that of a birth."""
    return {
        "condition_occurrence_id": number, "person_id": woman, "condition_concept_id": shared,
        "condition_start_date": when, "condition_type_concept_id": 32817,
        "condition_source_concept_id": source, "condition_source_value": "Z370",
    }  # fmt: skip


def dispensing(
    number: int, person: int, when: date, quantity: float | None = 1, concept: int = ATC,
    code: str = "3400930000001", source: int = CIP,
) -> Row:  # fmt: skip
    """A dispensing, by default of paracetamol."""
    return {
        "drug_exposure_id": number, "person_id": person, "drug_concept_id": concept,
        "drug_exposure_start_date": when, "drug_exposure_end_date": when + timedelta(days=29),
        "drug_type_concept_id": 32810, "quantity": quantity, "days_supply": 30,
        "drug_source_value": code, "drug_source_concept_id": source,
    }  # fmt: skip


def write(folder: Path, tables: Tables, source: str = "snds", simulated: bool = False) -> Path:
    """Write a CDM folder from rows; `pregnancy` and `ledger` are Transat's own files."""
    own = ("pregnancy", "ledger")
    with CdmWriter(folder) as writer, DuckDB() as engine:
        for name, rows in tables.items():
            if name not in own and rows:
                names = list(dict.fromkeys(name for row in rows for name in row))
                whole = [dict.fromkeys(names) | row for row in rows]
                engine.register("rows_given", pa.Table.from_pylist(whole))
                writer.write(engine, name, "SELECT * FROM rows_given")
        writer.finish({"source": source, "simulated": simulated})
    for name in own:
        if tables.get(name):
            pq.write_table(pa.Table.from_pylist(tables[name]), folder / f"{name}.parquet")
    return folder


def spoilt(folder: Path, spoil: Callable[[Tables], None]) -> Cdm:
    """The sound CDM after `spoil` has changed its rows."""
    tables = sound()
    spoil(tables)
    return Cdm(write(folder, tables))


def numbers_in(said: Any) -> list[int]:
    """Every whole number under `count` or `of`, `persons` or `records` of a JSON answer."""
    names = ("count", "of", "persons", "records", "read", "kept", "rejected", "lines")
    found: list[int] = []
    stack = [json.loads(json.dumps(said))]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            found += [v for k, v in one.items() if k in names and isinstance(v, int)]
            stack.extend(one.values())
        elif isinstance(one, list):
            stack.extend(one)
    return found
