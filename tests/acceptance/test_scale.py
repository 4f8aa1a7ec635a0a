"""A million native lines and more: nothing is lost, and what is netted is the truth."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from transat.engines.duckdb import DuckDB
from transat.harmonise.run import harmonise
from transat.simulate.design import Design
from transat.simulate.simulate import simulate

pytestmark = pytest.mark.slow

SHORES = {"france": "snds", "quebec": "quebec"}
#: How each shore says how much was dispensed, in the truth and in the CDM.
QUANTITY = {"france": ("packs", "quantity"), "quebec": ("days", "days_supply")}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than a million lines on each shore, in three chunks, and both CDMs."""
    out = tmp_path_factory.mktemp("scale") / "world"
    simulate(Design(seed=11, persons=41_000, file_format="parquet"), out / "native")
    for shore, form in SHORES.items():
        (out / "cdm").mkdir(exist_ok=True)
        harmonise(form, out / "native" / shore, out / "cdm" / shore)
    return out


@pytest.mark.parametrize("shore", SHORES)
def test_every_native_table_balances_with_what_is_on_disk(world: Path, shore: str) -> None:
    on_disk: dict[str, int] = {}
    for path in (world / "native" / shore).rglob("*.parquet"):
        name = path.parent.name
        on_disk[name] = on_disk.get(name, 0) + pq.read_metadata(path).num_rows
    with DuckDB() as engine:
        engine.view_parquet("ledger", [world / "cdm" / shore / "ledger.parquet"])
        ledger = engine.rows(
            'SELECT "table", sum("rows") FILTER (kind = \'read\'), '
            "sum(\"rows\") FILTER (kind IN ('kept', 'rule', 'reject')) FROM ledger GROUP BY ALL"
        )
    assert sum(on_disk.values()) > 1_000_000
    assert sum(read for _, read, _ in ledger) == sum(on_disk.values())
    assert all(read == accounted for _, read, accounted in ledger)


@pytest.mark.parametrize("shore", SHORES)
def test_what_is_netted_is_what_was_dispensed(world: Path, shore: str) -> None:
    truth, cdm = world / "native" / "truth", world / "cdm" / shore
    true, found = QUANTITY[shore]
    person = {"france": "snds_person", "quebec": "quebec_person"}[shore]
    with DuckDB() as engine:
        for name in ("exposures", "unseen", "crosswalk"):
            engine.view_parquet(name, [truth / f"{name}.parquet"])
        for name in ("person", "drug_exposure", "concept"):
            engine.view_parquet(name, [cdm / f"{name}.parquet"])
        engine.sql(
            f"CREATE TABLE wanted AS SELECT {person} AS who, date, atc, sum({true}) AS n "
            f"FROM exposures JOIN crosswalk USING (person_id, shore) WHERE shore = '{shore}' "
            "AND exposure_id NOT IN (SELECT id FROM unseen WHERE kind = 'exposure' "
            f"AND shore = '{shore}') GROUP BY ALL"
        )
        engine.sql(
            "CREATE TABLE got AS SELECT person_source_value AS who, drug_exposure_start_date AS "
            f"date, concept_code AS atc, CAST(sum({found}) AS BIGINT) AS n FROM drug_exposure "
            "JOIN person USING (person_id) LEFT JOIN concept ON concept_id = drug_concept_id "
            "GROUP BY ALL"
        )
        assert engine.scalar("SELECT count(*) FROM wanted") > 100_000
        assert engine.scalar("SELECT count(*) FROM (FROM wanted EXCEPT ALL FROM got)") == 0
        assert engine.scalar("SELECT count(*) FROM (FROM got EXCEPT ALL FROM wanted)") == 0
