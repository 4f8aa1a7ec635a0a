"""Hospital stays: pregnancies, links, malformations, recovered by the published rules."""

from __future__ import annotations

import pytest
from written_snds import differences

from transat.engines.engine import Engine

DELIVERY_ACTS = "CDC_ACT LIKE 'JQGD0%' OR CDC_ACT LIKE 'JQGA00%'"
#: T8, T9, T10, T11 and fictive numbers; then who the stay is about.
STAYS = """
    SELECT b.*, c.NIR_ANO_17, c.NIR_ANO_MAM, p.person_id, p.BEN_RNG_GEM AS gem,
        strptime(c.EXE_SOI_DTD, '%d%b%Y:%H:%M:%S')::DATE AS entry,
        strptime(c.EXE_SOI_DTF, '%d%b%Y:%H:%M:%S')::DATE AS leave
    FROM T_MCOB AS b JOIN T_MCOC AS c USING (yy, ETA_NUM, RSA_NUM)
    JOIN person AS p ON p.BEN_NIR_PSA = c.NIR_ANO_17
      AND (p.BEN_RNG_GEM = c.RNG_NAI OR c.RNG_NAI IS NULL)
    WHERE GRG_GHM NOT LIKE '90%' AND coalesce(SEJ_TYP, '') <> 'B'
      AND ETA_NUM NOT IN (SELECT finess FROM geographic)
      AND concat(NIR_RET, NAI_RET, SEX_RET, SEJ_RET, FHO_RET, PMS_RET, DAT_RET,
                 COH_NAI_RET, COH_SEX_RET) NOT LIKE '%1%'
"""
OUTCOMES = """
    SELECT person_id, CASE
        WHEN result IN ('Z370', 'Z372', 'Z375', 'Z3730', 'Z3760') THEN 'live_birth'
        WHEN result LIKE 'Z37_0' THEN 'stillbirth'
        WHEN result LIKE 'Z37_1' THEN 'therapeutic_termination'
        WHEN DGN_PAL LIKE 'O04%' THEN 'elective_termination'
        WHEN DGN_PAL LIKE 'O03%' THEN 'spontaneous_abortion'
        WHEN DGN_PAL LIKE 'O00%' THEN 'ectopic' END AS outcome,
        entry - DEL_REG_ENT::INT AS start, entry + coalesce(delay, 0) AS ended, AGE_GES
    FROM stay LEFT JOIN (SELECT yy, ETA_NUM, RSA_NUM, min(ASS_DGN) AS result FROM T_MCOD
                         WHERE ASS_DGN LIKE 'Z37%' GROUP BY ALL) USING (yy, ETA_NUM, RSA_NUM)
    LEFT JOIN (SELECT yy, ETA_NUM, RSA_NUM, ENT_DAT_DEL::INT AS delay FROM T_MCOA)
        USING (yy, ETA_NUM, RSA_NUM)
    WHERE result IS NOT NULL OR DGN_PAL LIKE 'O0%'
"""
SEEN = "pregnancy_id NOT IN (SELECT id FROM unseen WHERE kind = 'pregnancy')"
START_KNOWN = "pregnancy_id NOT IN (SELECT id FROM unseen WHERE kind = 'start')"


@pytest.fixture(scope="module")
def stays(native: Engine) -> Engine:
    """The engine with `stay`: the true stays of known persons."""
    from transat.simulate.snds.places import geographic_codes

    values = ", ".join(f"('{code}')" for code in geographic_codes())
    native.sql(f"CREATE OR REPLACE TEMP VIEW geographic AS FROM (VALUES {values}) t(finess)")
    native.sql(f"CREATE OR REPLACE TEMP TABLE stay AS {STAYS}")
    native.sql(f"CREATE OR REPLACE TEMP TABLE ended AS {OUTCOMES}")
    return native


def test_outcomes_and_ends_are_recovered(stays: Engine) -> None:
    truth = (
        'SELECT person_id, outcome, "end" FROM true_pregnancies '
        f"WHERE setting = 'hospital' AND {SEEN}"
    )
    assert differences(stays, truth, "SELECT person_id, outcome, ended FROM ended") == (0, 0)


def test_starts_are_recovered(stays: Engine) -> None:
    truth = (
        "SELECT person_id, start FROM true_pregnancies "
        f"WHERE setting = 'hospital' AND {SEEN} AND {START_KNOWN}"
    )
    found = "SELECT person_id, start FROM ended WHERE start IS NOT NULL"
    assert differences(stays, truth, found) == (0, 0)


def test_weeks_are_complete_weeks(stays: Engine) -> None:
    wrong = stays.scalar(
        "SELECT count(*) FROM ended WHERE start IS NOT NULL "
        "AND AGE_GES::INT <> (ended - start::DATE) // 7"
    )
    assert wrong == 0


def test_a_delivery_has_its_act(stays: Engine) -> None:
    deliveries, acts = stays.rows(
        "SELECT count(*), count(CDC_ACT) FROM (SELECT DISTINCT yy, ETA_NUM, RSA_NUM FROM T_MCOD "
        f"WHERE ASS_DGN LIKE 'Z37%') LEFT JOIN (SELECT * FROM T_MCOA WHERE {DELIVERY_ACTS}) "
        "USING (yy, ETA_NUM, RSA_NUM)"
    )[0]
    assert deliveries == acts > 0


def test_town_abortions_are_recovered(native: Engine) -> None:
    truth = (
        "SELECT person_id, \"end\" FROM true_pregnancies WHERE setting = 'town' "
        f"AND outcome = 'elective_termination' AND {SEEN}"
    )
    found = (
        "SELECT person_id, care FROM true_line JOIN person USING (BEN_NIR_PSA, BEN_RNG_GEM) "
        "WHERE PRS_NAT_REF = '3329'"
    )
    assert native.scalar(f"SELECT count(*) FROM ({found})") > 20
    assert differences(native, truth, found) == (0, 0)


def test_mothers_and_children_are_linked(stays: Engine) -> None:
    truth = (
        "SELECT mother_id, infant_id, weight_g FROM true_links WHERE infant_id IS NOT NULL "
        "AND infant_id NOT IN (SELECT id FROM unseen WHERE kind = 'link')"
    )
    found = (
        "SELECT m.person_id, c.person_id, c.POI_NAI::INT FROM stay AS c JOIN stay AS m "
        "ON m.NIR_ANO_MAM = c.NIR_ANO_MAM AND m.ETA_NUM = c.ETA_NUM AND m.yy >= '13' "
        "AND c.yy >= '13' WHERE c.ENT_MOD = '8' AND c.AGE_JOU = '0' AND m.AGE_ANN::INT >= 10 "
        "AND trim(c.NIR_ANO_MAM) <> '' AND c.entry BETWEEN m.entry - 1 AND m.leave + 1 "
        "AND c.person_id NOT IN (SELECT id FROM unseen "
        "WHERE reason = 'twins_same_sex_before_2015')"
    )
    assert differences(stays, truth, found) == (0, 0)


def test_malformations_are_recovered(stays: Engine) -> None:
    truth = (
        "SELECT DISTINCT infant_id, icd10 FROM true_malformations WHERE infant_id IS NOT NULL AND "
        "malformation_id NOT IN (SELECT id FROM unseen WHERE kind = 'malformation')"
    )
    keys = "yy, ETA_NUM, RSA_NUM"
    codes = (
        f"SELECT {keys}, DGN_PAL AS code FROM T_MCOB UNION SELECT {keys}, ASS_DGN FROM T_MCOD "
        f"UNION SELECT {keys}, DGN_PAL FROM T_MCOUM"
    )
    found = (
        f"SELECT DISTINCT person_id, code FROM stay JOIN ({codes}) USING ({keys}) "
        "WHERE AGE_JOU IS NOT NULL AND code NOT LIKE 'Z38%' AND (person_id, code) NOT IN "
        "(SELECT infant_id, icd10 FROM true_malformations JOIN unseen ON id = malformation_id "
        "WHERE kind = 'malformation' AND infant_id IS NOT NULL)"
    )
    assert stays.scalar(f"SELECT count(*) FROM ({truth})") > 20
    assert differences(stays, truth, found) == (0, 0)


def test_terminated_fetuses_are_unseen(native: Engine) -> None:
    fetuses = "SELECT malformation_id FROM true_malformations WHERE infant_id IS NULL"
    missing = native.scalar(
        f"SELECT count(*) FROM ({fetuses}) WHERE malformation_id NOT IN "
        "(SELECT id FROM unseen WHERE kind = 'malformation')"
    )
    assert missing == 0


def test_diseases_are_long_term_illnesses_or_stays(stays: Engine) -> None:
    chronic = "('epilepsy', 'diabetes', 'bipolar', 'rheumatoid')"
    truth = f"SELECT person_id, icd10 FROM true_conditions WHERE condition IN {chronic}"
    found = (
        "SELECT person_id, MED_MTF_COD FROM IR_IMB_R JOIN person USING (BEN_NIR_PSA, BEN_RNG_GEM)"
    )
    assert native_count(stays, truth) > 100
    assert differences(stays, truth, found) == (0, 0)


def native_count(engine: Engine, query: str) -> int:
    """Number of lines of a query."""
    return int(engine.scalar(f"SELECT count(*) FROM ({query})"))
