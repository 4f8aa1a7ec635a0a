"""Stays: their services, interventions, establishments, diagnoses and absences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from quebec_by_hand import HandMade

STAY, DIAGNOSIS, SERVICE = "V_SEJ_HOSP_CM", "V_DIAGN_SEJ_HOSP_CM", "V_SEJ_SERV_HOSP_CM"
DONE, URGENT, ACTS = "INTERVENTIONS", "V_EPISO_SOIN_DURG_CM", "I_SMOD_SERV_MD_CM"

DETAILS = (
    "SELECT visit_detail_source_value, CAST(visit_detail_start_date AS VARCHAR), "
    "CAST(visit_detail_end_date AS VARCHAR), visit_occurrence_id "
    "FROM visit_detail ORDER BY visit_detail_id"
)


def test_a_service_without_dates_has_those_of_its_stay(extract: HandMade) -> None:
    extract.line(STAY).line(SERVICE)
    assert extract.rows(DETAILS) == [("OBST", "2014-05-01", "2014-05-04", 1)]


def test_services_follow_one_another_in_their_stay(extract: HandMade) -> None:
    extract.line(STAY).line(SERVICE, SERVICE="MED", DATE_DEBUT_SERVICE="2014-05-03")
    extract.line(SERVICE, DATE_FIN_SERVICE="2014-05-03")
    assert extract.rows(DETAILS) == [
        ("OBST", "2014-05-01", "2014-05-03", 1),
        ("MED", "2014-05-03", "2014-05-04", 1),
    ]


def test_the_diagnosis_of_a_service_has_the_classification_of_its_stay(extract: HandMade) -> None:
    extract.line(STAY, SHOP_NO_SEQ_SYS_CLA="4")
    extract.line(SERVICE, SHOP_COD_DIAGN_MDCAL_CLINQ="7455")
    extract.line(SERVICE, SHOP_COD_DIAGN_MDCAL_CLINQ="Q211", SHOP_NO_SEQ_SYS_CLA="1")
    extract.line(SERVICE, SHOP_COD_DIAGN_MDCAL_CLINQ="Q212", SHOP_NO_SEQ_SYS_CLA="8")
    found = extract.rows(
        "SELECT vocabulary_id, condition_source_value, condition_status_source_value, "
        "condition_status_concept_id, condition_type_concept_id FROM condition_occurrence "
        "JOIN concept ON concept_id = condition_source_concept_id ORDER BY 1"
    )
    assert found == [
        ("ICD10CA", "Q211", "service", 0, 32817),
        ("ICD9", "7455", "service", 0, 32817),
    ]
    assert extract.notes(SERVICE) == {"diagnosis_without_classification": 1, "icd9_digits_4": 1}


@pytest.mark.parametrize(("kind", "concept"), [("P", 32902), ("S", 32908), ("A", 0), ("D", 0)])
def test_the_type_of_a_diagnosis_is_its_status(extract: HandMade, kind: str, concept: int) -> None:
    extract.line(STAY).line(DIAGNOSIS, SHOP_TYP_DIAGN_SEJ_HOSP=kind).line(URGENT)
    found = extract.rows(
        "SELECT condition_status_source_value, condition_status_concept_id "
        "FROM condition_occurrence ORDER BY condition_type_concept_id DESC"
    )
    assert found == [(kind, concept), ("urgence", 0)]


PROCEDURES = (
    "SELECT vocabulary_id, concept_code, procedure_source_value, "
    "CAST(procedure_date AS VARCHAR), visit_occurrence_id FROM procedure_occurrence "
    "JOIN concept ON concept_id = procedure_source_concept_id ORDER BY procedure_occurrence_id"
)


def test_an_intervention_is_a_procedure_of_its_stay(extract: HandMade) -> None:
    extract.line(ACTS).line(STAY).line(DONE).line(
        DONE, CODE_INTERVENTION="5CA89", DATE_INTERVENTION=""
    )
    assert extract.rows(PROCEDURES) == [
        ("RAMQ_ACT", "00056", "00056", "2014-02-03", 2),
        ("CCI", "5MD60AA", "5.MD.60.AA", "2014-05-02", 1),
        ("CCI", "5CA89", "5CA89", "2014-05-01", 1),
    ]


def test_the_system_of_an_intervention_is_read_from_its_line_then_its_stay(
    extract: HandMade,
) -> None:
    # Both in 2014: the column alone tells CCI from the older CCA.
    extract.line(STAY, SHOP_NO_SEQ_SYS_CLA="4")
    extract.line(DONE, CODE_INTERVENTION="863", SYSTEME_CLASSIFICATION="")
    extract.line(DONE, CODE_INTERVENTION="5MD60", SYSTEME_CLASSIFICATION="1")
    assert {row[:2] for row in extract.rows(PROCEDURES)} == {("CCA", "863"), ("CCI", "5MD60")}


def test_days_absent_are_an_observation(extract: HandMade) -> None:
    extract.line(STAY, SHOP_NBR_JR_ABSNT_SEJ_HOSP="2")
    extract.line(STAY, SHOP_NO_SEQ_SEJ_HOSP="7002", SHOP_NBR_JR_ABSNT_SEJ_HOSP="0")
    found = extract.rows(
        "SELECT concept_code, value_as_number, unit_source_value, visit_occurrence_id "
        "FROM observation JOIN concept ON concept_id = observation_concept_id"
    )
    assert found == [("absence_days", 2.0, "d", 1)]
    assert extract.notes(STAY) == {"absence_days": 1}
    extract.cdm(shuffle=1, rules_off=("absence_days",))
    assert extract.notes(STAY) == {}


def test_a_triage_priority_is_an_observation_of_its_emergency(extract: HandMade) -> None:
    extract.line(URGENT).line(
        URGENT, SURG_DHD_EPISO_SOIN_DURG="2014-03-02 00:30:00", SURG_COD_PRIOR_TRIAG_DURG="9"
    )
    found = "SELECT value_as_string, visit_occurrence_id FROM observation ORDER BY 2"
    assert extract.rows(found) == [("3", 1)]
    assert extract.notes(URGENT) == {"triage_priority": 1}
    assert extract.rows(found, rules_off=("triage_priority",)) == [("3", 1), ("9", 2)]


def test_where_a_stay_came_from_and_went_to_is_kept(extract: HandMade) -> None:
    extract.line(
        STAY,
        SHOP_NO_ETAB_MSSS="00000012",
        SHOP_TYP_LIEU_SEJ_HOSP_PROVE="U",
        SHOP_TYP_LIEU_SEJ_HOSP_DESTI="D",
    )
    extract.line(URGENT, SURG_NO_ETAB_MSSS="00000012", SURG_NO_EPISO_SOIN_DURG="88")
    found = extract.rows(
        "SELECT visit_source_value, care_site_source_value, admitted_from_source_value, "
        "discharged_to_source_value FROM visit_occurrence JOIN care_site USING (care_site_id) "
        "ORDER BY visit_occurrence_id"
    )
    assert found == [("7001", "MSSS:00000012", "U", "D"), ("88", "MSSS:00000012", None, None)]


SETTINGS = [
    # category, a stay that covers the day, visit concept of the act
    ("54X", True, 9202),
    ("1X0", True, 9201),
    ("1X0", False, 0),
    ("", True, 9202),
]


@pytest.mark.parametrize(("category", "stay", "concept"), SETTINGS)
def test_an_act_outside_the_ambulatory_setting_belongs_to_its_stay(
    extract: HandMade, category: str, stay: bool, concept: int
) -> None:
    extract.line(ACTS, SMOD_DAT_SERV="2014-05-04", SMOD_NO_ETAB_USUEL="0042" if category else "")
    extract.line("V_ETAB_USUEL", ETAB_COD_CATG_ETAB_EI=category or "1X0")
    if stay:
        extract.line(STAY)
    of_act = (
        "SELECT visit_concept_id FROM procedure_occurrence "
        "JOIN visit_occurrence USING (visit_occurrence_id)"
    )
    assert extract.rows(of_act) == [(concept,)]
    outside = concept != 9202
    assert extract.notes(ACTS).get("not_ambulatory", 0) == int(outside)
    assert extract.rows(of_act, rules_off=("not_ambulatory",)) == [(9202,)]


def test_the_category_of_an_establishment_is_that_of_its_latest_period(extract: HandMade) -> None:
    extract.line(ACTS, SMOD_NO_ETAB_USUEL="0042").line(ACTS, SMOD_NO_ETAB_USUEL="0099")
    extract.line("V_ETAB_USUEL", ETAB_DD_ETAB_USUEL="2001-01-01")
    extract.line("V_ETAB_USUEL", ETAB_COD_CATG_ETAB_EI="55X", ETAB_DD_ETAB_USUEL="2010-01-01")
    found = extract.rows(
        "SELECT care_site_source_value, place_of_service_source_value FROM care_site ORDER BY 1"
    )
    assert found == [("USUEL:0042", "55X"), ("USUEL:0099", None)]
    assert extract.rows("SELECT DISTINCT visit_concept_id FROM visit_occurrence") == [(9202,)]


def test_a_performer_has_the_latest_speciality(extract: HandMade) -> None:
    extract.line(ACTS, SMOD_COD_SPEC="07").line(ACTS, SMOD_DAT_SERV="2015-01-01")
    extract.line(ACTS, DISP_NO_SEQ_DISP_BANLS="8000", SMOD_COD_SPEC="12")
    extract.line(ACTS, DISP_NO_SEQ_DISP_BANLS="")
    found = extract.rows(
        "SELECT provider_id, provider_source_value, specialty_source_value FROM provider ORDER BY 1"
    )
    assert found == [(1, "8000", "12"), (2, "9001", None)]
    anonymous = "SELECT count(*) FROM visit_occurrence WHERE provider_id IS NULL"
    assert extract.rows(anonymous) == [(1,)]


def test_icd9_of_claims_is_counted_by_its_digits(extract: HandMade) -> None:
    extract.line(ACTS, SMOD_COD_DIAGN_PRIMR="745").line(
        ACTS, SMOD_COD_DIAGN_PRIMR="745.5", SMOD_DAT_SERV="2014-06-01"
    )
    extract.cdm()
    assert extract.notes(ACTS) == {"icd9_digits_3": 1, "icd9_digits_4": 1}
