"""Damaged study files are refused where they are wrong, or read as what they say: no traceback."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from json_schema_check import faults
from mutations import mutated
from study_text import CSV, EXAMPLES, text

from transat.cohorts import language
from transat.cohorts.language import Study
from transat.cohorts.language.checks import check
from transat.cohorts.language.prose import prose
from transat.cohorts.language.schema import json_schema
from transat.core.errors import StudyError

WHERE = re.compile(r"study\.yaml:\d+:\d+|[a-z_/]+\.csv:\d+")
SCHEMA = json_schema()
RICH = text(
    "    washout: {fr: Rien, en: Nothing, days: 365}\n"
    "    rules:\n"
    "      - {id: a, fr: A, en: A, has: {condition: failure, first: true}, days: [-30, 0]}\n"
    "      - {id: b, fr: B, en: B, of: [{where: {age: [18, null], sex: female}},"
    " {has_not: {drug: drugs, where: {days_supply: '> 3'}}, days: [ever, end - 1], by: overlap}],"
    " at_least: 1}\n"
    "      - {id: c, fr: C, en: C, has: {visit: any, having: [{has: {measurement: any,"
    " where: {abnormal: true, unit_concept_id: [1, 2]}}, days: [start, end]}]}, exactly: 2,"
    " distinct: visit_concept_id}\n"
    "    keep: first\n    exit: {while_on: drugs, gap: 60}\n    censor: [{death: any}]\n"
    "    eras: {gap: 3}\n    dates: [2012-01-01, null]\n",
    analysis="    exposures:\n"
    "      - {id: x, fr: X, en: X, column: any, of: {drug: drugs}, covered: first_trimester}\n"
    "    covariates:\n"
    "      - {id: y, fr: Y, en: Y, column: last_value, of: {measurement: any}, days: [-9, -1],"
    " value: value_as_number}\n"
    "    follow_up: {fr: F, en: F, outcome: {death: any}, competing: [{visit: any}],"
    " days: [1, 9]}\n",
)
FILES = {"rich": RICH, **{path.stem: path.read_text("utf-8") for path in EXAMPLES.glob("*.yaml")}}


def beside(name: str) -> bytes:
    """codes.csv of the tests, or a file of the examples."""
    return CSV.encode() if name == "codes.csv" else (EXAMPLES / name).read_bytes()


def as_json(written: str) -> Any:
    """What an editor sees: YAML with days left as text."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): plain(each) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return value.isoformat() if isinstance(value, date) else value

    return plain(yaml.safe_load(written))


@pytest.mark.parametrize("name", sorted(FILES))
def test_whole_files_are_read_and_fit_the_schema(name: str) -> None:
    assert language.parse(FILES[name], "study.yaml", beside).populations
    assert faults(as_json(FILES[name]), SCHEMA, SCHEMA) == []


def parsed(written: str, csv: str = CSV) -> Study | StudyError:
    """The study, or its refusal."""
    try:
        return language.parse(
            written,
            "study.yaml",
            lambda name: csv.encode() if name == "codes.csv" else beside(name),
        )
    except StudyError as error:
        return error


@pytest.mark.parametrize("seed", range(20))
def test_damaged_files(seed: int) -> None:
    """Fifty for each seed: 1,000 in all. What is still read, is said, checked and in the schema."""
    chance = Random(seed)
    refused = 0
    for _ in range(50):
        written = mutated(FILES[chance.choice(sorted(FILES))], chance)
        made = parsed(written)
        if isinstance(made, StudyError):
            assert WHERE.fullmatch(made.where), made.where
            assert len(made.message("fr")) < 1500
            refused += 1
            continue
        assert faults(as_json(written), SCHEMA, SCHEMA) == []
        assert prose(made, "fr") != prose(made, "en")
        check(made)
        for population in made.populations:
            assert population.cohort.entry.reads
    assert 10 < refused < 50


@pytest.mark.parametrize("seed", range(5))
def test_damaged_code_lists(seed: int) -> None:
    chance = Random(seed)
    for _ in range(60):
        made = parsed(text(), mutated(CSV, chance))
        if isinstance(made, StudyError):
            assert WHERE.fullmatch(made.where), made.where
        else:
            assert all(codes.lines for codes in made.codes.values())


def test_a_damaged_file_on_the_disk_is_refused_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text().replace("cohorts:", "cohorte:"), "utf-8")
    with pytest.raises(StudyError) as caught:
        language.read(path)
    assert caught.value.where == f"{path}:11:1"
    assert "vouliez-vous « cohorts »" in caught.value.message("fr")
