"""Reference pages say what the code says today."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from transat.core.errors import ERRORS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """docs/generate.py, which is a script and not part of the package."""
    specification = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_reference_pages_are_up_to_date(generator: ModuleType) -> None:
    stale = [
        name
        for name, text in generator.pages().items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text("utf-8") != text
    ]
    assert stale == [], "run: make docs"


def test_every_error_is_explained() -> None:
    with (DOCS / "errors.csv").open(encoding="utf-8", newline="") as file:
        explained = {row["error"]: row for row in csv.DictReader(file)}
    assert set(explained) == {error.__name__ for error in ERRORS}
    assert all(all(row.values()) for row in explained.values())


def test_code_keeps_its_spaces_in_french(generator: ModuleType) -> None:
    assert generator.typeset("Voir : `a : b` ; fin") == "Voir\u00a0: `a : b`\u202f; fin"
