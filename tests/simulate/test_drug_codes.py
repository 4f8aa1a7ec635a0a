"""Pharmacy codes: well formed, under the right ATC, one vintage."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

from transat.simulate.exposures import drugs
from transat.tables.drug_codes import atc_drift, codes_of, drug_codes, substances


def ean13(code: str) -> bool:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code[:12]))
    return len(code) == 13 and code.isdigit() and (10 - total % 10) % 10 == int(code[12])


def referential(shared: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(shared / "data" / "derived" / name, "rt", encoding="utf8") as file:
        return list(csv.DictReader(file))


def test_codes_are_well_formed_and_unique() -> None:
    table = drug_codes()
    assert len({(c.vocabulary, c.code) for c in table}) == len(table)
    for code in table:
        if code.vocabulary == "CIP13":
            assert ean13(code.code), code
        else:
            digits = {"DIN": 8, "UCD7": 7}[code.vocabulary]
            assert len(code.code) == digits, code
            assert code.code.isdigit(), code


def test_one_to_six_codes_per_vocabulary() -> None:
    for atc in substances():
        counts = [len(codes_of(v, atc)) for v in ("CIP13", "UCD7", "DIN")]  # type: ignore[arg-type]
        assert sum(counts) >= 1
        assert max(counts) <= 6


def test_french_codes_are_under_their_atc(shared: Path) -> None:
    atc = {r["cip13"]: r["atc"] for r in referential(shared, "fr_cip13_atc_2017.csv.gz")}
    for code in drug_codes():
        if code.vocabulary == "CIP13":
            assert atc_drift().get(atc[code.code], atc[code.code]) == code.atc


def test_canadian_codes_are_under_their_atc(shared: Path) -> None:
    atc: dict[str, set[str]] = {}
    for row in referential(shared, "ca_din_atc_2026_plus_cancelled_2017.csv.gz"):
        known = {atc_drift().get(a, a) for a in row["atc"].split()}
        atc.setdefault(row["din"], set()).update(known)
    for code in drug_codes():
        if code.vocabulary == "DIN":
            assert code.atc in atc[code.code]


def test_hospital_codes_are_in_the_national_list(shared: Path) -> None:
    path = shared / "data" / "snds_nomenclatures" / "ORAREF" / "NU_UCD_R.csv"
    with path.open(encoding="utf8") as file:
        known = {row["UCD_UCD_COD"][-7:] for row in csv.DictReader(file, delimiter=";")}
    own = {c.code for c in drug_codes() if c.vocabulary == "UCD7"}
    assert own <= known
    assert {c.atc for c in drug_codes() if c.vocabulary == "UCD7"} >= {"L04AX02", "C02KX01"}


def test_drift_leads_to_the_vintage_in_one_step() -> None:
    drift = atc_drift()
    assert drift["N03AX12"] == "N02BF01"
    assert drift["L04AA13"] == "L04AK01"
    assert not set(drift) & set(drift.values())
    assert not set(drift) & set(substances())


def test_every_simulated_drug_has_a_code_where_it_is_taken() -> None:
    for drug in drugs("france"):
        if drug.prevalence:
            assert codes_of("CIP13", drug.atc) or codes_of("UCD7", drug.atc), drug.atc
    for drug in drugs("quebec"):
        if drug.prevalence:
            assert codes_of("DIN", drug.atc), drug.atc


def test_tiers_choose_the_box() -> None:
    tiers = {tier: codes_of("CIP13", "N03AG01", tier) for tier in (1, 2, 3)}
    for tier, codes in tiers.items():
        assert {code.dose_tier for code in codes} == {tier}
    assert codes_of("CIP13", "N03AF01", 3)  # no box tells the tier: any box


def test_short_atc_survives() -> None:
    assert [c.substance for c in codes_of("CIP13", "B01AA")] == ["fluindione"]
