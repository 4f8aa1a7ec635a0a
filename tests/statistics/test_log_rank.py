"""Log-rank and Gray's tests: R's survdiff and cuminc to the digit, pooled, at the nominal rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from curve_rows import Rows, arrays, expected, mgus2, sites, table, take, transplant
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import aalen_johansen
from transat.statistics.log_rank import Parameters, Result, at_site, combine, of_counts

Draw = Callable[..., SurvivalTable]


def run(parameters: Parameters, *tables: SurvivalTable) -> Result:
    return combine([at_site(t, parameters) for t in tables], parameters)


def lung(r_rows: Rows, inst: bool) -> SurvivalTable:
    rows = arrays(r_rows("lung"))
    known = ~np.isnan(rows["inst"]) if inst else np.ones(len(rows["time"]), bool)
    rows = {name: column[known] for name, column in rows.items()}
    strata = rows["inst"] if inst else None
    return table(rows["time"], rows["status"] - 1, {"female": rows["sex"] == 2}, strata=strata)


@pytest.mark.parametrize("name", ["logrank_lung_sex", "logrank_lung_sex_inst"])
def test_r_lung(r_rows: Rows, name: str) -> None:
    values = expected()[name]
    found = run(Parameters(("female",)), lung(r_rows, name.endswith("inst")))
    assert found.chi_square == pytest.approx(values["chisq"], rel=1e-12)
    np.testing.assert_array_equal(found.observed, values["obs"])
    np.testing.assert_allclose(found.observed - found.score, values["exp"], rtol=1e-12)
    np.testing.assert_allclose(found.variance, values["var"], rtol=1e-11)
    assert found.degrees == 1


@pytest.mark.parametrize(("name", "rho"), [("veteran_cell", 0.0), ("veteran_cell_rho1", 1.0)])
def test_r_veteran(r_rows: Rows, name: str, rho: float) -> None:
    rows = arrays(r_rows("veteran"))
    cells = {c: rows["celltype"] == c for c in ("smallcell", "adeno", "large")}
    found = run(Parameters(tuple(cells), rho=rho), table(rows["time"], rows["status"], cells))
    assert found.chi_square == pytest.approx(expected()[f"logrank_{name}"]["chisq"], rel=1e-12)
    np.testing.assert_allclose(found.variance, expected()[f"logrank_{name}"]["var"], rtol=1e-10)


@pytest.mark.parametrize(("name", "rho"), [("strata", 0.0), ("strata_rho", 0.5)])
def test_r_colon_strata(r_rows: Rows, name: str, rho: float) -> None:
    """Sexes as strata of one table, and as two sites."""
    rows = arrays(r_rows("colon"))
    rows = {name: column[rows["etype"] == 2] for name, column in rows.items()}
    arms = {"lev": rows["rx"] == "Lev", "5fu": rows["rx"] == "Lev+5FU"}
    whole = table(rows["time"], rows["status"], arms, strata=rows["sex"])
    asked = Parameters(("lev", "5fu"), rho=rho)
    two = [replace(take(whole, whole.strata == k)) for k in (0, 1)]
    for found in (run(asked, whole), run(asked, *two)):
        wanted = expected()[f"logrank_colon_rx_{name}"]["chisq"]
        assert found.chi_square == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("kind", [1, 2])
def test_r_gray(r_rows: Rows, kind: int) -> None:
    """cuminc's tests: two groups, four groups, strata, rho; kinds 1 and 2."""
    rows = mgus2(r_rows)
    band = np.searchsorted([60, 70, 80], rows["age"], "left")
    bands = {f"band{k}": band == k for k in (1, 2, 3)}
    columns = {"male": rows["male"], **bands}
    whole = table(rows["time"], rows["event"], columns)
    by_sex = table(rows["time"], rows["event"], columns, strata=rows["sex"])
    male, ages = ("male",), tuple(bands)
    for name, data, groups, rho in (
        ("cuminc_mgus2_all_sex", whole, male, 0.0),
        ("gray_mgus2_sex_rho1", whole, male, 1.0),
        ("gray_mgus2_age4", whole, ages, 0.0),
        ("gray_mgus2_age4_strata_sex", by_sex, ages, 0.0),
    ):
        found = run(Parameters(groups, event=kind, test="gray", rho=rho), data)
        chi_square, p, degrees = expected()[name]["tests"][kind - 1]
        assert found.chi_square == pytest.approx(chi_square, rel=1e-10)
        assert found.p == pytest.approx(p, abs=1e-12)
        assert found.degrees == degrees


def test_r_gray_three_kinds(r_rows: Rows) -> None:
    whole = transplant(r_rows)[0]
    for kind, (chi_square, _, degrees) in enumerate(expected()["transplant_sex"]["tests"], 1):
        found = run(Parameters(("male",), event=kind, test="gray"), whole)
        assert found.chi_square == pytest.approx(chi_square, rel=1e-10)
        assert found.degrees == degrees


def test_r_flchain_many_strata(r_rows: Rows) -> None:
    """7,871 people, strata of unlike size; each stratum may be a site."""
    rows = arrays(r_rows("flchain"))
    rows = {name: column[rows["futime"] > 0] for name, column in rows.items()}
    whole = table(
        rows["futime"], rows["death"], {"male": rows["sex"] == "M"}, strata=rows["flc.grp"]
    )
    values = expected()["logrank_flchain_sex_strata"]
    parts = [take(whole, whole.strata == k) for k in range(len(whole.stratum_labels))]
    for found in (run(Parameters(("male",)), whole), run(Parameters(("male",)), *parts)):
        assert found.chi_square == pytest.approx(values["chisq"], rel=1e-11)
        np.testing.assert_allclose(found.variance, values["var"], rtol=1e-10)


@pytest.mark.parametrize("test", ["log_rank", "gray"])
def test_without_strata_from_released_counts(draw_survival: Draw, test: str) -> None:
    """What aalen_johansen released is enough for the test of the pooled rows."""
    drawn = draw_survival(4, n=300, kinds=2)
    asked = aalen_johansen.Parameters(tuple(float(k) for k in range(1, 40)), by="x2")
    curves = aalen_johansen.combine(
        [aalen_johansen.at_site(t, asked) for t in sites(drawn, 3, 4)], asked
    ).together
    at_risk = np.stack([c.at_risk for c in curves])
    events = np.stack([c.events for c in curves])
    parameters = Parameters(("x2",), event=1, test=test)
    found, pooled = of_counts(at_risk, events, parameters), run(parameters, drawn)
    assert found.chi_square == pytest.approx(pooled.chi_square, rel=1e-10)
    np.testing.assert_array_equal(found.observed, pooled.observed)
    np.testing.assert_array_equal(found.persons, pooled.persons)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    number=st.sampled_from([2, 3, 7]),
    uneven=st.booleans(),
    test=st.sampled_from(["log_rank", "gray"]),
    late=st.booleans(),
)
def test_federated_is_pooled(
    draw_survival: Draw, seed: int, number: int, uneven: bool, test: str, late: bool
) -> None:
    """Sites are strata of the pooled rows; rows in any order."""
    drawn = draw_survival(seed, n=150, strata=2, kinds=2, late=late and test == "log_rank")
    parts = sites(drawn, number, seed, uneven)
    strata = np.concatenate([t.strata + 2 * k for k, t in enumerate(parts)])
    joined = {
        name: np.concatenate([getattr(t, name) for t in parts])
        for name in ("time", "entry", "event", "columns", "people")
    }
    labels = tuple(str(k) for k in range(2 * number))
    pooled = replace(drawn, strata=strata.astype(np.int32), stratum_labels=labels, **joined)
    asked = Parameters(("x2",), test=test)
    shuffled = take(pooled, np.random.default_rng(seed).permutation(pooled.n))
    one, other = run(asked, *parts), run(asked, shuffled)
    np.testing.assert_allclose(one.score, other.score, atol=1e-10)
    np.testing.assert_allclose(one.variance, other.variance, atol=1e-10)
    np.testing.assert_array_equal(one.observed, other.observed)
    assert np.isfinite(one.chi_square)


@pytest.mark.slow
@pytest.mark.parametrize("test", ["log_rank", "gray"])
def test_size(test: str) -> None:
    """Two groups alike, censored otherwise: 5 % of the tests reject 5 %."""
    rng = np.random.default_rng(8)
    rejected = 0
    for _ in range(1000):
        group = rng.random(150) < 0.4
        time, kind = rng.exponential(10, 150), rng.integers(1, 3, 150)
        end = rng.exponential(np.where(group, 8, 20))
        rows = table(np.ceil(np.minimum(time, end)), np.where(time <= end, kind, 0), {"g": group})
        rejected += run(Parameters(("g",), test=test), rows).p < 0.05
    assert 35 <= rejected <= 67


def test_no_event_one_group_and_few_people() -> None:
    """Nothing to compare: no degree of freedom, p is 1; nothing is NaN."""
    for rows in (
        table([1, 2, 3], [0, 0, 0], {"g": [0, 1, 0]}),
        table([1, 2, 3], [1, 1, 1], {"g": [0, 0, 0]}),
        table([1, 1, 1], [1, 1, 1], {"g": [0, 1, 1]}),
        table([1, 2], [1, 2], {"g": [0, 1]}),
    ):
        for test in ("log_rank", "gray"):
            found = run(Parameters(("g",), test=test), rows)
            assert np.isfinite([found.chi_square, found.p]).all()
            assert np.isfinite(found.score).all()
    nothing = run(Parameters(("g",)), table([1, 2, 3], [0, 0, 0], {"g": [0, 1, 0]}))
    assert (nothing.degrees, nothing.p) == (0, 1.0)


def test_wrong_questions_are_refused(draw_survival: Draw) -> None:
    drawn = draw_survival(1)
    for columns in (("x9",), ("x0",)):
        with pytest.raises(StudyError, match=columns[0]):
            at_site(drawn, Parameters(columns))
    both = table([1, 2], [1, 1], {"a": [1, 0], "b": [1, 0]})
    with pytest.raises(StudyError, match="a, b"):
        at_site(both, Parameters(("a", "b")))
    late = table([2, 3], [1, 1], {"g": [0, 1]}, entry=[1, 0])
    with pytest.raises(ValueError, match="entry"):
        at_site(late, Parameters(("g",), test="gray"))
    with pytest.raises(ValueError, match="weights"):
        at_site(replace(late, weights=np.ones(2)), Parameters(("g",)))
    with pytest.raises(ValueError, match="groups"):
        combine([], Parameters(("g",)))
