"""The schema that editors read is the grammar of the reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from json_schema_check import faults
from study_text import text

from transat.cohorts.language import grammar, schema

SCHEMA = schema.json_schema()


def test_the_file_beside_the_code_is_the_schema() -> None:
    committed = Path(schema.__file__).with_name("schema.json").read_text("utf-8")
    assert committed == schema.text()


def test_every_keyword_is_described_in_both_languages() -> None:
    for shape, keys in grammar.SHAPES.items():
        where = SCHEMA if shape == "document" else SCHEMA["$defs"][shape]
        for key in keys:
            assert where["properties"][key.name]["description"] == f"{key.text.fr}\n{key.text.en}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("grammar: 1", "grammar: 2"),
        ("grammar: 1", "gramar: 1"),
        ("id: test-study", "id: Test"),
        ("version: 0.1.0", "version: '0.1'"),
        ("{fr: Essai, en: Trial}", "{fr: Essai}"),
        ("{fr: Essai, en: Trial}", "{fr: '', en: Trial}"),
        ("days: [0, 13w6d]", "days: [0]"),
        ("days: [0, 13w6d]", "days: [0, 13w9d]"),
        ("{id: 7, descendants: true}", "{descendants: true}"),
        ("descendants: true", "descendants: maybe"),
        ("events: [{condition: stenosis}]", "events: []"),
        ("condition: stenosis", "conditon: stenosis"),
        ("condition: stenosis", "condition: stenosis, where: {}"),
        ("condition: stenosis", "condition: stenosis, where: {agee: 3}"),
        ("condition: stenosis", "condition: stenosis, starts: middle"),
        ("condition: stenosis", "condition: stenosis, match: both"),
        ("  - id: people", "  - id: People"),
    ],
)
def test_what_an_editor_marks(old: str, new: str) -> None:
    assert faults(data(text()), SCHEMA, SCHEMA) == []
    assert old in text()
    assert faults(data(text().replace(old, new)), SCHEMA, SCHEMA) != []


def data(written: str) -> Any:
    return yaml.safe_load(written)
