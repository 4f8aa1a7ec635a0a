"""Landmarks of a hand-made CDM: what was known, when it was known, and what happened after."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from valve_by_hand import Valves

from transat.cohorts.landmark_audit import LeakFound, late
from transat.cohorts.landmark_table import MONTH, Band, Column, rows
from transat.cohorts.landmarks import Known, Landmarks, landmarks
from transat.cohorts.language import parse
from transat.engines.cdm import Cdm

STUDY = """
grammar: 1
study: {id: landmarks-by-hand, version: 0.1.0}
title: {fr: "Jours de référence", en: "Landmarks"}
codes:
  vmax: {fr: "vitesse", en: "velocity", file: codes.csv, set: vmax}
  kidney: {fr: "rein", en: "kidney", file: codes.csv, set: kidney}
  heart: {fr: "coeur", en: "heart", file: codes.csv, set: heart}
  valve: {fr: "valve", en: "valve", file: codes.csv, set: valve}
cohorts:
  - id: echo
    title: {fr: "Échocardiographie", en: "Echocardiogram"}
    entry:
      fr: "Première vitesse d'au moins 2 m/s"
      en: "First velocity of at least 2 m/s"
      events: [{measurement: vmax, where: {value_as_number: ">= 2"}}]
      take: first
    rules:
      - {id: adult, fr: "Adulte", en: "Adult", where: {age: [18, null]}}
analyses:
  - id: features
    title: {fr: "Connu", en: "Known"}
    cohort: echo
    covariates:
      - {id: vmax, fr: "Vitesse", en: "Velocity", column: last_value, value: value_as_number,
         of: {measurement: vmax}, days: [0, 0]}
      - {id: kidney, fr: "Rein", en: "Kidney", column: any, of: {condition: kidney},
         days: [ever, -1]}
      - {id: stays, fr: "Séjours", en: "Stays", column: count,
         of: {visit: any, where: {visit_concept_id: [9201]}}, days: [-365, -1]}
  - id: follow_up
    title: {fr: "Suivi", en: "Follow-up"}
    cohort: echo
    follow_up:
      fr: "Remplacement, sinon décès"
      en: "Replacement, else death"
      outcome: {procedure: valve}
      competing: [{death: any}]
      days: [0, 1825]
  - id: states
    title: {fr: "États", en: "States"}
    cohort: echo
    covariates:
      - {id: failure_day, fr: "Défaillance", en: "Failure", column: days_to_first,
         of: {condition: heart}, days: [1, ever]}
"""
CODES = """set,vocabulary,code,match,action,label_fr,label_en,source,checked
vmax,TRANSAT_ECHO,VMAX,exact,include,Vitesse,Velocity,by hand,yes
kidney,CIM10,N18,prefix,include,Rein,Kidney,by hand,yes
heart,CIM10,I50,prefix,include,Coeur,Heart,by hand,yes
valve,CCAM,DBKA006,exact,include,Valve,Valve,by hand,yes
"""
AT_DISCHARGE = {"kidney": Known("stay_end"), "stays": Known("stay_end")}
IGNORED = {name: Known("stay_end", 0, "ignore") for name in ("kidney", "stays")}


def _written() -> Valves:
    """1: kidney disease known; 2: coded in the very stay of the echocardiogram; 3: dies that day;
    4: two stays, heart failure, then a replacement; 5: below 2 m/s."""
    hand = Valves()
    for person in range(1, 6):
        hand.elder(person, born=1930 + person, man=person % 2 == 1)
    hand.echo(1, 0, vmax=2.5)
    hand.stay(1, -400, -390, "N183")
    hand.echo(2, 0, vmax=3.5)
    hand.stay(2, -2, 5, "N183")
    hand.echo(3, 0, vmax=2.0)
    hand.dies(3, 0)
    hand.echo(4, 0, vmax=3.9)
    hand.echo(4, 30, vmax=4.4)
    hand.stay(4, -20, -10, "E119")
    hand.stay(4, -9, -2, "I10")
    hand.stay(4, 100, 110, main="I509")
    hand.replacement(4, 200)
    hand.echo(5, 0, vmax=1.8)
    return hand


def _found(cdm: Cdm, known: dict[str, Known], states: str = "") -> Landmarks:
    study = parse(STUDY, "by hand", lambda _: CODES.encode())
    analyses = {p.id: p.analysis for p in study.analyses if p.id != "states" or states}
    return landmarks(cdm, study.population("echo"), analyses, known, states)


@pytest.fixture(scope="module")
def cdm(tmp_path_factory: pytest.TempPathFactory) -> Cdm:
    return _written().write(tmp_path_factory.mktemp("landmarks") / "cdm")


def test_values_follow_ups_and_attrition(cdm: Cdm) -> None:
    found = _found(cdm, IGNORED)
    assert found.people.tolist() == [1, 2, 3, 4]
    assert found.features["vmax"].values.tolist() == [2.5, 3.5, 2.0, 3.9]
    assert found.features["age"].values.tolist() == [84, 83, 82, 81]
    assert found.features["man"].values.tolist() == [1, 0, 1, 0]
    assert found.features["kidney"].values.tolist() == [1, 0, 0, 0]
    assert found.features["stays"].values.tolist() == [0, 0, 0, 2]
    after = found.follow_ups["follow_up"]
    assert after.status.tolist() == [0, 0, 2, 1]
    assert after.days.tolist()[2:] == [0, 200]
    assert [(s.key, s.persons) for s in found.attrition] == [
        ("entry", 4), ("adult", 4), ("limit", 4), ("cohort", 4),
    ]  # fmt: skip


def test_a_diagnosis_of_a_stay_that_has_not_ended_is_a_leak_by_name(cdm: Cdm) -> None:
    late(_found(cdm, IGNORED), "echo")
    with pytest.raises(LeakFound) as leak:
        late(_found(cdm, AT_DISCHARGE), "echo")
    assert leak.value.names == ("kidney", "stays")
    for language in ("fr", "en"):
        assert "kidney, stays" in leak.value.message(language)
        assert "2" not in leak.value.message(language)  # nothing of who it was


def test_a_delay_makes_a_value_of_the_day_itself_late(cdm: Cdm) -> None:
    with pytest.raises(LeakFound) as leak:
        late(_found(cdm, {**IGNORED, "vmax": Known("day", 1)}), "echo")
    assert leak.value.names == ("vmax",)


def test_rows_of_a_table(cdm: Cdm) -> None:
    found = _found(cdm, IGNORED)
    columns = (
        Column("age", "drop", centre=80, per=10), Column("vmax", "drop"), Column("kidney"),
    )  # fmt: skip
    made = rows(found, "follow_up", ("replacement", "death"), columns, [Band("old", "age", 83, 99)])
    table = made.survival
    assert table.column_names == ("age", "vmax", "kidney", "old")
    assert table.columns.tolist() == [
        [0.4, 2.5, 1, 1], [0.3, 3.5, 0, 1], [0.2, 2.0, 0, 0], [0.1, 3.9, 0, 0],
    ]  # fmt: skip
    assert table.time[2:].tolist() == [0.5 / MONTH, 200 / MONTH]
    assert (made.table.outcome_codes, made.table.n) == (("replacement", "death"), 4)
    assert np.asarray(made.table.outcomes.todense()).sum(axis=0).tolist() == [1, 1]
    assert [s.key for s in made.attrition][-2:] == ["followed", "complete"]


def test_a_missing_value_is_dropped_or_flagged(tmp_path: Path) -> None:
    hand = _written()
    for row in hand.rows["person"]:
        if row["person_id"] == 2:
            row["year_of_birth"] = None
    found = _found(hand.write(tmp_path / "cdm"), {})
    assert found.people.tolist() == [1, 3, 4]  # the rule of age knows nothing of person 2
    late_value = replace(found.features["vmax"], known=np.array([True, False, True]))
    found = replace(found, features={**found.features, "vmax": late_value})
    flagged = rows(found, "follow_up", ("r", "d"), [Column("vmax", "flag", fill=3.0)])
    assert flagged.survival.column_names == ("vmax", "vmax_missing")
    assert flagged.survival.columns.tolist() == [[2.5, 0], [3.0, 1], [3.9, 0]]
    dropped = rows(found, "follow_up", ("r", "d"), [Column("vmax", "drop")])
    assert dropped.people.tolist() == [1, 4]
    assert dropped.attrition["complete"].persons == 2
    assert dropped.attrition["followed"].persons == 3


def test_a_state_cuts_a_persons_time_in_two(cdm: Cdm) -> None:
    found = _found(cdm, IGNORED, "states")
    assert "failure_day" not in found.features
    late(found, "echo")  # a state is of the future, and no feature
    made = rows(
        found, "follow_up", ("replacement", "death"), [Column("vmax", "drop")],
        states={"failed": ["failure_day"]},
    ).survival  # fmt: skip
    own = made.people == 4
    assert made.entry[own].tolist() == [0.0, 100 / MONTH]
    assert made.time[own].tolist() == [100 / MONTH, 200 / MONTH]
    assert made.event[own].tolist() == [0, 1]
    assert made.columns[own, 1].tolist() == [0.0, 1.0]
    assert made.n == 5


def test_order_of_rows_and_ranges_of_persons_change_nothing(cdm: Cdm, tmp_path: Path) -> None:
    study = parse(STUDY, "by hand", lambda _: CODES.encode())
    analyses = {p.id: p.analysis for p in study.analyses}
    shuffled = _written().write_shuffled(tmp_path / "shuffled", 3)
    one = landmarks(cdm, study.population("echo"), analyses, IGNORED, "states")
    for other in (
        landmarks(shuffled, study.population("echo"), analyses, IGNORED, "states"),
        landmarks(cdm, study.population("echo"), analyses, IGNORED, "states", rows=1),
    ):
        assert one.people.tolist() == other.people.tolist()
        for name, feature in one.features.items():
            assert feature.values.tolist() == other.features[name].values.tolist()
            assert sorted(zip(feature.row, feature.available, strict=True)) == sorted(
                zip(other.features[name].row, other.features[name].available, strict=True)
            )
        assert one.follow_ups["follow_up"].days.tolist() == (
            other.follow_ups["follow_up"].days.tolist()
        )
