"""The whole simulation: folders, determinism, refusal, and nothing left half-written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from transat.core.errors import ConfigError, InputError
from transat.core.languages import Text
from transat.simulate import simulate as module
from transat.simulate.design import Design
from transat.simulate.population import TABLES, generate
from transat.simulate.simulate import simulate
from transat.simulate.valve.schemas import VALVE_TABLES

SMALL = Design(seed=5, persons=150)


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_same_tables_and_another_seed_others() -> None:
    one, two = (generate(Design(9, 300), "france", 0) for _ in range(2))
    other = generate(Design(10, 300), "france", 0)
    for name, table in one.tables().items():
        assert table.equals(two.tables()[name]), name
    assert not one.exposures.equals(other.exposures)


def test_a_chunk_does_not_depend_on_how_many_there_are() -> None:
    small = generate(Design(9, 20_000), "quebec", 0)
    large = generate(Design(9, 60_000), "quebec", 0)
    for name, table in small.tables().items():
        assert table.equals(large.tables()[name]), name


def test_chunks_and_shores_share_no_identifier() -> None:
    design = Design(9, 20_300)
    people = [generate(design, "france", 0), generate(design, "france", 1)]
    people.append(generate(design, "quebec", 0))
    assert people[1].persons.num_rows < 700
    for table, key in (("persons", "person_id"), ("exposures", "exposure_id")):
        ids = [set(getattr(p, table)[key].to_pylist()) for p in people]
        assert len(ids[0] | ids[1] | ids[2]) == sum(map(len, ids))


def test_folders_and_truth(tmp_path: Path) -> None:
    said: list[tuple[int, int, Text]] = []
    out = simulate(SMALL, tmp_path / "sim", lambda *step: said.append(step))
    assert sorted(p.name for p in out.iterdir()) == ["france", "quebec", "truth"]
    assert not (tmp_path / "sim.partial").exists()
    assert [step[:2] for step in said] == [(0, 2), (1, 2), (2, 2)]
    names = {p.name for p in (out / "truth").iterdir()}
    people = TABLES.keys() - VALVE_TABLES.keys()
    assert names == {f"{t}.parquet" for t in (*people, "effects", "unseen", "crosswalk")} | {
        "design.json"
    }
    for shore in ("france", "quebec"):
        extract = json.loads((out / shore / "extract.json").read_text("utf-8"))
        assert extract == {"period": ["2012-01-01", "2020-01-01"], "simulated": True}
    persons = pq.read_table(out / "truth" / "persons.parquet")
    assert persons.schema.names == [*TABLES["persons"].names, "shore"]
    assert set(persons["shore"].to_pylist()) == {"france", "quebec"}
    walk = pq.read_table(out / "truth" / "crosswalk.parquet")
    assert walk["person_id"].to_pylist() == persons["person_id"].to_pylist()
    assert json.loads((out / "truth" / "design.json").read_text("utf-8")) == SMALL.as_dict()


def test_the_same_people_are_written_twice(tmp_path: Path) -> None:
    out = simulate(Design(5, 120, same_people=True, file_format="parquet"), tmp_path / "sim")
    persons = pq.read_table(out / "truth" / "persons.parquet")
    assert set(persons["shore"].to_pylist()) == {"both"}
    walk = pq.read_table(out / "truth" / "crosswalk.parquet")
    for column in ("snds_person", "quebec_person"):
        known = walk[column].to_pylist()
        assert None not in known
        assert len(set(known)) == len(known)
    unseen = pq.read_table(out / "truth" / "unseen.parquet")
    assert set(unseen["shore"].to_pylist()) <= {"france", "quebec"}


def test_simulating_again_gives_the_same_files(tmp_path: Path) -> None:
    first = fingerprint(simulate(SMALL, tmp_path / "sim"))
    assert fingerprint(simulate(SMALL, tmp_path / "sim")) == first


@pytest.mark.slow
def test_two_processes_write_the_same_files(tmp_path: Path) -> None:
    design = Design(5, 20_150, same_people=True, file_format="parquet", elders=300)
    alone = fingerprint(simulate(design, tmp_path / "one", processes=1))
    assert fingerprint(simulate(design, tmp_path / "two", processes=2)) == alone


def test_another_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError):
        simulate(SMALL, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]


def test_a_failure_leaves_the_earlier_simulation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = simulate(SMALL, tmp_path / "sim")
    before = fingerprint(out)
    monkeypatch.setitem(module.WRITERS, "quebec", "transat.simulate.design")
    with pytest.raises(AttributeError):
        simulate(Design(seed=6, persons=50), out)
    assert fingerprint(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["sim"]


@pytest.mark.parametrize(
    "field",
    [{"persons": 0}, {"seed": -1}, {"exposure_multiplier": 0.0}, {"effects": "all"}],
)
def test_a_design_out_of_range_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Design(**({"seed": 1, "persons": 10} | field))  # type: ignore[arg-type]
