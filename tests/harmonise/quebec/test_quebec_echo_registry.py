"""The echocardiography registry of Québec becomes measurements, and nothing without its file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quebec_by_hand import HandMade

TABLE = "REGISTRE_ECHO"
ECHOS = """
    SELECT concept_code, value_as_number, unit_source_value, measurement_date,
           measurement_type_concept_id, measurement_source_value
    FROM measurement JOIN concept ON concept_id = measurement_source_concept_id
    WHERE vocabulary_id = 'TRANSAT_ECHO' ORDER BY measurement_date, concept_code
"""
DAY = date(2014, 6, 5)


def values(rows: list[tuple[Any, ...]]) -> dict[str, float]:
    return {str(code): float(value) for code, value, *_ in rows}


def test_an_examination_becomes_one_measurement_a_value(extract: HandMade) -> None:
    assert extract.line(TABLE).rows(ECHOS) == [
        ("ava", 0.85, "cm2", DAY, 32879, "SURFACE_CM2"),
        ("calcium_score", 2100.0, "{Agatston}", DAY, 32879, "SCORE_CALCIQUE_UA"),
        ("lvef", 60.0, "%", DAY, 32879, "FEVG_PCT"),
        ("mean_gradient", 41.5, "mm[Hg]", DAY, 32879, "GRADIENT_MOYEN_MMHG"),
        ("nyha", 2.0, "{class}", DAY, 32879, "NYHA"),
        ("vmax", 4.1, "m/s", DAY, 32879, "VMAX_M_S"),
    ]


def test_what_was_not_measured_is_no_measurement(extract: HandMade) -> None:
    found = extract.line(TABLE, SCORE_CALCIQUE_UA="", NYHA="").rows(ECHOS)
    assert set(values(found)) == {"ava", "lvef", "mean_gradient", "vmax"}


def test_a_value_that_cannot_be_is_left_out_and_noted(extract: HandMade) -> None:
    # 410 cm/s in a column of m/s; the other values of the examination stay.
    found = values(extract.line(TABLE, VMAX_M_S="410").rows(ECHOS))
    assert set(found) == {"ava", "calcium_score", "lvef", "mean_gradient", "nyha"}
    assert extract.fates(TABLE) == {"read": 1, "kept": 1}
    assert extract.notes(TABLE) == {"echo_value_impossible": 1}


def test_the_rule_on_values_can_be_switched_off(extract: HandMade) -> None:
    extract.line(TABLE, VMAX_M_S="410")
    found = values(extract.rows(ECHOS, rules_off=("echo_value_impossible",)))
    assert found["vmax"] == 410.0
    assert extract.notes(TABLE) == {}


def test_a_value_that_is_no_number_rejects_its_line(extract: HandMade) -> None:
    assert extract.line(TABLE, VMAX_M_S="sévère").rows(ECHOS) == []
    assert extract.fates(TABLE) == {"read": 1, "kept": 0, "reject:VMAX_M_S": 1}


def test_an_examination_delivered_twice_counts_once(extract: HandMade) -> None:
    found = extract.line(TABLE).line(TABLE).line(TABLE, VMAX_M_S="4.2").rows(ECHOS)
    assert sorted(v for code, v, *_ in found if code == "vmax") == [4.1, 4.2]


def test_identifiers_follow_those_of_other_measurements(extract: HandMade) -> None:
    extract.line(TABLE).line("V_SEJ_HOSP_CM").line("GROSSESSES_HOSP")
    ids = extract.rows("SELECT measurement_id FROM measurement ORDER BY measurement_id")
    assert ids == [(i,) for i in range(1, 8)]


def test_without_the_registry_there_is_none_of_its_concepts(extract: HandMade) -> None:
    query = "SELECT count(*) FROM concept WHERE vocabulary_id = 'TRANSAT_ECHO'"
    assert extract.rows(query) == [(0,)]
