"""Baselines, real codes, selection by termination, maternal age."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from days import days, texts

from transat.simulate.design import Design
from transat.simulate.groups import baseline, groups
from transat.simulate.population import Population, generate
from transat.simulate.read_data import rows

NULL = Design(seed=8, persons=80_000, effects="none")
PER_10000 = {"france": 203.0, "quebec": 366.0}  # Duchemin (EPI-MERES); QPC 1998-2008
ORGANS = {
    "chromosomal": "chromosomal",
    "congenital_heart_defects": "congenital heart defects non-chromosomal",
    "limb": "limb defects",
    "urinary": "urinary system",
    "nervous_system": "nervous system",
    "spina_bifida": "spina bifida",
    "anencephalus_and_similar": "anencephaly",
    "hypospadias": "hypospadias",
}


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.replace("'", "").lower()).strip("_")


def eurocat(shared: Path) -> dict[str, dict[str, str]]:
    path = shared / "data" / "derived" / "eurocat_subgroups_icd10_4char.csv"
    with path.open(encoding="utf8") as file:
        return {slug(row["subgroup"]): row for row in csv.DictReader(file)}


def test_codes_are_inside_their_group_and_not_minor(shared: Path) -> None:
    table = eurocat(shared)
    path = shared / "data" / "derived" / "icd10_Q_codes_dropped_as_minor_by_UCL_EUROCAT_1.4.csv"
    with path.open(encoding="utf8") as file:
        minor = {row["icd10_code"] for row in csv.DictReader(file)}
    for row in rows("malformations"):
        for group in (row["malformation"].removesuffix("_other"), *row["parents"].split()):
            if group == "any_major":
                continue
            include = tuple(table[group]["icd10_prefix_include"].split())
            exclude = tuple(table[group]["icd10_prefix_exclude"].split()) or ("-",)
            for code in row["icd10"].split():
                assert code.startswith(include), (code, group)
                assert not code.startswith(exclude), (code, group)
                assert code not in minor, code


def test_codes_exist_in_the_french_classification(shared: Path) -> None:
    path = shared / "data" / "snds_nomenclatures" / "ORAVAL" / "MS_CIM_V.csv"
    with path.open(encoding="utf8") as file:
        known = {row["CIM_COD"][:4] for row in csv.DictReader(file, delimiter=";")}
    assert {code for codes in groups().codes for code in codes} <= known


def test_organ_totals_are_the_published_ones(shared: Path) -> None:
    path = shared / "data" / "inutero" / "baseline_prevalence.csv"
    with path.open(encoding="utf8") as file:
        published = {row["group"]: row["per_10000_births"] for row in csv.DictReader(file)}
    risk = np.array([float(row["eurocat_per_10000"]) for row in rows("malformations")])
    for group, name in ORGANS.items():
        total = risk[groups().members(group)].sum()
        assert total == pytest.approx(float(published[name]), rel=0.01), group


@pytest.mark.parametrize("shore", ["france", "quebec"])
def test_live_births_with_an_anomaly(shore: str) -> None:
    """Expected from the table itself, without diseases or drugs."""
    tree = groups()
    alive = baseline(shore) * (1 - tree.lost)  # type: ignore[arg-type]
    assert 10_000 * alive.sum() == pytest.approx(PER_10000[shore], rel=0.02)


def test_severe_anomalies_end_pregnancies(french: Population) -> None:
    found = french.malformations
    leaf = texts(found, "malformation")
    alive = found["infant_id"].is_valid().to_numpy()
    severe = np.isin(
        leaf, ["anencephalus_and_similar", "down_syndrome", "edwards_syndrome_trisomy_18"]
    )
    mild = np.isin(leaf, ["ventricular_septal_defect", "hypospadias", "polydactyly"])
    assert alive[severe].mean() < 0.6 < 0.9 < alive[mild].mean()


def test_hypospadias_in_boys_only(french: Population) -> None:
    table = french.malformations.join(
        french.links.select(["pregnancy_id", "rank", "sex"]), ["pregnancy_id", "rank"]
    )
    own = table.filter(pc.equal(table["malformation"], "hypospadias"))
    assert set(own["sex"].to_pylist()) == {"M"}


def test_diagnoses_from_birth_to_the_first_birthday(french: Population) -> None:
    table = french.malformations.join(
        french.links.select(["pregnancy_id", "rank", "birth_date"]), ["pregnancy_id", "rank"]
    )
    wait = days(table, "diagnosis_date") - days(table, "birth_date")
    assert ((wait >= 0) & (wait < 365)).all()
    lost = table["infant_id"].is_null().to_numpy()
    assert (wait[lost] == 0).all()


@pytest.mark.slow
def test_down_syndrome_rises_with_maternal_age() -> None:
    cases: dict[bool, int] = {True: 0, False: 0}
    births: dict[bool, int] = {True: 0, False: 0}
    for chunk in range(4):
        people = generate(NULL, "france", chunk)
        table = people.pregnancies.join(
            people.persons.select(["person_id", "birth_date"]), "person_id"
        ).join(people.links.select(["pregnancy_id"]), "pregnancy_id", join_type="inner")
        old = (days(table, "start") - days(table, "birth_date")) / 365.25 >= 35
        found = people.malformations
        ids = found.filter(pc.equal(found["malformation"], "down_syndrome"))["pregnancy_id"]
        ill = np.isin(table["pregnancy_id"].to_numpy(), ids.to_numpy())
        for late in (True, False):
            cases[late] += int(ill[old == late].sum())
            births[late] += int((old == late).sum())
    assert cases[True] / births[True] > 2 * cases[False] / births[False]
