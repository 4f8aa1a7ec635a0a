"""What each OMOP table says of a few lines worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from transat.engines.duckdb import DuckDB
from transat.harmonise.run import harmonise

if TYPE_CHECKING:
    from collections.abc import Callable

    from quebec_by_hand import HandMade

STAY, DIAGNOSIS = "V_SEJ_HOSP_CM", "V_DIAGN_SEJ_HOSP_CM"
PLAN, ADDRESS = "ADMISSIBILITE_MEDICAMENTS", "I_BENF_ADR_CM"
DRUGS, ACTS, URGENT = "V_DEM_PAIMT_MED_CM", "I_SMOD_SERV_MD_CM", "V_EPISO_SOIN_DURG_CM"


def concept(column: str, table: str) -> str:
    """SQL of the (vocabulary, code) of a concept column."""
    return (
        f"SELECT vocabulary_id, concept_code FROM {table} "
        f"JOIN concept ON concept_id = nullif({column}, 0) ORDER BY 1, 2"
    )


def test_a_person_has_a_full_birth_date_and_the_native_number(extract: HandMade) -> None:
    extract.line("V_FICH_ID_BEN_CM", BENF_NO_INDIV_BEN_BANLS="050", BENF_COD_SEXE="M")
    found = extract.rows(
        "SELECT person_id, gender_concept_id, year_of_birth, month_of_birth, day_of_birth, "
        "person_source_value FROM person ORDER BY 1"
    )
    assert found == [(1, 8507, 1985, 3, 2, "050"), (2, 8532, 1985, 3, 2, "100")]


def periods(extract: HandMade, table: str) -> list[tuple[str, str]]:
    start, end = f"{table}_start_date", f"{table}_end_date"
    found = extract.rows(
        f"SELECT CAST({start} AS VARCHAR), CAST({end} AS VARCHAR) FROM {table} ORDER BY 1"
    )
    return [(str(s), str(e)) for s, e in found]


def test_observed_days_are_those_lived_in_quebec(extract: HandMade) -> None:
    extract.lines[ADDRESS] = []
    extract.line(ADDRESS, BENF_DF_ADR_BEN="2013-06-30")
    extract.line(ADDRESS, BENF_DD_ADR_BEN="2013-07-01", BENF_DF_ADR_BEN="2014-01-31")
    extract.line(ADDRESS, BENF_DD_ADR_BEN="2014-02-01", BENF_IND_ADR_HQ="O")
    extract.line(ADDRESS, BENF_DD_ADR_BEN="2016-01-01")
    assert periods(extract, "observation_period") == [
        ("2012-01-01", "2014-01-31"),
        ("2016-01-01", "2019-12-31"),
    ]


def test_observation_starts_at_birth_and_ends_at_death(extract: HandMade) -> None:
    extract.lines.clear()
    extract.line("V_FICH_ID_BEN_CM", BENF_DAT_NAISS="2015-05-05", BENF_DAT_DECES="2015-05-09")
    extract.line(ADDRESS)
    assert periods(extract, "observation_period") == [("2015-05-05", "2015-05-09")]
    assert extract.rows("SELECT CAST(death_date AS VARCHAR) FROM death") == [("2015-05-09",)]


def test_without_addresses_the_extracts_period_is_observed_and_said(extract: HandMade) -> None:
    del extract.lines[ADDRESS]
    assert periods(extract, "observation_period") == [("2012-01-01", "2019-12-31")]
    assert extract.report is not None
    assert extract.report.findings["no_address_table"] == 1
    assert "I_BENF_ADR_CM" in extract.report.missing


def test_without_a_stated_period_the_care_says_it(extract: HandMade) -> None:
    extract.line(DRUGS).line(ACTS, SMOD_DAT_SERV="2014-06-30").write()
    (extract.root / "extract.json").unlink()
    report = harmonise("quebec", extract.root, extract.root.with_name("cdm"))
    with DuckDB() as engine:
        report.cdm.attach(engine)
        found = engine.rows(
            "SELECT CAST(observation_period_start_date AS VARCHAR), "
            "CAST(observation_period_end_date AS VARCHAR) FROM observation_period"
        )
    assert found == [("2014-02-03", "2014-06-30")]


def test_drug_plan_periods_are_merged_and_closed(extract: HandMade) -> None:
    extract.line(PLAN).line(PLAN, DATE_DEBUT="2014-01-01", DATE_FIN="2014-03-31")
    extract.line(PLAN, DATE_DEBUT="2013-06-01", DATE_FIN="2013-09-30")
    extract.line(PLAN, DATE_DEBUT="2014-04-02", DATE_FIN="2014-12-31")
    extract.line(PLAN, DATE_DEBUT="2019-01-01", DATE_FIN="")
    assert periods(extract, "payer_plan_period") == [
        ("2013-01-01", "2014-03-31"),
        ("2014-04-02", "2014-12-31"),
        ("2019-01-01", "2019-12-31"),
    ]
    assert extract.rows("SELECT DISTINCT payer_source_value FROM payer_plan_period") == [
        ("RAMQ-medicaments",)
    ]


def test_acts_of_one_day_and_performer_are_one_visit(extract: HandMade) -> None:
    extract.line(ACTS).line(ACTS, SMOD_COD_ACTE="00057")
    extract.line(ACTS, DISP_NO_SEQ_DISP_BANLS="9002")
    extract.line(STAY).line(URGENT)
    found = extract.rows(
        "SELECT visit_concept_id, CAST(visit_start_date AS VARCHAR), "
        "CAST(visit_end_date AS VARCHAR), visit_source_value "
        "FROM visit_occurrence ORDER BY visit_occurrence_id"
    )
    assert found == [
        (9201, "2014-05-01", "2014-05-04", "7001"),
        (9203, "2014-03-01", "2014-03-02", None),
        (9202, "2014-02-03", "2014-02-03", None),
        (9202, "2014-02-03", "2014-02-03", None),
    ]
    assert extract.rows(
        "SELECT provider_source_value FROM visit_occurrence JOIN provider USING (provider_id) "
        "ORDER BY visit_occurrence_id"
    ) == [("9001",), ("9002",)]
    visits = extract.rows(
        "SELECT visit_occurrence_id, count(*) FROM procedure_occurrence GROUP BY 1 ORDER BY 1"
    )
    assert visits == [(3, 2), (4, 1)]


def test_the_classification_is_read_and_never_guessed_from_the_date(extract: HandMade) -> None:
    # An ICD-9 stay of 2014 and an ICD-10-CA stay of 2014: the column alone tells them apart.
    extract.line(STAY).line(DIAGNOSIS)
    extract.line(STAY, SHOP_NO_SEQ_SEJ_HOSP="7002", SHOP_NO_SEQ_SYS_CLA="4")
    extract.line(
        DIAGNOSIS,
        SHOP_NO_SEQ_SEJ_HOSP="7002",
        SHOP_COD_DIAGN_MDCAL_CLINQ="7455",
        SHOP_NO_SEQ_SYS_CLA="4",
    )
    native = concept("condition_source_concept_id", "condition_occurrence")
    assert extract.rows(native) == [("ICD10CA", "O70011"), ("ICD9", "7455")]
    mapped = concept("condition_concept_id", "condition_occurrence")
    assert extract.rows(mapped) == [("ICD10", "O70.0")]


@pytest.mark.parametrize("system", ["7", ""])
def test_an_unknown_classification_is_set_aside_or_rejected(extract: HandMade, system: str) -> None:
    extract.line(STAY).line(DIAGNOSIS, SHOP_NO_SEQ_SYS_CLA=system).cdm()
    reason = "unknown_classification" if system else "reject:SHOP_NO_SEQ_SYS_CLA"
    assert extract.fates(DIAGNOSIS) == {"read": 1, "kept": 0, reason: 1}


def test_how_far_icd10ca_was_cut_is_recorded(extract: HandMade) -> None:
    extract.line(STAY)
    for code in ("O70011", "Q0540", "Q054", "Z37"):
        extract.line(DIAGNOSIS, SHOP_COD_DIAGN_MDCAL_CLINQ=code)
    extract.cdm()
    assert extract.notes(DIAGNOSIS) == {"icd10ca_cut_5_to_4": 1, "icd10ca_cut_6_to_4": 1}


def test_a_hospital_diagnosis_keeps_its_type_stay_and_code_as_written(extract: HandMade) -> None:
    extract.line(STAY).line(DIAGNOSIS, SHOP_COD_DIAGN_MDCAL_CLINQ="q05.4 ")
    found = extract.rows(
        "SELECT condition_source_value, condition_status_source_value, "
        "condition_type_concept_id, visit_occurrence_id, "
        "CAST(condition_start_date AS VARCHAR) FROM condition_occurrence"
    )
    assert found == [("q05.4", "P", 32817, 1, "2014-05-01")]
    mapped = concept("condition_concept_id", "condition_occurrence")
    assert extract.rows(mapped) == [("ICD10", "Q05.4")]


def test_a_truncated_icd9_is_kept_as_it_is_once_per_visit(extract: HandMade) -> None:
    extract.line(ACTS, SMOD_COD_DIAGN_PRIMR="745").line(
        ACTS, SMOD_COD_ACTE="00057", SMOD_COD_DIAGN_PRIMR="745"
    )
    found = extract.rows(
        "SELECT condition_concept_id, condition_source_value, condition_status_source_value, "
        "condition_type_concept_id FROM condition_occurrence"
    )
    assert found == [(0, "745", "act", 32810)]
    native = concept("condition_source_concept_id", "condition_occurrence")
    assert extract.rows(native) == [("ICD9", "745")]


def test_an_emergency_diagnosis_is_not_a_hospital_one(extract: HandMade) -> None:
    extract.line(URGENT)
    found = extract.rows(
        "SELECT condition_status_source_value, condition_source_value, "
        "condition_type_concept_id FROM condition_occurrence"
    )
    assert found == [("urgence", "G409", 32810)]


def test_the_duration_is_recorded_and_the_last_day_included(extract: HandMade) -> None:
    extract.line(DRUGS, SMED_COD_DIN="2293471")
    found = extract.rows(
        "SELECT CAST(drug_exposure_start_date AS VARCHAR), "
        "CAST(drug_exposure_end_date AS VARCHAR), quantity, days_supply, sig, "
        "drug_source_value FROM drug_exposure"
    )
    assert found == [("2014-02-03", "2014-03-04", 60.0, 30, "duration=recorded", "2293471")]
    assert extract.rows(concept("drug_source_concept_id", "drug_exposure")) == [("DIN", "02293471")]
    assert extract.rows(concept("drug_concept_id", "drug_exposure")) == [("ATC", "A02BA02")]


def test_a_din_without_atc_is_kept_under_concept_0(extract: HandMade) -> None:
    extract.line(DRUGS, SMED_COD_DIN="99123456")
    assert extract.rows("SELECT drug_concept_id FROM drug_exposure") == [(0,)]
    assert extract.report is not None
    assert extract.report.findings["claims_without_atc"] == 1


def test_the_extracts_own_product_list_wins_and_its_atc_is_brought_up_to_date(
    extract: HandMade,
) -> None:
    extract.line(DRUGS, SMED_COD_DIN="99123456").write()
    products = extract.root / "V_PRODU_MED.csv"
    products.write_text("NMED_COD_DIN,NMED_COD_ATC\n99123456,N03AX12\n", "utf-8")
    assert extract.rows(concept("drug_concept_id", "drug_exposure")) == [("ATC", "N02BF01")]


def birth(extract: HandMade) -> None:
    """A mother (100), her live-born child (200) and both their stays."""
    extract.people("200")
    extract.line(STAY).line(
        STAY,
        SHOP_NO_INDIV_BEN_BANLS="200",
        SHOP_NO_SEQ_SEJ_HOSP="7002",
        SHOP_IND_NOUV_NE_SEJ_HOSP="1",
        SHOP_DAT_ADMIS_SEJ_HOSP="2014-05-02",
    )


MEASURES = (
    "SELECT person_source_value, concept_code, value_as_number, visit_source_value "
    "FROM measurement JOIN person USING (person_id) "
    "JOIN concept ON concept_id = measurement_concept_id "
    "LEFT JOIN visit_occurrence USING (visit_occurrence_id) ORDER BY 1, 2"
)


def test_a_birth_gives_gestation_to_the_mother_and_weight_to_the_child(extract: HandMade) -> None:
    birth(extract)
    extract.line("NAISSANCES")
    assert extract.rows(MEASURES) == [
        ("100", "gestational_age_days", 275.0, "7001"),
        ("200", "birth_weight_g", 3350.0, "7002"),
    ]


def test_twins_share_one_gestation_and_keep_two_weights(extract: HandMade) -> None:
    birth(extract)
    extract.people("201").line("NAISSANCES")
    extract.line("NAISSANCES", NO_INDIV_ENFANT="201", RANG_NAISSANCE="2", POIDS_GRAMMES="2900")
    found = extract.rows(MEASURES)
    assert [(p, k, v) for p, k, v, _ in found] == [
        ("100", "gestational_age_days", 275.0),
        ("200", "birth_weight_g", 3350.0),
        ("201", "birth_weight_g", 2900.0),
    ]


def test_a_stillborn_child_leaves_its_weight_with_the_mother(extract: HandMade) -> None:
    extract.line(STAY).line("NAISSANCES", NO_INDIV_ENFANT="", VIVANT="0")
    assert extract.rows(MEASURES) == [
        ("100", "birth_weight_g", 3350.0, "7001"),
        ("100", "gestational_age_days", 275.0, "7001"),
    ]
    assert extract.rows("SELECT * FROM fact_relationship") == []


def test_a_hospital_loss_has_a_gestation(extract: HandMade) -> None:
    extract.line(STAY).line("GROSSESSES_HOSP")
    assert extract.rows(MEASURES) == [("100", "gestational_age_days", 70.0, "7001")]


def test_mother_and_child_are_linked_both_ways(extract: HandMade) -> None:
    birth(extract)
    extract.line("NAISSANCES")
    extract.line("NAISSANCES", NO_INDIV_ENFANT="404", RANG_NAISSANCE="2")
    assert extract.rows("SELECT * FROM fact_relationship ORDER BY fact_id_1") == extract.rows(
        "SELECT 1147314 a, 1147314 b, 1 c, 2 d, 581436 e "
        "UNION ALL SELECT 1147314, 1147314, 2, 1, 581435"
    )
    assert extract.notes("NAISSANCES") == {"child_not_registered": 1}


def test_a_diagnosis_of_death_gives_the_cause(extract: HandMade) -> None:
    extract.lines.clear()
    extract.line("V_FICH_ID_BEN_CM", BENF_DAT_DECES="2014-05-04").line(STAY)
    extract.line(DIAGNOSIS, SHOP_TYP_DIAGN_SEJ_HOSP="D", SHOP_COD_DIAGN_MDCAL_CLINQ="I269")
    assert extract.rows("SELECT cause_source_value FROM death") == [("I269",)]


def everything(extract: HandMade) -> HandMade:
    """Several lines of every table, some alike, in one order."""
    birth(extract)
    for day in range(10, 28):
        extract.line(DRUGS, SMED_DAT_SERV=f"2014-01-{day}", SMED_QTE_MED=str(day % 3))
        extract.line(ACTS, SMOD_DAT_SERV=f"2014-01-{day}", DISP_NO_SEQ_DISP_BANLS=str(day % 4))
        extract.line(URGENT, SURG_DHD_EPISO_SOIN_DURG=f"2014-01-{day} 08:00:00")
        extract.line(PLAN, DATE_DEBUT=f"20{day}-01-01", DATE_FIN=f"20{day}-06-01")
    extract.line(DRUGS).line(DRUGS, SMED_QTE_MED="-60").line(DRUGS)
    for code in ("O70011", "O70.011", "Z370", "Q054"):
        extract.line(DIAGNOSIS, SHOP_COD_DIAGN_MDCAL_CLINQ=code)
    return extract.line("NAISSANCES").line("GROSSESSES_HOSP").line("V_RPERT_COD_ACTE")


def test_shuffled_lines_give_the_same_cdm(hand_made: Callable[[], HandMade]) -> None:
    plain, shuffled = (everything(hand_made()).cdm(seed) for seed in (1, 2))
    files = sorted(p.name for p in plain.path.glob("*.parquet"))
    assert files == sorted(p.name for p in shuffled.path.glob("*.parquet"))
    for name in files:
        one, other = (pq.read_table(c.path / name) for c in (plain, shuffled))
        assert one.equals(other), name


def test_the_ledger_accounts_for_every_line(extract: HandMade) -> None:
    everything(extract).cdm()
    assert extract.report is not None
    assert extract.report.lines == sum(len(rows) for rows in extract.lines.values())
    for table in extract.lines:
        fates = extract.fates(table)
        assert fates.pop("read") == sum(fates.values())
