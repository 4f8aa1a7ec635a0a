"""The Québec extracts that the tests of this folder read."""

from __future__ import annotations

from typing import cast

import pytest
from written_quebec import DESIGN, Extract

from transat.simulate.design import Shore
from transat.simulate.population import generate
from transat.simulate.quebec.write import write


@pytest.fixture(scope="session", params=["quebec", "both"])
def extract(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Extract:
    """One chunk: people of Québec, then people who are written on both shores."""
    folder = tmp_path_factory.mktemp(request.param)
    population = generate(DESIGN, cast(Shore, request.param), 0)
    return Extract(population, folder, write(population, folder, 0, DESIGN))
