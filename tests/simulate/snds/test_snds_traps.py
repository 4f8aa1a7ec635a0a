"""Every trap is there, at about its rate; persons have the numbers that they should have."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from written_snds import NINE, Extract

from transat.engines.engine import Engine
from transat.simulate.snds.places import geographic_codes, places
from transat.simulate.snds.rates import read_data, share_of_duplicates
from transat.simulate.snds.write import identifiers

#: What each trap leaves in the extract: a count that must not be zero.
PLANTED = {
    "T1 qualifier": "FROM ER_PRS_F WHERE DPN_QLF = '71'",
    "T1 qualifier sent": "FROM ER_PRS_F WHERE PRS_DPN_QLP = '71'",
    "T1 empty qualifier": "FROM ER_PRS_F WHERE DPN_QLF IS NULL",
    "T2": "FROM ER_ETE_F WHERE ETE_IND_TAA = '1'",
    "T2 empty indicator": "FROM ER_ETE_F WHERE ETE_IND_TAA IS NULL",
    "T3": "FROM ER_PRS_F WHERE CPL_MAJ_TOP = '2'",
    "T3 on boxes": f"FROM ER_PHA_F JOIN ER_PRS_F USING ({NINE}) WHERE CPL_MAJ_TOP = '2'",
    "T4 town": "FROM ER_PHA_F WHERE PHA_ACT_QSN::INT < 0",
    "T5 late": "FROM ER_PRS_F WHERE datediff('month', strptime(EXE_SOI_DTD, '%d/%m/%Y'), "
    "strptime(FLX_DIS_DTD, '%d/%m/%Y')) > 6",
    "T5 before": "FROM ER_PRS_F WHERE EXE_SOI_DTD LIKE '%2011'",
    "T6": "FROM ER_PHA_F WHERE PHA_DEC_TOP = 'D' AND PHA_DEC_QSU::INT > 1",
    "T8": "FROM T_MCOB WHERE GRG_GHM LIKE '90%'",
    "T9 another": "FROM T_MCOC WHERE concat(NIR_RET, NAI_RET, SEX_RET, SEJ_RET, FHO_RET, PMS_RET, "
    "DAT_RET, COH_NAI_RET, COH_SEX_RET) LIKE '%1%' AND NIR_ANO_17 NOT LIKE 'xx%'",
    "T9 nobody": "FROM T_MCOC WHERE NIR_ANO_17 LIKE 'xx%'",
    "T10": "FROM T_MCOB WHERE SEJ_TYP = 'B'",
    "T10 true": "FROM T_MCOB WHERE SEJ_TYP = 'A'",
    "T11": "FROM T_MCOB WHERE ETA_NUM IN (SELECT unnest({codes}))",
    "T12 twice": "FROM (SELECT yy, ETA_NUM, RSA_NUM, ASS_DGN FROM T_MCOD GROUP BY ALL "
    "HAVING count(*) > 1)",
    "T12 unit": "FROM T_MCOUM WHERE UM_ORD_NUM = '2' AND DGN_PAL LIKE 'Q%'",
    "T13": "FROM T_MCOB WHERE GRG_GHM = '14Z08Z'",
    "T20": f"FROM ER_CAM_F JOIN ER_PRS_F USING ({NINE}) JOIN T_MCOCSTC AS c "
    "ON c.NIR_ANO_17 = BEN_NIR_PSA AND c.EXE_SOI_DTD = ER_PRS_F.EXE_SOI_DTD "
    "JOIN T_MCOFMSTC AS a USING (yy, ETA_NUM, SEQ_NUM) WHERE CCAM_COD = CAM_PRS_IDE",
    "T14 far": "FROM IR_MAT_R WHERE abs(datediff('day', strptime(BEN_GRS_DTE, '%d/%m/%Y'), "
    "strptime(BEN_DRA_AME || '15', '%Y%m%d'))) > 400",
    "T14 scans": "FROM ER_PRS_F WHERE PRS_GRS_DTD NOT LIKE '%1600'",
    "T15": "FROM IR_IMB_R WHERE IMB_ALD_NUM = '0'",
    "fictive person": "FROM IR_BEN_R WHERE BEN_CDI_NIR = '01'",
    "fictive line": "FROM ER_PRS_F WHERE BEN_CDI_NIR IN ('01', '06')",
    "fictive stay": "FROM T_MCOC JOIN IR_BEN_R ON NIR_ANO_17 = BEN_NIR_PSA "
    "WHERE BEN_CDI_NIR IN ('01', '06')",
    "no BEN_NIR_ANO": "FROM IR_BEN_R WHERE BEN_NIR_ANO IS NULL AND BEN_CDI_NIR = '00'",
    "two BEN_NIR_PSA": "FROM (SELECT BEN_NIR_ANO FROM IR_BEN_R WHERE BEN_NIR_ANO IS NOT NULL "
    "GROUP BY ALL HAVING count(*) > 1)",
    "twins": "FROM IR_BEN_R WHERE BEN_RNG_GEM = '2'",
    "blank number": "FROM T_MCOC WHERE NIR_ANO_MAM = repeat(' ', 32)",
    "unmatched number": "FROM T_MCOC WHERE NIR_ANO_MAM = repeat('AB', 16)",
    "weeks only": "FROM T_MCOB WHERE DEL_REG_ENT IS NULL AND AGE_GES IS NOT NULL "
    "AND AGE_ANN IS NOT NULL",
}


@pytest.mark.parametrize("trap", PLANTED)
def test_the_trap_is_planted(native: Engine, trap: str) -> None:
    assert native.scalar("SELECT count(*) " + PLANTED[trap].format(codes=list(geographic_codes())))


def test_repeats_of_the_pmsi_grow_with_the_years(native: Engine) -> None:
    shares = dict(
        native.rows(
            "SELECT EXE_SOI_AMD[1:4]::INT, avg((coalesce(ETE_IND_TAA, '0') = '1')::INT) "
            f"FROM ER_ETE_F JOIN ER_PRS_F USING ({NINE}) GROUP BY 1"
        )
    )
    for year in (2013, 2016, 2018):
        expected = float(share_of_duplicates(np.array([year], np.int32))[0])
        assert shares[year] == pytest.approx(expected, abs=0.06)


def test_geographic_codes_are_the_published_ones(shared: Path) -> None:
    path = shared / "data" / "derived" / "finess_geo_duplicates_aphp_aphm_hcl.csv"
    with path.open(encoding="utf-8", newline="") as rows:
        listed = {r["finess_geo"] for r in csv.DictReader(rows)}
    assert set(geographic_codes()) == {code for code in listed if len(code) == 9}


def test_ordinary_hospitals_are_not_in_the_list_of_doubles() -> None:
    doubles = set(geographic_codes())
    others = [h for h in places().hospitals if h not in doubles]
    sites = sum(len(s) for s in places().geographic.values())
    assert len(others) == len(places().hospitals) - sites
    assert len({h[:8] for h in others}) == len(others)


def test_rates_are_shares_and_say_their_source() -> None:
    for row in read_data("rates.csv"):
        assert 0 < float(row["rate"]) <= 1
        assert row["source"]
        assert row["checked"] in ("yes", "no")


def test_one_number_a_person(extract: Extract, native: Engine) -> None:
    table = identifiers(extract.people, extract.design, 0)
    persons = extract.people.persons["person_id"].to_pylist()
    assert sorted(table["person_id"].to_pylist()) == sorted(persons)
    assert len(set(table["snds_person"].to_pylist())) == len(persons)
    known = native.scalar(
        "SELECT count(DISTINCT coalesce(BEN_NIR_ANO, BEN_NIR_PSA || '|' || BEN_RNG_GEM)) "
        "FROM (SELECT * FROM IR_BEN_R UNION SELECT * FROM IR_BEN_R_ARC) WHERE BEN_CDI_NIR = '00'"
    )
    assert known == len(persons)


def test_persons_have_their_sex_birth_and_death(native: Engine) -> None:
    wrong = native.scalar(
        "SELECT count(*) FROM IR_BEN_R JOIN person USING (BEN_NIR_PSA, BEN_RNG_GEM) "
        "JOIN true_persons AS t USING (person_id) WHERE BEN_NAI_ANN::INT <> year(birth_date) "
        "OR BEN_NAI_MOI::INT <> month(birth_date) OR (BEN_SEX_COD = '2') <> (sex = 'F') "
        "OR strptime(BEN_DCD_DTE, '%d/%m/%Y')::DATE <> coalesce(death_date, DATE '1600-01-01')"
    )
    assert wrong == 0


def test_same_sex_twins_share_a_number(native: Engine) -> None:
    split = native.scalar(
        "SELECT count(*) FROM true_links AS a JOIN true_links AS b USING (pregnancy_id, sex) "
        "JOIN person AS p ON p.person_id = a.infant_id JOIN person AS q ON q.person_id = "
        "b.infant_id WHERE a.infant_id < b.infant_id AND (p.BEN_NIR_PSA <> q.BEN_NIR_PSA "
        "OR p.BEN_RNG_GEM = q.BEN_RNG_GEM)"
    )
    assert split == 0


def test_linked_causes_are_of_real_deaths(native: Engine) -> None:
    causes, deaths = native.rows(
        "SELECT count(*), count(t.person_id) FROM KI_CCI_R AS k JOIN IR_BEN_R AS b USING "
        "(BEN_IDT_ANO) JOIN person AS p ON p.BEN_NIR_PSA = b.BEN_NIR_PSA AND p.BEN_RNG_GEM = "
        "b.BEN_RNG_GEM LEFT JOIN true_persons AS t ON t.person_id = p.person_id AND t.death_date "
        "= strptime(k.BEN_DCD_DTE, '%d/%m/%Y')::DATE"
    )[0]
    assert causes == deaths > 0
