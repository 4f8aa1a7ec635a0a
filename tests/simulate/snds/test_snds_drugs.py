"""Drugs: undoing the traps by the published rules, by hand, gives back every true dispensing."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_snds import NINE, Extract, differences, written

from transat.engines.engine import Engine

TRUE_DISPENSINGS = """
    SELECT person_id, date, atc, CAST(packs AS DOUBLE) AS packs FROM true_exposures
    WHERE exposure_id NOT IN (SELECT id FROM unseen WHERE kind = 'exposure')
"""
#: T6: a split line counts units; boxes = units over the units of a pack.
BOXES = f"""
    SELECT p.person_id, l.care AS date, d.code, d.boxes FROM true_line AS l
    JOIN person AS p USING (BEN_NIR_PSA, BEN_RNG_GEM)
    JOIN (SELECT {NINE}, PHA_PRS_C13 AS code, CASE WHEN PHA_DEC_TOP = 'D'
            THEN PHA_DEC_QSU::DOUBLE / units ELSE PHA_ACT_QSN::DOUBLE END AS boxes
          FROM ER_PHA_F JOIN product ON code = PHA_PRS_C13
          UNION ALL SELECT {NINE}, substr(UCD_UCD_COD, 7), UCD_DLV_NBR::DOUBLE FROM ER_UCD_F) AS d
    USING ({NINE})
"""


def netted(lines: str) -> str:
    """T4: the signed sum by person, day and code, kept when it is not zero."""
    return (
        "SELECT person_id, date, atc, sum(boxes) AS packs FROM (SELECT person_id, date, code, "
        f"sum(boxes) AS boxes FROM ({lines}) GROUP BY ALL HAVING sum(boxes) <> 0) "
        "JOIN product USING (code) GROUP BY ALL"
    )


def test_undoing_the_traps_gives_the_truth(native: Engine) -> None:
    assert native.scalar(f"SELECT count(*) FROM ({TRUE_DISPENSINGS})") > 10_000
    assert differences(native, TRUE_DISPENSINGS, netted(BOXES)) == (0, 0)


@pytest.mark.parametrize("seed", [0, 1, 2026])
def test_undoing_the_traps_gives_the_truth_whatever_the_seed(tmp_path: Path, seed: int) -> None:
    with written(tmp_path, seed, 250).engine() as engine:
        assert differences(engine, TRUE_DISPENSINGS, netted(BOXES)) == (0, 0)


def test_netting_by_hand_of_each_reversal(native: Engine) -> None:
    """A line that was corrected: the sum is what the truth says, never one of its lines."""
    groups = native.rows(
        f"SELECT person_id, date, code, list(boxes ORDER BY boxes), sum(boxes) FROM ({BOXES}) "
        "GROUP BY ALL HAVING min(boxes) < 0"
    )
    true = {
        (person, str(day), atc): packs for person, day, atc, packs in native.rows(TRUE_DISPENSINGS)
    }
    atc_of = dict(native.rows("SELECT code, atc FROM product"))
    kinds = {"full": 0, "partial": 0, "double": 0}
    for person, day, code, boxes, net in groups:
        assert net == true.get((person, str(day), atc_of[code]), 0)
        kinds["full" if net == 0 else "partial" if len(boxes) == 2 else "double"] += 1
    assert min(kinds.values()) > 20, kinds


def test_corrections_come_in_another_flow(native: Engine) -> None:
    same = native.scalar(
        f"SELECT count(*) FROM ER_PHA_F AS minus JOIN ER_PRS_F AS a USING ({NINE}) "
        "JOIN ER_PRS_F AS b USING (BEN_NIR_PSA, BEN_RNG_GEM, EXE_SOI_DTD, FLX_DIS_DTD, PRE_PRE_DTD)"
        " JOIN ER_PHA_F AS plus ON plus.PHA_PRS_C13 = minus.PHA_PRS_C13 "
        + " ".join(f"AND plus.{c} = b.{c}" for c in NINE.split(", ") if c != "FLX_DIS_DTD")
        + " AND plus.FLX_DIS_DTD = a.FLX_DIS_DTD "
        "WHERE minus.PHA_ACT_QSN::INT < 0 AND plus.PHA_ACT_QSN::INT > 0 "
        "AND coalesce(b.DPN_QLF, '0') <> '71' AND coalesce(b.PRS_DPN_QLP, '0') <> '71' "
        "AND b.CPL_MAJ_TOP = '0'"
    )
    assert same == 0


def test_negative_lines_have_their_own_key_and_quantity(native: Engine) -> None:
    signs = native.rows(
        f"SELECT PHA_ACT_QSN::INT, PRS_ACT_QTE::INT FROM ER_PHA_F JOIN ER_PRS_F USING ({NINE}) "
        "WHERE PHA_ACT_QSN::INT < 0"
    )
    assert signs
    assert all(boxes == quantity for boxes, quantity in signs)


def test_care_follows_its_prescription_and_flows_after(native: Engine) -> None:
    late = native.scalar(
        "SELECT count(*) FROM ER_PRS_F WHERE strptime(PRE_PRE_DTD, '%d/%m/%Y') > "
        "strptime(EXE_SOI_DTD, '%d/%m/%Y') OR strptime(FLX_DIS_DTD, '%d/%m/%Y') <= "
        "strptime(EXE_SOI_DTD, '%d/%m/%Y') OR strptime(FLX_TRT_DTD, '%d/%m/%Y') >= "
        "strptime(FLX_DIS_DTD, '%d/%m/%Y')"
    )
    assert late == 0


def test_a_drug_without_a_code_here_is_unseen(extract: Extract, native: Engine) -> None:
    without = native.rows(
        "SELECT exposure_id FROM true_exposures WHERE atc NOT IN (SELECT atc FROM product)"
    )
    listed = native.rows("SELECT id FROM unseen WHERE reason = 'no_code_on_this_shore'")
    assert sorted(without) == sorted(listed)


def test_hospital_drugs_are_in_er_ucd_f(native: Engine) -> None:
    assert native.scalar("SELECT count(*) FROM ER_UCD_F") > 10
    both = "SELECT count(*) FROM ER_UCD_F JOIN ER_PRS_F USING ({}) WHERE PRS_NAT_REF = '3336'"
    assert native.scalar(both.format(NINE)) == native.scalar("SELECT count(*) FROM ER_UCD_F")
