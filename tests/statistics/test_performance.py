"""All metrics at once: each is that of its own module; those that do not exist are named."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
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


def test_by_group() -> None:
    rows = drawn(5, n=400)
    women = np.random.default_rng(5).random(400) < 0.5
    table = survival_table(rows.time, rows.event, {"risk": rows.risk, "woman": women})
    asked = risk_histogram.Parameters("risk", (0.2, 0.4, 0.6), (6.0, 12.0, 18.0), 2, ("woman",))
    told = risk_histogram.combine([risk_histogram.at_site(table, asked)], asked)
    metric = partial(performance, horizon=12, draws=0)
    groups = by_group(told, ("quebec",), 12, metric)
    assert len(groups) == 6
    assert all(g.metric is not None and "auc" in g.metric.figures for g in groups)
