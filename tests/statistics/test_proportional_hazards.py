"""Test of proportional hazards: against R's cox.zph; sites; a time-varying effect is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from rows_of_r import numbers, survival_table
from test_cox import together
from test_cox_r import table_of

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import kaplan_meier
from transat.statistics.proportional_hazards import Parameters, Result, at_site, combine, steps

Draw = Callable[..., SurvivalTable]
Rows = Callable[[str], pa.Table]
EXPECTED = json.loads((Path(__file__).parent / "expected_cox.json").read_text("utf-8"))
CELLS = ("celltypesmallcell", "celltypeadeno", "celltypelarge")
MODELS = {
    "veteran": ("veteran", ("trt", *CELLS, "karno", "diagtime", "age", "prior"), "efron"),
    "mgus2": ("mgus2_death", ("age", "I(sex == 'M')TRUE", "hgb", "creat"), "breslow"),
    "rotterdam": ("rotterdam_late", ("age", "nodes", "hormon"), "efron"),
    "lung_weighted": ("lung_weighted", ("age", "sex", "ph.ecog"), "efron"),
}


def assess(*tables: SurvivalTable, **wanted: object) -> Result:
    columns = tables[0].column_names
    return combine(
        lambda asked: [at_site(t, asked[0]) for t in tables], Parameters(columns, **wanted)
    )


def steps_of(of: str, *tables: SurvivalTable) -> dict[str, tuple[float, ...]]:
    """g from the counts of a survival curve at every time of the data."""
    times = np.concatenate([t.time for t in tables] + [t.entry[t.entry > 0] for t in tables])
    asked = kaplan_meier.Parameters(tuple(np.unique(times)), event=1)
    counts = [kaplan_meier.at_site(replace(t, weights=None), asked) for t in tables]
    summed = [np.sum([getattr(c, f)[0] for c in counts], axis=0) for f in
              ("entered", "events", "censored")]  # fmt: skip
    edges, values = steps(np.asarray(asked.grid), *summed, of=of)
    return {"edges": tuple(edges), "values": tuple(values)}


@pytest.mark.parametrize("transform", ["km", "identity", "rank", "log"])
@pytest.mark.parametrize("model", [*MODELS, "cgd"])
def test_r(model: str, transform: str, r_rows: Rows) -> None:
    expected = EXPECTED["zph"][f"{model}_{transform}"]
    if model == "cgd":
        table, ties, terms = of_cgd(r_rows("cgd")), "efron", ()
    else:
        name, terms, ties = MODELS[model]
        table = table_of(name, terms, r_rows)
    wanted: dict[str, object] = {"transform": transform}
    if transform in ("km", "rank"):
        plain = replace(table, entry=np.zeros(table.n)) if transform == "rank" else table
        wanted = {"transform": "steps", **steps_of(transform, plain)}
    groups = ("trt",), CELLS, ("karno",), ("diagtime",), ("age",), ("prior",)
    found = assess(table, ties=ties, groups=groups if model == "veteran" else (), **wanted)
    agree(found, expected)


def agree(found: Result, expected: dict[str, list[float]]) -> None:
    np.testing.assert_allclose(found.chi_squared, expected["chisq"][:-1], rtol=1e-6)
    np.testing.assert_array_equal(found.degrees, expected["df"][:-1])
    np.testing.assert_allclose(found.p, expected["p"][:-1], rtol=1e-6)
    assert found.chi_squared_together == pytest.approx(expected["chisq"][-1], rel=1e-6)
    assert found.p_together == pytest.approx(expected["p"][-1], rel=1e-5)


def test_the_reference(r_rows: Rows) -> None:
    """The founders' figures for km, made with coxph's default stop."""
    table = table_of("veteran", MODELS["veteran"][1], r_rows)
    groups = ("trt",), CELLS, ("karno",), ("diagtime",), ("age",), ("prior",)
    found = assess(table, groups=groups, transform="steps", **steps_of("km", table))
    agree(found, EXPECTED["reference_zph"]["veteran_km"])


def of_cgd(rows: pa.Table) -> SurvivalTable:
    terms = ("treatrIFN-g", "inheritautosomal", "age", "steroids")
    return survival_table(
        rows, terms, numbers(rows, "tstop"), numbers(rows, "status"), numbers(rows, "tstart")
    )


@pytest.mark.parametrize("sites", [2, 3, 7])
@pytest.mark.parametrize("transform", ["identity", "log", "km", "rank"])
def test_federated_is_pooled(draw_survival: Draw, sites: int, transform: str) -> None:
    tables = [draw_survival(k, n=900 if k == 0 else 90, late=k == 1) for k in range(sites)]
    tables[-1] = replace(tables[-1], event=np.zeros(tables[-1].n, np.int8))
    wanted: dict[str, object] = {"transform": transform}
    if transform in ("km", "rank"):
        wanted = {"transform": "steps", **steps_of(transform, *tables)}
    apart, pooled = assess(*tables, **wanted), assess(together(*tables), **wanted)
    np.testing.assert_allclose(apart.chi_squared, pooled.chi_squared, rtol=1e-8, atol=1e-10)
    assert apart.chi_squared_together == pytest.approx(pooled.chi_squared_together, rel=1e-8)


def test_an_effect_that_fades_is_found(draw_survival: Draw) -> None:
    """The first column acts in the first half of the follow-up only."""
    table = draw_survival(3, n=2000)
    early = table.time <= np.median(table.time)
    x = table.columns.copy()
    x[:, 0] = np.random.default_rng(1).normal(size=table.n) + early * (table.event == 1)
    found = assess(replace(table, columns=x), transform="log")
    assert found.p[0] < 1e-6
    assert found.p[1] > 1e-3


def test_bad_questions_are_refused(draw_survival: Draw) -> None:
    table = draw_survival(1)
    with pytest.raises(StudyError, match="x9"):
        assess(table, groups=(("x9",),))
    with pytest.raises(StudyError, match="Aucun événement"):
        assess(replace(table, event=np.zeros(table.n, np.int8)))
    with pytest.raises(ValueError, match="edges"):
        assess(table, transform="steps", edges=(2.0, 1.0), values=(1.0, 2.0))
