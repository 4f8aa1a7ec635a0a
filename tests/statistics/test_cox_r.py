"""Cox regression against R's survival: every reference fit, and more of our own."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from rows_of_r import column, numbers, survival_table
from test_cox import fit, heart_valve

from transat.cohorts.survival_table import SurvivalTable

Rows = Callable[[str], pa.Table]
EXPECTED = json.loads((Path(__file__).parent / "expected_cox.json").read_text("utf-8"))

#: The dataset and its time and event, by the beginning of a fit's name.
PLAIN = {
    "lung": ("lung", "time", ("status", 2)),
    "veteran": ("veteran", "time", ("status", 1)),
    "pbc": ("pbc", "time", ("status", 2)),
    "gbsg": ("gbsg", "rfstime", ("status", 1)),
    "kidney": ("kidney", "time", ("status", 1)),
    "nwtco": ("nwtco", "edrel", ("rel", 1)),
    "mgus2_death": ("mgus2", "futime", ("death", 1)),
    "flchain": ("flchain", "futime", ("death", 1)),
    "rotterdam": ("rotterdam", "dtime", ("death", 1)),
    "colon": ("colon", "time", ("status", 1)),
    "diabetic": ("diabetic", "time", ("status", 1)),
}
STRATA = {
    "veteran_strat_cell": "celltype",
    "lung_strat_inst": "inst",
    "colon_recurrence": "rx",
    "diabetic": "laser",
    "bladder2": "enum",
    "rotterdam_late": "size",
}
CLUSTERS = {"lung_cluster_inst": "inst", "cgd": "id", "bladder2": "id", "diabetic": "id"}


def start(name: str, of: Mapping[str, Any]) -> Any:
    """The value of the longest beginning of this name."""
    return of[max((k for k in of if name.startswith(k)), key=len)] if any(
        name.startswith(k) for k in of
    ) else ""  # fmt: skip


def table_of(name: str, terms: tuple[str, ...], r_rows: Rows) -> SurvivalTable:
    """The rows that R fitted."""
    strata, people = start(name, STRATA), start(name, CLUSTERS)
    if name.startswith(("heart_stanford", "cgd", "bladder2")):
        return in_spells(name, terms, r_rows, strata, people)
    if name.startswith(("mgus2_causespecific", "mgus2_age_scale")):
        return of_mgus2(name, terms, r_rows("mgus2"))
    dataset, time, (status, level) = start(name, PLAIN)
    rows = r_rows(dataset)
    only, entry, weights = None, None, None
    if name.startswith("colon"):
        only = numbers(rows, "etype") == (2 if "death" in name else 1)
    if name.startswith("lung_weighted"):
        weights = numbers(rows, "age") / 60
    if name.startswith("rotterdam_late"):
        entry = numbers(rows, "rtime") / 2
        only = numbers(rows, "dtime") > entry
        weights = 1 + (numbers(rows, "pid") % 3) / 2 if "weighted" in name else None
    event = np.where(np.isfinite(numbers(rows, status)), numbers(rows, status) == level, np.nan)
    return survival_table(
        rows, terms, numbers(rows, time), event, entry, strata, people, weights, only
    )


def in_spells(
    name: str, terms: tuple[str, ...], r_rows: Rows, strata: str, people: str
) -> SurvivalTable:
    dataset = name.split("_")[0]
    first, last, event = {
        "heart": ("start", "stop", "event"),
        "cgd": ("tstart", "tstop", "status"),
        "bladder2": ("start", "stop", "event"),
    }[dataset]
    rows = r_rows(dataset)
    return survival_table(
        rows, terms, numbers(rows, last), numbers(rows, event), numbers(rows, first), strata, people
    )


def of_mgus2(name: str, terms: tuple[str, ...], rows: pa.Table) -> SurvivalTable:
    if "age_scale" in name:
        age, months = numbers(rows, "age"), np.maximum(numbers(rows, "futime"), 0.5)
        return survival_table(rows, terms, age + months / 12, numbers(rows, "death"), age)
    progressed = numbers(rows, "pstat") == 1
    time = np.where(progressed, numbers(rows, "ptime"), numbers(rows, "futime"))
    return survival_table(rows, terms, time, np.where(progressed, 1, 2 * numbers(rows, "death")))


def agrees(name: str, expected: dict[str, Any], table: SurvivalTable) -> None:
    robust = "robust_se" in expected
    ties = "breslow" if "breslow" in name else "efron"
    tolerance = 1e-9 if "formula" in expected or name == "lung_cluster_inst" else 1e-15
    found = fit(table, ties=ties, robust=robust, tolerance=tolerance)
    coefficients = list(expected["coef"].values())
    np.testing.assert_allclose(found.coefficients, coefficients, rtol=0, atol=1e-8)
    if robust:
        errors = list(expected["robust_se"].values())
        np.testing.assert_allclose(found.standard_errors, errors, rtol=0, atol=1e-8)
    if "se" in expected:
        errors = list(expected["se"].values())
        np.testing.assert_allclose(found.model_errors, errors, rtol=0, atol=1e-8)
    if "loglik" in expected:
        assert found.events == expected.get("nevent", expected.get("events"))
        assert found.log_likelihood_null == pytest.approx(expected["loglik0"], rel=1e-11)
        assert found.log_likelihood == pytest.approx(expected["loglik"], rel=1e-11)
        assert found.likelihood_ratio == pytest.approx(expected["lr"], rel=1e-8)
        assert found.score == pytest.approx(expected["score"], rel=1e-8)
        # the reference's own figure has two decimals
        close = {"abs": 0.0051} if "formula" in expected else {"rel": 1e-7}
        assert found.wald == pytest.approx(expected["wald"], **close)


@pytest.mark.parametrize("name", [n for n in EXPECTED["reference"] if "heartvalve" not in n])
def test_reference(name: str, r_rows: Rows) -> None:
    expected = EXPECTED["reference"][name]
    agrees(name, expected, table_of(name, tuple(expected["coef"]), r_rows))


@pytest.mark.parametrize("name", [n for n in EXPECTED["reference"] if "heartvalve" in n])
def test_reference_of_heart_valve(name: str, shared: Path) -> None:
    expected = EXPECTED["reference"][name]
    strata = "sex" if "strat" in name else ""
    agrees(name, expected, heart_valve(shared, tuple(expected["coef"]), strata))


@pytest.mark.parametrize("name", list(EXPECTED["own"]))
def test_more_of_r(name: str, r_rows: Rows) -> None:
    """flchain (plain Newton goes astray from zero), calendar of ages, spells, weights, clusters."""
    expected = EXPECTED["own"][name]
    agrees(name, expected, table_of(name, tuple(expected["coef"]), r_rows))


def test_names_of_terms(r_rows: Rows) -> None:
    rows = r_rows("veteran")
    assert set(column(rows, "celltypesmallcell")) == {0.0, 1.0}


def test_columns_that_change_in_time(shared: Path) -> None:
    """Heart valves, a spell from each visit to the next: the founders' figures, to their digits."""
    found = fit(visits(shared))
    assert found.events == 51
    np.testing.assert_allclose(
        found.coefficients, [0.113376, 0.082619, 0.713256, 0.841376], atol=6e-7
    )
    assert found.log_likelihood == pytest.approx(-214.016328, abs=1e-6)


def visits(shared: Path) -> SurvivalTable:
    with (shared / "data/avs/heart_valve.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda r: (int(r["num"]), float(r["time"])))
    spells = []
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        last = after is None or after["num"] != row["num"]
        end = float(row["fuyrs"] if last or after is None else after["time"])
        if end > float(row["time"]):
            names = ("time", "age", "sex", "lv", "log.lvmi", "num")
            spells.append((end, int(row["status"]) * last, *(float(row[n]) for n in names)))
    values = np.array(spells)
    return SurvivalTable(
        len(values), values[:, 0], values[:, 2], values[:, 1].astype(np.int8), values[:, 3:7],
        ("age", "sex", "lv", "log.lvmi"), np.zeros(len(values), np.int32), ("all",),
        values[:, 7].astype(np.int64),
    )  # fmt: skip
