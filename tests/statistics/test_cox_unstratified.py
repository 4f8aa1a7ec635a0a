"""Cox over sites that share one baseline: the pooled fit, from sums of risk by time; R's digits."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cox import fit, together
from test_cox_r import table_of

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import cox_unstratified
from transat.statistics.cox_unstratified import Parameters, Release, Result, at_site, combine

Draw = Callable[..., SurvivalTable]
EXPECTED = json.loads((Path(__file__).parent / "expected_cox.json").read_text("utf-8"))


def joint(*tables: SurvivalTable, **wanted: object) -> Result:
    """Over sites, every time of theirs an edge unless a grid is given."""
    if not wanted.keys() & {"grid", "daily"}:
        times = [t.time for t in tables] + [t.entry[t.entry > 0] for t in tables]
        wanted["grid"] = tuple(np.unique(np.concatenate(times)))
    asked = Parameters(tables[0].column_names, **wanted)
    return combine(lambda each: [at_site(t, each[0]) for t in tables], asked)


def pooled(*tables: SurvivalTable) -> SurvivalTable:
    """The rows of all sites in one stratum."""
    rows = together(*tables)
    weights = None
    if tables[0].weights is not None:
        weights = np.concatenate([t.weights for t in tables if t.weights is not None])
    return replace(
        rows, strata=np.zeros(rows.n, np.int32), stratum_labels=("all",), weights=weights
    )


def split(table: SurvivalTable, shares: Sequence[float], seed: int = 1) -> list[SurvivalTable]:
    """Sites of these shares, drawn; they differ in what the first column is."""
    rng = np.random.default_rng(seed)
    score = table.columns[:, 0].argsort().argsort() / table.n + 0.3 * rng.random(table.n)
    order, ends = score.argsort(), np.cumsum([0, *(round(s * table.n) for s in shares)])
    parts = [order[a:b] for a, b in pairwise(ends)]
    names = ("time", "entry", "event", "columns", "strata", "people", "weights")
    return [
        replace(table, n=len(rows), **{
            f: None if getattr(table, f) is None else getattr(table, f)[rows] for f in names
        }) for rows in parts
    ]  # fmt: skip


def close(found: Result, table: SurvivalTable, size: float = 1e-8) -> None:
    expected = fit(table, ties="breslow", tolerance=1e-15, robust=False)
    assert found.converged
    np.testing.assert_allclose(found.coefficients, expected.coefficients, rtol=0, atol=size)
    np.testing.assert_allclose(found.standard_errors, expected.standard_errors, rtol=0, atol=size)
    assert found.events == expected.events


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    sites=st.sampled_from([(0.5, 0.5), (0.9, 0.1), (0.4, 0.3, 0.3), (0.2,) * 3 + (0.1,) * 4]),
    late=st.booleans(),
    weighted=st.booleans(),
)
def test_federated_is_pooled(
    draw_survival: Draw, seed: int, sites: tuple[float, ...], late: bool, weighted: bool
) -> None:
    table = draw_survival(seed, n=500, late=late)
    if weighted:
        table = replace(table, weights=np.random.default_rng(seed).uniform(0.5, 3, table.n))
    parts = split(table, sites)
    close(joint(*parts), pooled(*parts))


def test_a_site_without_event_and_an_empty_one(draw_survival: Draw) -> None:
    parts = split(draw_survival(4, n=600), (0.8, 0.2, 0.0))
    parts[1] = replace(parts[1], event=np.zeros(parts[1].n, np.int8))
    close(joint(*parts), pooled(*parts))


def test_a_country_is_a_column(draw_survival: Draw) -> None:
    """What a stratified fit cannot see: a column that says which site a row is of."""
    parts = [
        replace(t, columns=np.column_stack([t.columns[:, :2], np.full(t.n, float(k == 1))]))
        for k, t in enumerate(draw_survival(s, n=400) for s in (1, 2, 3))
    ]
    close(joint(*parts), pooled(*parts))


@pytest.mark.parametrize("name", ["lung_breslow", "gbsg_breslow", "pbc_breslow"])
def test_r(name: str, r_rows: Callable[[str], pa.Table]) -> None:
    """The reference's digits, from three sites."""
    expected = EXPECTED["reference"][name]
    table = table_of(name, tuple(expected["coef"]), r_rows)
    found = joint(*split(table, (0.6, 0.3, 0.1)))
    np.testing.assert_allclose(found.coefficients, list(expected["coef"].values()), atol=2e-8)
    np.testing.assert_allclose(found.standard_errors, list(expected["se"].values()), atol=1e-8)
    assert found.log_likelihood == pytest.approx(expected["loglik"], rel=1e-10)


def test_on_a_coarse_grid_it_is_the_fit_of_rounded_times(draw_survival: Draw) -> None:
    table = draw_survival(2, n=600)
    rounded = replace(table, time=np.ceil(table.time / 3) * 3)
    parts = split(table, (0.7, 0.3))
    close(joint(*parts, grid=tuple(np.arange(3.0, 40.0, 3.0))), rounded)


def test_events_after_the_grid_are_not_seen(draw_survival: Draw) -> None:
    table = draw_survival(2, n=600)
    cut = replace(table, event=np.where(table.time > 9, 0, table.event))
    close(joint(*split(table, (0.7, 0.3)), daily=9), cut)


def test_sites_that_merge_intervals(draw_survival: Draw) -> None:
    """What a gate does at the first answer: later rounds are on the edges that all kept."""
    table = draw_survival(5, n=600)
    parts = split(table, (0.7, 0.3))
    kept = (np.arange(24) % 2 == 1, np.arange(24) % 3 == 2)

    def ask(each: Sequence[Parameters]) -> list[Release]:
        releases = [at_site(t, each[0]) for t in parts]
        if each[0].coefficients:
            return releases
        return [r.merged(k) for r, k in zip(releases, kept, strict=True)]

    found = combine(ask, Parameters(table.column_names, daily=24))
    np.testing.assert_array_equal(found.edges, [6, 12, 18, 24])
    rounded = np.ceil(table.time / 6) * 6
    event = np.where(table.time > 24, 0, table.event)
    close(found, replace(table, time=rounded, event=event))


def test_without_errors_no_sum_of_columns_by_time_leaves(draw_survival: Draw) -> None:
    """Coefficients are the same, errors approximate and said to be."""
    parts = split(draw_survival(6, n=800), (0.6, 0.4))
    sent: list[Release] = []

    def ask(each: Sequence[Parameters]) -> list[Release]:
        sent.extend(at_site(t, each[0]) for t in parts)
        return sent[-2:]

    asked = Parameters(parts[0].column_names, daily=40, errors=False, tolerance=1e-16)
    found, exact = combine(ask, asked), joint(*parts)
    assert not found.exact_errors
    np.testing.assert_allclose(found.coefficients, exact.coefficients, atol=1e-8)
    np.testing.assert_allclose(found.standard_errors, exact.standard_errors, rtol=0.05)
    assert max(r.means.size for r in sent) == 0


def test_rounds_and_numbers(draw_survival: Draw) -> None:
    """Fifty columns, 20,000 rows, 80/20, daily times: 7 rounds or fewer, 58 kB or less in each."""
    rng = np.random.default_rng(1)
    n, p = 20_000, 50
    x = rng.normal(size=(n, p))
    days = np.ceil(rng.exponential(1400 * np.exp(-x[:, ::5].sum(axis=1) / 5)))
    end = np.ceil(rng.uniform(1, 3616, n))
    table = SurvivalTable(
        n, np.minimum(days, end), np.zeros(n), (days <= end).astype(np.int8), x,
        tuple(f"x{k}" for k in range(p)), np.zeros(n, np.int32), ("all",), np.arange(n),
    )  # fmt: skip
    parts = split(table, (0.8, 0.2))
    most: list[int] = []

    def ask(each: Sequence[Parameters]) -> list[Release]:
        releases = [at_site(t, each[0]) for t in parts]
        if each[0].coefficients and not each[0].told:
            sent = [getattr(releases[0], f.name) for f in fields(Release)]
            up = sum(np.size(v) for v in sent if isinstance(v, np.ndarray | float))
            most.append(8 * (up + len(each[0].hazard) + len(each[0].coefficients)))
        return releases

    found = combine(ask, Parameters(table.column_names, daily=3616))
    close(found, table)
    assert found.rounds <= 7
    pairs = [a + b for a, b in zip(most[::2], most[1::2], strict=True)]
    assert max(pairs) <= 59_500  # 2 K + 2 p numbers and the centre


def test_row_order_changes_nothing(draw_survival: Draw) -> None:
    parts = split(draw_survival(5, n=300), (0.5, 0.5))
    order = np.random.default_rng(1).permutation(parts[0].n)
    names = ("time", "entry", "event", "columns", "strata", "people")
    shuffled = replace(parts[0], **{f: getattr(parts[0], f)[order] for f in names})
    np.testing.assert_allclose(
        joint(*parts).coefficients, joint(shuffled, parts[1]).coefficients, atol=1e-12
    )


def test_monotone_likelihood_is_said(draw_survival: Draw) -> None:
    table = draw_survival(9, n=300)
    never = np.where(table.event == 0, table.columns[:, 2], 0.0)
    parts = split(
        replace(table, columns=np.column_stack([table.columns[:, :2], never])), (0.5, 0.5)
    )
    found = joint(*parts)
    assert found.monotone == ("x2",)
    assert np.isnan(found.coefficients[2])
    assert np.isfinite(found.coefficients[:2]).all()


def test_bad_questions_are_refused(draw_survival: Draw) -> None:
    table = draw_survival(1, n=200)
    with pytest.raises(StudyError) as refused:
        joint(replace(table, columns=table.columns[:, [0, 0, 1]]))
    assert refused.value.where in ("x0", "x1")
    with pytest.raises(StudyError, match="Aucun événement"):
        joint(replace(table, event=np.zeros(table.n, np.int8)))
    with pytest.raises(ValueError, match="grid"):
        joint(table, grid=(2.0, 1.0))
    wrong = Parameters(table.column_names, daily=9, coefficients=(0.0,) * 3, hazard=(1.0,))
    with pytest.raises(ValueError, match="hazard"):
        at_site(table, wrong)


def test_weights_are_those_of_the_answer(draw_survival: Draw) -> None:
    table = draw_survival(1, n=200)
    asked = Parameters(table.column_names, daily=9, coefficients=(0.1, 0.2, 0.3))
    answer = at_site(table, asked)
    assert cox_unstratified.weights(table, asked).sum() == pytest.approx(answer.risk[0])
    scored = replace(asked, hazard=(0.1,) * 9)
    assert cox_unstratified.weights(table, scored).sum() == pytest.approx(
        at_site(table, scored).mass
    )
