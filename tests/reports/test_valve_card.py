"""The model cards: what each model is for, what it is worth, and what is not known of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from valve_result import FRANCE, QUEBEC, build

from transat.core.errors import InputError
from transat.core.languages import LANGUAGES, Language
from transat.federation.keys import Key
from transat.learners import model_file
from transat.learners.hazards import Hazard, Model, Proportional
from transat.learners.model_document import Document, Feature, Indicator, Made, Refuse, Said
from transat.reports.aortic_stenosis.card import card_name, card_page, cards, documents
from transat.reports.aortic_stenosis.report import write_report
from transat.reports.aortic_stenosis.words import Words
from transat.studies.aortic_stenosis.results import Figure, Metric, ValveResult

FILE = "models/echo.json"
TEXT = Said(fr="un texte", en="a text")


@pytest.fixture(scope="module")
def valve() -> ValveResult:
    """The result of the tests, whose protocol says the ranges."""
    told = build()
    vmax, calcium = told.features
    return replace(
        told,
        features=(
            replace(vmax, low=0.2, high=9.0),
            replace(calcium, low=0.0, high=30000.0, fill=1000.0),
        ),
    )


def _feature(name: str, missing: Any, high: float) -> Feature:
    return Feature(
        name=name, unit="1", label=TEXT, definition=TEXT, available_at="landmark", missing=missing,
        low=0.0, high=high,
    )  # fmt: skip


@pytest.fixture(scope="module")
def document() -> Document:
    form = Proportional(("vmax", "calcium_score_missing"), (3.0, 0.0), (0.69, 0.1), (-4.0, -4.5))
    return model_file.document(
        Model((12.0, 24.0), (Hazard(1, form),)),
        {1: ("replacement", TEXT)},
        name="echo", title=TEXT, purpose=TEXT, population=TEXT, landmark=TEXT,
        made=Made(
            study="a" * 64, document="b" * 64, version="0.1.0", date="2026-11-24", sites=(FRANCE,)
        ),
        features=(
            _feature("vmax", Refuse(), 7.5),
            _feature(
                "calcium_score", Indicator(value=1000.0, indicator="calcium_score_missing"), 9000.0
            ),
        ),
    )  # fmt: skip


def _limits(result: ValveResult) -> str:
    (card,) = cards(result, {}, Words(result, "en"))
    return " ".join(card.limits)


def test_a_card_says_what_must_be_said(valve: ValveResult) -> None:
    html = card_page(valve, {}, "en")
    for said in (
        "This is not a medical device", "Virtual population", "Replacement; death.",
        "The first echo.", "Model E.", "One", "Judged at: 24 months", "0.2 to 9",
        "fixed value, and an indicator (1,000)",
        "0.81 (0.78", "0.79 (0.74", "too few people", "France → Québec", "1,234", "321",
        "Columns were left out", "stays_year", "Not told (model, Québec &lt;e&gt;): too few (man)",
        "hold for no real person", "for the team to write", "a" * 64,
        "Learnt on France, death: no hazard of its own could be learnt.",
    ):  # fmt: skip
        assert said in html, said
    assert "<e>" not in html


def test_the_file_beside_the_result_is_named_and_its_range_holds(
    valve: ValveResult, document: Document, tmp_path: Path
) -> None:
    key = Key.new()
    signed = model_file.signed(document, key.public, key.sign(model_file.content(document)))
    (tmp_path / "models").mkdir()
    model_file.write(signed, tmp_path / FILE)
    files = documents(valve, tmp_path)
    html = card_page(valve, files, "en")
    assert f'href="{FILE}"' in html
    assert model_file.sha256(document) in html
    assert key.public in html.replace("&#43;", "+").replace("&#61;", "=")
    assert "0 to 7.5" in html
    assert "0.2 to 9" not in html
    assert "Not signed." not in html


def test_a_signature_that_does_not_hold_is_none(valve: ValveResult, document: Document) -> None:
    key = Key.new()
    forged = model_file.signed(document, key.public, key.sign(b"another model"))
    html = card_page(valve, {FILE: forged}, "en")
    assert "Not signed." in html
    assert key.public not in html


def test_without_a_file_nothing_is_linked(valve: ValveResult, tmp_path: Path) -> None:
    assert documents(valve, tmp_path) == {}
    html = card_page(valve, {}, "fr")
    assert FILE not in html
    assert "Aucun fichier de modèle" in html


def test_a_file_that_is_no_model_is_refused(valve: ValveResult, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / FILE).write_text("{}", "utf-8")
    with pytest.raises(InputError):
        write_report(valve, tmp_path)


def test_everybody_at_the_same_risk_is_not_a_half(valve: ValveResult) -> None:
    (judged,) = valve.validations
    half = Metric("auc", "", Figure(0.5000000000000118, 0.5000000000000117, 0.5000000000000118))
    flat = replace(valve, validations=(replace(judged, metrics=(half,)),))
    html = card_page(flat, {}, "en")
    assert "not judged: one class of risk" in html
    assert "0.50" not in html
    assert Words(flat, "en").metric("auc", half.figure) == "not judged: one class of risk"
    assert Words(flat, "en").metric("observed_over_expected", Figure(1.174, 1.02, 1.35)) == (
        "1.17 (1.02\u00a0to\u00a01.35)"
    )
    assert "discrimination is not judged there" in _limits(flat)
    assert "discrimination is not judged there" not in _limits(valve)


def test_a_model_that_no_other_shore_judged_says_so(valve: ValveResult) -> None:
    (model,) = valve.models
    both = replace(valve, models=(model, replace(model, learnt_on=(FRANCE, QUEBEC))))
    assert "Learnt on France, Québec <e>, it was judged by nobody else" in _limits(both)
    assert "judged by nobody else" not in _limits(valve)
    assert len(cards(both, {}, Words(both, "en"))) == 1


def test_a_masked_combination_of_groups_has_no_line(valve: ValveResult) -> None:
    (judged,) = valve.validations
    pair = "man=1,age_under_75=0,age_75_84=0"
    hidden = Metric("all", pair, None, masked=True)
    assert "none of these metrics could be computed" in card_page(valve, {}, "en")  # calibration
    shown = Metric("auc", pair, Figure(0.7, 0.6, 0.8))
    for metric, lines in ((hidden, 3), (shown, 4)):
        told = replace(valve, validations=(replace(judged, metrics=(*judged.metrics, metric)),))
        (card,) = cards(told, {}, Words(told, "en"))
        assert len(card.discrimination) == lines
    assert card.discrimination[-1].group == "men, 85 and over"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_nothing_and_can_be_heard(
    valve: ValveResult, document: Document, language: Language
) -> None:
    html = card_page(valve, {FILE: document}, language)
    assert not re.search(r"<(script|link|img|iframe|object|embed|base|form)\b", html)
    assert not re.search(r"@import|\bsrc=|srcset=|url\((?!#)", html)
    assert html.count("<table") == html.count("<caption") == 4
    assert html.count("<th ") == html.count("<th scope=")
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert html.startswith("<!DOCTYPE html>")
    if language == "fr":
        assert not re.search(
            r"[^\s] [:;?!»](?=[\s<])", re.sub(r"<style>.*?</style>", "", html, flags=re.S)
        )


def test_every_link_is_to_a_file_that_is_written(
    valve: ValveResult, document: Document, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    model_file.write(document, tmp_path / FILE)
    write_report(valve, tmp_path)
    pages = sorted(tmp_path.glob("*.html"))
    assert [path.name for path in pages] == sorted(
        [*(card_name(each) for each in LANGUAGES), "report.en.html", "report.fr.html"]
    )
    for path in pages:
        html = path.read_text("utf-8")
        targets = re.findall(r'(?:xlink:)?href="([^"]*)"', html)
        assert targets
        for target in targets:
            name, _, anchor = target.partition("#")
            other = tmp_path / name if name else path
            assert other.is_file(), target
            assert not anchor or f'id="{anchor}"' in other.read_text("utf-8"), target
        if path.name.startswith("report"):
            assert card_name("fr" if ".fr." in path.name else "en") in targets


def test_no_model_is_still_a_page(valve: ValveResult) -> None:
    html = card_page(replace(valve, models=(), validations=()), {}, "en")
    assert "No model was learnt." in html
