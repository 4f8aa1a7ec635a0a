"""The rules of the PMSI (T8 to T13, T19), twins, and mother and child, on stays written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from snds_extract import NativeExtract, harmonised

STAY = {"ETA_NUM": "620780004"}
MOTHER, CHILD, TWIN = "AnnaAnnaAnnaAnna1", "Zoe0Zoe0Zoe0Zoe0Z", "TwinTwinTwinTwin1"
NUMBER = "GJ6PUAE7NM5AAWZDH5B4HIZXQPLIFGOX"


def pair(**of_child: Any) -> NativeExtract:
    """A delivery and a birth on the next day, tied by one number."""
    extract = NativeExtract().person()
    extract.person(BEN_NIR_PSA=CHILD, BEN_NIR_ANO="ANOzoe", BEN_NAI_ANN=2015)
    extract.stay("1", "10032015", c={"NIR_ANO_MAM": NUMBER}, DEL_REG_ENT=270, AGE_GES=38)
    usual = {"AGE_ANN": None, "AGE_JOU": 0, "ENT_MOD": "8", "POI_NAI": 3200, "DGN_PAL": "Z380"}
    c = {"NIR_ANO_MAM": of_child.pop("NIR_ANO_MAM", NUMBER)}
    day = of_child.pop("day", "11032015")
    return extract.stay("2", day, number=CHILD, c=c, **{**usual, **of_child})


LINKS = (
    "SELECT m.person_source_value, c.person_source_value FROM fact_relationship JOIN person AS m "
    "ON m.person_id = fact_id_1 JOIN person AS c ON c.person_id = fact_id_2 "
    "WHERE relationship_concept_id = 581436"
)


def test_stays_that_are_not_care_are_set_aside(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    extract.stay("1", GRG_GHM="90Z00Z")
    extract.stay("2", SEJ_TYP="B", GRG_GHM="05C04Z")
    extract.stay("3", SEJ_TYP="B", GRG_GHM="28Z14Z")
    extract.stay("4", ENT_MOD="0")
    extract.stay("5", TYP_GEN_RSA=4)
    extract.stay("6", SEJ_TYP="A", TYP_GEN_RSA=0, GRG_GHM="14Z08Z", DGN_PAL="O049")
    extract.stay("7", ETA_NUM="130783236")  # a geographic site of AP-HM
    extract.stay("8", "10032018", year="18", ETA_NUM="130783236")
    extract.stay("9", c={"SEX_RET": 1})
    extract.stay("10", c={"ENT_DAT": None, "SOR_DAT": None})
    extract.stay("11", c={"SOR_DAT": "09032015"})
    extract.add("T_MCO15B", **STAY, RSA_NUM="12", DGN_PAL="O800")
    found = harmonised(extract, tmp_path)
    kept = found.rows("SELECT visit_source_value FROM visit_occurrence ORDER BY 1")
    assert kept == [("130783236/8",), ("620780004/3",), ("620780004/6",)]
    rules = ("T8", "T10", "T11", "T9", "T19", "end_before_start", "no_chaining")
    assert [found.ledger["T_MCOaaB", r] for r in rules] == [1, 3, 1, 1, 1, 1, 1]


def test_abortion_stays_are_erased_only_when_asked(tmp_path: Path) -> None:
    extract = NativeExtract().person().stay("1", GRG_GHM="14Z08Z", DGN_PAL="O049")
    assert harmonised(extract, tmp_path / "kept").conditions() == [("O049", "DP")]
    found = harmonised(extract, tmp_path / "erased", rules_on=("T13",))
    assert found.conditions() == []
    assert found.ledger["T_MCOaaB", "T13"] == 1


def test_a_child_admitted_days_after_its_birth_is_linked_by_its_age(tmp_path: Path) -> None:
    assert harmonised(pair(day="15032015", AGE_JOU=5), tmp_path).rows(LINKS) == [
        ("ANOanna", "ANOzoe")
    ]


def test_number_spellings_differ_from_table_to_table(tmp_path: Path) -> None:
    extract = NativeExtract().person().stay("0000000001", ETA_NUM="010780004")
    extract.add("T_MCO15D", ETA_NUM="10780004", RSA_NUM="1.0", ASS_DGN="Z370")
    found = harmonised(extract, tmp_path)
    assert found.conditions() == [("O800", "DP"), ("Z370", "DAS")]


def test_a_diagnosis_is_written_once_under_its_strongest_role(tmp_path: Path) -> None:
    extract = NativeExtract().person().stay("1", DGN_PAL="Q054", DGN_REL="G91.9")
    for code in ("Z370", "Z370", "Q054"):
        extract.add("T_MCO15D", **STAY, RSA_NUM="1", ASS_DGN=code)
    extract.add("T_MCO15UM", **STAY, RSA_NUM="1", DGN_PAL="Q210", DGN_REL="Z370")
    found = harmonised(extract, tmp_path)
    assert found.conditions() == [("G91.9", "DR"), ("Q054", "DP"), ("Q210", "UM"), ("Z370", "DAS")]
    assert found.ledger["T_MCOaaD", "T12"] == 1
    codes = found.rows(
        "SELECT n.concept_code, w.concept_code FROM condition_occurrence "
        "JOIN concept AS n ON n.concept_id = condition_source_concept_id "
        "JOIN concept AS w ON w.concept_id = condition_concept_id ORDER BY 1"
    )
    assert codes == [("G919", "G91.9"), ("Q054", "Q05.4"), ("Q210", "Q21.0"), ("Z370", "Z37.0")]


def test_an_act_is_dated_by_its_delay(tmp_path: Path) -> None:
    extract = NativeExtract().person().stay("1", c={"SOR_DAT": "14032015"})
    for activity in ("1", "4"):
        extract.add(
            "T_MCO15A", **STAY, RSA_NUM="1", CDC_ACT="JQGD010", ENT_DAT_DEL=2, ACV_ACT=activity
        )
    found = harmonised(extract, tmp_path)
    query = "SELECT procedure_source_value, CAST(procedure_date AS VARCHAR) FROM "
    assert found.rows(query + "procedure_occurrence") == [("JQGD010", "2015-03-12")]


def test_same_sex_twins_are_told_apart_by_rank_or_reported(tmp_path: Path) -> None:
    extract = NativeExtract().person()
    for rank in (1, 2):
        extract.person(
            BEN_NIR_PSA=TWIN, BEN_RNG_GEM=rank, BEN_NIR_ANO=f"ANOtwin{rank}", BEN_NAI_ANN=2014
        )
    infant = {"AGE_ANN": None, "AGE_JOU": 0, "DGN_PAL": "Z383"}
    extract.stay("1", "10032014", year="14", number=TWIN, **infant)
    extract.stay("2", "10042015", number=TWIN, c={"RNG_NAI": 2}, **{**infant, "AGE_JOU": 30})
    found = harmonised(extract, tmp_path)
    assert found.ledger["T_MCOaaC", "twins_ambiguous"] == 1
    assert found.report.findings["persons_ambiguous_in_pmsi"] == 2
    assert found.rows(
        "SELECT person_source_value FROM visit_occurrence JOIN person USING (person_id)"
    ) == [("ANOtwin2",)]


def test_mother_and_child_by_their_common_number(tmp_path: Path) -> None:
    found = harmonised(pair(), tmp_path)
    assert found.rows(LINKS) == [("ANOanna", "ANOzoe")]
    assert found.rows("SELECT count(*) FROM fact_relationship") == [(2,)]
    measures = found.rows(
        "SELECT concept_code, value_as_number FROM measurement "
        "JOIN concept ON concept_id = measurement_concept_id ORDER BY 1"
    )
    assert measures == [
        ("birth_weight_g", 3200.0),
        ("gestational_age_days_at_admission", 270.0),
        ("gestational_age_weeks", 38.0),
    ]
    born = "SELECT year_of_birth, month_of_birth, day_of_birth FROM person ORDER BY person_id"
    assert found.rows(born) == [(1985, 3, None), (2015, 3, 11)]


@pytest.mark.parametrize(
    "broken",
    [
        {"NIR_ANO_MAM": " " * 32},
        {"NIR_ANO_MAM": "AB" * 16},
        {"NIR_ANO_MAM": "X" + NUMBER[1:]},
        {"ETA_NUM": "620780005"},
        {"day": "12032015"},
        {"AGE_ANN": 25},
    ],
)
def test_no_link_without_the_same_number_place_and_time(
    tmp_path: Path, broken: dict[str, Any]
) -> None:
    assert harmonised(pair(**broken), tmp_path).rows(LINKS) == []


def test_a_mother_admitted_days_before_the_birth_is_linked(tmp_path: Path) -> None:
    extract = pair(day="16032015")
    extract.tables["T_MCO15C"][0]["SOR_DAT"] = "19032015"
    assert harmonised(extract, tmp_path).rows(LINKS) == [("ANOanna", "ANOzoe")]


def test_a_number_that_two_women_share_links_nobody(tmp_path: Path) -> None:
    extract = pair().person(BEN_NIR_PSA="B" * 17, BEN_NIR_ANO="ANObea")
    extract.stay("3", "10032015", number="B" * 17, c={"NIR_ANO_MAM": NUMBER})
    assert harmonised(extract, tmp_path).rows(LINKS) == []


def test_drugs_on_top_of_a_stay_are_dated_in_it(tmp_path: Path) -> None:
    extract = NativeExtract().person().stay("1", c={"SOR_DAT": "20032015"})
    med = {"UCD_UCD_COD": "0000009240013", "DELAI": 3}
    extract.add("T_MCO15MED", **STAY, RSA_NUM="1", ADM_NBR="1,5", **med)
    extract.add("T_MCO15MED", **STAY, RSA_NUM="1", ADM_NBR="0,5", **med)
    assert harmonised(extract, tmp_path).drugs() == [("2015-03-13", "C02KX01", 2.0, 60)]
