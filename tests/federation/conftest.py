"""Fixtures of federation: hand-made sites, which answer coefficients of a test's own choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from made_sites import draw as drawn
from made_sites import signed_site

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation import site as sites
from transat.federation.gate import checks
from transat.federation.site import Site


@pytest.fixture
def new_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Site]]:
    """Makes a site of this name from its rows and the counts of its attrition before them."""
    # These tests ask at coefficients to which no fit leads, which is what `path` refuses.
    monkeypatch.setattr(sites, "checks", lambda: checks(without=("path",)))
    with ExitStack() as stack:

        def make(name: str, rows: AnalysisTable, *before: int) -> Site:
            return stack.enter_context(signed_site(tmp_path, rows, *before, name=name))

        yield make


@pytest.fixture
def draw() -> Callable[..., AnalysisTable]:
    """Draws the rows of a site."""
    return drawn
