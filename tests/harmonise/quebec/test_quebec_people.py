"""Where people live, how they are born and die, and what the drug plan says of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from quebec_by_hand import HandMade

PEOPLE, ADDRESS, STAY = "V_FICH_ID_BEN_CM", "I_BENF_ADR_CM", "V_SEJ_HOSP_CM"
ISQ, STILLBORN, BIRTHS = "DECES_ISQ", "MORTINAISSANCES", "NAISSANCES"
DRUGS, PLAN, DIAGNOSIS = "V_DEM_PAIMT_MED_CM", "ADMISSIBILITE_MEDICAMENTS", "V_DIAGN_SEJ_HOSP_CM"

HOME = "SELECT county, location_source_value FROM person JOIN location USING (location_id)"


@pytest.mark.parametrize(
    ("region", "network", "home", "key"),
    [
        ("06", "0611", ("06", "0611"), None),
        ("6", "611", ("06", "0611"), None),
        ("10", "", ("10", "1001"), "region_without_network"),
        ("17", "", ("17", "1701"), "region_without_network"),
        ("18", "", ("18", "1801"), "region_without_network"),
        ("16", "1610", ("15", "0511"), "network_1610"),
        ("16", "1611", ("16", "1611"), None),
    ],
)
def test_a_home_is_a_region_and_a_network(
    extract: HandMade, region: str, network: str, home: tuple[str, str], key: str | None
) -> None:
    extract.lines[ADDRESS] = []
    extract.line(ADDRESS, LGEO_COD_RSS=region, LGEO_COD_TERRI_RLS=network)
    assert extract.rows(HOME) == [home]
    assert extract.notes(ADDRESS) == ({key: 1} if key else {})
    if key:
        written = (region, network or region)
        assert extract.rows(HOME, rules_off=(key,)) == [written]
        assert extract.notes(ADDRESS) == {}


def test_home_is_the_last_residence_of_the_period(extract: HandMade) -> None:
    extract.lines[ADDRESS] = []
    for start, end, region in (
        ("2005-01-01", "2013-12-31", "01"),
        ("2014-01-01", "2019-01-01", "03"),
        ("2020-06-01", "9999-12-31", "06"),
    ):
        extract.line(
            ADDRESS,
            BENF_DD_ADR_BEN=start,
            BENF_DF_ADR_BEN=end,
            LGEO_COD_RSS=region,
            LGEO_COD_TERRI_RLS=f"{region}01",
        )
    assert extract.rows(HOME) == [("03", "0301")]


DEATHS = (
    "SELECT CAST(death_date AS VARCHAR), death_type_concept_id, cause_source_value, "
    "s.vocabulary_id || ':' || s.concept_code, c.vocabulary_id || ':' || c.concept_code "
    "FROM death LEFT JOIN concept AS s ON s.concept_id = nullif(cause_source_concept_id, 0) "
    "LEFT JOIN concept AS c ON c.concept_id = nullif(cause_concept_id, 0)"
)


def test_the_register_dates_a_death_and_the_isq_says_its_cause(
    hand_made: Callable[[], HandMade],
) -> None:
    extract = hand_made()
    extract.lines[PEOPLE] = []
    extract.line(PEOPLE, BENF_DAT_DECES="2014-05-05").line(ISQ).line(STAY)
    extract.line(DIAGNOSIS, SHOP_TYP_DIAGN_SEJ_HOSP="D", SHOP_COD_DIAGN_MDCAL_CLINQ="C509")
    assert extract.rows(DEATHS) == [("2014-05-05", 32810, "I269", "ICD10:I26.9", "ICD10:I26.9")]
    assert extract.notes(ISQ) == {"death_dates_differ": 1}


def test_a_death_that_only_the_isq_knows_ends_observation(extract: HandMade) -> None:
    extract.line(ISQ, CAUSE_INITIALE="4151", SYSTEME_CLASSIFICATION="9")
    assert extract.rows(DEATHS) == [("2014-05-04", 32815, "4151", "ICD9:4151", None)]
    ends = "SELECT CAST(observation_period_end_date AS VARCHAR) FROM observation_period"
    assert extract.rows(ends) == [("2014-05-04",)]
    assert extract.notes(ISQ) == {"death_not_in_register": 1}


def test_a_cause_of_unknown_system_is_kept_without_a_concept(extract: HandMade) -> None:
    extract.line(ISQ, SYSTEME_CLASSIFICATION="")
    assert extract.rows(DEATHS) == [("2014-05-04", 32815, "I269", None, None)]
    assert extract.notes(ISQ)["cause_without_classification"] == 1


def test_a_death_registered_twice_keeps_its_cause(extract: HandMade) -> None:
    extract.line(ISQ, DATE_DECES="2014-05-03", CAUSE_INITIALE="").line(ISQ)
    assert extract.rows(DEATHS)[0][:3] == ("2014-05-04", 32815, "I269")
    assert extract.fates(ISQ) == {"read": 2, "kept": 1, "death_repeated": 1}


@pytest.mark.parametrize(("kind", "dead"), [("1", True), ("0", False), ("", False)])
def test_a_stay_with_a_type_of_death_ends_in_a_death(
    extract: HandMade, kind: str, dead: bool
) -> None:
    extract.line(STAY, SHOP_TYP_DECES_SEJ_HOSP=kind)
    found = "SELECT CAST(death_date AS VARCHAR), death_type_concept_id FROM death"
    assert extract.rows(found) == ([("2014-05-04", 32817)] if dead else [])
    assert extract.notes(STAY) == ({"hospital_death": 1} if dead else {})
    assert extract.rows(found, rules_off=("hospital_death",)) == []


FACTS = (
    "SELECT person_source_value, concept_code, CAST(observation_date AS VARCHAR) "
    "FROM observation JOIN person USING (person_id) "
    "JOIN concept ON concept_id = observation_concept_id"
)
MEASURES = (
    "SELECT person_source_value, concept_code, value_as_number, unit_source_value "
    "FROM measurement JOIN person USING (person_id) "
    "JOIN concept ON concept_id = measurement_concept_id ORDER BY 1, 2"
)


def test_a_stillbirth_of_the_isq_is_told_of_the_mother(extract: HandMade) -> None:
    extract.line(STAY).line(STILLBORN)
    assert extract.rows(FACTS) == [("100", "stillbirth", "2014-05-02")]
    assert extract.rows(MEASURES) == [
        ("100", "birth_weight_g", 900.0, "g"),
        ("100", "gestational_age_days", 205.0, "d"),
    ]


def test_a_stillbirth_that_births_know_counts_once(extract: HandMade) -> None:
    extract.line(STAY).line(STILLBORN).line(STILLBORN, RANG_NAISSANCE="2")
    extract.line(BIRTHS, NO_INDIV_ENFANT="", VIVANT="0", RANG_NAISSANCE="")
    assert len(extract.rows(FACTS)) == 2
    assert extract.fates(STILLBORN) == {"read": 2, "kept": 1, "stillbirth_known": 1}
    extract.cdm(shuffle=1, rules_off=("stillbirth_known",))
    assert extract.fates(STILLBORN) == {"read": 2, "kept": 2}


def newborn_stay(extract: HandMade, **changes: str) -> None:
    """The stay in which child 200 was born, in words of the stay view's own columns."""
    extract.people("200")
    extract.line(
        STAY,
        SHOP_NO_INDIV_BEN_BANLS="200",
        SHOP_NO_SEQ_SEJ_HOSP="7002",
        SHOP_IND_NOUV_NE_SEJ_HOSP="1",
        **changes,
    )


def test_a_newborn_stay_may_name_the_mother_and_weigh_the_child(extract: HandMade) -> None:
    newborn_stay(extract, NO_INDIV_MERE="100", POIDS_GRAMMES="3210")
    links = "SELECT fact_id_1, fact_id_2, relationship_concept_id FROM fact_relationship"
    assert sorted(extract.rows(links)) == [(1, 2, 581436), (2, 1, 581435)]
    assert extract.rows(MEASURES) == [("200", "birth_weight_g", 3210.0, "g")]


def test_what_births_say_is_not_said_again_by_the_stay(extract: HandMade) -> None:
    extract.line(STAY, AGE_GESTATIONNEL="275")
    newborn_stay(extract, NO_INDIV_MERE="100", POIDS_GRAMMES="3210")
    extract.line(BIRTHS)
    assert extract.rows(MEASURES) == [
        ("100", "gestational_age_days", 275.0, "d"),
        ("200", "birth_weight_g", 3350.0, "g"),
    ]
    assert len(extract.rows("SELECT * FROM fact_relationship")) == 2


def test_a_mother_that_the_register_lacks_gives_no_link(extract: HandMade) -> None:
    newborn_stay(extract, NO_INDIV_MERE="404")
    assert extract.rows("SELECT * FROM fact_relationship") == []
    assert extract.notes(STAY) == {"mother_not_registered": 1}


def test_the_gestation_of_a_stay_may_be_in_weeks(extract: HandMade, tmp_path: Path) -> None:
    columns = tmp_path / "weeks.yaml"
    columns.write_text("gestational_age_unit: weeks\n", "utf-8")
    extract.line(STAY, AGE_GESTATIONNEL="39")
    assert extract.rows(MEASURES, columns=columns) == [("100", "gestational_age_weeks", 39.0, "wk")]


def test_padded_dins_are_counted(extract: HandMade) -> None:
    extract.line(DRUGS, SMED_COD_DIN="2293471").line(DRUGS, SMED_DAT_SERV="2014-03-01").cdm()
    assert extract.notes(DRUGS) == {"din_padding": 1}
    extract.cdm(shuffle=1, rules_off=("din_padding",))
    assert extract.notes(DRUGS) == {}


def test_a_claim_outside_the_plan_is_kept_and_counted(extract: HandMade) -> None:
    extract.line(PLAN).line(DRUGS).line(DRUGS, SMED_DAT_SERV="2013-12-31")
    assert extract.rows("SELECT count(*) FROM drug_exposure") == [(2,)]
    assert extract.notes(DRUGS) == {"claim_outside_plan": 1}
    extract.cdm(shuffle=1, rules_off=("claim_outside_plan",))
    assert extract.notes(DRUGS) == {}


def test_lists_of_labels_are_accounted_for_and_set_aside(extract: HandMade) -> None:
    extract.line("V_COD_CATG_ETAB_EI").line("V_PRODU_MED").line("V_PRODU_MED", NMED_COD_ATC="")
    extract.cdm()
    assert extract.fates("V_COD_CATG_ETAB_EI") == {"read": 1, "kept": 0, "no_omop_place": 1}
    assert extract.fates("V_PRODU_MED") == {"read": 2, "kept": 1, "product_without_atc": 1}
