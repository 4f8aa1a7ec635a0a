"""Scheme, complementary cover and long-term illness as payer periods, cut by T18, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snds_extract import ANNA, Harmonised, NativeExtract, harmonised

RIGHTS = {**ANNA, "BEN_CTA_TYP": 89}


def periods(found: Harmonised, payer: str = "%") -> list[tuple[Any, ...]]:
    """(payer, first day, last day, why it stopped), but for the drug cover."""
    return found.rows(
        "SELECT payer_source_value, CAST(payer_plan_period_start_date AS VARCHAR), "
        "CAST(payer_plan_period_end_date AS VARCHAR), stop_reason_source_value "
        f"FROM payer_plan_period WHERE payer_source_value LIKE '{payer}' "
        "AND payer_source_value <> 'SNDS' ORDER BY payer_plan_period_id"
    )


def anna(**values: Any) -> NativeExtract:
    """Observed from 2012 to 2019."""
    return NativeExtract().person(**values)


def test_drug_cover_is_the_observation_whatever_else_is_known(tmp_path: Path) -> None:
    extract = anna().line("01/03/2015", RGM_GRG_COD=1, BEN_CMU_TOP=1)
    extract.add("IR_ORC_R", **RIGHTS, MLL_CTA_DSD="01/01/2000", MLL_CTA_DSF=None)
    found = harmonised(extract, tmp_path)
    assert found.rows(
        "SELECT CAST(payer_plan_period_start_date AS VARCHAR), "
        "CAST(payer_plan_period_end_date AS VARCHAR) FROM payer_plan_period "
        "WHERE payer_source_value = 'SNDS'"
    ) == [("2012-01-01", "2019-12-31")]
    assert found.rows(
        "SELECT min(payer_plan_period_start_date) >= DATE '2012-01-01', "
        "max(payer_plan_period_end_date) <= DATE '2019-12-31' FROM payer_plan_period"
    ) == [(True, True)]


def test_a_scheme_holds_until_another_is_seen(tmp_path: Path) -> None:
    extract = anna()
    for day, scheme in (("10/03/2014", 1), ("10/09/2014", 2), ("01/02/2015", 2), ("01/06/2016", 1)):
        extract.line(day, RGM_GRG_COD=scheme)
    extract.line("05/05/2013", RGM_GRG_COD=None)
    assert periods(harmonised(extract, tmp_path)) == [
        ("RGM_GRG_COD:1", "2012-01-01", "2014-09-09", None),
        ("RGM_GRG_COD:2", "2014-09-10", "2016-05-31", None),
        ("RGM_GRG_COD:1", "2016-06-01", "2019-12-31", None),
    ]


def test_one_scheme_for_life_needs_no_change(tmp_path: Path) -> None:
    extract = anna().line("10/03/2014", RGM_GRG_COD=4).line("10/09/2018", RGM_GRG_COD=4)
    assert periods(harmonised(extract, tmp_path)) == [
        ("RGM_GRG_COD:4", "2012-01-01", "2019-12-31", None)
    ]


def test_c2s_takes_the_place_of_cmu_c_on_its_day(tmp_path: Path) -> None:
    extract = anna()
    extract.add("IR_ORC_R", **RIGHTS, MLL_CTA_DSD="01/12/2018", MLL_CTA_DSF="30/11/2019")
    extract.add("IR_ORC_R", **RIGHTS, MLL_CTA_DSD="01/12/2019", MLL_CTA_DSF="30/11/2020")
    extract.add("IR_ORC_R", **RIGHTS, MLL_CTA_DSD="01/01/2014", MLL_CTA_DSF="31/12/2014")
    private = {**RIGHTS, "BEN_CTA_TYP": 91}
    extract.add("IR_ORC_R", **private, MLL_CTA_DSD="01/01/2016", MLL_CTA_DSF="31/12/2016")
    found = harmonised(extract, tmp_path)
    assert periods(found) == [
        ("CMU-C", "2014-01-01", "2014-12-31", None),
        ("CMU-C", "2018-12-01", "2019-10-31", "T18"),
        ("C2S", "2019-11-01", "2019-12-31", None),
    ]
    assert found.ledger["IR_ORC_R", "other_contract"] == 1
    assert found.ledger["IR_ORC_R", "note:T18"] == 1
    whole = harmonised(extract, tmp_path / "off", rules_off=("T18",))
    assert periods(whole)[1] == ("CMU-C/C2S", "2018-12-01", "2019-12-31", None)
    assert ("IR_ORC_R", "note:T18") not in whole.ledger


def test_without_a_contract_the_exempted_lines_tell(tmp_path: Path) -> None:
    extract = anna()
    extract.line("01/03/2013", BEN_CMU_TOP=1).line("01/02/2014", BEN_CTA_TYP=89)
    extract.line("01/06/2014", BEN_CMU_TOP=0).line("15/06/2019", BEN_CMU_TOP=1)
    extract.line("20/12/2019", BEN_CMU_TOP=1)
    found = harmonised(extract, tmp_path)
    assert periods(found) == [
        ("CMU-C", "2013-03-01", "2014-02-01", None),
        ("CMU-C", "2019-06-15", "2019-10-31", "T18"),
        ("C2S", "2019-11-01", "2019-12-20", None),
    ]
    assert found.ledger["ER_PRS_F", "note:T18"] == 1


def test_long_term_illness_is_a_period_of_exemption(tmp_path: Path) -> None:
    extract = anna()
    usual = {**ANNA, "IMB_ETM_NAT": 41}
    extract.add(
        "IR_IMB_R", **usual, MED_MTF_COD="G40", IMB_ALD_DTD="01/02/2010", IMB_ALD_DTF="31/01/2015"
    )
    extract.add(
        "IR_IMB_R", **usual, MED_MTF_COD="E11", IMB_ALD_DTD="01/06/2014", IMB_ALD_DTF="31/05/2016"
    )
    extract.add("IR_IMB_R", **usual, MED_MTF_COD="J45", IMB_ALD_DTD="01/01/2018", IMB_ALD_DTF=None)
    assert periods(harmonised(extract, tmp_path)) == [
        ("ALD", "2012-01-01", "2016-05-31", None),
        ("ALD", "2018-01-01", "2019-12-31", None),
    ]
