"""Metrics by sex, age and site: each is that of its own rows, small groups are masked."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from metric_rows import drawn, survival_table

from transat.core.languages import Text
from transat.statistics.risk_histogram import Parameters, Result, at_site, combine
from transat.statistics.scored_rows import ScoredRows
from transat.statistics.subgroups import by_group
from transat.statistics.time_auc import time_auc

ASKED = Parameters(
    "risk", (0.2, 0.4, 0.6), tuple(float(k) for k in range(2, 25, 2)), 2, ("woman", "old")
)
AUC = partial(time_auc, horizon=12)


def told(sizes: tuple[int, ...] = (400, 300), old: float = 0.5) -> Result:
    releases = []
    for site, size in enumerate(sizes):
        rows, rng = drawn(site, n=size), np.random.default_rng(site)
        columns = {
            "risk": rows.risk,
            "woman": rng.random(size) < 0.5,
            "old": rng.random(size) < old,
        }
        releases.append(at_site(survival_table(rows.time, rows.event, columns), ASKED))
    return combine(releases, ASKED)


def test_each_group_is_its_own_rows() -> None:
    result = told()
    groups = by_group(result, ("france", "quebec"), 12, AUC)
    assert len(groups) == 3 * (1 + 4 + 4)
    women = next(g for g in groups if g.site == "quebec" and g.values == (("woman", 1),))
    rows = result.rows(1, woman=1)
    assert women.metric is not None
    assert women.metric.value == time_auc(rows, 12).value
    assert 0 <= women.persons - rows.n < 10
    both = next(g for g in groups if not g.site and g.values == (("woman", 0), ("old", 1)))
    assert both.metric is not None
    assert both.metric.value == time_auc(result.rows(woman=0, old=1), 12).value


def test_small_groups_are_masked() -> None:
    groups = by_group(told(old=0.03), ("france", "quebec"), 12, AUC)
    masked = [g for g in groups if ("old", 1) in g.values]
    assert masked
    for group in masked:
        if group.metric is None:
            assert (group.persons, group.events) == (0, 0)
            assert group.why is not None
    assert any(g.metric is None for g in masked)
    for group in groups:  # no count of 1 to 10 is shown
        assert group.persons == 0 or group.persons > 10
        assert group.events == 0 or group.events > 10


def test_a_metric_without_meaning_is_named() -> None:
    def never(rows: ScoredRows) -> float:
        return time_auc(rows, 1e6).value  # nobody is followed so long

    groups = by_group(told(), ("france", "quebec"), 12, never)
    assert all(isinstance(g.why, Text) and g.metric is None for g in groups)
    assert groups[0].persons == 700


def test_a_horizon_that_is_no_edge_is_named() -> None:
    groups = by_group(told(), ("france", "quebec"), 13, AUC)
    assert all(g.metric is None and g.why is not None for g in groups)
    assert "borne" in str(groups[0].why)


def test_one_site_is_everybody() -> None:
    groups = by_group(told((400,)), ("france",), 12, AUC)
    assert {g.site for g in groups} == {""}


def test_each_site_has_a_name() -> None:
    with pytest.raises(ValueError, match="sites"):
        by_group(told(), ("france",), 12, AUC)
