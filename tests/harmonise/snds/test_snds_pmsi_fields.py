"""SSR, HAD and RIM-P: stays of several lines, written by hand from the published columns."""

from __future__ import annotations

from typing import Any

import pytest
from snds_extract import ANNA, Harmonised, NativeExtract, harmonised

SSR = {"ETA_NUM": "620780004"}
EPMSI = {"ETA_NUM_EPMSI": "620780004"}
DOUBLE = "130783236"  # a geographic site of AP-HM


def chained(extract: NativeExtract, table: str, days: tuple[str, str], **values: Any) -> None:
    extract.add(
        table,
        **{"NIR_ANO_17": ANNA["BEN_NIR_PSA"], "ENT_DAT": days[0], "SOR_DAT": days[1], **values},
    )


def of_ssr(extract: NativeExtract) -> None:
    """A stay of two weeks that ends by death, and one line each of what is set aside."""
    chained(extract, "T_SSR15C", ("04032015", "16032015"), **SSR, RHA_NUM="1")
    week = {"SOR_MOD": None, "ENT_MOD": "7", "ENT_PRV": "1", "GRG_GME": "0103A1"}
    weeks: list[dict[str, Any]] = [
        {"RHS_NUM": 1, "RHS_ANT_SEJ_ENT": 0, "SEJ_ANT": 0, "AUT_TYP_UM": "51", "FP_PEC": "Z508",
         "MOR_PRP": "I694", "ETL_AFF": "I639"},
        {"RHS_NUM": 2, "RHS_ANT_SEJ_ENT": 5, "SEJ_ANT": 2, "AUT_TYP_UM": "56", "FP_PEC": "Z508",
         "MOR_PRP": "J189", "SOR_MOD": "9", "ENT_MOD": "6"},
    ]  # fmt: skip
    for line in (*weeks, weeks[1]):
        extract.add("T_SSR15B", **SSR, RHA_NUM="1", **{**week, **line})
    for rhs, code in ((1, "I10"), (1, "I10"), (2, "I10"), (2, "E119")):
        extract.add("T_SSR15D", **SSR, RHA_NUM="1", RHS_NUM=rhs, DGN_COD=code)
    extract.add("T_SSR15CSARR", **SSR, RHA_NUM="1", RHS_NUM=2, CSARR_COD="ALQ+183",
                ENT_DAT_DEL_UM=4, NBR_CSARR=3)  # fmt: skip
    extract.add("T_SSR15CCAM", **SSR, RHA_NUM="1", RHS_NUM=1, CCAM_ACT="AHQP001",
                CCAM_DEL_ENT_UM=1, CCAM_NBR_REA=1)  # fmt: skip
    for number, wrong, of_stay in (
        ("2", {}, {"GRG_GME": "9001Z1"}),
        ("3", {}, {"ENT_MOD": "0"}),
        ("4", {"DAT_RET": 1}, {}),
        ("5", {"ENT_DAT": None, "SOR_DAT": None}, {}),
        ("6", {"ETA_NUM": DOUBLE}, {"ETA_NUM": DOUBLE}),
    ):
        key = {**SSR, "RHA_NUM": number}
        chained(extract, "T_SSR15C", ("04032015", "16032015"), **{**key, **wrong})
        extract.add("T_SSR15B", **{**key, "RHS_NUM": 1, **week, **of_stay})


def of_had(extract: NativeExtract) -> None:
    chained(extract, "T_HAD15C", ("01042015", "20042015"), **EPMSI, RHAD_NUM="7")
    for seq, sub, since, days, main in ((1, 1, 0, 6, "Z515"), (2, 1, 6, 10, "C509"),
                                        (2, 2, 6, 4, "C509")):  # fmt: skip
        extract.add("T_HAD15B", **EPMSI, RHAD_NUM="7", SEQ_NUM=seq, SSEQ_NUM=sub,
                    SEQ_SEJ_NBJ=since, SSEQ_SEQ_NBJ=10 if sub == 2 else 0, SSEQ_NBJ=days,
                    PEC_PAL="04", DGN_PAL=main)  # fmt: skip
    extract.add("T_HAD15D", **EPMSI, RHAD_NUM="7", SEQ_NUM=2, SSEQ_NUM=2, DGN_ASS="C787")
    extract.add("T_HAD15DMPP", **EPMSI, RHAD_NUM="7", SEQ_NUM=1, SSEQ_NUM=1, DGN_ASS_MPP="R52")
    extract.add("T_HAD15A", **EPMSI, RHAD_NUM="7", SEQ_NUM=2, SSEQ_NUM=1, CCAM_COD="EBLA003",
                DEL_DEB_SSEQ=2, REAL_NBR=1)  # fmt: skip
    chained(extract, "T_HAD15C", ("01052015", "02052015"), **EPMSI, RHAD_NUM="8")
    extract.add("T_HAD15B", **EPMSI, RHAD_NUM="8", SEQ_NUM=1, SSEQ_NUM=1, DGN_PAL="Z515")
    extract.add("T_HAD15GRP", **EPMSI, RHAD_NUM="8", SEQ_NUM=1, SSEQ_NUM=1, PAP_GRP_GHPC="9999")


def of_psychiatry(extract: NativeExtract) -> None:
    chained(extract, "T_RIP15C", ("01062015", "30062015"), **EPMSI, RIP_NUM="9")
    for sequence, since, days, main in ((1, 0, 10, "F322"), (2, 10, 20, "F322")):
        extract.add("T_RIP15RSA", **EPMSI, RIP_NUM="9", SEQ_SEQ_NUM=sequence, DEL_DAT=since,
                    SEQ_COU_NBJ=days, FOR_ACT="1", DGN_PAL=main)  # fmt: skip
    extract.add("T_RIP15RSAD", **EPMSI, RIP_NUM="9", SEQ_SEQ_NUM=2, ASS_DGN="F101")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Harmonised:
    extract = NativeExtract().person()
    of_ssr(extract)
    of_had(extract)
    of_psychiatry(extract)
    extract.stay("1", "01022015")
    return harmonised(extract, tmp_path_factory.mktemp("fields"))


def test_one_visit_a_stay_whatever_its_lines(found: Harmonised) -> None:
    rows = found.rows(
        "SELECT visit_source_value, visit_concept_id, CAST(visit_start_date AS VARCHAR), "
        "CAST(visit_end_date AS VARCHAR), admitted_from_concept_id, admitted_from_source_value, "
        "discharged_to_source_value FROM visit_occurrence ORDER BY visit_start_date"
    )
    assert rows == [
        ("620780004/1", 9201, "2015-02-01", "2015-02-01", 0, None, None),
        ("620780004/1", 9201, "2015-03-04", "2015-03-16", 9201, "7/1", "9"),
        ("620780004/7", 581476, "2015-04-01", "2015-04-20", 0, None, None),
        ("620780004/9", 9201, "2015-06-01", "2015-06-30", 0, None, None),
    ]


def test_a_stay_that_ends_by_death_is_a_death_in_every_field(found: Harmonised) -> None:
    assert found.rows("SELECT CAST(death_date AS VARCHAR) FROM death") == [("2015-03-16",)]


def test_lines_are_details_with_their_own_days(found: Harmonised) -> None:
    rows = found.rows(
        "SELECT CAST(visit_detail_start_date AS VARCHAR), CAST(visit_detail_end_date AS VARCHAR), "
        "visit_detail_source_value FROM visit_detail ORDER BY visit_detail_id"
    )
    assert rows == [
        ("2015-03-04", "2015-03-08", "51"),
        ("2015-03-09", "2015-03-16", "56"),
        ("2015-04-01", "2015-04-06", "04"),
        ("2015-04-07", "2015-04-16", "04"),
        ("2015-04-17", "2015-04-20", "04"),
        ("2015-06-01", "2015-06-10", "1"),
        ("2015-06-11", "2015-06-30", "1"),
    ]


def test_diagnoses_with_their_role_and_the_first_line_that_holds_them(found: Harmonised) -> None:
    rows = found.rows(
        "SELECT condition_source_value, condition_status_source_value, "
        "condition_status_concept_id, CAST(condition_start_date AS VARCHAR) "
        "FROM condition_occurrence WHERE visit_detail_id IS NOT NULL ORDER BY 4, 1"
    )
    assert rows == [
        ("I10", "DAS", 32908, "2015-03-04"),
        ("I639", "AE", 32908, "2015-03-04"),
        ("I694", "MMP", 32902, "2015-03-04"),
        ("Z508", "FPP", 32908, "2015-03-04"),
        ("E119", "DAS", 32908, "2015-03-09"),
        ("J189", "MMP", 32902, "2015-03-09"),
        ("R52", "DMPP", 32908, "2015-04-01"),
        ("Z515", "DP", 32902, "2015-04-01"),
        ("C509", "DP", 32902, "2015-04-07"),
        ("C787", "DAS", 32908, "2015-04-17"),
        ("F322", "DP", 32902, "2015-06-01"),
        ("F101", "DAS", 32908, "2015-06-11"),
    ]


def test_acts_are_dated_from_the_entry_in_their_unit_or_line(found: Harmonised) -> None:
    rows = found.rows(
        "SELECT procedure_source_value, CAST(procedure_date AS VARCHAR), quantity "
        "FROM procedure_occurrence ORDER BY 2"
    )
    assert rows == [
        ("AHQP001", "2015-03-05", 1),
        ("ALQ+183", "2015-03-11", 3),
        ("EBLA003", "2015-04-09", 1),
    ]


def test_each_field_has_its_own_error_groups_and_doubles(found: Harmonised) -> None:
    rules = ("T8", "T10", "T9", "T19", "T11", "same_stay_twice", "kept")
    assert [found.ledger["T_SSRaaB", r] for r in rules] == [1, 1, 1, 1, 1, 1, 2]
    assert found.ledger["T_SSRaaD", "T12"] == 1
    assert found.ledger["T_HADaaB", "T8"] == 1
    assert found.ledger["T_HADaaGRP", "kept"] == 1
    assert found.ledger["T_RIPaaRSA", "kept"] == 2
