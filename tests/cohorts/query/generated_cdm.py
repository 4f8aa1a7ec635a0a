"""Small CDMs drawn at random: ties, nulls, several observation periods, events outside of them.

Everything is drawn from a `random.Random`, so that a seed says all of a case.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from transat.cohorts.query.domains import DOMAINS, PREGNANCY
from transat.engines.cdm import Cdm
from transat.tables.column import Column
from transat.tables.omop import HAS_STUDY_CODE, tables

Rows = list[dict[str, Any]]
Tables = dict[str, Rows]

FIRST = date(2010, 12, 1)
#: Days after FIRST in which everything happens: few, so that ties and windows meet.
DAYS = 60
#: Concepts of CONCEPT, then two that it lacks; 4155142 is one of OHDSI's abnormal answers.
CONCEPTS = tuple(range(1, 11))
UNKNOWN_CONCEPTS = (11, 12)
ANY_CONCEPT = (0, *CONCEPTS, *UNKNOWN_CONCEPTS, 4155142)
VOCABULARIES = ("ATC", "ICD10")
CODES = ("A1", "A10", "A1.1", "a2", "B", "B.2", "C9", "A1-1", "Z", "A")
TEXTS = ("a", "A", "ab", "a%b", "_b", "été", "", "b")
NUMBERS = (-1.5, 0.0, 0.5, 1.0, 2.0, 2.5, 10.0)

_ARROW: dict[str, pa.DataType] = {
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float64(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "text": pa.string(),
}


def day(chance: Random) -> date:
    """A day of the generated CDM."""
    return FIRST + timedelta(days=chance.randrange(DAYS))


def draw_tables(chance: Random, persons: int) -> Tables:
    """The rows of a CDM of so many persons, some tables of which may be empty."""
    drawn = {"observation_period": _observation_periods(chance, persons)}
    drawn["person"] = [
        {"person_id": p, **_filled(chance, "person"), "year_of_birth": _maybe(chance, 1980)}
        for p in range(1, persons + 1)
        if chance.random() < 0.95
    ]
    drawn["visit_occurrence"] = _events(chance, "visit_occurrence", persons, ())
    visits = [row["visit_occurrence_id"] for row in drawn["visit_occurrence"]]
    for name in DOMAINS:
        if name not in drawn:
            drawn[name] = _events(chance, name, persons, visits)
    for name, key in (("provider", "provider_id"), ("care_site", "care_site_id")):
        drawn[name] = [{key: n, **_filled(chance, name)} for n in range(1, 4)]
    return {**drawn, **_vocabulary(chance)}


def write(drawn: Tables, folder: Path, chance: Random) -> Cdm:
    """Write a CDM: rows and columns in an order of chance, some optional columns left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in drawn.items():
        if rows or name == "person":
            _write_table(name, rows, folder, chance)
    return Cdm(folder)


def shuffled(cdm: Cdm, folder: Path, chance: Random) -> Cdm:
    """The same CDM with the rows of every table in another order, and other row groups."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(cdm.path.glob("*.parquet")):
        table = pq.read_table(file)
        order = list(range(table.num_rows))
        chance.shuffle(order)
        pq.write_table(table.take(order), folder / file.name, row_group_size=5)
    return Cdm(folder)


def cdms(persons: int = 4) -> st.SearchStrategy[Tables]:
    """Rows of CDMs of few persons, for Hypothesis; write them with `write`.

    Hypothesis draws the number of persons and a seed: drawing each cell would be too much for it.
    """
    return st.builds(
        lambda number, seed: draw_tables(Random(seed), number),
        st.integers(1, persons),
        st.integers(0, 2**20),
    )


def _maybe(chance: Random, value: Any, unknown: float = 0.1) -> Any:
    return None if chance.random() < unknown else value


def _observation_periods(chance: Random, persons: int) -> Rows:
    """None, one or several periods a person: apart, touching, at times overlapping."""
    rows: Rows = []
    for person in range(1, persons + 1):
        start = FIRST - timedelta(days=chance.randrange(10))
        for _ in range(chance.choice((0, 1, 1, 1, 1, 2, 2, 3))):
            end = start + timedelta(days=chance.choice((0, 10, 40, 70, 70)))
            rows.append(
                {
                    "person_id": person,
                    "observation_period_start_date": start,
                    "observation_period_end_date": end,
                    "period_type_concept_id": chance.choice(ANY_CONCEPT),
                }
            )
            start = end + timedelta(days=chance.choice((1, 1, 2, 10, 10, -3)))
    return _numbered(chance, rows, "observation_period_id")


def _numbered(chance: Random, rows: Rows, key: str) -> Rows:
    """Ids that say nothing of dates, and that other tables use too."""
    ids = list(range(1, len(rows) + 1))
    chance.shuffle(ids)
    return [{**row, key: number} for row, number in zip(rows, ids, strict=True)]


def _events(chance: Random, name: str, persons: int, visits: Any) -> Rows:
    if chance.random() < 0.05:
        return []
    most = 1 if name == "death" else chance.choice((2, 3, 4))
    rows = [
        _event(chance, name, person, visits)
        for person in range(1, persons + 1)
        for _ in range(chance.randint(0, most))
    ]
    return rows if name == "death" else _numbered(chance, rows, DOMAINS[name].key)


def _event(chance: Random, name: str, person: int, visits: Any) -> dict[str, Any]:
    domain = DOMAINS[name]
    row = {
        **_filled(chance, name),
        "person_id": person if name == "death" else _maybe(chance, person, 0.01),
    }
    start = day(chance)
    row[domain.start] = _maybe(chance, start, 0.02)
    if domain.end is not None:
        length = chance.choice((-2, 0, 0, 1, 3, 10, 30))
        row[domain.end] = _maybe(chance, start + timedelta(days=length), 0.2)
    for column, low in ((domain.concept, 0.05), (domain.source_concept, 0.3)):
        if column is not None:
            row[column] = _maybe(chance, chance.choice(ANY_CONCEPT), low)
    if visits:
        row["visit_occurrence_id"] = _maybe(chance, chance.choice(visits), 0.3)
    return row


def _filled(chance: Random, name: str) -> dict[str, Any]:
    """A value or null for each column that is neither a key nor an instant."""
    if name == "pregnancy":
        return {
            "outcome": _maybe(chance, chance.choice(TEXTS)),
            "gestation_days": _maybe(chance, chance.randint(0, 20)),
            "dating": _maybe(chance, chance.choice(TEXTS)),
            "precision_days": chance.randint(0, 5),
            "plurality": _maybe(chance, chance.randint(1, 3)),
            "precision_class": _maybe(chance, chance.choice(TEXTS)),
        }
    return {
        column.name: _maybe(chance, _value(chance, column), 0.2)
        for column in tables()[name].columns
        if column.type != "datetime" and column.name not in (f"{name}_id", "person_id")
    }


def _value(chance: Random, column: Column) -> Any:
    if column.name.endswith("concept_id"):
        return chance.choice(ANY_CONCEPT)
    if column.type == "date":
        return day(chance)
    if column.type == "text":
        return chance.choice(TEXTS)
    return chance.choice(NUMBERS) if column.type == "float" else chance.randint(0, 4)


def _vocabulary(chance: Random) -> Tables:
    concepts = [
        {
            "concept_id": n,
            "concept_name": f"c{n}",
            "vocabulary_id": chance.choice(VOCABULARIES),
            "concept_code": code,
            "invalid_reason": chance.choice((None, None, None, "D")),
        }
        for n, code in zip(CONCEPTS, CODES, strict=True)
    ]
    ancestors = [
        {"ancestor_concept_id": a, "descendant_concept_id": b}
        for a in (*CONCEPTS, *UNKNOWN_CONCEPTS)
        for b in (*CONCEPTS, *UNKNOWN_CONCEPTS)
        if a == b or chance.random() < 0.1
    ]
    return {
        "concept": concepts,
        "concept_ancestor": ancestors,
        "concept_relationship": _relationships(chance),
    }


def _relationships(chance: Random) -> Rows:
    return [
        {
            "concept_id_1": chance.choice((*CONCEPTS, *UNKNOWN_CONCEPTS)),
            "concept_id_2": chance.choice(CONCEPTS),
            "relationship_id": chance.choice(("Maps to", "Maps to", HAS_STUDY_CODE, "Is a")),
            "invalid_reason": chance.choice((None, None, "D")),
        }
        for _ in range(chance.randint(0, 12))
    ]


def _write_table(name: str, rows: Rows, folder: Path, chance: Random) -> None:
    types = _types(name)
    # A table without rows has columns all the same.
    used = {key for row in rows for key in row} if rows else set(types)
    kept = [n for n in types if n in used and (_needed(name, n) or chance.random() < 0.7)]
    chance.shuffle(kept)
    rows = list(rows)
    chance.shuffle(rows)
    schema = pa.schema([(n, types[n]) for n in kept])
    typed = [{n: _as(row.get(n), types[n]) for n in kept} for row in rows]
    table = _as_elsewhere(pa.Table.from_pylist(typed, schema=schema), chance)
    pq.write_table(table, folder / f"{name}.parquet", row_group_size=chance.choice((3, 100)))


def _as_elsewhere(table: pa.Table, chance: Random) -> pa.Table:
    """As other tools write it, at times: wide ids, instants for days, coded texts, capitals."""
    wide = {pa.int32(): pa.int64(), pa.string(): pa.dictionary(pa.int32(), pa.string())}
    if chance.random() < 0.2:
        wide[pa.date32()] = pa.timestamp("us")
    if chance.random() < 0.4:
        table = table.cast(pa.schema([(f.name, wide.get(f.type, f.type)) for f in table.schema]))
    if chance.random() < 0.1:
        table = table.rename_columns([name.upper() for name in table.column_names])
    return table


def _types(name: str) -> dict[str, pa.DataType]:
    if name == "pregnancy":
        return {n: _ARROW[kind] for n, kind in PREGNANCY.items()}
    return {c.name: _ARROW[c.type] for c in tables()[name].columns}


def _needed(name: str, column: str) -> bool:
    """Keys, starts and ends of the vocabulary's tables and of events stay."""
    if name not in DOMAINS:
        return name != "person" or column == "person_id"
    domain = DOMAINS[name]
    return column in (domain.key, "person_id", domain.start, domain.concept) or (
        name == "observation_period"
    )


def _as(value: Any, kind: pa.DataType) -> Any:
    """Eras have instants in OMOP 5.4's file: midnight of the day."""
    if pa.types.is_timestamp(kind) and isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return value
