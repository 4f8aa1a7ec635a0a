"""The Québec extract that the tests of this folder read."""

from __future__ import annotations

import pytest
from quebec_extract import DESIGN, Extract
from transat.simulate.population import generate

from transat.simulate.quebec.write import write


@pytest.fixture(scope="session")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Extract:
    """The extract of one chunk of the Québec population."""
    folder = tmp_path_factory.mktemp("quebec")
    population = generate(DESIGN, "quebec", 0)
    return Extract(population, folder, write(population, folder, 0, DESIGN))
