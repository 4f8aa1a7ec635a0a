"""Every trap of the source is there, and means what the rules say."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from written_quebec import Extract, Row

from transat.tables.quebec import LUMP_SUM_GROUPS

WITH_REPEATS = (
    "V_FICH_ID_BEN_CM",
    "V_DEM_PAIMT_MED_CM",
    "I_SMOD_SERV_MD_CM",
    "V_SEJ_HOSP_CM",
    "V_DIAGN_SEJ_HOSP_CM",
    "V_EPISO_SOIN_DURG_CM",
)


def count(rows: list[Row], column: str, *values: str) -> int:
    return sum(row[column] in values for row in rows)


@pytest.mark.parametrize("table", WITH_REPEATS)
def test_some_lines_are_written_twice(extract: Extract, table: str) -> None:
    lines = Counter(tuple(row.values()) for row in extract.rows(table))
    assert max(lines.values()) == 2


def test_pharmacy_traps(extract: Extract) -> None:
    rows = extract.rows("V_DEM_PAIMT_MED_CM")
    assert count(rows, "SMED_COD_STA_DECIS", "REF") > 0
    assert count(rows, "SMED_COD_SERV_1", "1") > 0
    assert count(rows, "SMED_COD_SERV_1", "AD") > 0
    assert count(rows, "SMED_COD_SERV_1", "") > 0.9 * len(rows)
    assert sum(int(row["SMED_NBR_JR_DUREE_TRAIT"]) <= 0 for row in rows) > 0
    assert sum(int(row["SMED_QTE_MED"]) < 0 for row in rows) > 0


def test_every_cancellation_has_its_claim(extract: Extract) -> None:
    rows = extract.rows("V_DEM_PAIMT_MED_CM")
    key = ("SMED_NO_INDIV_BEN_BANLS", "SMED_DAT_SERV", "SMED_COD_DIN", "SMED_NBR_JR_DUREE_TRAIT")
    lines = {(*(row[k] for k in key), int(row["SMED_QTE_MED"])) for row in rows}
    negative = [line for line in lines if line[-1] < 0]
    assert negative
    assert all((*line[:-1], -line[-1]) in lines for line in negative)


def test_dins_have_lost_their_leading_zeros(extract: Extract) -> None:
    dins = {row["SMED_COD_DIN"] for row in extract.rows("V_DEM_PAIMT_MED_CM")}
    assert all(not din.startswith("0") for din in dins)
    assert min(map(len, dins)) < 8


def test_medical_service_traps(extract: Extract) -> None:
    rows = extract.rows("I_SMOD_SERV_MD_CM")
    assert set(Counter(row["SMOD_COD_STA_DECIS"] for row in rows)) == {"PAY", "PPY", "REF"}
    assert sum(row["SMOD_MNT_PAIMT"].startswith("-") for row in rows) > 0
    groups = {
        row["NMOD_COD_ACTE"]: int(row["NMOD_COD_GRP_ACTE"])
        for row in extract.rows("V_RPERT_COD_ACTE")
    }
    assert {row["SMOD_COD_ACTE"] for row in rows} <= set(groups)
    assert sum(groups[row["SMOD_COD_ACTE"]] in LUMP_SUM_GROUPS for row in rows) > 0


def test_icd9_codes_are_often_cut(extract: Extract) -> None:
    codes = [row["SMOD_COD_DIAGN_PRIMR"] for row in extract.rows("I_SMOD_SERV_MD_CM")]
    terminations = Counter(code for code in codes if code.startswith("635"))
    assert set(terminations) == {"635", "6359"}
    assert terminations["635"] > terminations["6359"] > 0


def test_drug_claims_lie_inside_the_plan(extract: Extract) -> None:
    periods: dict[str, list[tuple[date, date]]] = {}
    for row in extract.rows("ADMISSIBILITE_MEDICAMENTS"):
        end = date.fromisoformat(row["DATE_FIN"] or "2019-12-31")
        period = (date.fromisoformat(row["DATE_DEBUT"]), end)
        periods.setdefault(row["NO_INDIV"], []).append(period)
    for row in extract.rows("V_DEM_PAIMT_MED_CM"):
        day = date.fromisoformat(row["SMED_DAT_SERV"])
        own = periods[row["SMED_NO_INDIV_BEN_BANLS"]]
        assert any(start <= day <= end for start, end in own)


def test_newborns_and_emergencies_are_flagged(extract: Extract) -> None:
    stays = extract.rows("V_SEJ_HOSP_CM")
    assert count(stays, "SHOP_IND_NOUV_NE_SEJ_HOSP", "1") > 0
    assert count(stays, "SHOP_IND_NOUV_NE_SEJ_HOSP", "0") > 0
    assert sum(row["SHOP_DAT_ARRIV_URG_SEJ_HOSP"] != "" for row in stays) > 0
    assert len(extract.rows("V_EPISO_SOIN_DURG_CM")) > 0


def test_addresses_that_are_not_residences(extract: Extract) -> None:
    rows = extract.rows("I_BENF_ADR_CM")
    assert count(rows, "BENF_COD_TYP_ADR", "C") > 0
    assert count(rows, "BENF_IND_ADR_HQ", "O") > 0
    now = Counter(
        row["BENF_NO_INDIV_BEN_BANLS"]
        for row in rows
        if row["BENF_COD_TYP_ADR"] == "R" and row["BENF_DF_ADR_BEN"] == "9999-12-31"
    )
    assert set(now) == set(extract.numbers().values())
    assert set(now.values()) == {1}
