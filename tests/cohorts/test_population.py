"""Who is in: age, years, coverage, follow-up; and what each rule left, shown or masked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hand_cdm import LAST, Hand, day

from transat.cohorts.attrition import Attrition, AttritionStep, masked_steps
from transat.cohorts.build import build
from transat.cohorts.specification import BEFORE, T1, PopulationSpecification
from transat.core.languages import Text


def left(hand: Hand, path: Path, **changes: object) -> dict[str, tuple[int, int]]:
    values: dict[str, object] = {
        "exposures": (), "outcomes": (), "strata": (), "confounders": ()
    }  # fmt: skip
    asked = PopulationSpecification(**(values | changes))  # type: ignore[arg-type]
    table, attrition = build(hand.write(path / "cdm"), asked)
    assert table.n == attrition.steps[-1].pregnancies or not asked.singletons_only
    return {step.key: (step.pregnancies, step.persons) for step in attrition}


def one(lead: int = 400) -> Hand:
    hand = Hand()
    hand.woman(1)
    hand.birth(1, 2)
    for table in ("observation_period", "payer_plan_period"):
        hand.rows[table] = [r for r in hand.rows[table] if r["person_id"] != 1]
    hand.observed(1, day(-lead), LAST)
    hand.drug_plan(1, day(-lead), LAST)
    return hand


@pytest.mark.parametrize(("lead", "kept"), [(89, 0), (90, 1)])
def test_the_mother_is_covered_from_the_lead_in_on(tmp_path: Path, lead: int, kept: int) -> None:
    found = left(one(lead), tmp_path)
    assert found["age"] == (1, 1)
    assert found["observed"] == (kept, kept)


def test_an_earlier_window_asks_for_a_longer_lead_in(tmp_path: Path) -> None:
    assert left(one(364), tmp_path / "a", windows=(T1, BEFORE))["observed"] == (0, 0)
    assert left(one(365), tmp_path / "b", windows=(T1, BEFORE))["observed"] == (1, 1)


@pytest.mark.parametrize(
    ("periods", "kept"),
    [
        ([(-400, 280)], 1),
        ([(-400, 279)], 0),
        ([(-400, 10), (11, 300)], 1),
        ([(-400, 10), (12, 300)], 0),
        ([(-400, 200), (-50, 20), (150, 300)], 1),
        ([], 0),
    ],
)
def test_drug_cover_must_be_unbroken_to_the_outcome(
    tmp_path: Path, periods: list[tuple[int, int]], kept: int
) -> None:
    hand = one()
    hand.rows["payer_plan_period"] = []
    for first, last in periods:
        hand.drug_plan(1, day(first), day(last))
    assert left(hand, tmp_path / "a")["drug_plan"] == (kept, kept)
    free = left(hand, tmp_path / "b", drug_plan_required=False)
    assert "drug_plan" not in free
    assert free["followed"] == (1, 1)


@pytest.mark.parametrize(
    ("last", "death", "kept"),
    [(644, None, 1), (643, None, 0), (400, 400, 1), (280, None, 0)],
)
def test_the_infant_is_followed_or_dead(
    tmp_path: Path, last: int, death: int | None, kept: int
) -> None:
    hand = one()
    periods = hand.rows["observation_period"]
    hand.rows["observation_period"] = [r for r in periods if r["person_id"] != 2]
    hand.observed(2, day(285), day(last))
    if death:
        hand.add("death", person_id=2, death_date=day(death))
    assert left(hand, tmp_path)["followed"] == (kept, kept)


@pytest.mark.parametrize(("born", "kept"), [(1999, 1), (2000, 0), (1965, 1), (1964, 0)])
def test_ages_are_closed_open(tmp_path: Path, born: int, kept: int) -> None:
    hand = Hand()
    hand.woman(1, year=born)
    hand.birth(1, 2)
    # Born in June, LMP in March 2015: a woman of 1999 is 15, one of 1965 is 49.
    found = left(hand, tmp_path, ages=(15, 50))
    assert found["age"] == (kept, kept)


def test_each_rule_in_order_with_pregnancies_and_women(tmp_path: Path) -> None:
    hand = Hand()
    hand.woman(1)
    hand.birth(1, 11)
    hand.birth(1, 12, lmp=day(500))
    hand.woman(2)
    hand.birth(2, None)
    hand.woman(3)
    end = hand.birth(3, 13, code="Z372")
    hand.infant(14, 3, end)
    hand.woman(4)
    hand.condition(4, "O034", day(60), hand.visit(4, day(60)))
    hand.woman(5)
    hand.condition(5, "Z370", day(280), hand.visit(5, day(280)))
    found = left(hand, tmp_path, years=(2015, 2016), datings=("day", "week"))
    assert found == {
        "pregnancies": (6, 5),
        "outcome": (5, 4),
        "years": (4, 4),
        "age": (4, 4),
        "dating": (3, 3),
        "observed": (3, 3),
        "drug_plan": (3, 3),
        "singleton": (2, 2),
        "linked": (1, 1),
        "followed": (1, 1),
    }


def test_twins_are_two_rows_of_one_cluster(tmp_path: Path) -> None:
    hand = Hand()
    hand.woman(1)
    end = hand.birth(1, 11, code="Z372")
    hand.infant(12, 1, end, sex=8532)
    hand.condition(12, "Q054", end)
    asked = PopulationSpecification(
        exposures=(), outcomes=("spina_bifida",), strata=("infant_sex", "plurality"),
        confounders=(), singletons_only=False,
    )  # fmt: skip
    cdm = hand.write(tmp_path / "cdm")
    table, _ = build(cdm, asked)
    assert table.cluster.tolist() == [0, 0]
    assert table.outcome("spina_bifida").tolist() == [0, 1]
    assert [table.stratum_labels[s] for s in table.strata] == [
        "infant_sex=M|plurality=2",
        "infant_sex=F|plurality=2",
    ]


def test_a_cdm_without_pregnancies_gives_no_row(tmp_path: Path) -> None:
    hand = Hand()
    hand.woman(1)
    assert set(left(hand, tmp_path).values()) == {(0, 0)}


def test_small_counts_and_small_differences_are_masked() -> None:
    counts = [200, 195, 180, 8, 0]
    steps = tuple(AttritionStep(f"s{i}", Text("étape", "step"), n, n) for i, n in enumerate(counts))
    shown = Attrition(steps).shown()
    assert [s.pregnancies for s in shown] == [200, None, 180, None, 0]
    assert [s.persons for s in shown] == [200, None, 180, None, 0]
    assert Attrition(steps)["s2"].persons == 180


def test_few_more_events_than_persons_are_masked() -> None:
    """43 events of 40 persons: three persons at most have several; 60 of 40 tell of no few."""
    assert masked_steps([43, 60, 40, 20], [40, 40, 40, 5]) == [
        (None, 40), (60, 40), (40, 40), (None, None),
    ]  # fmt: skip
