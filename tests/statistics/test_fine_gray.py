"""Fine and Gray's regression: R's crr and finegray to the digit, a plain double loop, pooled."""

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
from transat.statistics import fine_gray
from transat.statistics.fine_gray import (
    Parameters,
    Release,
    Result,
    at_site,
    combine,
    incidence,
    pooled,
)
from transat.statistics.grid_counts import daily

Draw = Callable[..., SurvivalTable]
COLUMNS = ("age", "male", "mspike")
DAYS = (1.0,)


def fit(parameters: Parameters, *tables: SurvivalTable) -> Result:
    return combine(lambda asked: [at_site(t, asked[0]) for t in tables], parameters)


def myeloma(r_rows: Rows) -> SurvivalTable:
    rows = mgus2(r_rows, mspike=True)
    return table(rows["time"], rows["event"], {c: rows[c] for c in COLUMNS})


@pytest.mark.parametrize("kind", [1, 2])
def test_r_crr(r_rows: Rows, kind: int) -> None:
    values = expected()[f"crr_mgus2_{kind}"]
    found = pooled(myeloma(r_rows), Parameters(COLUMNS, DAYS, event=kind))
    assert found.converged
    np.testing.assert_allclose(found.coefficients, values["coef"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.standard_errors, values["se"], rtol=1e-9)
    assert found.log_likelihood == pytest.approx(values["loglik"], rel=1e-12)
    if kind == 1:
        np.testing.assert_allclose(found.covariance, values["var"], rtol=1e-8)
        assert found.log_likelihood_null == pytest.approx(values["loglik_null"], rel=1e-12)
        at = np.searchsorted(found.edges, [60, 120, 240], "right") - 1
        wanted = expected()["crr_predict_mgus2"]["incidence"]
        np.testing.assert_allclose(incidence(found, (70, 1, 1.5))[at], wanted, rtol=1e-9)


def test_reference_of_the_founders(r_rows: Rows) -> None:
    """mgus2_finegray_pcm_cmprsk, as far as crr's own stop leaves digits."""
    found = pooled(myeloma(r_rows), Parameters(COLUMNS, DAYS))
    np.testing.assert_allclose(
        found.coefficients, [-0.0169425280797417, -0.213616037006754, 0.88846412648137], atol=1e-8
    )
    np.testing.assert_allclose(
        found.standard_errors,
        [0.00582979039274533, 0.185201471951203, 0.155231297283012],
        atol=1e-8,
    )
    assert found.log_likelihood == pytest.approx(-774.032494999364, rel=1e-12)


@pytest.mark.parametrize("kind", [1, 2])
def test_r_crr_pbc(r_rows: Rows, kind: int) -> None:
    """Few ties, strong columns; 1 transplantation, 2 death."""
    rows = arrays(r_rows("pbc"))
    rows = {name: column[~np.isnan(rows["chol"])] for name, column in rows.items()}
    columns = {"age": rows["age"], "edema": rows["edema"],
               "bili": np.log(rows["bili"]), "chol": np.log(rows["chol"])}  # fmt: skip
    values = expected()[f"crr_pbc_{kind}"]
    whole = table(rows["time"], rows["status"], columns)
    found = pooled(whole, Parameters(tuple(columns), DAYS, event=kind))
    np.testing.assert_allclose(found.coefficients, values["coef"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.standard_errors, values["se"], rtol=1e-7)
    assert found.log_likelihood == pytest.approx(values["loglik"], rel=1e-12)
    assert found.log_likelihood_null == pytest.approx(values["loglik_null"], rel=1e-12)


@pytest.mark.parametrize("kind", [1, 2])
def test_r_crr_three_kinds(r_rows: Rows, kind: int) -> None:
    values, whole = expected()[f"crr_transplant_{kind}"], transplant(r_rows)[0]
    found = pooled(whole, Parameters(whole.column_names, DAYS, event=kind))
    np.testing.assert_allclose(found.coefficients, values["coef"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.standard_errors, values["se"], rtol=1e-7)
    assert found.log_likelihood == pytest.approx(values["loglik"], rel=1e-11)


def test_r_finegray(r_rows: Rows) -> None:
    """The other convention of equal times; coxph's standard errors are the Hessian's."""
    values = expected()["finegray_mgus2_breslow"]
    found = pooled(myeloma(r_rows), Parameters(COLUMNS, DAYS, convention="survival"))
    np.testing.assert_allclose(found.coefficients, values["coef"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.model_errors, values["se"], rtol=1e-9)
    assert found.log_likelihood == pytest.approx(values["loglik"][1], rel=1e-12)
    assert found.log_likelihood_null == pytest.approx(values["loglik"][0], rel=1e-12)


def test_r_censoring_of_each_site(r_rows: Rows) -> None:
    """crr's cengroup: the same estimates. Its errors take what one group lends to the weights of
    the other too; ours do not, and are within two thousandths of them."""
    rows = mgus2(r_rows, mspike=True)
    columns = {c: rows[c] for c in ("age", "mspike")}
    whole = table(rows["time"], rows["event"], columns)
    parts = [take(whole, rows["male"] == k) for k in (0, 1)]
    found = fit(Parameters(("age", "mspike"), daily(whole), censoring="site"), *parts)
    values = expected()["crr_mgus2_cengroup"]
    np.testing.assert_allclose(found.coefficients, values["coef"], rtol=0, atol=1e-8)
    assert found.log_likelihood == pytest.approx(values["loglik"], rel=1e-11)
    np.testing.assert_allclose(found.standard_errors, values["se"], rtol=2e-3)


def test_censoring_of_one_site_is_that_of_all(draw_survival: Draw) -> None:
    drawn = draw_survival(7, n=250, kinds=2)
    asked = Parameters(drawn.column_names, DAYS)
    one, other = pooled(drawn, asked), pooled(drawn, replace(asked, censoring="site"))
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=0, atol=1e-10)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-9)


def test_many_rows_are_taken_some_at_a_time(
    draw_survival: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = draw_survival(7, n=250, kinds=2)
    whole = pooled(drawn, Parameters(drawn.column_names, DAYS))
    monkeypatch.setattr(fine_gray, "_BLOCK", 37)
    blocks = pooled(drawn, Parameters(drawn.column_names, DAYS))
    np.testing.assert_allclose(whole.covariance, blocks.covariance, rtol=1e-12)


def by_hand(whole: SurvivalTable, beta: np.ndarray) -> float:
    """Log-likelihood from the definition, one event after another."""
    censored = [(whole.time >= t, (whole.time == t) & (whole.event == 0)) for t in range(60)]
    kept = np.cumprod([1 - c.sum() / max(n.sum(), 1) for n, c in censored])
    before = np.append(1.0, kept[:-1])
    eta, total = whole.columns @ beta, 0.0
    for i in np.flatnonzero(whole.event == 1):
        t = int(whole.time[i])
        past = (whole.time < t) & (whole.event == 2)
        ratio = before[t] / before[whole.time.astype(int)]
        weight = np.where(whole.time >= t, 1.0, np.where(past, ratio, 0.0))
        total += eta[i] - np.log((weight * np.exp(eta)).sum())
    return total


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_definition(draw_survival: Draw, seed: int) -> None:
    drawn = draw_survival(seed, n=120, kinds=2)
    found = pooled(drawn, Parameters(drawn.column_names, DAYS))
    beta = found.coefficients
    assert found.log_likelihood_null == pytest.approx(by_hand(drawn, np.zeros(3)), rel=1e-11)
    top = by_hand(drawn, beta)
    assert found.log_likelihood == pytest.approx(top, rel=1e-11)
    for away in 1e-3 * np.concatenate([np.eye(3), -np.eye(3)]):
        assert by_hand(drawn, beta + away) < top


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    number=st.sampled_from([2, 3, 7]),
    uneven=st.booleans(),
    exact=st.booleans(),
)
def test_federated_is_pooled(
    draw_survival: Draw, seed: int, number: int, uneven: bool, exact: bool
) -> None:
    """On the days or on a grid; rows in any order; a site may have no event."""
    drawn = draw_survival(seed, n=200, kinds=2)
    grid = daily(drawn) if exact else (3.0, 6.0, 12.0, 18.0)
    asked = Parameters(drawn.column_names, grid)
    shuffled = take(drawn, np.random.default_rng(seed).permutation(drawn.n))
    one, other = fit(asked, *sites(drawn, number, seed, uneven)), fit(asked, shuffled)
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=0, atol=1e-8)
    np.testing.assert_allclose(one.standard_errors, other.standard_errors, rtol=1e-7)
    np.testing.assert_allclose(one.baseline, other.baseline, rtol=1e-7)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-11)
    assert (one.events, one.competing) == (other.events, other.competing)
    if exact:
        day = pooled(drawn, asked)
        np.testing.assert_allclose(one.coefficients, day.coefficients, atol=1e-8)


def test_a_column_that_names_the_site(draw_survival: Draw) -> None:
    """The country itself may be a column: no site alone could fit it."""
    drawn = draw_survival(3, n=300, kinds=2)
    country = np.arange(drawn.n) % 2
    whole = replace(
        drawn, columns=np.column_stack([drawn.columns, country]), column_names=("a", "b", "c", "d")
    )
    asked = Parameters(whole.column_names, daily(whole))
    one = fit(asked, take(whole, country == 0), take(whole, country == 1))
    other = pooled(whole, asked)
    np.testing.assert_allclose(one.coefficients, other.coefficients, atol=1e-9)
    np.testing.assert_allclose(one.standard_errors, other.standard_errors, rtol=1e-8)


def test_what_leaves_at_each_stage(draw_survival: Draw) -> None:
    """Numbers by time: the counts, S0, and S1 once; the ascent is otherwise sums."""
    drawn, seen = draw_survival(3, n=300, kinds=2), []

    def ask(asked: list[Parameters]) -> list[Release]:
        release = at_site(drawn, asked[0])
        seen.append((asked[0].stage, release))
        assert asked[0].start() == parameters
        return [release]

    parameters = Parameters(drawn.column_names, tuple(float(k) for k in range(1, 25)))
    combine(ask, parameters)
    stages = [stage for stage, _ in seen]
    assert stages[:3] == ["counts", "risk", "score"]
    assert stages[-2:] == ["means", "spread"]
    assert stages.count("means") == 1
    assert len(stages) <= 25
    for stage, release in seen:
        assert (release.columns_at_risk.size > 0) == (stage == "means")
        assert (release.risk.size > 0) == (stage in ("risk", "means"))
        assert ("events" in release.counts()) == (stage == "counts")
    counts = seen[0][1].counts()
    assert counts["remaining"][0] == np.sum(drawn.time > 24)
    assert counts["events"].sum() + counts["censored"].sum() == np.sum(drawn.time <= 24)


def test_sites_that_merged_differently_meet_on_common_edges(draw_survival: Draw) -> None:
    """As if both had been asked for the common edges in the first place."""
    tables = [draw_survival(k, n=150, kinds=2) for k in range(2)]
    months = Parameters(tables[0].column_names, tuple(float(k) for k in range(1, 25)))
    kept = [np.isin(months.grid, (3, 6, 9, 18)), np.isin(months.grid, (3, 5, 9, 18, 20))]

    def ask(asked: list[Parameters]) -> list[Release]:
        releases = [at_site(t, asked[0]) for t in tables]
        if asked[0].stage != "counts":
            return releases
        return [r.merged(k) for r, k in zip(releases, kept, strict=True)]

    found = combine(ask, months)
    wanted = fit(replace(months, grid=(3.0, 9.0, 18.0)), *tables)
    np.testing.assert_array_equal(found.edges, [3, 9, 18])
    np.testing.assert_allclose(found.coefficients, wanted.coefficients, atol=1e-9)
    np.testing.assert_allclose(found.standard_errors, wanted.standard_errors, rtol=1e-8)


@pytest.mark.slow
def test_coverage() -> None:
    """Fine and Gray's own simulation: F1(t|x) = 1 - (1 - 0.4 (1 - exp(-t/10)))^exp(x/2); intervals
    of the ratio hold the truth at the nominal rate, of three sites on a grid."""
    rng, held = np.random.default_rng(6), 0
    for seed in range(300):
        x = rng.normal(size=450)
        ratio = np.exp(x / 2)
        share = 1 - 0.6**ratio
        first = rng.random(450) < share
        drawn = 1 - (1 - rng.random(450) * share) ** (1 / ratio)
        time = np.where(first, -10 * np.log1p(-drawn / 0.4), rng.exponential(12, 450))
        end = rng.uniform(5, 40, 450)
        event = np.where(time <= end, np.where(first, 1, 2), 0)
        whole = table(np.minimum(time, end), event, {"x": x})
        asked = Parameters(("x",), tuple(k / 2 for k in range(1, 81)))
        found = fit(asked, *sites(whole, 3, seed))
        held += found.low[0] <= np.exp(0.5) <= found.high[0]
    assert 273 <= held <= 297


def rows(seed: int = 0, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=n), rng.random(n) < 0.2])
    return np.ceil(rng.exponential(10, n)), rng.integers(0, 3, n), x


def test_what_has_no_estimate_is_named() -> None:
    """A column without events on one side; one that tells the event; a single event."""
    time, event, x = rows()
    never = np.where((x[:, 1] == 1) & (event == 1), 0, event)
    found = pooled(table(time, never, {"a": x[:, 0], "b": x[:, 1]}), Parameters(("a", "b"), DAYS))
    assert found.monotone == ("b",)
    assert np.isnan(found.coefficients[1])
    assert np.isfinite(found.coefficients[0])
    tells = pooled(
        table(time, event, {"a": x[:, 0], "b": event == 1}), Parameters(("a", "b"), DAYS)
    )
    assert tells.monotone == ("b",)
    few = pooled(table([2, 3, 2], [1, 1, 0], {"a": [1.2, -0.8, -1.3]}), Parameters(("a",), DAYS))
    assert few.monotone == ("a",)
    one = np.where(event == 1, 0, event)
    one[7] = 1
    single = pooled(table(time, one, {"a": x[:, 0]}), Parameters(("a",), DAYS))
    assert single.converged or single.monotone == ("a",)


def test_bad_questions_are_said() -> None:
    time, event, x = rows()
    whole = table(time, event, {"a": x[:, 0], "b": np.ones(len(time))})
    with pytest.raises(StudyError, match="b"):
        pooled(whole, Parameters(("a", "b"), DAYS))
    with pytest.raises(StudyError, match="event"):
        pooled(
            table(time, np.where(event == 1, 0, event), {"a": x[:, 0]}), Parameters(("a",), DAYS)
        )
    with pytest.raises(StudyError, match="x9"):
        pooled(whole, Parameters(("x9",), DAYS))
    hole = x[:, 0].copy()
    hole[3] = np.nan
    with pytest.raises(StudyError, match="a"):
        pooled(table(time, event, {"a": hole}), Parameters(("a",), DAYS))
    with pytest.raises(StudyError, match="time"):
        at_site(table([1, np.inf], [1, 0], {"a": [0, 1]}), Parameters(("a",), DAYS))
    with pytest.raises(ValueError, match="columns"):
        pooled(whole, Parameters((), DAYS))
    with pytest.raises(ValueError, match="entry"):
        at_site(table([2, 3], [1, 0], {"a": [0, 1]}, entry=[1, 0]), Parameters(("a",), DAYS))
    with pytest.raises(ValueError, match="weights"):
        at_site(table([2, 3], [1, 0], {"a": [0, 1]}, weights=[1, 2]), Parameters(("a",), DAYS))
