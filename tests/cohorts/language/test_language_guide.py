"""The study that the guide shows is one: it is read, checked and said, in both pages the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transat.cohorts import language
from transat.cohorts.language.checks import check
from transat.cohorts.language.prose import prose

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = ("fr/guides/ecrire-une-etude.md", "en/how-to/write-a-study.md")


def blocks(page: str) -> list[str]:
    return re.findall(r"^```text\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.DOTALL | re.M)


@pytest.mark.parametrize("page", PAGES)
def test_the_guides_study_is_read(page: str) -> None:
    written, codes = blocks(page)
    study = language.parse(written, "guide", lambda name: codes.encode())
    assert study.used == frozenset(study.codes)
    assert [f for f in check(study) if f.level == "error"] == []
    assert "metformine" in prose(study, "fr")


def test_both_pages_show_the_same() -> None:
    french, english = map(blocks, PAGES)
    assert french == english
