"""The same numbers as OHDSI FeatureExtraction 3.14: published sums, and every row by its hash.

`feature_extraction_rows.csv` holds facts: what FeatureExtraction 3.14 (jar and SQL of its
repository, SqlRender, DuckDB) gave row by row for all 116 analyses of its catalogue but two
(CareSiteId, Hfrs) on two CDMs: columns, values, and the hash of (row, covariate, value) in order.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from transat.cohorts import covariates as cv
from transat.engines.cdm import Cdm

FACTS = Path(__file__).with_name("feature_extraction_rows.csv")
#: Quantiles that FeatureExtraction mixes up when it sums up several cohorts at once: its SQL joins
#: the accumulated counts of all cohorts (CROSS JOIN in Chads2Vasc.sql). One cohort at a time, it
#: gives ours.
MIXED = {
    (1904, "median_value"): 2,
    (1904, "p75_value"): 1,
    (1904, "p90_value"): 1,
}


def facts(cdm: str) -> dict[int, dict[str, str]]:
    with FACTS.open(encoding="utf-8", newline="") as opened:
        return {int(r["analysis_id"]): r for r in csv.DictReader(opened) if r["cdm"] == cdm}


def gibleed(shared: Path) -> tuple[Cdm, pa.Table]:
    cohort = pq.read_table(shared / "data/featureextraction/fe_gib_cohort.parquet")
    cohort = cohort.sort_by("row_id").drop(["row_id"])
    return Cdm(shared / "data/eunomia_gibleed"), cohort


def stress(shared: Path) -> tuple[Cdm, pa.Table]:
    """A quarter of the persons, from day 500 of each observation period, as two cohorts."""
    folder = shared / "data/omop_stress_cdm"
    periods = pq.read_table(folder / "observation_period.parquet")
    person = periods["person_id"].cast(pa.int64()).to_numpy()
    start = periods["observation_period_start_date"].cast(pa.date32()).cast(pa.int32()).to_numpy()
    kept = person % 4 == 0
    table = pa.table(
        {
            "cohort_definition_id": (1 + person % 8 // 4)[kept],
            "subject_id": person[kept],
            "cohort_start_date": pa.array((start + 500).astype(np.int32)[kept]).cast(pa.date32()),
            "cohort_end_date": periods["observation_period_end_date"].filter(pa.array(kept)),
        }
    )
    return Cdm(folder), table.sort_by([("subject_id", "ascending"),
                                       ("cohort_start_date", "ascending")])  # fmt: skip


def row_facts(found: cv.Covariates, analysis: int) -> tuple[int, int, str]:
    """Columns, values and hash of one analysis; rows from 1."""
    table = found.triplets()
    table = table.filter(
        pc.is_in(
            table["covariate_id"],
            value_set=found.dictionary.filter(pc.field("analysis_id") == analysis)["covariate_id"],
        )
    )
    row = table["row"].to_numpy().astype("<i8") + 1
    covariate = table["covariate_id"].to_numpy().astype("<i8")
    value = table["value"].to_numpy().astype("<f8")
    hashed = hashlib.sha256(row.tobytes() + covariate.tobytes() + value.tobytes())
    return len(np.unique(covariate)), len(row), hashed.hexdigest()[:16]


def differing(found: cv.Covariates, expected: dict[int, dict[str, str]]) -> list[int]:
    return [
        analysis
        for analysis, fact in expected.items()
        if row_facts(found, analysis)
        != (int(fact["covariates"]), int(fact["values"]), fact["sha256_16"])
    ]


def test_default_set_row_by_row(shared: Path) -> None:
    found = cv.build(*gibleed(shared), cv.default_settings())
    defaults = {a.number for a in found.analyses}
    expected = {n: f for n, f in facts("eunomia_gibleed").items() if n in defaults}
    assert found.matrix.nnz == sum(int(f["values"]) for f in expected.values()) == 698_891
    assert differing(found, expected) == []


def test_whole_catalogue_row_by_row_on_another_cdm(shared: Path) -> None:
    found = cv.build(*stress(shared), cv.Settings(cv.catalogue()))
    expected = facts("omop_stress_cdm")
    assert differing(found, expected) == []
    assert set(found.dictionary["analysis_id"].to_pylist()) == set(expected)


@pytest.mark.slow
def test_whole_catalogue_row_by_row(shared: Path) -> None:
    found = cv.build(*gibleed(shared), cv.Settings(cv.catalogue()))
    expected = facts("eunomia_gibleed")
    assert found.matrix.nnz == 5_632_617
    assert differing(found, expected) == []


def test_published_sums_and_reference(shared: Path) -> None:
    folder = shared / "data/featureextraction"
    found = cv.build(*gibleed(shared))
    summary = cv.summarise(found)
    published = pq.read_table(folder / "fe_gib_agg_covariates.parquet").to_pylist()
    ours = {(r["cohort_definition_id"], r["covariate_id"]): r for r in summary.binary.to_pylist()}
    assert len(published) == len(ours) == 1853
    for row in published:
        own = ours[row["cohort_definition_id"], row["covariate_id"]]
        assert own["sum_value"] == row["sum_value"]
        assert own["average_value"] == pytest.approx(float(row["average_value"]), abs=0.00051)
    reference = pq.read_table(folder / "fe_gib_agg_ref.parquet").to_pylist()
    names = {r["covariate_id"]: r for r in found.dictionary.to_pylist()}
    assert len(reference) == len(names) == 679
    for row in reference:
        own = names[row["covariate_id"]]
        assert own["name"] == row["covariate_name"]
        assert own["analysis_id"] == row["analysis_id"]
        assert (own["concept_id"] or 0) == row["concept_id"]


def test_published_numbers(shared: Path) -> None:
    published = pq.read_table(
        shared / "data/featureextraction/fe_gib_agg_continuous.parquet"
    ).to_pylist()
    summary = cv.summarise(cv.build(*gibleed(shared)))
    ours = {
        (r["cohort_definition_id"], r["covariate_id"]): r for r in summary.continuous.to_pylist()
    }
    assert len(published) == len(ours) == 9
    other: dict[tuple[int, str], int] = {}
    for row in published:
        own = ours[row.pop("cohort_definition_id"), row["covariate_id"]]
        for name, value in row.items():
            if own[name] != pytest.approx(float(value), abs=0.00051):
                other[row["covariate_id"], name] = other.get((row["covariate_id"], name), 0) + 1
    assert other == MIXED
