"""Medical units of MCO stays: their days, order, types, diagnoses (T12, T19); drugs, abortions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from snds_extract import Harmonised, NativeExtract, harmonised

ETA = {"ETA_NUM": "620780004"}
DETAILS = (
    "SELECT visit_source_value, CAST(visit_detail_start_date AS VARCHAR), "
    "CAST(visit_detail_end_date AS VARCHAR), visit_detail_source_value, "
    "d.preceding_visit_detail_id = d.visit_detail_id - 1 FROM visit_detail AS d "
    "JOIN visit_occurrence AS v USING (visit_occurrence_id) ORDER BY d.visit_detail_id"
)


def unit(extract: NativeExtract, rsa: str, year: str = "15", **values: Any) -> NativeExtract:
    return extract.add(f"T_MCO{year}UM", **ETA, RSA_NUM=rsa, **{"DGN_PAL": "O800", **values})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Harmonised:
    extract = NativeExtract().person()
    extract.stay("1", "10032015", c={"SOR_DAT": "20032015"})
    unit(extract, "1", UM_ORD_NUM=2, AUT_TYP1_UM="04", PAR_DUR_SEJ=5, DGN_PAL="P071")
    unit(extract, "1", UM_ORD_NUM=1, AUT_TYP1_UM="07A", PAR_DUR_SEJ=3)
    unit(extract, "1", UM_ORD_NUM=3, AUT_TYP1_UM="04", PAR_DUR_SEJ=2)
    unit(extract, "1", UM_ORD_NUM=3, AUT_TYP1_UM="04", PAR_DUR_SEJ=2)  # delivered twice
    extract.stay("2", "01042009", year="09", c={"SOR_DAT": "05042009"})
    unit(extract, "2", "09", UM_TYP="53", PAR_NBR_SEJ=4)
    extract.stay("3", "01052009", year="09", c={"SOR_DAT": "06052009"})
    for kind, nights in (("53", 2), ("11", 3)):  # two units and no order: no days of their own
        unit(extract, "3", "09", UM_TYP=kind, PAR_NBR_SEJ=nights)
    extract.stay("4", "01062015", GRG_GHM="90Z00Z")
    unit(extract, "4", UM_ORD_NUM=1)
    extract.period = ("2009-01-01", "2020-01-01")
    return harmonised(extract, tmp_path_factory.mktemp("units"))


def test_nights_add_up_in_the_order_of_units(found: Harmonised) -> None:
    first = [row[1:] for row in found.rows(DETAILS) if row[0] == "620780004/1"]
    assert first == [
        ("2015-03-10", "2015-03-13", "07A", None),
        ("2015-03-13", "2015-03-18", "04", True),
        ("2015-03-18", "2015-03-20", "04", True),
    ]


def test_units_of_before_2010_are_read_under_their_older_names(found: Harmonised) -> None:
    older = [row[1:4] for row in found.rows(DETAILS) if row[0] == "620780004/2"]
    assert older == [("2009-04-01", "2009-04-05", "53")]
    assert found.ledger["T_MCOaaUM", "note:T19_older_names"] == 3


def test_units_without_an_order_have_the_days_of_the_stay(found: Harmonised) -> None:
    days = {row[1:3] for row in found.rows(DETAILS) if row[0] == "620780004/3"}
    assert days == {("2009-05-01", "2009-05-06")}


def test_a_unit_follows_the_fate_of_its_stay_and_counts_once(found: Harmonised) -> None:
    assert found.ledger["T_MCOaaUM", "same_line_twice"] == 1
    assert found.ledger["T_MCOaaUM", "T8"] == 1
    assert found.ledger["T_MCOaaUM", "kept"] == 6


def test_a_diagnosis_of_a_unit_alone_names_the_unit_and_its_day(found: Harmonised) -> None:
    rows = found.rows(
        "SELECT CAST(condition_start_date AS VARCHAR), CAST(condition_end_date AS VARCHAR), "
        "condition_status_source_value, condition_status_concept_id, visit_detail_source_value "
        "FROM condition_occurrence LEFT JOIN visit_detail USING (visit_detail_id) "
        "WHERE condition_source_value = 'P071'"
    )
    assert rows == [("2015-03-13", "2015-03-18", "UM", 32908, "04")]
    assert found.ledger["T_MCOaaUM", "note:T12_diagnoses_of_units_alone"] == 1
    main = found.rows(
        "SELECT DISTINCT condition_status_concept_id FROM condition_occurrence "
        "WHERE condition_status_source_value = 'DP' AND visit_detail_id IS NULL"
    )
    assert main == [(32902,)]


def test_t12_off_reads_no_diagnosis_of_a_unit(tmp_path: Path) -> None:
    extract = NativeExtract().person().stay("1")
    unit(extract, "1", DGN_PAL="P071")
    found = harmonised(extract, tmp_path, rules_off=("T12",))
    assert found.conditions() == [("O800", "DP")]


def test_drugs_and_abortions_of_a_stay_delivered_twice_count_once(tmp_path: Path) -> None:
    extract = NativeExtract().person().stay("1", year="18", day="10032018", GRG_GHM="14Z08Z")
    drug = {"UCD_UCD_COD": "0000009274762", "ADM_NBR": "1,5", "ADM_MOIS": "03", "PRS_TYP": "06"}
    for delay in (0, 0, 2):
        extract.add("T_MCO18MED", **ETA, RSA_NUM="1", DELAI=delay, **drug)
    for _ in range(2):
        extract.add("T_MCO18IVG", **ETA, RSA_NUM="1", NBR_IVG_ANT=1, NBR_NAIS_ANT=2)
    found = harmonised(extract, tmp_path)
    assert [(row[0], row[2]) for row in found.drugs()] == [
        ("2018-03-10", 1.5),
        ("2018-03-12", 1.5),
    ]
    assert found.ledger["T_MCOaaMED", "same_line_twice"] == 1
    said = found.rows(
        "SELECT concept_code, value_as_number, CAST(observation_date AS VARCHAR) FROM observation "
        "JOIN concept ON concept_id = observation_concept_id ORDER BY 1"
    )
    assert said == [
        ("14Z08Z", None, "2018-03-10"),
        ("previous_abortions", 1.0, "2018-03-10"),
        ("previous_live_births", 2.0, "2018-03-10"),
    ]
