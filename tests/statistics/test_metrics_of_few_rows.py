"""A handful of people, ties everywhere, one kind or none: numbers or a named reason, never NaN."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.core.errors import StudyError
from transat.statistics import calibration
from transat.statistics.brier import brier
from transat.statistics.net_benefit import decision_curve
from transat.statistics.scored_rows import ScoredRows
from transat.statistics.time_auc import time_auc

METRICS: dict[str, Callable[[ScoredRows], Any]] = {
    "auc": lambda rows: time_auc(rows, 3),
    "brier": lambda rows: brier(rows, 3),
    "large": lambda rows: calibration.in_the_large(rows, 3),
    "weak": lambda rows: calibration.weak(rows, 3),
    "curve": lambda rows: calibration.curve(rows, 3),
    "levels": lambda rows: calibration.levels(rows, 3),
    "net benefit": lambda rows: decision_curve(rows, 3, [0.1, 0.5, 0.9]),
}


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_numbers_or_a_reason(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 9))
    risk = np.round(rng.random(n), int(rng.integers(0, 3)))
    event = rng.integers(0, 3, n).astype(np.int8)
    rows = ScoredRows(rng.integers(1, 6, n).astype(float), event, risk)
    try:
        found = METRICS[name](rows)
    except StudyError:
        return
    assert numbers(found)


def numbers(found: Any) -> bool:
    """Whether every number in it is finite."""
    if is_dataclass(found):
        return all(numbers(getattr(found, field.name)) for field in fields(found))
    if isinstance(found, tuple):
        return all(numbers(part) for part in found)
    if isinstance(found, float | np.ndarray):
        return bool(np.isfinite(found).all())
    return True
