"""The pages of quality and coverage as a reader, a screen reader and an export checker see them."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from babel.numbers import parse_decimal

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quality"))

from quality_by_hand import sound, write
from test_planted_defects import after_death, old_code, orphans, reversal

from transat.core.languages import LANGUAGES, Language
from transat.quality.report import Judgement, judge
from transat.reports.coverage_page import coverage_page, write_coverage
from transat.reports.numbers import LOCALES
from transat.reports.quality_page import SECTIONS, judgement_page

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Elements, ids, links, head counts and text of a page; asserts that every element closes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.people: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open and "data-people" in self.open[-1][1]:
            self.people.append(data.strip())
        if self.open and self.open[-1][0] != "style":
            self.words.append(data)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    tables = sound()
    for spoil in (reversal, after_death, old_code, orphans):
        spoil(tables)
    for row in tables["drug_exposure"][:15]:
        row |= {"drug_concept_id": 0, "drug_source_value": "<b>é & co</b>"}
    return judge(write(tmp_path_factory.mktemp("page") / "cdm", tables))


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Language:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def html(said: Judgement, language: Language) -> str:
    return judgement_page(said, language)


def test_no_small_count_is_shown(html: str, language: Language) -> None:
    people = Page(html).people
    assert len(people) > 100
    assert {"fr": "masqué", "en": "masked"}[language] in people
    for cell in people:
        if cell not in ("masqué", "masked"):
            assert not 1 <= parse_decimal(cell, locale=LOCALES[language]) <= 10


def test_nothing_is_loaded(html: str) -> None:
    assert not re.search(r"<(script|link|img|iframe|object|embed|base|form)\b", html)
    assert not re.search(r"@import|\bsrc=|url\((?!#)", html)


def test_every_link_leads_somewhere(html: str, language: Language) -> None:
    page = Page(html)
    ids = [a["id"] for _, a in page.elements if a.get("id")]
    assert len(ids) == len(set(ids))
    other = next(name for name in LANGUAGES if name != language)
    for tag, attributes in page.elements:
        if tag == "a":
            target = attributes["href"] or ""
            assert target == f"quality.{other}.html" or target.removeprefix("#") in ids


def test_tables_can_be_heard(html: str) -> None:
    tags = [tag for tag, _ in Page(html).elements]
    assert tags.count("table") == tags.count("caption") >= 10
    assert all(a.get("scope") for tag, a in Page(html).elements if tag == "th")
    assert tags.count("h1") == 1


def test_headings_follow_one_another(html: str) -> None:
    levels = [int(t[1]) for t, _ in Page(html).elements if re.fullmatch(r"h[1-6]", t)]
    assert all(later <= level + 1 for level, later in pairwise(levels))


def test_sections_and_verdict(html: str, language: Language) -> None:
    page = Page(html)
    assert [a["id"] for t, a in page.elements if t == "section"] == list(SECTIONS)
    verdict = {"fr": "ne peut pas s'appuyer", "en": "may not rest"}[language]
    assert verdict in " ".join(page.words)


def test_failures_come_first_and_say_what_to_do(html: str, said: Judgement) -> None:
    statuses = re.findall(r'<td><span class="status (\w+)">', html)
    order = ("fail", "warn", "not_applicable", "pass")
    places = [order.index(s) for s in statuses if s in order]
    own = places[: len(said.findings)]
    looked = [p for p in own if p != order.index("not_applicable")]
    assert looked == sorted(looked)
    for finding in said.findings:
        if finding.status == "fail":
            article = html[html.index(f'id="check-{finding.key}"') :]
            assert "<strong>" in article[: article.index("</article>")]


def test_a_code_is_escaped(html: str) -> None:
    assert "<b>é" not in html
    assert "&lt;b&gt;é &amp; co" in html


def test_french_signs_stay_on_the_line(said: Judgement) -> None:
    words = " ".join(Page(judgement_page(said, "fr")).words)
    assert re.findall(r"\w [;:!?»](?=\s)|« \S+|\d %", words) == []


def test_both_languages_show_the_same_head_counts(said: Judgement) -> None:
    def counts(language: Language) -> list[object]:
        people = Page(judgement_page(said, language)).people
        return [
            None if c in ("masqué", "masked") else parse_decimal(c, locale=LOCALES[language])
            for c in people
        ]

    assert counts("fr") == counts("en")


def test_coverage_pages(said: Judgement, tmp_path: Path, language: Language) -> None:
    sites = {"france": said.coverage, "quebec": said.coverage}
    page = Page(coverage_page(sites, language))
    assert len(page.people) > 10
    other = next(name for name in LANGUAGES if name != language)
    links = {a["href"] for t, a in page.elements if t == "a"}
    assert f"coverage.{other}.html" in links
    assert [p.name for p in write_coverage(sites, tmp_path)] == [
        "coverage.fr.html", "coverage.en.html",
    ]  # fmt: skip
    lines = (tmp_path / "coverage.csv").read_text("utf-8").splitlines()
    assert lines[0].startswith("site,domain,target,records,")
    assert len(lines) == 1 + 2 * 2
