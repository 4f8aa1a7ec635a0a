"""Table 1: differences worked by hand, and what would tell of fewer people than the threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from transat.cohorts import covariates as cv
from transat.cohorts.covariates.baseline import Line, Section, standardised_difference
from transat.cohorts.covariates.matrix import DICTIONARY_SCHEMA
from transat.core.errors import StudyError
from transat.core.languages import Text

SEX = cv.Analysis(1, "sex", "gender")
DRUG = cv.Analysis(2, "drug", "concept", "drug_era")
AGE = cv.Analysis(3, "age", "age")
SECTIONS = tuple(Section(Text(a.name, a.name), a.name) for a in (SEX, DRUG, AGE))


def made(
    columns: Sequence[tuple[cv.Analysis, Sequence[float | None]]],
    cohort: Sequence[int],
    person: Sequence[int] | None = None,
) -> cv.Covariates:
    """Covariates from columns; None: nothing is stored."""
    n = len(cohort)
    rows = pa.table(
        {
            "cohort_definition_id": pa.array(cohort, pa.int64()),
            "subject_id": pa.array(range(n) if person is None else person, pa.int64()),
            "cohort_start_date": [date(2020, 1, 1)] * n,
            "cohort_end_date": [date(2020, 1, 1)] * n,
        }
    )
    places = [
        (r, c, v) for c, (_, vs) in enumerate(columns) for r, v in enumerate(vs) if v is not None
    ]
    row, column, value = (list(p) for p in zip(*places, strict=True))
    lines = [
        {"column": c, "covariate_id": 1000 * (c + 1) + a.number, "analysis_id": a.number,
         "name": str(c), "label_fr": f"colonne {c}", "label_en": f"column {c}"}
        for c, (a, _) in enumerate(columns)
    ]  # fmt: skip
    return cv.Covariates(
        rows,
        csr_array((np.array(value, float), (row, column)), shape=(n, len(columns))),
        pa.Table.from_pylist(lines, DICTIONARY_SCHEMA),
        tuple(dict.fromkeys(a for a, _ in columns)),
    )


def ones(held: int, size: int) -> list[float | None]:
    return [1.0] * held + [None] * (size - held)


def lines(found: cv.TableOne) -> dict[str, Line]:
    return {line.label.en: line for line in found.lines if line.kind != "heading"}


def test_differences_by_hand() -> None:
    """20 of 40 against 12 of 40; ages of mean 30 and 40, variance 25 each."""
    drug = [*ones(20, 40), *ones(12, 40)]
    ages = [x for m in (30.0, 40.0) for x in ([m - 5, m + 5] * 20)]
    found = lines(cv.table_one(made([(DRUG, drug), (AGE, ages)], [1] * 40 + [2] * 40), None, None,
                               SECTIONS))  # fmt: skip
    share = (0.3 - 0.5) / math.sqrt((0.25 + 0.21) / 2)
    assert found["column 0"].difference == pytest.approx(share)
    assert found["age"].difference == pytest.approx(10 / math.sqrt(25 * 40 / 39))


def test_a_number_missing_is_zero_for_a_score_and_missing_for_a_value() -> None:
    score, value = cv.Analysis(4, "s", "score"), cv.Analysis(5, "v", "value", "measurement")
    numbers = [2.0] * 16 + [None] * 24
    both = made([(score, numbers), (value, numbers)], [1] * 40)
    sections = tuple(Section(Text(a.name, a.name), a.name) for a in (score, value))
    first, second = (
        line.cells[0] for line in cv.table_one(both, sections=sections).lines if line.cells
    )
    assert (first.mean, first.median, first.p75) == (0.8, 0.0, 2.0)
    assert first.deviation == pytest.approx(math.sqrt((16 * 1.2**2 + 24 * 0.8**2) / 39))
    assert (second.mean, second.deviation, second.median) == (2.0, 0.0, 2.0)


def test_few_people_are_masked_with_what_tells_of_them() -> None:
    few, most = ones(10, 40), ones(30, 40)
    table = made([(DRUG, few), (DRUG, most), (DRUG, ones(20, 40))], [1] * 40)
    found = lines(cv.table_one(table, sections=SECTIONS))
    assert [found[f"column {c}"].cells[0].count for c in range(3)] == [None, None, 20]
    assert found["column 0"].cells[0].share is None


def test_periods_are_not_people() -> None:
    """Twenty periods of two persons are two persons."""
    person = [0] * 10 + [1] * 10 + list(range(2, 42))
    table = made([(DRUG, ones(20, 60))], [1] * 60, person)
    found = cv.table_one(table, sections=SECTIONS)
    assert (found.sizes, found.persons) == ((60,), (42,))
    assert lines(found) == {} or found.lines[-1].cells[0].count is None


def test_a_masked_level_is_never_alone() -> None:
    """Levels of 100, 30 and 5: the 5 could be worked out, so the 30 goes with it."""
    columns = [
        (SEX, [1.0 if low <= i < high else None for i in range(135)])
        for low, high in ((0, 100), (100, 130), (130, 135))
    ]
    found = lines(cv.table_one(made(columns, [1] * 135), sections=SECTIONS))
    assert [found[f"column {c}"].cells[0].count for c in range(3)] == [100, None, None]


def test_a_small_group_shows_nothing() -> None:
    found = cv.table_one(made([(DRUG, ones(8, 10)), (AGE, [30.0] * 10)], [1] * 10), None, None,
                         SECTIONS)  # fmt: skip
    assert found.sizes == found.persons == (None,)
    assert all(c.count is None and c.mean is None for line in found.lines for c in line.cells)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(1, 15))
def test_no_count_below_the_threshold_is_shown_or_told(sizes: list[int], threshold: int) -> None:
    """Levels that add up: what is hidden, together, is nobody or at least the threshold."""
    total = sum(sizes)
    if not total:
        return
    ends = np.cumsum([0, *sizes])
    columns = [
        (SEX, [1.0 if a <= i < b else None for i in range(total)])
        for a, b in pairwise(ends)
        if b > a
    ]
    found = lines(cv.table_one(made(columns, [1] * total), None, None, SECTIONS, threshold))
    shown = [line.cells[0].count for line in found.values()]
    assert all(n is None or n >= threshold for n in shown)
    hidden = total - sum(n for n in shown if n is not None)
    masked = sum(n is None for n in shown)
    assert masked == 0 or hidden >= threshold or masked == len(shown)
    assert masked != 1 or len(shown) == 1


def test_of_equal_means_there_is_no_difference() -> None:
    assert standardised_difference((1.0, 0.0), (1.0, 0.0)) == 0.0
    assert math.isnan(standardised_difference((1.0, 0.0), (2.0, 0.0)))


def test_groups_of_ones_own_and_a_mask_that_does_not_fit() -> None:
    table = made([(DRUG, [*ones(20, 40), *ones(30, 40)])], [1] * 80)
    half = np.arange(80) < 40
    groups = [(Text("exposées", "exposed"), half), (Text("autres", "others"), ~half)]
    found = cv.table_one(table, groups, sections=SECTIONS)
    assert [g.en for g in found.groups] == ["exposed", "others"]
    with pytest.raises(StudyError, match="exposées"):
        cv.table_one(table, [(groups[0][0], half[:3])])


def test_a_group_within_another_tells_nothing_of_the_rest_by_subtraction() -> None:
    """60 persons, and 40 of them; of the 20 others, 3 have the first drug, none the second."""
    person = [*range(60), *range(20, 60)]

    def of(few: int) -> list[float | None]:
        first = [*ones(few, 20), *ones(20, 40)]
        return [*first, *first[20:]]

    other: list[float | None] = [None if v else 1.0 for v in of(3)]
    columns = [(DRUG, of(3)), (DRUG, of(0)), (SEX, of(3)), (SEX, other)]
    table = made(columns, [1] * 60 + [2] * 40, person)
    shown = cv.table_one(table, sections=SECTIONS)
    found = lines(shown)
    assert (shown.sizes, shown.persons) == ((60, 40), (60, 40))
    assert [c.count for c in found["column 0"].cells] == [23, None]
    assert [c.count for c in found["column 1"].cells] == [20, 20]
    for level in ("column 2", "column 3"):
        assert found[level].cells[1].count is None
        assert found[level].difference is None


def test_a_group_that_is_nearly_another_shows_nothing() -> None:
    person = [*range(60), *range(5, 60)]
    columns = [(DRUG, [1.0, None] * 57 + [None]), (AGE, [40.0] * 115)]
    shown = cv.table_one(made(columns, [1] * 60 + [2] * 55, person), sections=SECTIONS)
    assert (shown.sizes, shown.persons) == ((60, None), (60, None))
    for line in shown.lines:
        assert all(cell.count is None and cell.mean is None for cell in line.cells[1:])
