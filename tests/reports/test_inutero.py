"""The report as a reader, a screen reader and a data-protection officer meet it."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from babel.numbers import parse_decimal

from transat.core.languages import LANGUAGES, Text
from transat.reports.csv_tables import NAMES
from transat.reports.inutero import write_report
from transat.reports.numbers import LOCALES
from transat.reports.page import page

VOID = {"meta", "br", "hr", "link", "img", "input", "path", "use", "line", "rect", "circle"}
WORDS = {
    "fr": re.compile(r"\d[\d\u202f\u00a0]*(?:,\d+)?"),
    "en": re.compile(r"\d(?:[\d]|,(?=\d{3}))*(?:\.\d+)?"),
}


class Reader(HTMLParser):
    """Collects what the tests ask of a page: elements, ids, and the numbers that a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.people: list[str] = []
        self.numbers: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open[-1][0] == tag, (tag, self.open[-3:])
            self.open.pop()

    def handle_data(self, data):
        tags = [tag for tag, _ in self.open]
        if "style" in tags or "svg" in tags:
            return
        self.text.append(data)
        tag, attributes = self.open[-1] if self.open else ("", {})
        if "data-people" in attributes:
            self.people.append(data)
        inside = any(a.get("id") == "summary" for _, a in self.open)
        cell = tag == "td" and "n" in (attributes.get("class") or "").split()
        if cell or tag == "dd" or (inside and tag in ("p", "li")):
            self.numbers.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def html(result, language):
    return page(result, language)


def numbers(html: str, language) -> list:
    found = [n for text in read(html).numbers for n in WORDS[language].findall(text)]
    return [parse_decimal(n.strip("\u202f\u00a0"), locale=LOCALES[language]) for n in found]


def test_both_languages_say_the_same_numbers(result):
    french, english = (numbers(page(result, language), language) for language in LANGUAGES)
    assert len(french) > 100
    assert french == english


def test_nothing_is_loaded(html):
    assert not re.search(r"<(script|link|img|iframe|object|embed|base|form)\b", html)
    assert not re.search(r"@import|\bsrc=|srcset=|url\((?!#)", html)
    for _, attributes in read(html).elements:
        for name in ("href", "xlink:href"):
            target = attributes.get(name)
            assert target is None or re.fullmatch(r"#[\w-]+|report\.(fr|en)\.html", target)


def test_no_small_count_is_shown(html, language):
    people = read(html).people
    assert len(people) > 20
    for cell in people:
        if cell not in ("masqué", "masked"):
            assert not 1 <= parse_decimal(cell, locale=LOCALES[language]) <= 10


def test_language_and_link_to_the_other(html, language):
    other = next(name for name in LANGUAGES if name != language)
    elements = read(html).elements
    assert ("html", {"lang": language}) in elements
    link = {"href": f"report.{other}.html", "lang": other, "hreflang": other}
    assert ("a", link) in elements


def test_tables_and_figures_can_be_heard(html):
    reader = read(html)
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("table") == tags.count("caption") >= 8
    assert all("scope" in a for tag, a in reader.elements if tag == "th")
    figures = [a for tag, a in reader.elements if tag == "svg"]
    assert len(figures) == 2
    ids = [a["id"] for _, a in reader.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for figure in figures:
        assert figure["role"] == "img"
        assert set(figure["aria-labelledby"].split()) <= set(ids)
    assert tags.count("desc") == 2
    assert tags.count("h1") == tags.count("main") == 1


def test_labels_are_escaped(html):
    assert "<é>" not in html
    assert "<e>" not in html
    assert "&lt;" in html


def test_it_says_what_must_be_said(result):
    french, english = (" ".join(read(page(result, x)).text) for x in LANGUAGES)
    assert "Ceci n'est pas un dispositif médical" in french
    assert "This is not a medical device" in english
    assert "Les personnes de ce rapport n'existent pas" in french
    assert "Prises multipliées par 20." in french
    assert "Use multiplied by 20." in english
    assert "acide valproïque" in french
    assert result.study.logic_sha256 in english
    assert result.sites[0].ledger_head in french


def test_absolute_risks_come_before_ratios(result):
    english = page(result, "en")
    assert english.index("Absolute risks per") < english.index("Odds ratios, agreement")
    assert "11.2 (6.6\u00a0to\u00a018.7) children affected per 1,000 exposed" in english
    assert "against 0.55 per 1,000" in english


def test_no_signal_is_no_reassurance(build_result):
    empty = build_result(truth=None, signals=())
    english, french = page(empty, "en"), page(empty, "fr")
    assert "This does not mean that there is no risk" in english
    assert "Aucune paire ne dépasse" in french
    assert 'id="truth"' not in english
    assert "safe." not in english.replace("calls no medicine safe.", "")


def test_an_almost_empty_result_is_still_a_page(build_result):
    bare = replace(
        build_result(truth=None, signals=(), pairs=()),
        prevalences=(),
        detectable=(),
        births=None,
        notes=(),
    )
    for language in LANGUAGES:
        read(page(bare, language))


def test_real_people_are_not_called_virtual(result):
    real = replace(result, sites=tuple(replace(s, simulated=False) for s in result.sites))
    assert "Population virtuelle" not in page(real, "fr")


def test_the_notice_of_a_cdm_is_shown(result):
    said = Text("Prises rendues plus fréquentes.", "Use made more frequent.")
    told = replace(result, sites=tuple(replace(s, notice=said) for s in result.sites))
    assert page(told, "fr").count(said.fr) == 1
    assert said.en in page(told, "en")


def test_files(result, tmp_path):
    pages = write_report(result, tmp_path / "out")
    assert [p.name for p in pages] == ["report.fr.html", "report.en.html"]
    again = write_report(result, tmp_path / "again")
    assert [p.read_bytes() for p in pages] == [p.read_bytes() for p in again]
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["report.en.html", "report.fr.html", "tables"]
    assert sorted(p.name for p in (tmp_path / "out" / "tables").iterdir()) == sorted(NAMES)


def test_tables_hold_no_small_count(result, tmp_path):
    write_report(result, tmp_path)
    counted = {"exposed", "cases", "exposed_cases", "births", "count"}
    for name in NAMES:
        with (tmp_path / "tables" / name).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert rows
        for row in rows:
            for column in counted & set(row):
                assert row[column] == "" or not 1 <= int(row[column]) <= 10
