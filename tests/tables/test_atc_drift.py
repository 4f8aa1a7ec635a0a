"""The moves of the ATC: each one true, none that is another route of the same substance."""

from __future__ import annotations

import csv
from pathlib import Path

from transat.core.codes import atc
from transat.tables.drug_codes import atc_drift, drug_codes, hospital_names

NOT_MOVED = Path(__file__).with_name("atc_not_moved.csv")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_move_is_checked_and_leads_to_the_vintage_in_one_step() -> None:
    import transat.tables

    listed = rows(Path(transat.tables.__file__ or "").with_name("atc_drift.csv"))
    assert {row["checked"] for row in listed} == {"yes"}
    assert [row["old"] for row in listed] == sorted({row["old"] for row in listed})
    assert all(len(atc(row["old"])) == len(atc(row["new"])) == 7 for row in listed)
    assert not {row["old"] for row in listed} & {row["new"] for row in listed}


def test_every_candidate_is_a_move_or_still_stands(shared: Path) -> None:
    """The 114 candidates made by comparing names, one by one (WHO index of April 2026)."""
    stands = {row["atc"] for row in rows(NOT_MOVED)}
    moved = set(atc_drift())
    assert not stands & moved
    path = shared / "data" / "derived" / "atc_drift_candidates.csv"
    met = {code for row in rows(path) for code in row["atc_fr_IR_PHA_R_2017_or_DPD_2017"].split()}
    assert len(met & moved) >= 40
    # B02BD20, combinations of coagulation factors, is in no index and has no successor.
    assert met - moved - stands == {"B02BD20"}


def test_kinase_inhibitors_left_their_class() -> None:
    kinase = {old: new for old, new in atc_drift().items() if old.startswith("L01XE")}
    assert len(kinase) > 40
    assert all(new.startswith("L01E") for new in kinase.values())


def test_a_product_for_another_use_is_no_move() -> None:
    """Ulipristal for fibroids (G03XB02) is not the emergency pill (G03AD02)."""
    assert "G03XB02" not in atc_drift()


def test_the_lists_of_the_package_are_of_the_vintage() -> None:
    assert not {c.atc for c in drug_codes()} & set(atc_drift())
    assert not set(hospital_names().values()) & set(atc_drift())
    assert hospital_names()["THALIDOMIDE"] == "L04AX02"
