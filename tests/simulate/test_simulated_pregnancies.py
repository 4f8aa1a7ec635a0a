"""Outcome mix, gestation limits, spacing, identifiers, foreign keys."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
from days import days, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.simulate.design import (
    EXTRACT_END,
    EXTRACT_START,
    FIRST_LMP,
    LAST_END,
    SHORES,
    Design,
    Shore,
    day,
)
from transat.simulate.population import TABLES, Population, generate
from transat.simulate.pregnancies import MATCHO_DAYS, OUTCOMES, SPACING_DAYS, outcome_shares

BLOTIERE_2018 = {
    "live_birth": 73.9,
    "elective_termination": 17.2,
    "spontaneous_abortion": 4.2,
    "ectopic": 1.1,
    "therapeutic_termination": 1.0,
    "stillbirth": 0.4,
}


def within(share: float, expected: float, n: int, errors: float = 4.0) -> bool:
    return abs(share - expected) <= errors * float(np.sqrt(expected * (1 - expected) / n))


def test_outcome_mix_of_each_shore(either: tuple[Shore, Population]) -> None:
    shore, people = either
    outcome = texts(people.pregnancies, "outcome")
    for key, expected in zip(OUTCOMES, outcome_shares(shore), strict=True):
        assert within(float((outcome == key).mean()), expected, len(outcome)), key


def test_french_mix_without_town_miscarriages_is_the_published_one(french: Population) -> None:
    table = french.pregnancies
    outcome = texts(table, "outcome")
    kept = ~((outcome == "spontaneous_abortion") & (texts(table, "setting") == "town"))
    total = sum(BLOTIERE_2018.values())
    for key, percent in BLOTIERE_2018.items():
        share = float((outcome[kept] == key).mean())
        assert within(share, percent / total, int(kept.sum())), key


def test_quebec_has_the_published_share_of_abortions(quebecois: Population) -> None:
    outcome = texts(quebecois.pregnancies, "outcome")
    hospital = texts(quebecois.pregnancies, "setting") == "hospital"
    abortion = (outcome == "elective_termination") | (
        (outcome == "spontaneous_abortion") & hospital
    )
    assert abs(float(abortion.mean()) - 0.365) < 0.015  # 35.9 % of 96.0 % explained (QPC)


def test_twins_are_1_6_percent_of_deliveries(either: tuple[Shore, Population]) -> None:
    _, people = either
    born = people.pregnancies.filter(pc.equal(people.pregnancies["outcome"], "live_birth"))[
        "plurality"
    ].to_numpy()
    assert within(float((born == 2).mean()), 0.016, len(born))


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    women=st.integers(1, 400),
    shore=st.sampled_from(SHORES),
    multiplier=st.sampled_from([1.0, 20.0]),
)
def test_every_chunk_is_coherent(seed: int, women: int, shore: Shore, multiplier: float) -> None:
    people = generate(Design(seed, women, exposure_multiplier=multiplier), shore, 0)
    for name, table in people.tables().items():
        assert table.schema == TABLES[name], name
    _gestations(people)
    _spacing(people)
    _keys(people)
    _calendar(people)


def _gestations(people: Population) -> None:
    table = people.pregnancies
    length = days(table, "end") - days(table, "start")
    for key, (low, high) in MATCHO_DAYS.items():
        own = length[texts(table, "outcome") == key]
        assert ((own >= low) & (own <= high)).all(), key


def _spacing(people: Population) -> None:
    table = people.pregnancies
    same = np.diff(table["person_id"].to_numpy()) == 0
    gap = days(table, "start")[1:] - days(table, "end")[:-1]
    assert (gap[same] >= SPACING_DAYS).all()


def _keys(people: Population) -> None:
    for name, key in (
        ("persons", "person_id"),
        ("pregnancies", "pregnancy_id"),
        ("exposures", "exposure_id"),
        ("malformations", "malformation_id"),
        ("contacts", "contact_id"),
    ):
        values = getattr(people, name)[key].to_numpy()
        assert len(np.unique(values)) == len(values), name
    persons = set(people.persons["person_id"].to_pylist())
    for name in ("exposures", "conditions", "contacts", "drug_plan", "pregnancies"):
        assert set(getattr(people, name)["person_id"].to_pylist()) <= persons, name
    infants = people.links["infant_id"].drop_null().to_pylist()
    assert len(set(infants)) == len(infants)
    roles = people.persons.filter(pc.equal(people.persons["role"], "infant"))
    assert set(infants) == set(roles["person_id"].to_pylist())
    assert set(people.malformations["infant_id"].drop_null().to_pylist()) <= set(infants)
    triples = people.exposures.group_by(["person_id", "date", "atc"]).aggregate([])
    assert triples.num_rows == people.exposures.num_rows


def _calendar(people: Population) -> None:
    opens, closes = day(EXTRACT_START), day(EXTRACT_END)
    assert (days(people.pregnancies, "start") >= day(FIRST_LMP)).all()
    assert (days(people.pregnancies, "end") < day(LAST_END)).all()
    table = people.pregnancies.join(people.persons.select(["person_id", "birth_date"]), "person_id")
    age = (days(table, "start") - days(table, "birth_date")) / 365.25
    assert ((age >= 15) & (age < 50)).all()
    for name, column in (("exposures", "date"), ("contacts", "date"), ("conditions", "start_date")):
        when = days(getattr(people, name), column)
        assert ((when >= opens) & (when < closes)).all(), name
    found = people.malformations
    assert (days(found, "diagnosis_date") < closes).all()
    dead = people.persons.filter(pc.is_valid(people.persons["death_date"]))
    assert (days(dead, "death_date") >= days(dead, "birth_date")).all()
