"""A chunk of the virtual population, drawn once for these tests.

How to use the simulator, in three lines:

    design = Design(seed=20, persons=20_000)
    people = generate(design, "france", chunk=0)
    people.pregnancies.filter(pc.equal(people.pregnancies["outcome"], "live_birth"))
"""

from __future__ import annotations

import pytest

from transat.simulate.design import Design, Shore
from transat.simulate.population import Population, generate

FULL = Design(seed=20, persons=20_000)


@pytest.fixture(scope="session")
def french() -> Population:
    """One full chunk of the French shore, published effects."""
    return generate(FULL, "france", 0)


@pytest.fixture(scope="session")
def quebecois() -> Population:
    """One full chunk of the Québec shore, published effects."""
    return generate(FULL, "quebec", 0)


@pytest.fixture(params=["france", "quebec"])
def either(
    request: pytest.FixtureRequest, french: Population, quebecois: Population
) -> tuple[Shore, Population]:
    """Each shore in turn."""
    return (request.param, {"france": french, "quebec": quebecois}[request.param])
