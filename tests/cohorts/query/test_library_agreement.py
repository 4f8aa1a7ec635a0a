"""The 1,100 definitions of OHDSI's PhenotypeLibrary: every executor, row for row and step by step.

Circe's own rows are those of `circe_expected_counts.json` (a third of the definitions).
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from agreement import compared, executor

from transat.cohorts import definitions
from transat.cohorts.query.executor import Definition, Executed
from transat.cohorts.query.reference import Reference
from transat.engines.cdm import Cdm

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def library(shared: Path) -> list[Definition]:
    """The definitions, all of which are read."""
    batch = definitions.read(shared / "data" / "phenotypelibrary_cohorts_3.37.0.zip")
    assert not batch.refused
    assert len(batch.definitions) == 1100
    return list(batch.definitions)


@pytest.fixture(scope="module")
def stress(shared: Path) -> Cdm:
    """The 6,000 persons that follow the definitions, with noise."""
    return Cdm(shared / "data" / "omop_stress_cdm")


@pytest.fixture(scope="module")
def expected(stress: Cdm, library: list[Definition]) -> Executed:
    """What the reference finds."""
    return Reference().run(stress, library)


def test_the_reference_finds_the_rows_of_circe(expected: Executed, shared: Path) -> None:
    said = json.loads((shared / "data" / "circe_expected_counts.json").read_text("utf-8"))
    found = _by_definition(expected.cohorts)
    compared_ones = {int(n): v for n, v in said["stress"].items() if isinstance(v, dict)}
    assert len(compared_ones) > 360
    wrong = [n for n, v in compared_ones.items() if not _same(found.get(n, []), v)]
    assert wrong == []


@pytest.mark.parametrize("name", ["sql", "columns"])
def test_executors_find_the_same(
    name: str, expected: Executed, stress: Cdm, library: list[Definition]
) -> None:
    assert compared(expected, executor(name).run(stress, library), library) == []


def _by_definition(cohorts: pa.Table) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for number, *row in zip(*(c.to_pylist() for c in cohorts.columns), strict=True):
        found.setdefault(number, []).append(tuple(row))
    return found


def _same(rows: list[tuple[Any, ...]], said: dict[str, Any]) -> bool:
    """The rows of a definition; their number where Circe's own depend on a tie."""
    text = "\n".join(f"{person}|{start}|{end}" for person, start, end in rows)
    told = sha256(text.encode()).hexdigest()[:16]
    return len(rows) == said["records"] and (
        bool(said.get("tie_dependent")) or told == said["rows_sha256_16"]
    )
