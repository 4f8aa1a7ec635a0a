"""A study gives the same result on a CDM with Athena's concepts as on one with local concepts."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.sparse import issparse

from transat.cohorts.build import build_windows
from transat.cohorts.pregnancies import derive
from transat.engines.cdm import Cdm
from transat.harmonise.run import harmonise
from transat.simulate.design import Design
from transat.simulate.simulate import simulate
from transat.studies import protocol as protocols

WOMEN = 600
MINI = Path(__file__).parents[1] / "harmonise" / "mini_athena"
SHORES = {"snds": "france", "quebec": "quebec"}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    design = Design(seed=23, persons=WOMEN, same_people=True)
    return simulate(design, tmp_path_factory.mktemp("people") / "simulation", processes=1)


def concepts_in_use(cdm: Cdm, table: str, column: str) -> set[int]:
    return set(pq.read_table(cdm.path_of(table), columns=[column])[column].to_pylist())


@pytest.mark.slow
@pytest.mark.parametrize("shore", list(SHORES))
def test_same_analysis_table(people: Path, shore: str, tmp_path: Path) -> None:
    local, standard = (
        derive(
            harmonise(
                shore, people / SHORES[shore], tmp_path / name, vocabulary=vocabulary, threads=2
            ).cdm
        )
        for name, vocabulary in (("local", None), ("athena", MINI))
    )
    assert local.metadata["vocabulary"] == "local"
    assert standard.metadata["vocabulary"] == "mini v1 23-NOV-26"
    version = pq.read_table(standard.path_of("cdm_source"))["vocabulary_version"].to_pylist()
    assert version == ["mini v1 23-NOV-26"]
    conditions = concepts_in_use(standard, "condition_occurrence", "condition_concept_id")
    assert {9_100_015, 9_100_008} <= conditions  # invented SNOMED: abortion, depression
    assert not {c for c in conditions if c > 2_000_000_000}

    asked = protocols.read().specification()
    one, other = (build_windows(cdm, asked) for cdm in (local, standard))
    table, same = one.tables[asked.primary_window], other.tables[asked.primary_window]
    assert table.n > 50
    assert table.exposures.nnz > 0
    for field in fields(table):
        left, right = getattr(table, field.name), getattr(same, field.name)
        if issparse(left):
            left, right = left.toarray(), right.toarray()
        assert np.array_equal(left, right), field.name
    assert one.attrition == other.attrition
