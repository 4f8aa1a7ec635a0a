"""Biology, devices, archived people, certificates, pack sizes and ages: cases written by hand."""

from __future__ import annotations

from pathlib import Path

from snds_extract import ANNA, PARACETAMOL, VALPROATE, NativeExtract, harmonised

from transat.harmonise.snds.death import linkage, published_linkage
from transat.tables.snds import NINE_KEYS

#: Atorvastatin 10 mg in a box of 90; the same ATC has a box of 28 and one of 30.
NINETY, LISTED = "3400921651362", "C10AA05"


def sister(extract: NativeExtract, table: str, day: str, line: dict[str, object]) -> None:
    """A prestation line and its line of `table`, under one nine-column key."""
    extract.line(day)
    keys = extract.tables["ER_PRS_F"][-1]

    extract.add(table, **{name: keys[name] for name in NINE_KEYS}, **line)


def test_biology_is_a_measurement_without_a_value(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    for day, code, quantity in (
        ("01/03/2015", "1104", 1),
        ("02/03/2015", "552", 1),
        ("03/03/2015", "1104", 1),
        ("03/03/2015", "1104", -1),
    ):
        sister(extract, "ER_BIO_F", day, {"BIO_PRS_IDE": code, "BIO_ACT_QSN": quantity})
    extract.tables["ER_PRS_F"][0]["DPN_QLF"] = 71
    found = harmonised(extract, tmp_path)
    assert found.rows(
        "SELECT CAST(measurement_date AS VARCHAR), measurement_source_value, vocabulary_id, "
        "value_as_number, measurement_type_concept_id FROM measurement "
        "JOIN concept ON concept_id = measurement_source_concept_id"
    ) == [("2015-03-02", "0552", "NABM", None, 32810)]
    assert found.ledger["ER_BIO_F", "read"] == 4
    assert found.ledger["ER_BIO_F", "T1"] == 1
    assert found.ledger["ER_BIO_F", "T4"] == 2
    assert found.ledger["ER_BIO_F", "note:negative_lines"] == 1


def test_devices_are_netted_like_drugs(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    for day, quantity in (("01/03/2015", 3), ("01/03/2015", -1), ("02/03/2015", -1)):
        line = {"TIP_PRS_IDE": "0000001117056", "TIP_ACT_QSN": quantity}
        sister(extract, "ER_TIP_F", day, line)
    extract.tables["ER_TIP_F"].append(dict(extract.tables["ER_TIP_F"][0]))
    found = harmonised(extract, tmp_path)
    assert found.rows(
        "SELECT CAST(device_exposure_start_date AS VARCHAR), device_source_value, quantity, "
        "vocabulary_id FROM device_exposure "
        "JOIN concept ON concept_id = device_source_concept_id"
    ) == [("2015-03-01", "1117056", 2, "LPP")]
    assert found.ledger["ER_TIP_F", "same_line_twice"] == 1
    assert found.ledger["ER_TIP_F", "T4"] == 2


def test_an_archived_person_counts_once(tmp_path: Path) -> None:
    extract = NativeExtract().person(BEN_SEX_COD=2)
    usual = {"BEN_RNG_GEM": 1, "BEN_CDI_NIR": "00", "BEN_NAI_ANN": 1950, "BEN_SEX_COD": 1}
    extract.add("IR_BEN_R_ARC", **usual, BEN_NIR_PSA=ANNA["BEN_NIR_PSA"], BEN_NIR_ANO="ANOanna")
    extract.add("IR_BEN_R_ARC", **usual, BEN_NIR_PSA="B" * 17, BEN_NIR_ANO="ANObob")
    extract.add("IR_BEN_R_ARC", **usual, BEN_NIR_PSA="B" * 17, BEN_NIR_ANO="ANObob")
    extract.add("IR_BEN_R_ARC", **usual, BEN_NIR_PSA="C" * 17, BEN_NIR_ANO="ANOanna")
    box = {"PHA_PRS_C13": PARACETAMOL, "PHA_ACT_QSN": 1}
    extract.line("01/03/2015", box=box, BEN_NIR_PSA="B" * 17)
    extract.line("02/03/2015", box=box, BEN_NIR_PSA="C" * 17)
    found = harmonised(extract, tmp_path)
    assert found.rows(
        "SELECT person_source_value, year_of_birth, gender_source_value FROM person"
    ) == [("ANOanna", 1985, "2"), ("ANObob", 1950, "1")]
    assert [day for day, *_ in found.drugs()] == ["2015-03-01", "2015-03-02"]
    assert found.ledger["IR_BEN_R_ARC", "archived_and_current"] == 1
    assert found.ledger["IR_BEN_R_ARC", "same_beneficiary_twice"] == 1
    assert found.ledger["IR_BEN_R_ARC", "kept"] == 2


def test_project_extracts_name_people_otherwise(tmp_path: Path) -> None:
    extract = (
        NativeExtract()
        .person()
        .line("01/03/2015", box={"PHA_PRS_C13": PARACETAMOL, "PHA_ACT_QSN": 1})
    )
    dead = {"BEN_DCD_DTE": "05/06/2015"}
    extract.add("KI_CCI_R", BEN_IDT_ANO="IDTanna", DCD_CIM_COD="I469", **dead)
    extract.tables["IR_BEN_R"][0]["BEN_IDT_ANO"] = "IDTanna"
    renamed = {"BEN_NIR_PSA": "NUM_ENQ", "BEN_NIR_ANO": "NUM_ENQ_ANO", "BEN_IDT_ANO": "NUM_ENQ_IDT"}
    for lines in extract.tables.values():
        for line in lines:
            for old, new in renamed.items():
                if old in line:
                    line[new] = line.pop(old)
    found = harmonised(extract, tmp_path)
    assert len(found.drugs()) == 1
    assert found.rows("SELECT cause_source_value FROM death") == [("I469",)]


def test_death_has_one_cause_and_its_record_says_where_it_is_from(tmp_path: Path) -> None:
    extract = NativeExtract().person(BEN_DCD_DTE="05/06/2015", BEN_IDT_ANO="IDTanna")
    extract.person(BEN_NIR_PSA="B" * 17, BEN_NIR_ANO="ANOb", BEN_IDT_ANO="IDTb")
    extract.person(BEN_NIR_PSA="C" * 17, BEN_NIR_ANO="ANOc", BEN_DCD_DTE="01/02/2015")
    extract.add("KI_CCI_R", BEN_IDT_ANO="IDTanna", BEN_DCD_DTE="05/06/2015", DCD_CIM_COD="C349")
    extract.add("KI_CCI_R", BEN_IDT_ANO="IDTb", BEN_DCD_DTE="07/08/2016", DCD_CIM_COD="I219")
    found = harmonised(extract, tmp_path)
    assert found.rows(
        "SELECT person_source_value, CAST(death_date AS VARCHAR), death_type_concept_id, "
        "cause_source_value FROM death JOIN person USING (person_id) ORDER BY ALL"
    ) == [
        ("ANOanna", "2015-06-05", 32810, "C349"),
        ("ANOb", "2016-08-07", 32815, "I219"),
        ("ANOc", "2015-02-01", 32810, None),
    ]
    years = linkage(found.report.findings)
    assert [(y.year, y.deaths, y.with_cause, y.published) for y in years] == [
        (2015, 2, 1, 0.901),
        (2016, 1, 1, 0.833),
    ]
    assert published_linkage()[2006] == 0.343
    assert linkage({"persons": 3}) == ()


def test_every_cause_of_a_certificate_is_a_condition_on_the_day_of_death(tmp_path: Path) -> None:
    extract = NativeExtract().person(BEN_DCD_DTE="05/06/2015", BEN_IDT_ANO="IDTanna")
    dead = {"BEN_IDT_ANO": "IDTanna", "BEN_DCD_DTE": "05/06/2015"}
    extract.add("KI_CCI_R", **dead, DCD_CIM_COD="C349")
    for line, code in ((1, "I469"), (2, "C349"), (3, "I469")):
        extract.add("KI_ECD_R", **dead, CER_LIG_NUM=line, ECD_CAU_RNG=1, ECD_CIM_COD=code)
    extract.add("KI_ECD_R", BEN_IDT_ANO="nobody", BEN_DCD_DTE="05/06/2015", ECD_CIM_COD="R99")
    extract.add("KI_ECD_R", **dead, ECD_CIM_COD=None)
    found = harmonised(extract, tmp_path)
    assert found.rows(
        "SELECT CAST(condition_start_date AS VARCHAR), condition_source_value, "
        "condition_type_concept_id, condition_status_source_value FROM condition_occurrence "
        "ORDER BY ALL"
    ) == [("2015-06-05", "C349", 32815, "CAUSE"), ("2015-06-05", "I469", 32815, "CAUSE")]
    assert found.rows("SELECT cause_source_value FROM death") == [("C349",)]
    fates = {rule: rows for (table, rule), rows in found.ledger.items() if table == "KI_ECD_R"}
    assert fates == {"read": 5, "kept": 3, "unknown_person": 1, "reject:ECD_CIM_COD": 1}


def test_a_box_of_three_months_is_told_from_one_of_a_month(tmp_path: Path) -> None:
    thirty = "3400930000002"
    extract = NativeExtract().person()
    for code, units in ((NINETY, 90), (thirty, 30)):
        extract.add("IR_PHA_R", PHA_CIP_C13=code, PHA_ATC_C07=LISTED, PHA_UNT_NBR_DSES=units)
    # Ninety tablets of valproate may be a month of three a day: its class has no box of 3 months.
    ninety_of_valproate = "3400935444271"
    for day, code in (("01", NINETY), ("02", thirty), ("03", ninety_of_valproate)):
        extract.line(f"{day}/03/2015", box={"PHA_PRS_C13": code, "PHA_ACT_QSN": 1})
    found = harmonised(extract, tmp_path)
    days = "SELECT days_supply, sig FROM drug_exposure ORDER BY drug_exposure_start_date"
    month = "duration=estimated;rule=30_days_a_box"
    assert found.rows(days) == [(90, "duration=estimated;rule=T7"), (30, month), (30, month)]
    assert found.ledger["ER_PHA_F", "note:T7"] == 1
    off = harmonised(extract, tmp_path / "off", rules_off=("T7",))
    assert off.rows(days) == [(30, month)] * 3
    assert ("ER_PHA_F", "note:T7") not in off.ledger


def test_short_and_missing_atc_are_kept_and_counted(tmp_path: Path) -> None:
    short, none = "3400930000001", "3400999999999"
    extract = NativeExtract().person()
    extract.add("IR_PHA_R", PHA_CIP_C13=short, PHA_ATC_C07="B01AA", PHA_UNT_NBR_DSES=20)
    for day, code in (("01", short), ("02", none), ("03", VALPROATE)):
        extract.line(f"{day}/03/2015", box={"PHA_PRS_C13": code, "PHA_ACT_QSN": 1})
    found = harmonised(extract, tmp_path)
    assert [atc for _, atc, *_ in found.drugs()] == ["B01AA", "No matching concept", "N03AG01"]
    assert found.ledger["ER_PHA_F", "note:T16_short_atc"] == 1
    assert found.ledger["ER_PHA_F", "note:T16_no_atc"] == 1
    off = harmonised(extract, tmp_path / "off", rules_off=("T16",))
    assert [atc for _, atc, *_ in off.drugs()] == ["No matching concept"] * 2 + ["N03AG01"]


def test_another_age_is_counted_and_never_used(tmp_path: Path) -> None:
    extract = NativeExtract().person()  # born in March 1985
    extract.person(BEN_NIR_PSA="B" * 17, BEN_NIR_ANO="ANOb", BEN_NAI_ANN=2014, BEN_NAI_MOI="12")
    for day, age in (
        ("10/02/2015", 29), ("10/02/2015", 30), ("10/03/2015", 29), ("10/03/2015", 30),
        ("10/04/2015", 29), ("10/04/2015", 30), ("10/04/2015", None),
    ):  # fmt: skip
        extract.line(day, BEN_AMA_COD=age)
    for age in (1002, 1003, 1004, 2):
        extract.line("10/03/2015", BEN_AMA_COD=age, BEN_NIR_PSA="B" * 17)
    found = harmonised(extract, tmp_path)
    assert found.ledger["ER_PRS_F", "note:T17"] == 4
    assert found.rows("SELECT year_of_birth FROM person") == [(1985,), (2014,)]
    off = harmonised(extract, tmp_path / "off", rules_off=("T17",))
    assert ("ER_PRS_F", "note:T17") not in off.ledger


def test_declared_pregnancies_are_observations_only_when_t14_is_off(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    extract.add("IR_MAT_R", **ANNA, BEN_GRS_DTE="05/06/2015", BEN_DRA_AME="201603")
    extract.add("IR_MAT_R", **ANNA, BEN_GRS_DTE="01/01/1600", BEN_DRA_AME=None)
    found = harmonised(extract, tmp_path)
    assert found.rows("SELECT count(*) FROM observation") == [(0,)]
    assert found.ledger["IR_MAT_R", "T14"] == 2
    off = harmonised(extract, tmp_path / "off", rules_off=("T14",))
    assert off.rows(
        "SELECT CAST(observation_date AS VARCHAR), value_as_string, concept_code FROM observation "
        "JOIN concept ON concept_id = observation_concept_id"
    ) == [("2015-06-05", "201603", "declared_pregnancy_start")]
    assert off.ledger["IR_MAT_R", "kept"] == 2


def test_units_are_noted(tmp_path: Path) -> None:
    split = {"PHA_PRS_C13": VALPROATE, "PHA_ACT_QSN": 0, "PHA_DEC_TOP": "D", "PHA_DEC_QSU": 45}
    extract = NativeExtract().person().line("01/03/2015", box=split)
    assert harmonised(extract, tmp_path).ledger["ER_PHA_F", "note:T6"] == 1
    off = harmonised(extract, tmp_path / "off", rules_off=("T6",))
    assert off.drugs() == []
