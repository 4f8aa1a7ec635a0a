"""Predicted curves of a Cox model: against R's survfit, over sites, at edges of a grid."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from test_cox import together
from test_cox_r import table_of

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics.baseline_hazard import Parameters, Result, at_site, combine, predicted

Draw = Callable[..., SurvivalTable]
Rows = Callable[[str], pa.Table]
EXPECTED = json.loads((Path(__file__).parent / "expected_cox.json").read_text("utf-8"))
GRID = (3.0, 6.0, 12.0, 24.0)
CASES = {
    "veteran_efron": ("veteran", ("trt", "karno", "age"), [(1, 60, 60), (2, 30, 70)]),
    "veteran_breslow": ("veteran", ("trt", "karno", "age"), [(1, 60, 60), (2, 30, 70)]),
    "mgus2_late": ("mgus2_age_scale", ("I(sex == 'M')TRUE", "hgb"), [(1, 13)]),
    "lung_weighted": ("lung_weighted", ("age", "sex", "ph.ecog"), [(60, 1, 1)]),
}


def told(*tables: SurvivalTable, grid: tuple[float, ...] = GRID, **wanted: object) -> Result:
    asked = Parameters(tables[0].column_names, grid, **wanted)
    return combine(lambda each: [at_site(t, each[0]) for t in tables], asked)


@pytest.mark.parametrize("profile", ["zero", "near"])
@pytest.mark.parametrize("case", CASES)
def test_r(case: str, profile: str, r_rows: Rows) -> None:
    """Whatever the reference profile; late entry and weights."""
    name, terms, people = CASES[case]
    expected = EXPECTED["curves"][case]
    table, times = table_of(name, terms, r_rows), expected["times"]
    near = tuple(float(m) for m in table.columns.mean(axis=0)) if profile == "near" else ()
    ties = "breslow" if "breslow" in case else "efron"
    found = told(table, grid=tuple(times), ties=ties, profile=near, tolerance=1e-15)
    for k, person in enumerate(people):
        curve = predicted(found, np.array(person, dtype=float))
        at = slice(k * len(times), (k + 1) * len(times))
        for field, name in (
            ("cumulative_hazard", "cumhaz"), ("survival", "surv"), ("standard_errors", "se"),
            ("low", "lower"), ("high", "upper"),
        ):  # fmt: skip
            np.testing.assert_allclose(getattr(curve, field), expected[name][at], rtol=1e-7)


def test_the_reference(r_rows: Rows) -> None:
    expected = EXPECTED["reference_pred"]
    profile = expected["profile"]
    table = table_of("veteran", tuple(profile), r_rows)
    found = told(table, grid=tuple(float(t) for t in expected["times"]))
    curve = predicted(found, np.array(list(profile.values()), dtype=float))
    np.testing.assert_allclose(curve.survival, expected["surv"], atol=1e-9)
    np.testing.assert_allclose(curve.standard_errors, expected["se"], atol=1e-9)


@pytest.mark.parametrize("sites", [2, 3, 7])
def test_each_site_has_the_pooled_curve_of_its_stratum(draw_survival: Draw, sites: int) -> None:
    tables = [draw_survival(k, n=900 if k == 0 else 90, late=k == 1) for k in range(sites)]
    tables[-1] = replace(tables[-1], event=np.zeros(tables[-1].n, np.int8))
    apart, pooled = told(*tables), told(together(*tables))
    person = np.array([1.0, 0.0, 1.0])
    for site in range(sites):
        one, other = predicted(apart, person, site), predicted(pooled, person, 0, site)
        np.testing.assert_allclose(one.survival, other.survival, rtol=1e-10)
        np.testing.assert_allclose(one.standard_errors, other.standard_errors, atol=1e-10)
    nobody = predicted(apart, person, sites - 1)
    np.testing.assert_array_equal(nobody.survival, np.ones(len(GRID)))


def test_merged_edges_are_those_of_a_coarser_grid(draw_survival: Draw) -> None:
    table = draw_survival(3, n=300, strata=2)
    asked = Parameters(table.column_names, GRID, coefficients=(0.1, 0.2, 0.3), told=True)
    kept = np.array([False, True, False, True])
    coarse = at_site(table, replace(asked, grid=(6.0, 24.0)))
    merged = at_site(table, asked).merged(kept)
    for field in ("edges", "failed", "left", "hazard", "variance", "means"):
        np.testing.assert_allclose(getattr(merged, field), getattr(coarse, field), rtol=1e-12)


def test_without_means_there_is_no_interval(draw_survival: Draw) -> None:
    table = draw_survival(3, n=300)
    with_, without = told(table), told(table, intervals=False)
    person = np.zeros(3)
    curve = predicted(without, person)
    np.testing.assert_allclose(curve.survival, predicted(with_, person).survival)
    assert np.isnan(curve.low).all()


def test_log_log_stays_between_zero_and_one(draw_survival: Draw) -> None:
    curve = predicted(told(draw_survival(3, n=60)), np.zeros(3), interval="log-log")
    assert ((curve.low >= 0) & (curve.low <= curve.survival)).all()
    assert ((curve.survival <= curve.high) & (curve.high <= 1)).all()


def test_far_profiles_give_numbers_or_are_refused(draw_survival: Draw) -> None:
    """A calendar year far from 0, a person far from all others."""
    table = draw_survival(3, n=300)
    years = replace(table, columns=table.columns + np.array([5000.0, 0.0, 0.0]))
    with pytest.raises(StudyError, match="profil"):
        told(years)
    found = told(years, profile=(5000.0, 0.0, 0.0))
    near = predicted(found, np.array([5000.5, 0.0, 1.0]))
    expected = predicted(told(table), np.array([0.5, 0.0, 1.0]))
    np.testing.assert_allclose(near.survival, expected.survival, rtol=1e-6)
    far = predicted(found, np.array([9000.0, 0.0, 0.0]))
    for field in ("survival", "standard_errors", "low", "high"):
        assert np.isfinite(getattr(far, field)).all()


def test_bad_questions_are_refused(draw_survival: Draw) -> None:
    table = draw_survival(3)
    with pytest.raises(ValueError, match="grid"):
        told(table, grid=(2.0, 1.0))
    with pytest.raises(StudyError, match="Aucun événement"):
        told(replace(table, event=np.zeros(table.n, np.int8)))
