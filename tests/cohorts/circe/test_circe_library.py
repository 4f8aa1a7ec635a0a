"""The 1,100 definitions of OHDSI's PhenotypeLibrary: all are read, and read back once written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from transat.cohorts import circe


@pytest.fixture(scope="module")
def library(shared: Path) -> dict[str, str]:
    archive = shared / "data/phenotypelibrary_cohorts_3.37.0.zip"
    with zipfile.ZipFile(archive) as held:
        return {n: held.read(n).decode() for n in held.namelist() if n.endswith(".json")}


def test_all_are_read_and_written(library: dict[str, str]) -> None:
    assert len(library) == 1_100
    for name, text in library.items():
        cohort = circe.read(text, name)
        assert circe.read(circe.write(cohort, name), name) == cohort


def test_every_concept_set_and_rule_keeps_its_name(library: dict[str, str]) -> None:
    for name, text in library.items():
        cohort = circe.read(text, name)
        assert all(rule.name.en for rule in cohort.rules)
        assert all(read.name for read in cohort.entry.reads if read.codes is not None), name
