"""The pages of a cohort: attrition with small counts masked; a person's records, marked."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transat.cohorts.inspect.profile import Period, Profile, Record
from transat.core.errors import InputError
from transat.core.languages import LANGUAGES, Language, Text
from transat.reports.cohorts_attrition import attrition_page, steps, write_attrition
from transat.reports.cohorts_profile import profile_page, write_profile

LEFT = [("entry", None, 4000, 3000), ("rule", 0, 500, 400), ("rule", 1, 490, 395),
        ("rule", 2, 60, 7), ("cohort", None, 50, 0)]  # fmt: skip


def rows(left: list[tuple[str, int | None, int, int]] = LEFT) -> list[dict[str, object]]:
    return [
        {
            "cohort_definition_id": 3, "step": n, "kind": kind, "rule": rule, "events": events,
            "persons": persons, "rule_name_fr": None if rule is None else f"Règle <{rule}>",
            "rule_name_en": None if rule is None else f"Rule <{rule}>",
        }
        for n, (kind, rule, events, persons) in enumerate(left)
    ]  # fmt: skip


def folder(path: Path, count: int = 1) -> Path:
    path.mkdir()
    said = [row | {"cohort_definition_id": n} for n in range(count) for row in rows()]
    pq.write_table(pa.Table.from_pylist(said), path / "attrition.parquet")
    named = [{"cohort_definition_id": n, "name_fr": "AVC & co", "name_en": "Stroke & co"}
             for n in range(count)]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(named), path / "cohort_definition.parquet")
    return path


def test_what_a_rule_removed_is_masked_with_its_counts() -> None:
    assert [(s.events, s.persons, s.removed) for s in steps(rows()[::-1])] == [
        (4000, 3000, None),
        (500, 400, 2600),
        (None, None, None),  # 5 persons removed, 10 events
        (None, None, None),  # 7 persons, and their 60 events with them
        (None, 0, None),  # 10 events fewer than the 60
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_of_attrition_loads_nothing_and_shows_no_small_count(
    tmp_path: Path, language: Language
) -> None:
    page = attrition_page(folder(tmp_path / "cohorts"), language)
    assert not re.search(r'(src|href)="https?:', page)
    numbers = re.findall(r"data-people>([^<]*)<", page)
    assert [n for n in numbers if re.fullmatch(r"[1-9]|10", n)] == []
    assert "&lt;0&gt;" in page
    assert "<0>" not in page
    assert page.count("<svg") == 1
    figure = page[page.index("<svg") : page.index("</svg>") + 6]
    ElementTree.fromstring(figure)
    assert "<title" in figure
    assert "<desc" in figure


def test_both_languages_hold_the_same_numbers(tmp_path: Path) -> None:
    pages = write_attrition(folder(tmp_path / "cohorts"), tmp_path / "out")
    fr, en = (re.findall(r"data-people>([^<]*)<", p.read_text("utf-8")) for p in pages)
    digits = [[re.sub(r"\D", "", n) for n in numbers] for numbers in (fr, en)]
    assert digits[0] == digits[1]


def test_a_batch_draws_the_first_ones_and_says_how_many_are_left(tmp_path: Path) -> None:
    page = attrition_page(folder(tmp_path / "cohorts", 25), "en")
    assert page.count("<svg") == 12
    assert "Cohorts not drawn: 13" in page


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dossier de cohortes"):
        attrition_page(tmp_path, "fr")


PROFILE = Profile(
    42, 1980, Text("Femme", "Woman"),
    (Period(None, date(2019, 1, 1), date(2021, 1, 1)),),
    (Period(Text("AVC", "Stroke"), date(2020, 1, 1), date(2020, 6, 1)),),
    (Record("condition_occurrence", date(2020, 1, 1), date(2020, 1, 9), 7, "A < B", "I64"),
     Record("measurement", date(2020, 1, 2), date(2020, 1, 2), 8, "Glucose", "X",
            (("value_as_number", "4.5"),))),
)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "mark"),
    [("fr", "Ne sort pas du détenteur"), ("en", "Does not leave the holder")],
)
def test_a_profile_is_marked_and_shows_every_record(language: Language, mark: str) -> None:
    page = profile_page(PROFILE, language)
    assert page.index(mark) < page.index("<svg")
    assert "A &lt; B" in page
    assert "A < B" not in page
    assert "4.5" in page
    assert not re.search(r'(src|href)="https?:', page)
    ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])


def test_a_person_without_a_record_has_a_page() -> None:
    page = profile_page(Profile(1, None, None, (), (), ()), "fr")
    assert "<svg" not in page
    assert "aucun enregistrement daté" in page


def test_a_profile_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    out = write_profile("page", tmp_path / "person.html")
    assert out.read_text("utf-8") == "page"
    assert out.stat().st_mode & 0o077 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["person.html"]
