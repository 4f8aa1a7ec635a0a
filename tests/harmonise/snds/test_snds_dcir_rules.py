"""The rules of the DCIR (T1 to T6, T14 to T16), each on lines written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from snds_extract import PARACETAMOL, VALPROATE, NativeExtract, harmonised

from transat.core.errors import ConfigError

BOX = {"PHA_PRS_C13": PARACETAMOL, "PHA_ACT_QSN": 1}
MINUS = {"PHA_PRS_C13": PARACETAMOL, "PHA_ACT_QSN": -1}


def test_information_lines_surcharges_and_pmsi_doubles_are_set_aside(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    extract.line("01/03/2015", box=BOX, DPN_QLF=71)
    extract.line("02/03/2015", box=BOX, PRS_DPN_QLP=71)
    extract.line("03/03/2015", box=BOX, DPN_QLF=None, PRS_DPN_QLP=None, CPL_MAJ_TOP=None)
    extract.line("04/03/2015", box=BOX, CPL_MAJ_TOP=2)
    extract.line("05/03/2015", box=BOX, CPL_MAJ_TOP=1)
    extract.line("06/03/2015", box=BOX, ete={"ETE_IND_TAA": 1})
    extract.line("07/03/2015", box=BOX, ete={"ETE_IND_TAA": None})
    extract.line("08/03/2015", box=BOX, ete={"ETE_IND_TAA": 0})
    found = harmonised(extract, tmp_path)
    days = [day for day, _, _, _ in found.drugs()]
    assert days == ["2015-03-03", "2015-03-05", "2015-03-07", "2015-03-08"]
    assert [found.ledger["ER_PHA_F", r] for r in ("T1", "T2", "T3")] == [2, 1, 1]
    assert found.drugs()[0] == ("2015-03-03", "N02BE01", 1.0, 30)


def test_a_reversal_cancels_its_line_and_no_other(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    extract.line("01/03/2015", box=BOX).line("01/03/2015", box=MINUS)  # full
    three = {**BOX, "PHA_ACT_QSN": 3}
    extract.line("02/03/2015", box=three).line("02/03/2015", box=MINUS)  # partial
    extract.line("03/03/2015", box=BOX).line("03/03/2015", box=MINUS)  # twice, then right
    extract.line("03/03/2015", box=MINUS).line("03/03/2015", box=three)
    extract.line("04/03/2015", box=MINUS)  # its positive line is before the extract
    found = harmonised(extract, tmp_path)
    assert found.drugs() == [
        ("2015-03-02", "N02BE01", 2.0, 60),
        ("2015-03-03", "N02BE01", 2.0, 60),
    ]
    assert found.ledger["ER_PHA_F", "read"] == 9
    assert found.ledger["ER_PHA_F", "T4"] == 7
    assert found.ledger["ER_PHA_F", "note:negative_lines"] == 5


def test_a_rule_can_be_switched_off(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    extract.line("01/03/2015", box=BOX).line("01/03/2015", box=MINUS)
    found = harmonised(extract, tmp_path, rules_off=("T4",))
    assert [d for d, *_ in found.drugs()] == ["2015-03-01"]
    assert found.ledger["ER_PHA_F", "not_positive"] == 1
    with pytest.raises(ConfigError, match="T44"):
        harmonised(extract, tmp_path, rules_off=("T44",))
    with pytest.raises(ConfigError, match="unknown_person"):
        harmonised(extract, tmp_path, rules_off=("unknown_person",))


def test_late_flows_stay_and_care_outside_the_period_goes(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    for day in ("31/12/2011", "01/01/2012", "31/12/2019", "01/01/2020"):
        extract.line(day, box=BOX)
    for lines in extract.tables.values():
        for line in lines:
            if "FLX_DIS_DTD" in line:
                line["FLX_DIS_DTD"] = "01/07/2021"
    found = harmonised(extract, tmp_path)
    assert [d for d, *_ in found.drugs()] == ["2012-01-01", "2019-12-31"]
    assert found.ledger["ER_PRS_F", "T5"] == 2


def test_split_boxes_count_units(tmp_path: Path) -> None:
    split = {"PHA_PRS_C13": VALPROATE, "PHA_ACT_QSN": 0, "PHA_DEC_TOP": "D", "PHA_DEC_QSU": 45}
    back = {**split, "PHA_ACT_QSN": -1, "PHA_DEC_QSU": 15}
    unknown = {**split, "PHA_PRS_C13": "3400999999999"}
    extract = NativeExtract().person()
    extract.line("01/03/2015", box=split).line("02/03/2015", box=split)
    extract.line("02/03/2015", box=back).line("03/03/2015", box=unknown)
    assert harmonised(extract, tmp_path).drugs() == [
        ("2015-03-01", "N03AG01", 1.5, 45),
        ("2015-03-02", "N03AG01", 1.0, 30),
        ("2015-03-03", "No matching concept", None, None),
    ]


def test_fictive_numbers_and_unknown_people_are_set_aside(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    extract.person(BEN_NIR_PSA="F" * 17, BEN_NIR_ANO=None, BEN_CDI_NIR="06")
    extract.line(BEN_NIR_PSA="F" * 17, PRS_NAT_REF=3329)
    extract.line(BEN_CDI_NIR=1, PRS_NAT_REF=3329)
    extract.line(BEN_NIR_PSA="Z" * 17, PRS_NAT_REF=3329)
    extract.line(PRS_NAT_REF=3329)
    found = harmonised(extract, tmp_path)
    assert found.ledger["ER_PRS_F", "fictive_number"] == 2
    assert found.ledger["ER_PRS_F", "unknown_person"] == 1
    assert found.rows("SELECT procedure_source_value, quantity FROM procedure_occurrence") == [
        ("3329", 1)
    ]


def test_a_line_delivered_twice_counts_once(tmp_path: Path) -> None:
    extract = NativeExtract().person().line(box=BOX)
    extract.tables["ER_PRS_F"] *= 2
    found = harmonised(extract, tmp_path)
    assert found.ledger["ER_PRS_F", "same_line_twice"] == 1
    assert len(found.drugs()) == 1


def test_sister_lines_without_a_prestation_are_told(tmp_path: Path) -> None:
    extract = NativeExtract().person().line(box=BOX).line("30/02/2015", box=BOX)
    extract.add("ER_PHA_F", **extract.key(), **BOX)
    found = harmonised(extract, tmp_path)
    assert found.ledger["ER_PRS_F", "reject:EXE_SOI_DTD"] == 1
    assert found.ledger["ER_PHA_F", "no_prestation"] == 1
    assert found.ledger["ER_PHA_F", "prestation_rejected"] == 1
    assert found.report.rejects == 1


def test_the_extracts_own_referential_comes_first_in_one_atc_vintage(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    extract.add("IR_PHA_R", PHA_CIP_C13=PARACETAMOL, PHA_ATC_C07="N03AX12", PHA_UNT_NBR_DSES=9)
    extract.add("IR_PHA_R", PHA_CIP_C13="3400930000001", PHA_ATC_C07="B01AA", PHA_UNT_NBR_DSES=9)
    extract.line("01/03/2015", box=BOX)
    extract.line("02/03/2015", box={**BOX, "PHA_PRS_C13": "3400930000001"})
    extract.line("03/03/2015", box={**BOX, "PHA_PRS_C13": VALPROATE + ".0"})
    assert [atc for _, atc, _, _ in harmonised(extract, tmp_path).drugs()] == [
        "N02BF01",
        "B01AA",
        "N03AG01",
    ]


def test_retrocession_is_a_drug_under_its_ucd(tmp_path: Path) -> None:
    bosentan = {"UCD_UCD_COD": "0000009240013", "UCD_DLV_NBR": 2}
    extract = NativeExtract().person().line(hospital=bosentan, PRS_NAT_REF=3336)
    extract.line(hospital={**bosentan, "UCD_DLV_NBR": -1}, PRS_NAT_REF=3336)
    found = harmonised(extract, tmp_path)
    assert found.drugs() == [("2015-03-10", "C02KX01", 1.0, 30)]
    assert found.rows("SELECT drug_source_value FROM drug_exposure") == [("9240013",)]


def test_long_term_illness_is_read_from_its_code(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    usual = {"BEN_NIR_PSA": "AnnaAnnaAnnaAnna1", "BEN_RNG_GEM": 1, "IMB_ALD_DTD": "01/02/2010"}
    for code, kind in (("G40", 41), ("G40", 41), ("E11", 43), ("J45", 99), (None, 41)):
        extract.add("IR_IMB_R", **usual, MED_MTF_COD=code, IMB_ETM_NAT=kind, IMB_ALD_NUM=99)
    extract.add("IR_MAT_R", BEN_NIR_PSA="AnnaAnnaAnnaAnna1", BEN_GRS_DTE="01/01/1990")
    found = harmonised(extract, tmp_path)
    assert found.conditions() == [("E11", "ALD"), ("G40", "ALD")]
    assert found.ledger["IR_IMB_R", "T15"] == 2
    assert found.ledger["IR_IMB_R", "same_illness_twice"] == 1
    assert found.ledger["IR_MAT_R", "T14"] == 1


def test_consultations_are_visits_and_acts_are_netted(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    extract.line("01/03/2015", PRS_NAT_REF=1111).line("01/03/2015", PRS_NAT_REF=1111)
    extract.line("02/03/2015", PRS_NAT_REF=1111).line(
        "02/03/2015", PRS_NAT_REF=1111, PRS_ACT_QTE=-1
    )
    for activity in (1, 4):
        act = {"CAM_PRS_IDE": "JQQM010", "CAM_ACT_COD": activity}
        extract.line("03/03/2015", PRS_NAT_REF=1324, act=act)
    extract.line("04/03/2015", PRS_NAT_REF=1324, act={"CAM_PRS_IDE": "JQQM010"})
    extract.line("04/03/2015", PRS_NAT_REF=1324, PRS_ACT_QTE=-1, act={"CAM_PRS_IDE": "JQQM010"})
    found = harmonised(extract, tmp_path)
    visits = "SELECT CAST(visit_start_date AS VARCHAR), visit_concept_id FROM visit_occurrence"
    assert found.rows(visits) == [("2015-03-01", 9202), ("2015-03-01", 9202)]
    assert found.rows(
        "SELECT CAST(procedure_date AS VARCHAR), vocabulary_id, concept_code, quantity "
        "FROM procedure_occurrence JOIN concept ON concept_id = procedure_source_concept_id"
    ) == [("2015-03-03", "CCAM", "JQQM010", 1)]
