"""The real dictionaries, whole: every product that has an ATC gets it (data_sources.md §3.5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from referential_runs import canadian_medicines, french_medicines

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.drug_codes import atc_drift

Run = tuple[Engine, Context]

#: CNAM's code for homeopathy, a truncated one, and the classes proper.
SHORT = 841
TERATOGENS = {
    "THALIDOMIDE": "L04AX02",
    "REVLIMID": "L04AX04",
    "IMNOVID": "L04AX06",
    "TRACLEER": "C02KX01",
    "VOLIBRIS": "C02KX02",
    "ADEMPAS": "C02KX05",
}


@pytest.fixture(scope="module")
def french(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    data, folder = shared / "data", tmp_path_factory.mktemp("referentials")
    (folder / "IR_PHA_R.parquet").symlink_to(data / "scalpel" / "IR_PHA_R_With_molecules.parquet")
    (folder / "NU_UCD_R.csv").symlink_to(data / "snds_nomenclatures" / "ORAREF" / "NU_UCD_R.csv")
    with french_medicines(folder, tmp_path_factory.mktemp("work")) as run:
        yield run


@pytest.fixture(scope="module")
def canadian(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("dpd")
    for name in ("dpd_2026-04", "dpd_2017_inactive"):
        for file in (shared / "data" / name).iterdir():
            (folder / file.name).symlink_to(file)
    with canadian_medicines(folder, tmp_path_factory.mktemp("work")) as run:
        yield run


def test_every_cip_has_its_atc(french: Run) -> None:
    engine, context = french
    assert context.ledger.rows("IR_PHA_R", "read") == 23_126
    assert context.ledger.rows("IR_PHA_R", "kept") == 23_126
    found = engine.rows(
        "SELECT count(*), count(atc) FROM kept_IR_PHA_R LEFT JOIN medicine "
        "ON vocabulary = 'CIP13' AND code = PHA_CIP_C13"
    )
    assert found == [(23_126, 23_126)]
    assert context.findings["cip13_recorded"] == 23_126


def test_short_codes_are_kept_as_classes(french: Run) -> None:
    engine, _ = french
    short = "length(PHA_ATC_C07) < 7"
    lost = engine.rows(
        "SELECT count(*), count(atc), count(*) FILTER (length(atc) < 7) FROM kept_IR_PHA_R "
        f"LEFT JOIN medicine ON vocabulary = 'CIP13' AND code = PHA_CIP_C13 WHERE {short}"
    )
    assert lost == [(SHORT, SHORT, SHORT)]
    fluindione = engine.rows(
        "SELECT DISTINCT atc FROM kept_IR_PHA_R JOIN medicine ON code = PHA_CIP_C13 "
        "WHERE PHA_NOM_PA = 'FLUINDIONE'"
    )
    assert fluindione == [("B01AA",)]


def test_the_vintage_is_one(french: Run, canadian: Run) -> None:
    for engine, _ in (french, canadian):
        atcs = {atc for (atc,) in engine.rows("SELECT DISTINCT atc FROM medicine")}
        assert not atcs & set(atc_drift())


def test_hospital_drugs_are_found_by_name(french: Run) -> None:
    engine, context = french
    assert context.ledger.rows("NU_UCD_R", "kept") == 1_812
    for label, atc in TERATOGENS.items():
        found = engine.rows(
            "SELECT DISTINCT atc FROM kept_NU_UCD_R JOIN medicine ON vocabulary = 'UCD7' "
            "AND code = right(UCD_UCD_COD, 7) WHERE UCD_DSN_LIB LIKE ?",
            [f"{label}%"],
        )
        assert found == [(atc,)], label
    mapped = engine.rows(
        "SELECT how, count(*) FROM kept_NU_UCD_R JOIN medicine ON vocabulary = 'UCD7' "
        "AND code = right(UCD_UCD_COD, 7) GROUP BY how ORDER BY how"
    )
    assert dict(mapped) == {"by name": 1_097, "list": 24, "recorded": 245}


def test_a_name_never_contradicts_the_record(french: Run) -> None:
    engine, _ = french
    both = engine.rows(
        "SELECT count(*), count(*) FILTER (n.atc <> r.atc) FROM hospital_atc n "
        "JOIN hospital_atc r USING (code) WHERE n.how = 'by name' AND r.how = 'recorded'"
    )
    compared, different = both[0]
    assert compared > 150
    assert different == 0


def test_products_of_the_canadian_database(canadian: Run) -> None:
    engine, context = canadian
    counted = engine.rows("SELECT status, class, count(*) FROM dpd_drug GROUP BY ALL ORDER BY ALL")
    products = {(status, kind): n for status, kind, n in counted}
    assert products["marketed", "Human"] == 11_529
    assert sum(n for (status, _), n in products.items() if status == "marketed") == 13_454
    assert products["cancelled", "Human"] == 24_372
    without = engine.scalar(
        "SELECT count(*) FROM dpd_drug d LEFT JOIN dpd_ther t USING (status, drug_code) "
        "WHERE d.status = 'cancelled' AND d.class = 'Human' AND t.atc IS NULL"
    )
    assert without == 6_480
    # Ten radiopharmaceuticals have no DIN ('Not Applicable').
    assert context.ledger.rows("DPD drug", "reject:DIN") == 10
    context.ledger.check()


def test_every_din_with_an_atc_gets_it(canadian: Run) -> None:
    engine, context = canadian
    lost = engine.rows(
        "SELECT DISTINCT d.din, t.atc FROM dpd_drug d JOIN dpd_ther t USING (status, drug_code) "
        "LEFT JOIN medicine m ON m.code = d.din "
        "WHERE t.atc IS NOT NULL AND m.atc IS NULL AND t.atc <> 'UNASSIGN'"
    )
    assert lost == []
    assert engine.scalar("SELECT count(*) FROM medicine WHERE length(code) <> 8") == 0
    assert context.findings["products_with_several_atc"] == 1


def test_cancelled_products_are_read_with_their_zeros(canadian: Run) -> None:
    engine, _ = canadian
    only = engine.scalar(
        "SELECT count(DISTINCT din) FROM dpd_drug WHERE status = 'cancelled' AND class = 'Human' "
        "AND din NOT IN (SELECT din FROM dpd_drug WHERE status <> 'cancelled')"
    )
    assert only == 24_196
    assert engine.rows("SELECT atc FROM medicine WHERE code = '00000019'") == [("N05CM08",)]


def test_both_shores_share_their_substances(french: Run, canadian: Run) -> None:
    """§3.5: 814 shared codes; the drift adds those that one shore alone had moved."""
    substances = [
        {a for (a,) in engine.rows("SELECT DISTINCT atc FROM medicine WHERE length(atc) = 7")}
        for engine, _ in (french, canadian)
    ]
    assert len(substances[0] & substances[1]) > 1_044
