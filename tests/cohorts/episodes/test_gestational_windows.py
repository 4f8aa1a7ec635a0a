"""Windows of gestation as parameters: measures of the query model, cut at the pregnancy's end."""

from __future__ import annotations

from pathlib import Path

import pytest
from standard_cdm import LIVE_BIRTH, MISCARRIAGE, WEEK, Standard

from transat.cohorts.episodes.populations import (
    Population,
    Size,
    Sizes,
    population,
    sizes,
)
from transat.cohorts.episodes.windows import (
    GestationalWindow,
    covered,
    dispensed,
    published,
    window,
)
from transat.cohorts.pregnancies import derive, use
from transat.cohorts.query.analysis import Analysis, Measure
from transat.cohorts.query.columns.executor import Columns
from transat.cohorts.query.executor import Definition
from transat.cohorts.query.model import CodeSet, ConceptItem
from transat.cohorts.query.reference import Reference
from transat.cohorts.query.sql.executor import Sql
from transat.core.errors import StudyError
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB

DRUG = 700
DRUGS = CodeSet((ConceptItem(DRUG),), name="drug")
T1 = window("t1")


@pytest.fixture
def cdm(tmp_path: Path) -> Cdm:
    """A live birth of days 0 to 280, a miscarriage of days 0 to 70, a pregnancy of unknown end."""
    made = Standard()
    for person in (1, 2, 3):
        made.woman(person)
        made.record(person, WEEK[8], 56)
    made.record(1, LIVE_BIRTH, 280)
    made.record(2, MISCARRIAGE, 70)
    made.add("concept", concept_id=DRUG, vocabulary_id="RxNorm", concept_code="x",
             standard_concept="S")  # fmt: skip
    made.drug(1, DRUG, -20, 25)  # covers days -20 to 4
    made.drug(2, DRUG, 71, 30)  # after the end, within the first trimester
    return derive(made.write(tmp_path / "cdm"))


EXECUTORS = (Reference(), Sql("duckdb"), Columns())


def answers(cdm: Cdm, measure: Measure, which: Population = "all_outcomes") -> dict[int, int]:
    """By woman; what every executor says."""
    table, *others = [e.analyse(cdm, Analysis(population(which), (measure,))) for e in EXECUTORS]
    assert all(other.equals(table) for other in others)
    return dict(zip(table["subject_id"].to_pylist(), table[measure.key].to_pylist(), strict=True))


def test_live_births_and_all_outcomes_are_both_counted(cdm: Cdm) -> None:
    with DuckDB(threads=1) as engine:
        cdm.attach(engine)
        use(engine, cdm)
        counted = sizes(engine)
    assert {k: (s.pregnancies, s.women) for k, s in counted.populations.items()} == {
        "live_births": (1, 1),
        "all_outcomes": (2, 2),
    }
    assert {k: s.pregnancies for k, s in counted.outcomes.items()} == {
        "live_birth": 1,
        "spontaneous_abortion": 1,
        "unknown": 1,
    }
    assert set(counted.shown().values()) == {None}


@pytest.mark.parametrize(
    ("live", "other", "unknown", "shown"),
    [
        (100, 50, 20, [170, 150, 100]),
        (100, 50, 0, [150, 150, 100]),
        (100, 5, 20, [125, 105, None]),  # else five other outcomes would be told
        (100, 50, 3, [153, None, 100]),
        (100, 5, 5, [110, None, None]),
        (4, 50, 20, [74, 54, None]),
    ],
)
def test_what_is_shown_tells_of_no_few(
    live: int, other: int, unknown: int, shown: list[int | None]
) -> None:
    sizes = Sizes(
        {"live_births": Size(live, live), "all_outcomes": Size(live + other, live + other)},
        {
            "live_birth": Size(live, live),
            "stillbirth": Size(other, other),
            "unknown": Size(unknown, unknown),
        },
    )
    assert list(sizes.shown().values()) == shown


@pytest.mark.parametrize(("which", "persons"), [("live_births", [1]), ("all_outcomes", [1, 2])])
def test_a_population_is_a_cohort_of_the_query_model(
    cdm: Cdm, which: Population, persons: list[int]
) -> None:
    made, *others = [e.run(cdm, [Definition(1, population(which))]).cohorts for e in EXECUTORS]
    assert all(other.equals(made) for other in others)
    assert made["subject_id"].to_pylist() == persons
    ((start, end, *_),) = [
        (row["cohort_start_date"], row["cohort_end_date"])
        for row in made.to_pylist()
        if row["subject_id"] == 1
    ]
    assert (end - start).days == 280


def test_starts_known_by_nothing_may_be_refused(cdm: Cdm) -> None:
    asked = population("all_outcomes", not_dated=("week",))
    assert Reference().run(cdm, [Definition(1, asked)]).cohorts.num_rows == 0


def test_a_dispensing_after_the_pregnancy_exposes_nobody(cdm: Cdm) -> None:
    assert answers(cdm, covered("x", DRUGS, T1)) == {1: 1, 2: 0}


@pytest.mark.parametrize(
    ("days", "grace", "exposed"), [(5, 0, 1), (6, 0, 0), (6, 1, 1), (105, 100, 0)]
)
def test_days_covered_and_what_stays_in_the_body(
    cdm: Cdm, days: int, grace: int, exposed: int
) -> None:
    assert answers(cdm, covered("x", DRUGS, T1, days=days, grace=grace))[1] == exposed


@pytest.mark.parametrize(("first", "exposed"), [(-30, 1), (0, 0)])
def test_a_dispensing_counts_in_the_window_where_it_starts(
    cdm: Cdm, first: int, exposed: int
) -> None:
    asked = GestationalWindow("w", first, 97, T1.text, "", "yes")
    assert answers(cdm, dispensed("x", DRUGS, asked)) == {1: exposed, 2: 0}
    assert answers(cdm, dispensed("x", DRUGS, asked, times=2)) == {1: 0, 2: 0}


def test_the_published_windows_are_not_empty_and_say_where_they_come_from() -> None:
    assert len({w.key for w in published()}) == len(published())
    for one in published():
        assert one.first_day <= one.last_day
        assert one.source
        assert one.checked in ("yes", "partly", "recalled")
    assert (T1.first_day, T1.last_day) == (0, 97)


def test_a_window_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(StudyError) as refused:
        window("plate")
    assert "palate" in refused.value.next_step.en
