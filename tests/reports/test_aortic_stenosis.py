"""The report on aortic stenosis, as a reader and a screen reader meet it, and its evidence."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from transat.core.languages import LANGUAGES, Language, Text
from transat.reports.aortic_stenosis import evidence
from transat.reports.aortic_stenosis.page import page
from transat.reports.aortic_stenosis.report import write_report
from transat.reports.evidence import forms
from transat.studies.aortic_stenosis.results import (
    ArmTold,
    Beside,
    Coefficient,
    Corrected,
    CurveTold,
    Decision,
    FeatureTold,
    Figure,
    HazardTold,
    Level,
    Metric,
    ModelTold,
    PopulationAtSite,
    PopulationTold,
    TrialTold,
    TrueCurve,
    ValidationTold,
    ValveResult,
    WaitTold,
    Withheld,
)
from transat.studies.results import AttritionStep, RunRecord, StudyIdentity
from transat.studies.site_record import SiteRecord

FRANCE, QUEBEC = "france", "quebec"
EDGES = (6.0, 12.0, 24.0)


def _site(name: str, label: Text) -> SiteRecord:
    return SiteRecord(
        name, label, "snds", "source", 11, True, f"extract of {name}", ("2012-01-01", "2020-01-01"),
        12, 3456, 789, 10, f"ledgers/{name}.jsonl", "ab" * 32,
    )  # fmt: skip


def _curve(site: str | None, group: str, kind: str, scale: float) -> CurveTold:
    shares = tuple(scale * edge / 100 for edge in EDGES)
    low, high = tuple(s * 0.9 for s in shares), tuple(s * 1.1 for s in shares)
    return CurveTold(
        "echo_replacement", kind, site, group, EDGES, (900, 800, None), shares, low, high
    )


@pytest.fixture(scope="module")
def valve() -> ValveResult:
    """A result with every part."""
    hazard = HazardTold(
        "replacement",
        (
            Coefficient("vmax", 0.69, 0.1, Figure(1.99, 1.6, 2.4), 1e-7),
            Coefficient("calcium_score_missing", 0.0, 0.1, Figure(1.0, 0.8, 1.2), 0.99),
            Coefficient("age", None, None, Figure(None), None),
        ),
        ("stays_year",), 1234, 321, 6, True,
    )  # fmt: skip
    return ValveResult(
        study=StudyIdentity(
            "aortic-stenosis", "0.1.0", Text("Quand intervenir", "When to intervene"),
            Text("Prédire.", "Foresee."), "a" * 64, "b" * 64,
            (
                ("landmarks.echo", Text("La première échographie.", "The first echo.")),
                ("validation.sites", Text("Dans les deux sens.", "Both ways.")),
                ("models.echo", Text("Modèle E.", "Model E.")),
            ),
        ),
        sites=(
            _site(FRANCE, Text("France", "France")),
            _site(QUEBEC, Text("Québec <é>", "Québec <e>")),
        ),
        features=(
            FeatureTold("vmax", Text("Vitesse.", "Velocity."), "m/s", "day", 0, "refuse", "drop"),
            FeatureTold(
                "calcium_score", Text("Calcium.", "Calcium."), "1", "day", 0, "refuse", "flag"
            ),
        ),
        populations=(
            PopulationTold(
                "echo_replacement", Text("Remplacement ; décès.", "Replacement; death."), "echo",
                "echo", ("replacement", "death"), (FRANCE, QUEBEC),
                (
                    PopulationAtSite(FRANCE, 1200, (AttritionStep("a", Text("Un", "One"), 1300),)),
                    PopulationAtSite(QUEBEC, None, (AttritionStep("a", Text("Un", "One"), None),)),
                ),
            ),
        ),
        curves=tuple(
            _curve(site, group, kind, scale)
            for site in (None, FRANCE, QUEBEC)
            for group in ("man=0", "man=1")
            for kind, scale in (("replacement", 0.5), ("death", 0.7))
        ),
        models=(ModelTold("echo", "echo_replacement", (FRANCE,), (hazard,), "models/echo.json"),),
        validations=(
            ValidationTold(
                "echo", "echo_replacement", "replacement", 24.0, (FRANCE,), (QUEBEC,),
                (
                    Metric("auc", "", Figure(0.81, 0.78, 0.84)),
                    Metric("auc", "man=1", Figure(0.79, 0.74, 0.84)),
                    Metric("auc", "man=0", None, masked=True),
                ),
                tuple(Level(p, Figure(p * 1.1, p * 0.9, p * 1.3)) for p in (0.05, 0.2, 0.5)),
                tuple(Decision(t, Figure(0.2 - t / 4), 0.2 - t / 2) for t in (0.2, 0.3, 0.4)),
            ),
        ),
        trial=TrialTold(
            "severe_events", EDGES,
            (
                ArmTold("early", (0.1, 0.15, 0.2), (0.08, 0.12, 0.16), (0.12, 0.18, 0.24)),
                ArmTold("waiting", (0.12, 0.2, 0.3), (0.1, 0.16, 0.24), (0.14, 0.24, 0.36)),
            ),
            tuple(Figure(-d, -d - 0.02, -d + 0.02) for d in (0.02, 0.05, 0.1)),
            Figure(0.62, 0.45, 0.85),
            (Beside(Text("Essai A", "Trial A"), Figure(0.5, 0.4, 0.63), "A 2024"),),
        ),
        waits=(WaitTold(6.0, "death", EDGES, (0.05, 0.1, 0.21)),),
        corrected=(
            Corrected("echo_replacement", "death", 24.0, Figure(0.1, 0.09, 0.11), Figure(0.16)),
        ),
        withheld=(
            Withheld("echo_replacement", "cox", QUEBEC, Text("trop peu", "too few"), ("man",)),
        ),
        notes=(Text("Une note.", "A note."),),
        run=RunRecord(
            "2026-11-24T00:00:00Z", "2026-11-24T00:01:00Z", (("transat", "0.1.0"),), (),
            ((FRANCE, "c" * 64),), (("all", 1.0),),
        ),
        truth=(
            TrueCurve(
                "echo_replacement", "death", FRANCE, "man=1", EDGES, (0.04, 0.08, 0.16), 2, 3
            ),
        ),
    )  # fmt: skip


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
