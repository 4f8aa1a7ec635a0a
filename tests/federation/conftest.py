"""Fixtures of federation: hand-made sites without permits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from made_sites import attrition
from made_sites import draw as drawn

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation.policy import installed
from transat.federation.site_unsigned import Site


@pytest.fixture
def new_site(tmp_path: Path) -> Callable[..., Site]:
    def make(name: str, rows: AnalysisTable, *before: int, threshold: int = 11) -> Site:
        policy = installed()["snds" if name == "france" else "ramq"].tightened(threshold)
        steps = attrition(rows.n, *before)
        return Site(name, lambda: (rows, steps), policy, tmp_path / f"{name}.jsonl", "a" * 64)

    return make


@pytest.fixture
def draw() -> Callable[..., AnalysisTable]:
    return drawn
