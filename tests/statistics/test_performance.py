"""All metrics at once: each is that of its own module; those that do not exist are named."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_rows import drawn, survival_table

from transat.statistics import calibration, risk_histogram
from transat.statistics.brier import brier
from transat.statistics.net_benefit import decision_curve
from transat.statistics.performance import NAMES, performance
from transat.statistics.scored_rows import ScoredRows
from transat.statistics.subgroups import by_group
from transat.statistics.time_auc import time_auc


def test_each_is_that_of_its_own_module() -> None:
    rows = drawn(2, n=300)
    found = performance(rows, 12, [0.2, 0.4], draws=20)
    assert tuple(found.figures) == NAMES
    assert not found.missing
    values = {name: figure.value for name, figure in found.figures.items()}
    assert values["auc"] == time_auc(rows, 12).value
    assert values["ipa"] == brier(rows, 12).ipa.value
    assert values["slope"] == calibration.weak(rows, 12).slope.value
    assert values["ici"] == pytest.approx(calibration.curve(rows, 12).ici)
    assert values["observed_over_expected"] == calibration.in_the_large(rows, 12).ratio.value
    assert found.decisions is not None
    wanted = decision_curve(rows, 12, [0.2, 0.4])
    assert [e.value for e in found.decisions.model] == [e.value for e in wanted.model]
    assert all(figure.low <= figure.value <= figure.high for figure in found.figures.values())


def test_what_does_not_exist_is_named() -> None:
    rows = drawn(2, n=60)
    nobody = ScoredRows(rows.time, np.zeros_like(rows.event), rows.risk)
    found = performance(nobody, 5, [0.2])
    assert {"concordance", "auc", "ipa", "slope", "ici"} <= set(found.missing)
    assert set(found.missing) | set(found.figures) == set(NAMES)
    assert all(reason.fr and reason.en for reason in found.missing.values())
    beyond = performance(nobody, 1e6, [0.2])
    assert beyond.decisions is None
    assert not beyond.figures


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.sampled_from([2, 3, 7]), unbalanced=st.booleans())
def test_federated_is_pooled(seed: int, sites: int, unbalanced: bool) -> None:
    """Every metric from the counts of several sites is that of the pooled rows on the same bins and
    edges; the last site has no event."""
    rows, rng = drawn(seed, n=300), np.random.default_rng(seed)
    shares = np.r_[0.9, np.full(sites - 1, 0.1 / (sites - 1))] if unbalanced else None
    site = rng.choice(sites, rows.n, p=shares)
    event = np.where(site == sites - 1, 0, rows.event).astype(np.int8)
    ends = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
    asked = risk_histogram.Parameters("risk", ends, tuple(float(k) for k in range(2, 25, 2)), 2)
    releases = [
        risk_histogram.at_site(
            survival_table(rows.time[here], event[here], {"risk": rows.risk[here]}), asked
        )
        for here in (site == k for k in range(sites))
    ]
    pooled = risk_histogram.at_site(survival_table(rows.time, event, {"risk": rows.risk}), asked)
    one, other = (
        performance(risk_histogram.combine(told, asked).rows(), 12, [0.2, 0.4], draws=2)
        for told in (releases, [pooled])
    )
    assert set(one.figures) == set(other.figures)
    assert set(one.missing) == set(other.missing)
    for name, figure in one.figures.items():
        assert figure.value == pytest.approx(other.figures[name].value, abs=1e-8)
        assert figure.low == pytest.approx(other.figures[name].low, abs=1e-8)
    for a, b in zip(one.levels, other.levels, strict=True):
        assert a.persons == b.persons
        assert a.observed.value == pytest.approx(b.observed.value, abs=1e-12)
    assert one.decisions is not None
    assert other.decisions is not None
    for a, b in zip(one.decisions.model, other.decisions.model, strict=True):
        assert a.value == pytest.approx(b.value, abs=1e-12)
        assert a.standard_error == pytest.approx(b.standard_error, abs=1e-12)


def test_by_group() -> None:
    rows = drawn(5, n=400)
    women = np.random.default_rng(5).random(400) < 0.5
    table = survival_table(rows.time, rows.event, {"risk": rows.risk, "woman": women})
    asked = risk_histogram.Parameters("risk", (0.2, 0.4, 0.6), (6.0, 12.0, 18.0), 2, ("woman",))
    told = risk_histogram.combine([risk_histogram.at_site(table, asked)], asked)
    metric = partial(performance, horizon=12, draws=0)
    groups = by_group(told, ("quebec",), 12, metric)
    assert len(groups) == 3
    assert all(g.metric is not None and "auc" in g.metric.figures for g in groups)
