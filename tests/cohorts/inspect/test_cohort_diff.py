"""What changed between two definitions or two runs: the lines, the persons, what is masked."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.inspect import logic, periods
from transat.cohorts.inspect.diff import changed_persons, diff
from transat.cohorts.inspect.periods import PeriodChanges
from transat.cohorts.query.executor import COHORT_SCHEMA
from transat.cohorts.query.model import (
    CodeSet,
    Cohort,
    ConceptItem,
    Count,
    Entry,
    FixedOffset,
    Group,
    Read,
    Rule,
    Window,
)
from transat.core.errors import InputError
from transat.core.languages import Text

DAY = date(2020, 1, 1)
STROKE = CodeSet((ConceptItem(372924, descendants=True),), name="Stroke")
VISIT = Count(Read("visit_occurrence"), (Window(-30, 0),))
RULE = Rule(Group("all", (VISIT,)), Text("Un contact dans le mois", "A contact within the month"))
A = Cohort(Entry((Read("condition_occurrence", STROKE),)), rules=(RULE,))

Period = tuple[int, int, int]


def said(a: Cohort, b: Cohort) -> list[str]:
    found = logic.compare(a, b)
    return [f"{x.mark} {x.line.strip()}" for _, lines in found.lines["en"] for x in lines]


def test_a_cohort_is_itself() -> None:
    found = logic.compare(A, A)
    assert found.same
    assert said(A, A) == []


def test_an_exit_that_changed_is_one_line_out_and_one_in() -> None:
    changed = said(A, dataclasses.replace(A, exit=FixedOffset(90)))
    assert [line[0] for line in changed] == ["-", "+"]
    assert "90 days" in changed[1]


def test_a_window_that_changed_stands_under_its_rule() -> None:
    wider = dataclasses.replace(VISIT, windows=(Window(-365, 0),))
    rule = dataclasses.replace(RULE, group=Group("all", (wider,)))
    changed = said(A, dataclasses.replace(A, rules=(rule,)))
    assert "A contact within the month" in changed[0]
    assert [line[0] for line in changed] == [" ", "-", "+"]
    assert "365" in changed[2]


def test_a_code_set_is_compared_item_by_item() -> None:
    items = (*STROKE.concepts, ConceptItem(5, excluded=True), ConceptItem(6))
    other = CodeSet(items, name="Stroke")
    b = dataclasses.replace(A, entry=Entry((Read("condition_occurrence", other),)))
    assert said(A, b) == ['  - "Stroke"', "+ concept 5, excluded", "+ concept 6"]
    assert not logic.compare(A, b).same


def test_a_long_code_set_hides_nothing_from_the_names() -> None:
    many = tuple(ConceptItem(n) for n in range(1, 200))
    one, other = (CodeSet(m, name="Many") for m in (many, (*many[:-1], ConceptItem(500))))
    a, b = (Cohort(Entry((Read("condition_occurrence", s),))) for s in (one, other))
    assert said(a, b) == ['  - "Many"', "- concept 199", "+ concept 500"]


def test_a_name_alone_is_a_text_and_not_a_logic() -> None:
    renamed = dataclasses.replace(RULE, name=Text("Un contact récent", "A recent contact"))
    found = logic.compare(A, dataclasses.replace(A, rules=(renamed,)))
    assert found.same
    assert found.lines["fr"]


def table(*rows: Period) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    days = [[DAY + timedelta(n) for n in column] for column in columns[1:]]
    return pa.table([[1] * len(rows), list(columns[0]), *days], schema=COHORT_SCHEMA)


def test_persons_by_what_happened_to_them() -> None:
    a = table((1, 0, 5), (2, 0, 5), (2, 9, 12), (3, 0, 5))
    b = table((1, 0, 5), (2, 0, 5), (2, 9, 13), (4, 0, 5))
    assert periods.compare(a, b) == PeriodChanges(same=1, changed=1, left=1, entered=1)
    assert periods.changes(a, b).to_pydict() == {
        "subject_id": [2, 3, 4],
        "change": ["changed", "left", "entered"],
    }


rows = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 3), st.integers(4, 6)), max_size=12, unique=True
)


@given(rows, rows, st.randoms(use_true_random=False))
def test_the_counts_are_those_of_sets_whatever_the_order(
    a: list[Period], b: list[Period], random: Random
) -> None:
    per_person = [
        {p: {r[1:] for r in side if r[0] == p} for p in {r[0] for r in side}} for side in (a, b)
    ]
    one, other = per_person
    both = one.keys() & other.keys()
    same = sum(one[p] == other[p] for p in both)
    expected = PeriodChanges(
        same, len(both) - same, len(one.keys() - other.keys()), len(other.keys() - one.keys())
    )
    random.shuffle(a)
    assert periods.compare(table(*a), table(*b)) == expected


numbers = st.one_of(st.integers(0, 12), st.integers(100, 5000))


@given(st.builds(PeriodChanges, numbers, numbers, numbers, numbers))
def test_no_small_count_is_shown_nor_found_by_subtraction(exact: PeriodChanges) -> None:
    seen = exact.shown()
    both = exact.same + exact.changed
    values = {
        "both": both, "same": exact.same, "changed": exact.changed,
        "left": exact.left, "entered": exact.entered,
    }  # fmt: skip
    for name, value in values.items():
        assert getattr(seen, name) in (None, value)
        assert getattr(seen, name) is None or value == 0 or value >= 11
    # Whoever knows the size of A, of B or of both finds no hidden part from the one shown.
    for parts in (("both", "left"), ("both", "entered"), ("same", "changed")):
        small = [name for name in parts if 0 < values[name] < 11]
        other = [name for name in parts if name not in small and values[name]]
        assert not small or all(getattr(seen, name) is None for name in other)


def cohorts(folder: Path, rows: pa.Table, name: str = "Stroke") -> Path:
    folder.mkdir()
    pq.write_table(rows, folder / "cohort.parquet")
    names = {"cohort_definition_id": [1], "name_fr": [name], "name_en": [name]}
    pq.write_table(pa.table(names), folder / "cohort_definition.parquet")
    return folder


def test_two_runs_are_compared_and_small_counts_are_words(tmp_path: Path) -> None:
    everyone = [(p, 0, 5) for p in range(100)]
    a = cohorts(tmp_path / "a", table(*everyone))
    b = cohorts(tmp_path / "b", table(*everyone[3:], *((p, 0, 5) for p in range(200, 230))))
    found = diff(a, b)
    assert not found.same
    lines = found.text.en.splitlines()
    shown = {line[:20].strip(): line.split()[-1] for line in lines[2:]}
    assert shown == {
        "in both": "masked", "same periods": "masked", "other periods": "0",
        "only in A": "masked", "only in B": "30",
    }  # fmt: skip
    assert found.as_dict()["compared"][0]["persons"]["left"] is None
    assert changed_persons(a, b).num_rows == 33


def test_the_same_rows_in_another_order_are_the_same_cohort(tmp_path: Path) -> None:
    rows = table(*((p, 0, 5) for p in range(50)))
    a = cohorts(tmp_path / "a", rows)
    b = cohorts(tmp_path / "b", rows.take(list(range(49, -1, -1))))
    assert diff(a, b).same
    assert diff(a, b).text.fr == "A et B sont identiques.\n"


def test_a_definition_that_found_nobody_is_still_one(tmp_path: Path) -> None:
    a = cohorts(tmp_path / "a", table(*((p, 0, 5) for p in range(50))))
    b = cohorts(tmp_path / "b", table())
    assert diff(a, b).as_dict()["compared"][0]["persons"]["left"] == 50


def test_a_definition_and_a_run_are_not_alike(tmp_path: Path) -> None:
    a = cohorts(tmp_path / "a", table())
    (tmp_path / "b.json").write_text("{}", "utf-8")
    with pytest.raises(InputError, match="dossier de cohortes"):
        diff(a, tmp_path / "b.json")
    with pytest.raises(InputError, match="dossier de cohortes"):
        diff(tmp_path / "b.json", a)


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    a = cohorts(tmp_path / "a", table())
    (a / "cohort.parquet").write_bytes(b"not parquet")
    with pytest.raises(InputError, match=r"cohort\.parquet"):
        diff(a, a)


def test_definitions_of_the_library_are_compared_by_their_files(shared: Path) -> None:
    library = shared / "data" / "phenotypelibrary_cohorts_3.37.0.zip"
    assert diff(library, library).same
