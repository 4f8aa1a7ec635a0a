"""Tables of eras: against OHDSI's own on Eunomia, and whatever the file's order and row groups."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.eras import write_eras
from transat.cohorts.eras.intervals import DRUGS
from transat.cohorts.eras.stream import by_person, eras
from transat.core.errors import InputError
from transat.engines.cdm import Cdm

DAY = date(2020, 1, 1)


def folder(path: Path, **tables: list[dict[str, Any]]) -> Cdm:
    path.mkdir(exist_ok=True)
    people = {row["person_id"] for rows in tables.values() for row in rows if "person_id" in row}
    tables["person"] = [{"person_id": p} for p in sorted(people)] or [{"person_id": 1}]
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), path / f"{name}.parquet")
    return Cdm(path)


def drug(person: int, concept: int, start: int, end: int | None, **more: Any) -> dict[str, Any]:
    return {
        "person_id": person,
        "drug_concept_id": concept,
        "drug_exposure_start_date": DAY + timedelta(start),
        "drug_exposure_end_date": None if end is None else DAY + timedelta(end),
        **more,
    }


def rows(cdm: Cdm, table: str = "drug_era") -> list[tuple[Any, ...]]:
    """Person, concept, first and last day from DAY, counts."""
    found = pq.read_table(cdm.path_of(table)).to_pylist()
    return [
        tuple((v - DAY).days if isinstance(v, date) else v for v in list(row.values())[1:])
        for row in found
    ]


def test_an_interval_without_an_end_lasts_its_supply_or_a_day(tmp_path: Path) -> None:
    cdm = folder(
        tmp_path,
        drug_exposure=[
            drug(1, 5, 0, None, days_supply=10),
            drug(1, 6, 0, None, days_supply=0),
            drug(1, 7, 0, None, days_supply=None),
            drug(1, 8, 0, 4, days_supply=90),
            drug(1, 9, 5, 2, days_supply=1),
        ],
    )
    write_eras(cdm)
    assert [(r[1], r[2], r[3]) for r in rows(cdm)] == [
        (5, 0, 10), (6, 0, 1), (7, 0, 1), (8, 0, 4), (9, 5, 5),
    ]  # fmt: skip


def test_without_an_ingredient_every_concept_is_its_own_key_and_0_is_none(tmp_path: Path) -> None:
    cdm = folder(tmp_path, drug_exposure=[drug(2, 5, 0, 4), drug(2, 0, 0, 4), drug(1, 6, 0, 4)])
    write_eras(cdm)
    assert rows(cdm) == [(1, 6, 0, 4, 1, 0), (2, 5, 0, 4, 1, 0)]


def concept(number: int, kind: str, standard: str | None = "S") -> dict[str, Any]:
    return {
        "concept_id": number,
        "vocabulary_id": "RxNorm",
        "concept_class_id": kind,
        "standard_concept": standard,
    }


def test_drugs_are_counted_under_their_ingredients(tmp_path: Path) -> None:
    cdm = folder(
        tmp_path,
        concept=[
            concept(100, "Ingredient"),
            concept(200, "Ingredient"),
            concept(5, "Clinical Drug"),
            concept(6, "Clinical Drug"),
            concept(7, "Vaccine"),
            concept(8, "ATC 5th", None),
        ],
        concept_ancestor=[
            {"ancestor_concept_id": a, "descendant_concept_id": d}
            for a, d in ((100, 5), (100, 6), (200, 6), (100, 100), (200, 200))
        ],
        drug_exposure=[
            drug(1, 6, 10, 20),
            drug(1, 5, 0, 9),
            drug(1, 7, 0, 9),
            drug(1, 8, 0, 9),
            drug(2, 100, 0, 1),
            drug(2, 0, 0, 1),
        ],
    )
    write_eras(cdm)
    assert rows(cdm) == [
        (1, 8, 0, 9, 1, 0), (1, 100, 0, 20, 2, 1), (1, 200, 10, 20, 1, 0), (2, 100, 0, 1, 1, 0),
    ]  # fmt: skip


def test_conditions_have_no_gap_days_and_the_next_day_as_their_end(tmp_path: Path) -> None:
    when = {"person_id": 1, "condition_concept_id": 9}
    cdm = folder(
        tmp_path,
        condition_occurrence=[
            {**when, "condition_start_date": DAY + timedelta(n), "condition_end_date": None}
            for n in (0, 31, 63)
        ],
    )
    write_eras(cdm)
    assert rows(cdm, "condition_era") == [(1, 9, 0, 32, 2), (1, 9, 63, 64, 1)]


def test_eras_of_another_origin_are_kept_unless_replaced(tmp_path: Path) -> None:
    cdm = folder(tmp_path, drug_exposure=[drug(1, 5, 0, 4)], drug_era=[{"person_id": 1}])
    with pytest.raises(InputError, match="déjà ses ères"):
        write_eras(cdm)
    write_eras(cdm, replace=True)
    write_eras(cdm)
    assert rows(cdm) == [(1, 5, 0, 4, 1, 0)]
    assert not (tmp_path / "transat.json").exists()


def test_the_record_joins_what_the_cdm_says_of_itself(tmp_path: Path) -> None:
    cdm = folder(tmp_path, drug_exposure=[drug(1, 5, 0, 4)])
    (tmp_path / "transat.json").write_text('{"source": "x"}', "utf-8")
    write_eras(cdm, gap=7)
    said = json.loads((tmp_path / "transat.json").read_text("utf-8"))
    assert said == {"source": "x", "eras": {"gap_days": 7, "drugs_by": "concept"}}


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    cdm = folder(tmp_path, drug_exposure=[{"person_id": 1, "drug_concept_id": 5}])
    with pytest.raises(InputError, match="drug_exposure_start_date"):
        write_eras(cdm)


def test_an_identifier_too_large_is_said_and_not_shown(tmp_path: Path) -> None:
    cdm = folder(tmp_path, drug_exposure=[drug(2**40, 5, 0, 4)])
    with pytest.raises(InputError) as said:
        write_eras(cdm)
    assert str(2**40) not in str(said.value)


def test_a_broken_row_group_is_told_and_leaves_what_was_there(tmp_path: Path) -> None:
    cdm = folder(tmp_path, drug_exposure=[drug(p, 5, 0, 4) for p in range(1, 2000)])
    write_eras(cdm)
    path, before = cdm.path_of("drug_exposure"), rows(cdm)
    table = pq.read_table(path)
    pq.write_table(table, path, compression="zstd")
    raw = bytearray(path.read_bytes())
    raw[4:400] = bytes(396)
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"drug_exposure\.parquet"):
        write_eras(cdm)
    assert rows(cdm) == before
    assert not list(tmp_path.glob("*.partial"))


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(0, 3), st.integers(0, 200), st.integers(-3, 60)),
        min_size=1, max_size=60,
    ),
    st.integers(1, 7), st.integers(1, 3), st.randoms(use_true_random=False),
)  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_row_groups_and_order_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, drawn: Any, size: int, threads: int, random: Any
) -> None:
    path = tmp_path_factory.mktemp("cdm")
    table = [drug(p, c, s, s + n) for p, c, s, n in drawn]
    cdm = folder(path, drug_exposure=table)
    write_eras(cdm)
    whole = rows(cdm)
    random.shuffle(table)
    pq.write_table(pa.Table.from_pylist(table), cdm.path_of("drug_exposure"), row_group_size=size)
    write_eras(cdm, threads=threads)
    assert rows(cdm) == whole
    table.sort(key=lambda row: row["person_id"])
    pq.write_table(pa.Table.from_pylist(table), cdm.path_of("drug_exposure"), row_group_size=size)
    assert by_person(cdm.path_of("drug_exposure"))
    write_eras(cdm, threads=threads)
    assert rows(cdm) == whole


def test_a_person_over_many_row_groups_is_one_person(tmp_path: Path) -> None:
    days = np.arange(0, 3000, 20)
    cdm = folder(tmp_path, drug_exposure=[drug(1, 5, int(n), int(n) + 6) for n in days])
    path = cdm.path_of("drug_exposure")
    pq.write_table(pq.read_table(path), path, row_group_size=10)
    found = [len(part) for part in eras(path, DRUGS, 30)]
    assert found == [1]


def test_the_eras_of_eunomia_are_those_that_ohdsi_made(tmp_path: Path, shared: Path) -> None:
    """All drug eras but 8: two exposures of one day and different ends, of which OHDSI's script
    kept the shorter; all condition eras but those of concept 0."""
    ours = tmp_path / "cdm"
    shutil.copytree(shared / "data" / "eunomia_gibleed", ours)
    for file in ours.iterdir():
        file.chmod(0o644)
    ours.chmod(0o755)
    write_eras(Cdm(ours), replace=True)
    for stem, count, differ in (("drug", "drug_exposure_count", 8),
                                ("condition", "condition_occurrence_count", 0)):  # fmt: skip
        names = ["person_id", f"{stem}_concept_id", f"{stem}_era_start_date",
                 f"{stem}_era_end_date", count]  # fmt: skip
        theirs, made = (
            _set(pq.read_table(at / f"{stem}_era.parquet", columns=names))
            for at in (shared / "data" / "eunomia_gibleed", ours)
        )
        assert len(made - theirs) == len(theirs - made) == differ
        longer = {row[:3]: row for row in made}
        assert all(longer[row[:3]][3] > row[3] for row in theirs - made)


def _set(table: pa.Table) -> set[tuple[Any, ...]]:
    known = table.filter(pc.not_equal(table.column(1), 0))
    return set(zip(*(column.to_pylist() for column in known.columns), strict=True))
