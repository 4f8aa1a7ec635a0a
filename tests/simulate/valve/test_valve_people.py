"""Elders: whole tables, identifiers, dates in order, and nothing moved without them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from elders_seen import CLOSES, as_days, seen

from transat.core.errors import ConfigError
from transat.simulate.design import Design, Shore
from transat.simulate.population import TABLES, Population, generate
from transat.simulate.simulate import simulate
from transat.simulate.valve.schemas import KINDS, VALVE_TABLES

SMALL = Design(seed=3, persons=200, elders=3000)
SHORES: tuple[Shore, ...] = ("france", "quebec", "both")


@pytest.fixture(scope="module", params=SHORES)
def people(request: pytest.FixtureRequest) -> Population:
    """One chunk of each kind of shore."""
    return generate(SMALL, request.param, 0)


def test_elders_change_nothing_for_women_and_children() -> None:
    without = generate(Design(seed=3, persons=200), "quebec", 0).tables()
    with_them = generate(SMALL, "quebec", 0).tables()
    for name, table in without.items():
        if name not in VALVE_TABLES:
            assert with_them[name].slice(0, table.num_rows).equals(table), name
        assert with_them[name].schema == TABLES[name], name


def test_identifiers_are_of_the_chunk_and_unique() -> None:
    large = Design(seed=3, persons=1, elders=20_500)
    chunks = [generate(large, "quebec", k) for k in (0, 1)]
    assert [c.valve_patients.num_rows for c in chunks] == [20_000, 500]
    for table, key in (("persons", "person_id"), ("valve_echos", "echo_id")):
        ids = [i for c in chunks for i in getattr(c, table)[key].to_pylist()]
        assert len(set(ids)) == len(ids)
    events = [
        i
        for c in chunks
        for t in (c.valve_events, c.valve_diagnoses)
        for i in t["event_id"].to_pylist()
    ]
    assert len(set(events)) == len(events)


def test_every_row_is_of_an_elder_in_order(people: Population) -> None:
    elders = people.persons.filter(pc.equal(people.persons["role"], "elder"))
    ids = elders["person_id"].to_pylist()
    assert people.valve_patients["person_id"].to_pylist() == ids == sorted(ids)
    assert set(elders["sex"].to_pylist()) == {"F", "M"}
    for name in ("valve_echos", "valve_events", "valve_diagnoses"):
        table = getattr(people, name)
        keys = list(zip(table["person_id"].to_pylist(), table["date"].to_pylist(), strict=True))
        assert keys == sorted(keys), name
        assert {k for k, _ in keys} <= set(ids), name
        if name == "valve_echos":
            assert {k for k, _ in keys} == set(ids)


def test_nothing_happens_after_death_or_outside_the_extract(people: Population) -> None:
    death = dict(
        zip(
            people.persons["person_id"].to_pylist(),
            as_days(people.persons["death_date"]).tolist(),
            strict=True,
        )
    )
    for name in ("valve_echos", "valve_events", "valve_diagnoses", "contacts"):
        table = getattr(people, name)
        last = as_days(table["end_date" if name == "valve_events" else "date"])
        limit = np.array([death[i] for i in table["person_id"].to_pylist()])
        assert (last <= limit).all(), name
        assert (last < CLOSES).all(), name
    assert (as_days(people.valve_events["end_date"]) >= as_days(people.valve_events["date"])).all()


def test_a_replacement_follows_its_decision_and_referral(people: Population) -> None:
    dates: dict[tuple[int, str], list[float]] = {}
    for who, when, kind in zip(
        people.valve_events["person_id"].to_pylist(),
        as_days(people.valve_events["date"]).tolist(),
        people.valve_events["kind"].to_pylist(),
        strict=True,
    ):
        assert kind in KINDS
        dates.setdefault((who, kind), []).append(when)
    replaced = [(who, kind) for who, kind in dates if kind in ("savr", "tavi")]
    assert len(replaced) > 50
    assert len({who for who, _ in replaced}) == len(replaced)
    for who, kind in replaced:
        assert dates[who, "referral"] <= dates[who, "decision"] <= dates[who, kind]
        assert len(dates[who, kind]) == len(dates[who, "referral"]) == 1


def test_what_an_echo_measures_agrees_with_itself(people: Population) -> None:
    echos = people.valve_echos.to_pydict()
    vmax, gradient = np.array(echos["vmax"]), np.array(echos["mean_gradient"])
    assert ((gradient >= 2.19 * vmax**2 - 0.06) & (gradient <= 2.51 * vmax**2 + 0.06)).all()
    assert (gradient < 4 * vmax**2).all()
    area = np.array(echos["ava"])
    severe, mild = (vmax >= 4) & (vmax < 5), (vmax >= 2) & (vmax < 2.5)
    assert 0.7 < np.median(area[severe]) < 1.05 < 1.7 < np.median(area[mild])
    assert set(echos["nyha"]) == {1, 2, 3, 4}
    assert min(echos["lvef"]) >= 10
    assert max(echos["lvef"]) <= 80
    scores = [s for s in echos["calcium_score"] if s is not None]
    assert 0.05 < len(scores) / len(vmax) < 0.3


def test_the_true_dates_are_those_of_the_native_valve(people: Population) -> None:
    truth, known = people.valve_patients, seen(people)
    end = known.entry + np.minimum(np.minimum(known.replacement, known.death), known.close)
    stenosis, severe = as_days(truth["stenosis_date"]), as_days(truth["severe_date"])
    assert (stenosis[np.isfinite(severe)] < severe[np.isfinite(severe)]).all()
    for dates in (stenosis, severe, as_days(truth["symptom_date"])):
        finite = np.isfinite(dates)
        assert (dates[finite] <= end[finite]).all()
    symptoms = np.isfinite(as_days(truth["symptom_date"]))
    assert symptoms[np.isfinite(severe)].mean() > 3 * symptoms[~np.isfinite(severe)].mean()
    first = known.entry
    shown = known.vmax >= 2.5
    assert (stenosis[shown] <= first[shown]).all()


def test_codes_are_near_the_published_error(people: Population) -> None:
    said = set(people.valve_diagnoses["person_id"].to_pylist())
    coded = np.array([i in said for i in people.valve_patients["person_id"].to_pylist()])
    sick = people.valve_patients["stenosis_date"].is_valid().to_numpy()
    assert abs(coded[sick].mean() - 0.531) < 0.05
    assert abs(coded[~sick].mean() - 0.052) < 0.03
    replaced = np.isfinite(seen(people).replacement)
    assert coded[replaced].all()
    true = people.valve_diagnoses["true_stenosis"].to_numpy(zero_copy_only=False)
    assert 0 < (~true).sum() < true.sum()
    assert set(people.valve_diagnoses["icd10"].to_pylist()) == {"I35.0", "I35.2"}
    assert set(people.valve_diagnoses["icd9"].to_pylist()) == {"424.1"}


def test_diseases_are_known_before_the_first_echo(people: Population) -> None:
    entry = dict(
        zip(
            people.valve_patients["person_id"].to_pylist(),
            seen(people).entry.tolist(),
            strict=True,
        )
    )
    rows = zip(
        people.conditions["person_id"].to_pylist(),
        as_days(people.conditions["start_date"]).tolist(),
        strict=True,
    )
    mine = [(who, when) for who, when in rows if who in entry]
    assert len(mine) > len(entry)
    assert all(when < entry[who] for who, when in mine)


def test_files_and_truth_of_a_simulation_with_elders(tmp_path: Path) -> None:
    out = simulate(Design(seed=4, persons=60, elders=150, file_format="parquet"), tmp_path / "sim")
    truth = out / "truth"
    for name, schema in VALVE_TABLES.items():
        table = pq.read_table(truth / f"{name}.parquet")
        assert table.schema.names == [*schema.names, "shore"]
        assert set(table["shore"].to_pylist()) == {"france", "quebec"}
    for name in ("valve_hazards", "valve_curves"):
        table = pq.read_table(truth / f"{name}.parquet")
        assert set(table["shore"].to_pylist()) == {"france", "quebec"}
    assert json.loads((truth / "design.json").read_text("utf-8"))["elders"] == 150
    for shore in ("france", "quebec"):
        said = json.loads((out / shore / "extract.json").read_text("utf-8"))["notice"]
        assert "sténose" in said["fr"]
        assert "stenosis" in said["en"]
    walk = pq.read_table(truth / "crosswalk.parquet")
    persons = pq.read_table(truth / "persons.parquet")
    assert walk["person_id"].to_pylist() == persons["person_id"].to_pylist()
    elders = persons.filter(pc.equal(persons["role"], "elder"))["person_id"]
    known = walk.filter(pc.is_in(walk["person_id"], elders.combine_chunks()))
    named = pc.coalesce(known["snds_person"], known["quebec_person"])
    assert isinstance(named, pa.ChunkedArray)
    assert named.null_count == 0


def test_the_same_elders_on_both_shores(tmp_path: Path) -> None:
    design = Design(seed=4, persons=60, elders=150, same_people=True, file_format="parquet")
    truth = simulate(design, tmp_path / "sim") / "truth"
    for name in (*VALVE_TABLES, "valve_hazards", "valve_curves"):
        assert set(pq.read_table(truth / f"{name}.parquet")["shore"].to_pylist()) == {"both"}
    walk = pq.read_table(truth / "crosswalk.parquet")
    assert walk.num_rows > 150
    assert walk["snds_person"].null_count == walk["quebec_person"].null_count == 0


def test_a_number_of_elders_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError):
        Design(seed=1, persons=1, elders=-1)
