"""Every check passes on a sound CDM and sees the one defect that is planted in it, counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from quality_by_hand import (
    DEAD,
    OLD_ATC,
    WOMEN,
    Tables,
    birth_day,
    condition,
    dispensing,
    measurement,
    pregnancy,
    sound,
    spoilt,
    write,
)

from transat.engines.cdm import Cdm
from transat.quality.checks import impossible_gestation
from transat.quality.checks.all import CHECKS
from transat.quality.examined import examined
from transat.quality.finding import Finding
from transat.quality.thresholds import thresholds


def found(cdm: Cdm) -> dict[str, Finding]:
    with examined(cdm) as site:
        return {check.key: find(site) for check, find in CHECKS}


def overlap(t: Tables) -> None:
    t["pregnancy"].append(pregnancy(900, 1, birth_day(1) - timedelta(days=10), 60, "ectopic"))


def long_gestation(t: Tables) -> None:
    t["pregnancy"][0] |= {"start_date": birth_day(1) - timedelta(days=400)}


def sentinel_age(t: Tables) -> None:
    t["measurement"].append(measurement(900, 1, 99))


def close(t: Tables) -> None:
    t["pregnancy"].append(pregnancy(900, 1, birth_day(1) + timedelta(days=190), 180))


def child_mother(t: Tables) -> None:
    t["condition_occurrence"].append(condition(900, 101, birth_day(1) + timedelta(days=400)))


def grandmother(t: Tables) -> None:
    t["person"][0] |= {"year_of_birth": 1950}


def orphans(t: Tables) -> None:
    t["fact_relationship"] = [
        r for r in t["fact_relationship"] if min(r["fact_id_1"], r["fact_id_2"]) > 12
    ]


def no_cause_in_one_year(t: Tables) -> None:
    for row in t["death"]:
        row["cause_source_value"] = "I21" if row["person_id"] < 220 else None


def reversal(t: Tables) -> None:
    t["drug_exposure"].append(dispensing(900, 1, date(2015, 2, 1), -1))


def nothing_taken(t: Tables) -> None:
    t["drug_exposure"].append(dispensing(900, 1, date(2015, 2, 1), 0))


def uncovered(t: Tables) -> None:
    t["payer_plan_period"][0] |= {"payer_plan_period_start_date": date(2016, 1, 1)}


def after_death(t: Tables) -> None:
    t["drug_exposure"].append(dispensing(900, DEAD[0], date(2014, 6, 2)))


def old_code(t: Tables) -> None:
    t["drug_exposure"].append(dispensing(900, 1, date(2015, 2, 1), concept=OLD_ATC))


def old_code_by_relation(t: Tables) -> None:
    """The medicine has a standard concept; its source code is filed under the old class."""
    t["concept"].append(dict(t["concept"][1], concept_id=2_000_000_060, concept_code="34009301"))
    t["concept_relationship"] = [
        {"concept_id_1": 2_000_000_060, "concept_id_2": OLD_ATC, "relationship_id": "Is a",
         "valid_start_date": date(1970, 1, 1), "valid_end_date": date(2099, 12, 31)}
    ]  # fmt: skip
    day = date(2015, 2, 1)
    t["drug_exposure"].append(dispensing(900, 1, day, concept=1_125_315, source=2_000_000_060))


def lost_line(t: Tables) -> None:
    t["ledger"][1]["rows"] = 899


def greedy_rule(t: Tables) -> None:
    t["ledger"][1]["rows"], t["ledger"][2]["rows"] = 700, 300


def all_elective(t: Tables) -> None:
    t["pregnancy"] = [
        pregnancy(100 * w + n, w, date(2012 + n, 6, 1), 70, "elective_termination")
        for w in WOMEN
        for n in range(7)
    ]


#: Check, what spoils the CDM, how many of what is counted the check then finds, its status.
PLANTED: list[tuple[str, Callable[[Tables], None], int, str]] = [
    ("overlapping_pregnancies", overlap, 1, "fail"),
    ("impossible_gestation", long_gestation, 1, "fail"),
    ("recorded_gestation", sentinel_age, 1, "fail"),
    ("close_deliveries", close, 1, "fail"),
    ("mother_age", child_mother, 1, "fail"),
    ("mother_age", grandmother, 1, "fail"),
    ("newborn_without_mother", orphans, 12, "warn"),
    ("mother_child_linkage", orphans, 28, "warn"),
    ("cause_of_death_linkage", no_cause_in_one_year, 19, "warn"),
    ("net_quantity", reversal, 1, "fail"),
    ("net_quantity", nothing_taken, 1, "fail"),
    ("exposure_outside_coverage", uncovered, 1, "warn"),
    ("dispensing_after_death", after_death, 1, "fail"),
    ("old_atc", old_code, 1, "warn"),
    ("old_atc", old_code_by_relation, 1, "warn"),
    ("ledger_balance", lost_line, 1, "fail"),
    ("set_aside", greedy_rule, 1, "warn"),
    ("outcome_split", all_elective, 280, "warn"),
]


def test_a_sound_cdm_passes(tmp_path: Path) -> None:
    whole = found(Cdm(write(tmp_path / "cdm", sound())))
    worth = {key: f.status for key, f in whole.items()}
    assert worth == dict.fromkeys(worth, "pass")


@pytest.mark.parametrize(
    ("key", "spoil", "numerator", "status"),
    PLANTED,
    ids=[f"{p[0]}-{p[1].__name__}" for p in PLANTED],
)
def test_a_planted_defect_is_found_and_counted(
    tmp_path: Path, key: str, spoil: Callable[[Tables], None], numerator: int, status: str
) -> None:
    seen = found(spoilt(tmp_path / "cdm", spoil))[key]
    assert (seen.numerator, seen.status) == (numerator, status)
    by_part = sum(p.numerator for p in seen.parts)
    assert by_part == numerator


def test_every_check_has_its_planted_defect() -> None:
    planted = {key for key, *_ in PLANTED}
    assert planted | {"series_breaks"} == {check.key for check, _ in CHECKS}


def test_the_day_after_the_last_covered_day_is_outside(tmp_path: Path) -> None:
    def last_day(t: Tables) -> None:
        t["payer_plan_period"][0] |= {"payer_plan_period_end_date": date(2015, 1, 10)}
        t["drug_exposure"].append(dispensing(900, 1, date(2015, 1, 11)))

    assert found(spoilt(tmp_path / "cdm", last_day))["exposure_outside_coverage"].numerator == 1


def test_a_medicine_on_the_day_of_death_is_not_after_it(tmp_path: Path) -> None:
    def same_day(t: Tables) -> None:
        t["drug_exposure"].append(dispensing(900, DEAD[0], date(2014, 6, 1)))

    assert found(spoilt(tmp_path / "cdm", same_day))["dispensing_after_death"].numerator == 0


def test_births_28_weeks_apart_are_two(tmp_path: Path) -> None:
    def just(t: Tables) -> None:
        t["pregnancy"].append(pregnancy(900, 1, birth_day(1) + timedelta(days=196), 180))

    assert found(spoilt(tmp_path / "cdm", just))["close_deliveries"].numerator == 0


def test_quantities_never_recorded_are_not_reversals(tmp_path: Path) -> None:
    def zeros(t: Tables) -> None:
        for row in t["drug_exposure"]:
            row["quantity"] = 0.0

    seen = found(spoilt(tmp_path / "cdm", zeros))["net_quantity"]
    assert seen.status == "warn"
    assert seen.reason is not None


def test_detail_is_by_year(tmp_path: Path) -> None:
    whole = found(Cdm(write(tmp_path / "cdm", sound())))
    years = [(p.label.fr, p.numerator, p.denominator) for p in whole["mother_child_linkage"].parts]
    assert years == [("2015", 20, 20), ("2016", 20, 20)]
    causes = whole["cause_of_death_linkage"].parts
    assert [(p.label.fr, p.published) for p in causes] == [("2014", pytest.approx(0.901))]


def test_published_causes_are_for_the_snds_only(tmp_path: Path) -> None:
    quebec = found(Cdm(write(tmp_path / "cdm", sound(), source="quebec")))
    assert all(p.published is None for p in quebec["cause_of_death_linkage"].parts)


def test_a_bare_cdm_has_nothing_to_look_at(tmp_path: Path) -> None:
    tables = {name: sound()[name] for name in ("person", "observation_period")}
    whole = found(Cdm(write(tmp_path / "cdm", tables)))
    assert {f.status for f in whole.values()} == {"not_applicable"}
    assert all(f.reason for f in whole.values())


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    def backwards(t: Tables) -> None:
        overlap(t)
        for rows in t.values():
            rows.reverse()

    def plain(finding: Finding) -> tuple[Any, ...]:
        return (finding.status, finding.numerator, finding.denominator, finding.parts)

    one = found(spoilt(tmp_path / "one", overlap))
    two = found(spoilt(tmp_path / "two", backwards))
    assert {k: plain(f) for k, f in one.items()} == {k: plain(f) for k, f in two.items()}


def test_bounds_of_gestation_are_those_of_the_episodes() -> None:
    from transat.cohorts.pregnancy_parameters import published_terms

    assert impossible_gestation.limits() == {
        t.outcome: (t.min_days, t.max_days) for t in published_terms()
    }


def test_every_check_has_bounds_with_a_source() -> None:
    assert set(thresholds()) == {check.key for check, _ in CHECKS}
    assert all(t.checked in ("yes", "partly", "own") for t in thresholds().values())
