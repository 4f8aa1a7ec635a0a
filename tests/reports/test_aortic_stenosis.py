"""The report on aortic stenosis, as a reader and a screen reader meet it, and its evidence."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from valve_result import build

from transat.core.languages import LANGUAGES, Language
from transat.reports.aortic_stenosis import evidence
from transat.reports.aortic_stenosis.page import page
from transat.reports.aortic_stenosis.report import write_report
from transat.reports.evidence import forms
from transat.studies.aortic_stenosis.results import ValveResult


@pytest.fixture(scope="module")
def valve() -> ValveResult:
    """A result with every part."""
    return build()


class _Reader(HTMLParser):
    """Elements, and the text of every cell."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.people: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "td":
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and "data-people" in self.open[-1][1]:
            self.people.append(data)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_nothing_and_can_be_heard(valve: ValveResult, language: Language) -> None:
    html = page(valve, language)
    assert not re.search(r"<(script|link|img|iframe|object|embed|base|form)\b", html)
    assert not re.search(r"@import|\bsrc=|srcset=|url\((?!#)", html)
    reader = _read(html)
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("table") == tags.count("caption") >= 12
    assert all("scope" in a for tag, a in reader.elements if tag == "th")
    ids = [a["id"] for _, a in reader.elements if "id" in a]
    assert len(ids) == len(set(ids))
    drawn = [a for tag, a in reader.elements if tag == "svg"]
    assert len(drawn) == 4  # curves, calibration, net benefit, trial
    assert all(set((a["aria-labelledby"] or "").split()) <= set(ids) for a in drawn)
    assert tags.count("h1") == tags.count("main") == 1
    assert "<é>" not in html
    assert "<e>" not in html


def test_masked_counts_stay_masked(valve: ValveResult) -> None:
    people = _read(page(valve, "en")).people
    assert "masked" in people
    assert "1,200" in people


def test_it_says_what_must_be_said(valve: ValveResult) -> None:
    html = page(valve, "en")
    for said in (
        "This is not a medical device", "Virtual population", "0.81 (0.78", "0.62 (0.45",
        "too few people", "learnt in France, judged in Québec", "Trial A", "Calcium: not measured",
        "for the team to write", "2 / 3",
    ):  # fmt: skip
        assert said in html, said


def test_an_empty_result_is_still_a_page(valve: ValveResult) -> None:
    bare = replace(
        valve, curves=(), models=(), validations=(), trial=None, waits=(), corrected=(),
        withheld=(), truth=(), features=(),
    )  # fmt: skip
    for language in LANGUAGES:
        html = page(bare, language)
        assert "<svg" not in html
        assert 'id="truth"' not in html


def test_a_population_too_small_to_be_told_of(valve: ValveResult, tmp_path: Path) -> None:
    silent = tuple(
        replace(p, asked=(), sites=tuple(replace(s, rows=None, attrition=()) for s in p.sites))
        for p in valve.populations
    )
    bare = replace(
        valve, populations=silent, curves=(), models=(), validations=(), trial=None, waits=(),
        corrected=(), truth=(),
    )  # fmt: skip
    for path in write_report(bare, tmp_path / "out"):
        assert path.is_file()
    assert _read(page(bare, "en")).people == ["masked", "masked"]


def test_files(valve: ValveResult, tmp_path: Path) -> None:
    paths = write_report(valve, tmp_path / "out")
    assert [path.name for path in paths] == ["report.fr.html", "report.en.html"]


def test_the_forms_are_filled_from_the_run_and_the_rest_is_flagged(valve: ValveResult) -> None:
    lines = forms.filled("tripod_ai", evidence.tripod(valve))
    said = {line.item.key: line.answer.text.en for line in lines if line.answer}
    assert said["1"] == "When to intervene"
    assert said["6b"] == "The first echo."
    assert "1,234 / 321" in said["21"]
    assert "0.81" in said["23a"]
    assert "models/echo.json" in said["22"]
    # People, not a run, answer these.
    assert {"2", "3c", "17", "18a", "18b", "19", "25"} <= set(forms.empty(lines))
    judged = forms.filled("probast_ai", evidence.probast(valve))
    assert {"D1.2", "E4.2"} <= set(forms.empty(judged))


def test_nothing_is_claimed_of_a_run_that_did_nothing(valve: ValveResult) -> None:
    bare = replace(valve, models=(), validations=(), features=(), populations=(), withheld=())
    said = evidence.tripod(bare)
    assert not {"9b", "12c", "12d", "12e", "12g", "20a", "21", "22", "23a", "23b", "26"} & set(said)
    assert not {"D2.4", "E4.1", "E4.7"} & set(evidence.probast(bare))
