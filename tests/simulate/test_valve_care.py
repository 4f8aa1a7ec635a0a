"""Stays and visits for the aortic valve, from hand-made truth tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.simulate.design import Design, Shore
from transat.simulate.population import TABLES, Population, generate
from transat.simulate.quebec.write import write as write_quebec
from transat.simulate.snds.write import write as write_snds
from transat.simulate.valve_care import (
    STAYS,
    registered_echos,
    unwritten,
    valve_stays,
    valve_visits,
)

ANNA, PAUL = 150_001, 150_002
DIED = date(2015, 5, 4)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.fixture(scope="module")
def nobody() -> Population:
    """Two elders of whom nothing is known; Paul dies in May 2015."""
    people = generate(Design(seed=1, persons=1), "france", 0)
    elders = pa.Table.from_pylist(
        [
            {
                "person_id": person,
                "sex": "F",
                "birth_date": date(1940, 1, 1),
                "death_date": DIED if person == PAUL else None,
                "role": "elder",
                "region": 1,
                "deprivation": 1,
            }
            for person in (ANNA, PAUL)
        ],
        schema=TABLES["persons"],
    )
    return replace(people, persons=pa.concat_tables([people.persons, elders]))


def events(nobody: Population, *rows: tuple[int, int, str, str, str]) -> Population:
    names = ("event_id", "person_id", "date", "end_date", "kind")
    made = [dict(zip(names, (e, p, day(a), day(b), k), strict=True)) for e, p, a, b, k in rows]
    table = pa.Table.from_pylist(made, schema=TABLES["valve_events"])
    return replace(nobody, valve_events=table)


def coded(people: Population, *rows: tuple[int, int, str, str, str]) -> Population:
    made = [
        {
            "event_id": e,
            "person_id": p,
            "date": day(when),
            "icd10": code,
            "icd9": "424.1",
            "true_stenosis": True,
            "setting": setting,
        }
        for e, p, when, code, setting in rows
    ]
    table = pa.Table.from_pylist(made, schema=TABLES["valve_diagnoses"])
    return replace(people, valve_diagnoses=table)


def stays(people: Population) -> list[tuple[int, str, str, str, int, list[str]]]:
    """(person, first day, last day, kind, number, codes) of each stay."""
    care = valve_stays(people)
    return [
        (
            int(care.person[i]),
            str(np.datetime64(int(care.first[i]), "D")),
            str(np.datetime64(int(care.last[i]), "D")),
            STAYS[care.kind[i]],
            int(care.event[i]),
            [str(code) for code in care.code[care.code_stay == i]],
        )
        for i in range(len(care))
    ]


def test_nobody_has_no_stay(nobody: Population) -> None:
    assert stays(nobody) == []
    assert len(valve_visits(nobody).id) == 0
    assert all(not len(ids) for each in unwritten(nobody).values() for ids in each.values())


def test_a_diagnosis_is_in_the_stay_that_begins_on_its_day(nobody: Population) -> None:
    people = events(
        nobody,
        (1, ANNA, "2015-03-01", "2015-03-09", "savr"),
        (2, PAUL, "2015-03-01", "2015-03-04", "heart_failure"),
    )
    people = coded(people, (3, ANNA, "2015-03-01", "I35.0", "stay"))
    assert stays(people) == [
        (ANNA, "2015-03-01", "2015-03-09", "savr", 1, ["I350"]),
        (PAUL, "2015-03-01", "2015-03-04", "heart_failure", 2, []),
    ]


def test_of_two_stays_that_begin_on_a_day_the_replacement_holds_the_diagnosis(
    nobody: Population,
) -> None:
    people = events(
        nobody,
        (1, ANNA, "2015-03-01", "2015-03-04", "heart_failure"),
        (2, ANNA, "2015-03-01", "2015-03-07", "tavi"),
    )
    people = coded(
        people,
        (3, ANNA, "2015-03-01", "I35.0", "stay"),
        (4, ANNA, "2015-03-01", "I35.2", "stay"),
    )
    assert [(kind, codes) for *_, kind, _, codes in stays(people)] == [
        ("tavi", ["I350", "I352"]),
        ("heart_failure", []),
    ]
    first, opens = valve_stays(people).first_code()
    assert first.tolist() == ["I350", ""]
    assert opens.tolist() == [True, False]


def test_a_diagnosis_alone_has_one_stay_of_its_own(nobody: Population) -> None:
    people = events(nobody, (1, ANNA, "2015-03-01", "2015-03-09", "savr"))
    people = coded(
        people,
        (2, ANNA, "2015-03-03", "I35.0", "stay"),
        (3, ANNA, "2015-03-03", "I35.2", "stay"),
        (4, ANNA, "2015-04-03", "I35.0", "visit"),
    )
    assert stays(people) == [
        (ANNA, "2015-03-01", "2015-03-09", "savr", 1, []),
        (ANNA, "2015-03-03", "2015-03-05", "diagnosis", 2, ["I350", "I352"]),
    ]
    assert valve_visits(people).icd9.tolist() == ["4241"]


@pytest.mark.parametrize(
    ("first", "last"), [("2015-05-03", "2015-05-04"), ("2015-05-04", "2015-05-04")]
)
def test_a_stay_ends_with_death(nobody: Population, first: str, last: str) -> None:
    people = coded(nobody, (1, PAUL, first, "I35.0", "stay"))
    assert stays(people) == [(PAUL, first, last, "diagnosis", 1, ["I350"])]


def test_a_stay_ends_with_the_extract(nobody: Population) -> None:
    people = coded(nobody, (1, ANNA, "2019-12-31", "I35.0", "stay"))
    assert stays(people) == [(ANNA, "2019-12-31", "2019-12-31", "diagnosis", 1, ["I350"])]


def test_what_no_file_bears_is_said(nobody: Population) -> None:
    people = events(
        nobody,
        (1, ANNA, "2015-01-01", "2015-01-01", "referral"),
        (2, ANNA, "2015-02-01", "2015-02-01", "decision"),
        (3, ANNA, "2011-12-31", "2012-01-05", "savr"),
        (4, ANNA, "2020-01-01", "2020-01-05", "heart_failure"),
        (5, ANNA, "2015-02-02", "2015-02-05", "heart_failure"),
    )
    people = coded(people, (6, ANNA, "2011-12-31", "I35.0", "visit"))
    found = {(k, why): ids.tolist() for k, e in unwritten(people).items() for why, ids in e.items()}
    assert found[("valve_event", "waits_are_in_no_file")] == [1, 2]
    assert found[("valve_event", "outside_the_window")] == [3, 4]
    assert found[("valve_diagnosis", "outside_the_window")] == [6]
    assert [number for *_, number, _ in stays(people)] == [5]


def test_the_registry_holds_the_echos_of_its_people_in_the_period(nobody: Population) -> None:
    patients = pa.Table.from_pylist(
        [{"person_id": p, "bicuspid": False, "registry": p == ANNA} for p in (ANNA, PAUL)],
        schema=TABLES["valve_patients"],
    )
    when = {1: (ANNA, "2015-01-01"), 2: (PAUL, "2015-01-01"), 3: (ANNA, "2011-06-01")}
    echos = pa.Table.from_pylist(
        [{"echo_id": e, "person_id": p, "date": day(d), "vmax": 3.2} for e, (p, d) in when.items()],
        schema=TABLES["valve_echos"],
    )
    people = replace(nobody, valve_patients=patients, valve_echos=echos)
    assert registered_echos(people)["echo_id"].to_pylist() == [1]
    found = {why: ids.tolist() for why, ids in unwritten(people)["valve_echo"].items()}
    assert found == {"not_in_the_registry": [2], "outside_the_window": [3]}


def test_the_order_of_the_truth_says_nothing() -> None:
    people = generate(Design(seed=2, persons=1, elders=150), "quebec", 0)
    rng = np.random.default_rng(0)

    def mixed(table: pa.Table) -> pa.Table:
        return table.take(pa.array(rng.permutation(table.num_rows)))

    names = ("persons", "valve_events", "valve_diagnoses")
    shuffled = replace(people, **{name: mixed(getattr(people, name)) for name in names})
    assert len(stays(people)) > 30
    assert stays(shuffled) == stays(people)


DAYS = st.sampled_from(["2015-03-01", "2015-03-02", "2015-03-04", "2015-06-01"])
PEOPLE = st.sampled_from([ANNA, PAUL])


@settings(deadline=None, max_examples=60)
@given(
    happened=st.lists(st.tuples(PEOPLE, DAYS, st.sampled_from(STAYS[:3])), max_size=6, unique=True),
    said=st.lists(st.tuples(PEOPLE, DAYS, st.sampled_from(["I35.0", "I35.2"])), max_size=6),
)
def test_every_event_has_one_stay_and_every_diagnosis_one_of_its_day(
    nobody: Population, happened: list[tuple[int, str, str]], said: list[tuple[int, str, str]]
) -> None:
    people = events(nobody, *((i, p, d, d, k) for i, (p, d, k) in enumerate(happened, 1)))
    people = coded(people, *((100 + i, p, d, c, "stay") for i, (p, d, c) in enumerate(said)))
    care = valve_stays(people)
    own = care.is_kind("diagnosis")
    assert sorted(care.event[~own].tolist()) == list(range(1, len(happened) + 1))
    assert sorted(care.code_id.tolist()) == list(range(100, 100 + len(said)))
    for place, number, code in zip(care.code_stay, care.code_id, care.code, strict=True):
        person, when, written = said[number - 100]
        held = (int(care.person[place]), str(np.datetime64(int(care.first[place]), "D")))
        assert (*held, str(code)) == (person, when, written.replace(".", ""))
    # A stay of its own only where nothing else begins on that day, and one a person and day.
    begun = {(p, d) for p, d, _ in happened}
    assert int(own.sum()) == len({(p, d) for p, d, _ in said} - begun)


def test_a_chunk_of_elders_alone_is_written(tmp_path: Path) -> None:
    design = Design(seed=4, persons=1, elders=20_040)
    writers: dict[Shore, Callable[..., pa.Table]] = {"france": write_snds, "quebec": write_quebec}
    for shore, write in writers.items():
        people = generate(design, shore, 1)
        assert people.persons["role"].to_pylist() == ["elder"] * 40
        (tmp_path / shore).mkdir()
        write(people, tmp_path / shore, 1, design)
        assert (tmp_path / shore / "registre_echo" / "registre_echo_0001.csv").is_file()
