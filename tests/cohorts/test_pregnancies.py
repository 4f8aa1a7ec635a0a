"""Pregnancy episodes: each outcome, each way to date a start, one pregnancy for one event."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hand_cdm import LMP, Hand, day
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transat.cohorts.pregnancies import NONE_FOUND, derive, pregnancies, write_pregnancies
from transat.cohorts.pregnancy_parameters import PregnancyParameters
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB

KEPT = "person_id, start_date, end_date, outcome, dating, precision_days, plurality"


def found(cdm: Cdm, parameters: PregnancyParameters | None = None) -> list[tuple[Any, ...]]:
    with DuckDB(threads=1) as engine:
        cdm.attach(engine)
        pregnancies(engine, parameters)
        return engine.rows(f"SELECT {KEPT} FROM pregnancy ORDER BY episode_id")


def outcomes(hand: Hand, path: Path) -> list[tuple[str, date]]:
    return [(row[3], row[2]) for row in found(hand.write(path / "cdm"))]


@pytest.fixture
def hand() -> Hand:
    hand = Hand()
    hand.woman(1)
    return hand


def test_a_birth_ends_with_its_act_and_starts_from_the_days_at_admission(
    hand: Hand, tmp_path: Path
) -> None:
    visit = hand.visit(1, day(270))
    hand.condition(1, "O800", day(270), visit)
    hand.condition(1, "Z370", day(270), visit)
    hand.act(1, "JQGD012", day(272), visit)
    hand.gestation(1, "gestational_age_days_at_admission", 270, day(270), visit)
    hand.gestation(1, "gestational_age_weeks", 38, day(270), visit)
    cdm = hand.write(tmp_path / "cdm")
    assert found(cdm) == [(1, LMP, day(272), "live_birth", "day", 0, 1)]


def test_completed_weeks_are_read_at_mid_week(hand: Hand, tmp_path: Path) -> None:
    visit = hand.visit(1, day(275))
    hand.condition(1, "Z370", day(275), visit)
    hand.gestation(1, "gestational_age_weeks", 39, day(275), visit)
    cdm = hand.write(tmp_path / "cdm")
    assert found(cdm) == [(1, day(275 - 276), day(275), "live_birth", "week", 3, 1)]
    at_start = PregnancyParameters(weeks_add_days=0)
    assert found(cdm, at_start)[0][1:6] == (day(2), day(275), "live_birth", "week", 6)


def test_quebec_birth_takes_the_day_and_gestation_of_the_birth_record(
    hand: Hand, tmp_path: Path
) -> None:
    visit = hand.visit(1, day(279))
    hand.condition(1, "Z370", day(279), visit, vocabulary="ICD10CA")
    hand.gestation(1, "gestational_age_days", 280, day(280), visit)
    assert found(hand.write(tmp_path / "cdm")) == [(1, LMP, day(280), "live_birth", "day", 0, 1)]


@pytest.mark.parametrize(
    ("outcome", "code", "gestation", "precision"),
    [
        ("live_birth", "Z370", 280, 119),
        ("stillbirth", "Z3710", 280, 140),
        ("therapeutic_termination", "Z3711", 154, 154),
        ("ectopic", "O001", 70, 28),
        ("elective_termination", "O049", 70, 98),
        ("spontaneous_abortion", "O034", 70, 69),
        ("delivery", "O800", 280, 140),
    ],
)
def test_an_undated_end_takes_its_default_and_says_how_far_it_may_be(
    hand: Hand, tmp_path: Path, outcome: str, code: str, gestation: int, precision: int
) -> None:
    hand.condition(1, code, day(300), hand.visit(1, day(300)))
    (row,) = found(hand.write(tmp_path / "cdm"))
    assert row[1:6] == (day(300 - gestation), day(300), outcome, "default", precision)


def test_an_impossible_gestation_is_not_believed(hand: Hand, tmp_path: Path) -> None:
    visit = hand.visit(1, day(280))
    hand.condition(1, "Z370", day(280), visit)
    hand.gestation(1, "gestational_age_days_at_admission", 90, day(280), visit)
    hand.gestation(1, "gestational_age_weeks", 39, day(280), visit)
    assert found(hand.write(tmp_path / "cdm"))[0][4] == "week"


@pytest.mark.parametrize(
    ("codes", "acts", "outcome"),
    [
        (["Z373"], [], "live_birth"),
        (["O800", "Z3711", "O049"], ["JQGD001"], "therapeutic_termination"),
        (["O049", "O034"], ["JNJD002"], "elective_termination"),
        (["O034"], ["JNJD002"], "spontaneous_abortion"),
        ([], ["JNJD002"], "elective_termination"),
        (["O001", "O034"], [], "ectopic"),
        ([], ["JJFC001"], "ectopic"),
        (["O021"], [], "spontaneous_abortion"),
    ],
)
def test_one_stay_is_one_pregnancy_whose_strongest_record_decides(
    hand: Hand, tmp_path: Path, codes: list[str], acts: list[str], outcome: str
) -> None:
    visit = hand.visit(1, day(200))
    for code in codes:
        hand.condition(1, code, day(200), visit)
    for act in acts:
        hand.act(1, act, day(201), visit)
    ((name, end),) = outcomes(hand, tmp_path)
    assert (name, end) == (outcome, day(201 if acts else 200))


@pytest.mark.parametrize(("days", "outcome"), [(139, "elective"), (140, "therapeutic")])
def test_an_abortion_from_twenty_weeks_on_is_therapeutic(
    hand: Hand, tmp_path: Path, days: int, outcome: str
) -> None:
    visit = hand.visit(1, day(days))
    hand.condition(1, "O049", day(days), visit, vocabulary="ICD10CA")
    hand.gestation(1, "gestational_age_days", days, day(days), visit)
    assert outcomes(hand, tmp_path) == [(f"{outcome}_termination", day(days))]


def test_town_abortion_and_physician_claim_are_elective(hand: Hand, tmp_path: Path) -> None:
    hand.act(1, "3329", day(60), vocabulary="PRS_NAT")
    hand.woman(2)
    hand.condition(2, "635", day(60), vocabulary="ICD9", hospital=False)
    assert outcomes(hand, tmp_path) == [("elective_termination", day(60))] * 2


@pytest.mark.parametrize(
    ("first", "second", "gap", "apart"),
    [
        ("Z370", "Z370", 181, False),
        ("Z370", "Z370", 182, True),
        ("O049", "O049", 55, False),
        ("O049", "O049", 56, True),
        ("Z370", "O034", 69, False),
        ("Z370", "O034", 70, True),
        ("O034", "Z370", 167, False),
        ("O034", "Z370", 168, True),
    ],
)
def test_two_ends_are_two_pregnancies_from_the_least_spacing_on(
    hand: Hand, tmp_path: Path, first: str, second: str, gap: int, apart: bool
) -> None:
    hand.condition(1, first, day(0), hand.visit(1, day(0)))
    hand.condition(1, second, day(gap), hand.visit(1, day(gap)))
    ends = outcomes(hand, tmp_path)
    assert len(ends) == 1 + apart
    if not apart and "Z370" in (first, second):
        assert ends[0][0] == "live_birth"


def test_a_start_inside_the_previous_pregnancy_is_moved_behind_it(
    hand: Hand, tmp_path: Path
) -> None:
    hand.condition(1, "O049", day(0), hand.visit(1, day(0)))
    visit = hand.visit(1, day(170))
    hand.condition(1, "Z370", day(170), visit)
    hand.gestation(1, "gestational_age_days_at_admission", 175, day(170), visit)
    first, second = found(hand.write(tmp_path / "cdm"))
    assert first[2] == day(0)
    assert second[1:6] == (day(14), day(170), "live_birth", "default", 119)


def test_men_children_and_the_old_are_not_pregnant(tmp_path: Path) -> None:
    hand = Hand()
    for person, year, gender in ((1, 1988, 8507), (2, 2006, 8532), (3, 1950, 8532)):
        hand.woman(person, year, gender)
        hand.condition(person, "Z370", LMP, hand.visit(person, LMP))
    assert outcomes(hand, tmp_path) == []


def test_a_delivery_with_a_live_infant_is_a_live_birth(hand: Hand, tmp_path: Path) -> None:
    hand.condition(1, "O800", day(280), hand.visit(1, day(280)))
    hand.infant(2, 1, day(281))
    assert outcomes(hand, tmp_path) == [("live_birth", day(280))]


def test_twins_by_code_and_by_infants(hand: Hand, tmp_path: Path) -> None:
    end = hand.birth(1, 11, code="Z372")
    hand.woman(2)
    hand.birth(2, 12)
    hand.infant(13, 2, end)
    assert [row[6] for row in found(hand.write(tmp_path / "cdm"))] == [2, 2]


def test_derive_writes_episodes_once_and_says_with_what(hand: Hand, tmp_path: Path) -> None:
    hand.birth(1, 2)
    cdm = derive(hand.write(tmp_path / "cdm"))
    (episode,) = pq.read_table(cdm.path_of("episode")).to_pylist()
    concepts = {
        row["concept_id"]: row["concept_code"]
        for row in pq.read_table(cdm.path_of("concept")).to_pylist()
    }
    assert concepts[episode["episode_concept_id"]] == "pregnancy"
    assert concepts[episode["episode_object_concept_id"]] == "live_birth"
    assert (episode["episode_start_date"], episode["episode_end_date"]) == (LMP, day(280))
    (event,) = pq.read_table(cdm.path_of("episode_event")).to_pylist()
    assert event == {"episode_id": 1, "event_id": 1, "episode_event_field_concept_id": 1147127}
    said = cdm.metadata["pregnancies"]["parameters"]
    assert (said["version"], said["fingerprint"]) == ("1", PregnancyParameters().fingerprint)
    before = {p.name: p.read_bytes() for p in cdm.path.iterdir()}
    derive(cdm)
    assert {p.name: p.read_bytes() for p in cdm.path.iterdir()} == before


def test_episodes_of_another_kind_stay(hand: Hand, tmp_path: Path) -> None:
    hand.birth(1, 2)
    hand.add("episode", episode_id=7, person_id=1, episode_concept_id=32533,
             episode_start_date=LMP, episode_object_concept_id=0,
             episode_type_concept_id=32880)  # fmt: skip
    hand.add("episode_event", episode_id=7, event_id=1, episode_event_field_concept_id=1147127)
    cdm = derive(derive(hand.write(tmp_path / "cdm")))
    for table in ("episode", "episode_event", "pregnancy"):
        ids = pq.read_table(cdm.path_of(table)).column("episode_id").to_pylist()
        assert sorted(ids) == ([8] if table == "pregnancy" else [7, 8])


def test_a_cdm_without_pregnancies_says_so(shared: Path, tmp_path: Path) -> None:
    for file in (shared / "data" / "eunomia_gibleed").glob("*.parquet"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    result = write_pregnancies(Cdm(tmp_path))
    assert (result.found, result.message) == (0, NONE_FOUND)
    assert pq.read_metadata(tmp_path / "episode.parquet").num_rows == 0


events = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(0, 900),
        st.sampled_from(["Z370", "Z3710", "Z3711", "O001", "O049", "O034", "O800"]),
        st.sampled_from([None, 60, 100, 150, 200, 280]),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events, st.integers(0, 2**32))
def test_whatever_the_rows_and_their_order(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[Any, ...]], seed: int
) -> None:
    hand = Hand()
    for person in range(1, 5):
        hand.woman(person)
    for person, when, code, gestation, stay in drawn:
        visit = hand.visit(person, day(when)) if stay else None
        hand.condition(person, code, day(when), visit)
        if gestation:
            hand.gestation(person, "gestational_age_days_at_admission", gestation, day(when), visit)
    path = tmp_path_factory.mktemp("shuffled")
    rows = found(hand.write(path / "a"))
    assert found(hand.write_shuffled(path / "b", seed)) == rows
    spacing = {(a, b): days for a, b, days in PregnancyParameters().spacing}
    category = {t.outcome: t.matcho for t in PregnancyParameters().terms}
    assert all(row[1] < row[2] for row in rows)
    for first, second in itertools.pairwise(rows):
        if first[0] == second[0]:
            assert second[1] > first[2]
            least = spacing[category[first[3]], category[second[3]]]
            assert (second[2] - first[2]).days >= least
