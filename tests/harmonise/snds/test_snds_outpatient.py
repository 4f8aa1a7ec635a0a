"""Outpatient care of public hospitals, its doubles in the DCIR (T2, T20), care sites, providers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from snds_extract import ANNA, NativeExtract, harmonised

ETA = "620780004"
SCAN = {"CAM_PRS_IDE": "JQQM010"}


def passage(
    extract: NativeExtract, seq: str, day: str = "10032015", year: str = "15", **values: Any
) -> NativeExtract:
    who = {"NIR_ANO_17": ANNA["BEN_NIR_PSA"], "ENT_DAT": day, "SOR_DAT": day}
    return extract.add(f"T_MCO{year}CSTC", **{"ETA_NUM": ETA, "SEQ_NUM": seq, **who, **values})


def act(extract: NativeExtract, seq: str, code: str, **values: Any) -> NativeExtract:
    usual = {"ETA_NUM": ETA, "SEQ_NUM": seq, "CCAM_COD": code}
    return extract.add("T_MCO15FMSTC", **{**usual, **values})


VISITS = (
    "SELECT visit_source_value, visit_concept_id, CAST(visit_start_date AS VARCHAR), "
    "care_site_source_value, provider_source_value, concept_code FROM visit_occurrence AS v "
    "LEFT JOIN care_site AS c ON c.care_site_id = v.care_site_id "
    "LEFT JOIN provider AS p ON p.provider_id = v.provider_id "
    "LEFT JOIN concept ON concept_id = visit_source_concept_id ORDER BY ALL"
)
PROCEDURES = (
    "SELECT procedure_source_value, CAST(procedure_date AS VARCHAR), visit_source_value "
    "FROM procedure_occurrence LEFT JOIN visit_occurrence USING (visit_occurrence_id) ORDER BY ALL"
)


def test_a_passage_is_a_visit_with_its_acts_and_its_consultation(tmp_path: Path) -> None:
    extract = passage(NativeExtract().person(), "1")
    for activity in ("1", "4"):
        act(extract, "1", "JQQM010", DEL_DAT_ENT=1, ACV_ACT=activity)
    fee = {"ETA_NUM": ETA, "SEQ_NUM": "1"}
    extract.add("T_MCO15FCSTC", **fee, ACT_COD="CS", EXE_SPE="07")
    extract.add("T_MCO15FCSTC", **fee, ACT_COD="CS F", EXE_SPE="07")
    passage(extract, "2", "11032015", SEX_RET=1)
    act(extract, "2", "JQQM018")
    passage(extract, "3", "12032015", ETA_NUM="130783236")
    passage(extract, "4", "12032018", "18", ETA_NUM="130783236")
    act(extract, "9", "JQQM018")
    extract.add("T_MCO15E", ETA_NUM=ETA, SOC_RAI="CENTRE HOSPITALIER", STA_ETA="0")
    extract.add("T_MCO15E", ETA_NUM="130783236", SOC_RAI="SITE")
    found = harmonised(extract, tmp_path)
    assert found.rows(VISITS) == [
        ("130783236/4", 9202, "2018-03-12", "130783236", None, "No matching concept"),
        ("620780004/1", 9202, "2015-03-10", "620780004", "IR_SPE_V:7", "CS"),
    ]
    assert found.rows(PROCEDURES) == [("JQQM010", "2015-03-11", "620780004/1")]
    assert found.rows("SELECT care_site_name FROM care_site ORDER BY care_site_id") == [
        (None,),
        ("CENTRE HOSPITALIER",),
    ]
    ledger = found.ledger
    assert [ledger["T_MCOaaCSTC", r] for r in ("kept", "T9", "T11")] == [2, 1, 1]
    assert [ledger["T_MCOaaFMSTC", r] for r in ("kept", "T9", "no_stay")] == [2, 1, 1]
    assert ledger["T_MCOaaE", "T11"] == 1


@pytest.mark.parametrize(
    ("off", "rules"),
    [
        ((), {"T2": 1, "T20": 1}),
        (("T2",), {"T20": 2}),
        (("T20",), {"T2": 1}),
    ],
)
def test_an_outpatient_act_is_not_read_twice(
    tmp_path: Path, off: tuple[str, ...], rules: dict[str, int]
) -> None:
    """T2 sets aside what was billed directly; T20 what else of a held act is in the DCIR."""
    extract = passage(NativeExtract().person(), "1")
    act(extract, "1", "JQQM010")
    passage(extract, "2", "10062015")
    act(extract, "2", "JQQM018")
    town = {"PRS_NAT_REF": 1324}
    extract.line("10/03/2015", act=SCAN, ete={"ETE_IND_TAA": 1}, **town)
    extract.line("10/06/2015", act={"CAM_PRS_IDE": "JQQM018"}, ete={"ETE_IND_TAA": None}, **town)
    extract.line("11/03/2015", act=SCAN, **town)  # another day: another act, in town
    found = harmonised(extract, tmp_path, rules_off=off)
    met = {r: n for (table, r), n in found.ledger.items() if table == "ER_CAM_F"}
    assert {r: met[r] for r in ("T2", "T20") if r in met} == rules
    expected = [
        ("JQQM010", "2015-03-10", "620780004/1"),
        ("JQQM010", "2015-03-11", None),
        ("JQQM018", "2015-06-10", "620780004/2"),
    ]
    twice = [("JQQM018", "2015-06-10", None)] if "T20" in off else []
    assert found.rows(PROCEDURES) == sorted(
        [*expected, *twice], key=lambda r: (r[0], r[1], not r[2])
    )


def test_places_and_professionals(tmp_path: Path) -> None:
    extract = NativeExtract().person(BEN_RES_DPT="031", BEN_RES_COM="555").stay("1")
    extract.person(BEN_NIR_PSA="BeaBeaBeaBeaBea12", BEN_NIR_ANO="ANObea", BEN_RES_DPT="02A")
    extract.line(PRS_NAT_REF=1111, PSE_SPE_COD="01", ete={"ETB_EXE_FIN": "62078000"})
    extract.line("11/03/2015", PRS_NAT_REF=1111, PSE_SPE_COD="0", ete={"ETB_EXE_FIN": "31078001"})
    for year, specialty in ((2015, "01"), (2016, "22")):
        extract.add("DA_PRA_R", PFS_PFS_NUM="pseudo1", PFS_PRA_SPE=specialty, IPP_SEX_COD=2,
                    IPP_ANN_NAI=1960, DTE_ANN_TRT=year)  # fmt: skip
    found = harmonised(extract, tmp_path)
    assert found.rows(
        "SELECT person_source_value, county, city, location_source_value FROM person "
        "JOIN location USING (location_id) ORDER BY 1"
    ) == [("ANOanna", "031", "555", "031555"), ("ANObea", "02A", None, "02A")]
    assert found.rows("SELECT care_site_source_value FROM care_site ORDER BY 1") == [
        ("31078001",),
        ("620780004",),
    ]
    assert found.rows(
        "SELECT provider_source_value, specialty_source_value, year_of_birth, gender_concept_id "
        "FROM provider ORDER BY 1"
    ) == [("IR_SPE_V:1", "1", None, 0), ("pseudo1", "22", 1960, 8532)]
    assert [row[4] for row in found.rows(VISITS) if row[1] == 9202] == ["IR_SPE_V:1", None]
