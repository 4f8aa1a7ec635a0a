"""A ConcePTION instance written by hand goes to OMOP, every line accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from transat.cohorts.pregnancies import derive, use
from transat.core.errors import MappingError
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.harmonise.conception.mapping import load
from transat.harmonise.report import Report
from transat.harmonise.run import harmonise

INSTANCE: Mapping[str, str] = {
    "PERSONS": """
person_id,day_of_birth,month_of_birth,year_of_birth,day_of_death,month_of_death,year_of_death,sex_at_instance_creation,race
ada,12,05,1980,,,,F,
bea,,,1985,,06,2013,F,
cas,03,02,2012,,,,M,
cas,03,02,2012,,,,M,
dan,31,02,20,,,,U,
""",
    "OBSERVATION_PERIODS": """
person_id,op_start_date,op_end_date,op_meaning,op_origin
ada,20100101,20111231,enrolled,x
ada,20120101,,enrolled,x
bea,20100101,20130630,enrolled,x
bea,20140101,20130101,enrolled,x
cas,20120203,,birth,x
nobody,20100101,20111231,enrolled,x
""",
    "VISIT_OCCURRENCE": """
person_id,visit_occurrence_id,visit_start_date,visit_end_date,meaning_of_visit
ada,v1,20120202,20120205,hospitalisation
bea,v2,20120601,20120601,home_visit
""",
    "EVENTS_PMSI": """
person_id,start_date_record,end_date_record,event_code,event_record_vocabulary,meaning_of_event,visit_occurrence_id
ada,20120203,20120205,Z37.0,ICD10,hospitalisation_secondary,v1
ada,20120203,,E119,CIM-10,hospitalisation_primary,v1
cas,20120203,,Q05.4,ICD10,hospitalisation_primary,
bea,20120601,,A85,ICPC2P,,v2
bea,20120601,,,ICD10,,v2
bea,2012-13-45,,A01,ICD10,,v2
""",
    "PROCEDURES": """
person_id,procedure_date,procedure_code,procedure_code_vocabulary,visit_occurrence_id
ada,20120203,JQGD010,CCAM,v1
""",
    "PRODUCTS": """
medicinal_product_id,medicinal_product_atc_code
p1,N03AX12
""",
    "MEDICINES_A": """
person_id,medicinal_product_id,medicinal_product_atc_code,date_dispensing,date_prescription,disp_number_medicinal_product,presc_quantity_per_day,presc_duration_days,visit_occurrence_id
ada,p1,,20110601,20110530,1,,,
ada,p2,N03AG01,,20110701,60,2,,
bea,p3,D10BA01,20120301,,1,,30,
bea,p4,D10BA01,,,1,,30,
""",
    "VACCINES": """
person_id,vx_atc,vx_admin_date,vx_record_date,medicinal_product_id
cas,J07CA09,20120403,20120405,
""",
    "SURVEY_ID": """
person_id,survey_id,survey_date,survey_meaning
bea,s1,20120815,spontaneous_abortion_registry
ada,s2,20120203,certificate_day_8
""",
    "SURVEY_OBSERVATIONS": """
person_id,so_date,so_source_column,so_source_value,so_unit,survey_id
ada,20120203,gestational_age_weeks,"39,0",wk,s2
bea,20120815,gestational_age_weeks,9,wk,s1
ada,20120203,APGAR,10,,s2
ada,20120203,smoker,non,,s2
""",
    "PERSON_RELATIONSHIPS": """
person_id,related_id,meaning_of_relationship
cas,ada,birth_mother
cas,dan,father
cas,zoe,birth_mother
""",
    "EUROCAT": """
person_id_child,person_id_mother,birthdate,type,weight,gestlength,malfo1,malfo2
cas,ada,20120203,1,3100,39,Q0540,
,bea,20130410,4,,20,Q913,Q210
,,20130110,1,,,Q210,
""",
    "CDM_SOURCE": """
data_source_name,data_access_provider_name,date_creation,recommended_end_date
Cohorte inventée,Personne,20140301,20131231
""",
    "INSTANCE": "source_table_name\nx\n",
}


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("instance")
    for name, text in INSTANCE.items():
        (folder / f"{name}.csv").write_text(text.lstrip("\n"), "utf-8")
    return folder


@pytest.fixture(scope="module")
def report(extract: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return harmonise("conception", extract, tmp_path_factory.mktemp("out") / "cdm")


@pytest.fixture(scope="module")
def cdm(report: Report) -> Cdm:
    return derive(report.cdm)


def rows(cdm: Cdm, query: str) -> list[tuple[Any, ...]]:
    with DuckDB(threads=1) as engine:
        cdm.attach(engine)
        use(engine, cdm)
        return engine.rows(query)


def fates(report: Report, table: str) -> dict[str, int]:
    return {e.rule: e.rows for e in report.ledger if e.table == table and e.rows}


def test_every_line_is_accounted_for(report: Report) -> None:
    assert fates(report, "PERSONS") == {
        "read": 5, "kept": 3, "same_key_twice": 1, "birth_year_impossible": 1
    }  # fmt: skip
    assert fates(report, "OBSERVATION_PERIODS") == {
        "read": 6, "kept": 4, "unknown_person": 1, "end_before_start": 1
    }  # fmt: skip
    assert fates(report, "EVENTS") == {
        "read": 6, "kept": 4, "no_code": 1, "reject:start_date_record": 1,
        "note:unmapped_vocabulary": 1,
    }  # fmt: skip
    assert fates(report, "MEDICINES") == {"read": 4, "kept": 3, "no_date": 1}
    assert fates(report, "EUROCAT") == {"read": 3, "kept": 2, "no_person": 1}
    assert fates(report, "PERSON_RELATIONSHIPS") == {"read": 3, "kept": 1, "unknown_person": 2}
    assert fates(report, "VISIT_OCCURRENCE")["note:unmapped_visit"] == 1


def test_people_and_their_periods(cdm: Cdm) -> None:
    people = "SELECT person_source_value, gender_concept_id, year_of_birth, day_of_birth"
    assert rows(cdm, f"{people} FROM person ORDER BY 1") == [
        ("ada", 8532, 1980, 12), ("bea", 8532, 1985, None), ("cas", 8507, 2012, 3)
    ]  # fmt: skip
    periods = (
        "SELECT person_source_value, CAST(observation_period_start_date AS VARCHAR), "
        "CAST(observation_period_end_date AS VARCHAR) FROM observation_period "
        "JOIN person USING (person_id) ORDER BY 1"
    )
    assert rows(cdm, periods) == [
        ("ada", "2010-01-01", "2013-12-31"),
        ("bea", "2010-01-01", "2013-06-30"),
        ("cas", "2012-02-03", "2013-12-31"),
    ]
    assert rows(cdm, "SELECT CAST(death_date AS VARCHAR) FROM death") == [("2013-06-15",)]


def test_medicines_have_one_vintage_and_say_where_their_days_come_from(cdm: Cdm) -> None:
    query = (
        "SELECT CAST(drug_exposure_start_date AS VARCHAR), concept_code, days_supply, sig "
        "FROM drug_exposure JOIN concept ON concept_id = drug_concept_id ORDER BY 1"
    )
    assert rows(cdm, query) == [
        ("2011-06-01", "N02BF01", None, "duration=unknown"),
        ("2011-07-01", "N03AG01", 30, "duration=estimated"),
        ("2012-03-01", "D10BA01", 30, "duration=recorded"),
        ("2012-04-03", "J07CA09", 1, "duration=recorded"),
    ]


def test_diagnoses_keep_their_rank_and_the_registry_joins_them(cdm: Cdm) -> None:
    query = (
        "SELECT condition_source_value, concept_code, condition_status_source_value "
        "FROM condition_occurrence LEFT JOIN concept "
        "ON concept_id = nullif(condition_concept_id, 0) "
        "ORDER BY 1, 2"
    )
    assert rows(cdm, query) == [
        ("A85", None, None),
        ("E119", "E11.9", "P"),
        ("Q05.4", "Q05.4", "P"),
        ("Q0540", "Q05.4", None),
        ("Q210", "Q21.0", None),
        ("Q913", "Q91.3", None),
        ("Z37.0", "Z37.0", "S"),
    ]


def test_pregnancies_are_found_from_codes_surveys_and_registry(cdm: Cdm) -> None:
    query = (
        "SELECT person_source_value, outcome, CAST(end_date AS VARCHAR), gestation_days "
        "FROM pregnancy JOIN person USING (person_id) ORDER BY 1, 3"
    )
    assert rows(cdm, query) == [
        ("ada", "live_birth", "2012-02-03", 276),
        ("bea", "spontaneous_abortion", "2012-08-15", 66),
        ("bea", "therapeutic_termination", "2013-04-10", 143),
    ]
    assert rows(cdm, "SELECT count(*) FROM pregnancy_infant") == [(1,)]


def test_what_is_not_a_measurement_is_an_observation(cdm: Cdm) -> None:
    query = (
        "SELECT observation_source_value, value_as_number, value_as_string FROM observation "
        "WHERE observation_concept_id = 0 ORDER BY 1"
    )
    assert rows(cdm, query) == [
        ("APGAR", 10.0, "10"), ("CERTIFICATE_DAY_8", None, None), ("smoker", None, "non")
    ]  # fmt: skip


def test_the_holder_renames_and_explains(extract: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "visits:\n  home_visit: outpatient\n"
        "tables:\n  VISIT_OCCURRENCE:\n    file: SEJOURS\n    columns:\n      person_id: PATIENT\n",
        "utf-8",
    )
    source = tmp_path / "source"
    source.mkdir()
    for path in extract.iterdir():
        if path.stem != "VISIT_OCCURRENCE":
            (source / path.name).write_bytes(path.read_bytes())
    written = INSTANCE["VISIT_OCCURRENCE"].lstrip("\n").replace("person_id", "PATIENT", 1)
    (source / "SEJOURS.csv").write_text(written)
    report = harmonise("conception", source, tmp_path / "cdm", columns=mapping)
    assert fates(report, "VISIT_OCCURRENCE") == {"read": 2, "kept": 2}
    kinds = "SELECT visit_concept_id FROM visit_occurrence ORDER BY 1"
    assert rows(report.cdm, kinds) == [(9201,), (9202,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("visit:\n  x: inpatient\n", "visits"),
        ("visits:\n  x: inpatiant\n", ":2"),
        ("tables:\n  EVENT: {}\n", "EVENTS"),
        ("tables:\n  EVENTS:\n    columns:\n      event_cod: x\n", ":4"),
        ("visits:\n  x: inpatient\n  x: emergency\n", ":3"),
        ("visits: [\n", "YAML"),
        ("", "vide"),
    ],
)
def test_a_fault_in_the_mapping_names_its_line(tmp_path: Path, text: str, said: str) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(text)
    with pytest.raises(MappingError) as error:
        load(mapping)
    assert said in error.value.message("fr")
