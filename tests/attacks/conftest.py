"""Generated populations, and real sites that hold them, for the attacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from attacked import COHORT, Network, drawn, network_of, site_data

from transat.federation.data import SiteData

Held = Mapping[str, Mapping[str, SiteData]]


@pytest.fixture(scope="session")
def population() -> Callable[[int], SiteData]:
    made: dict[int, SiteData] = {}

    def population(seed: int) -> SiteData:
        if seed not in made:
            made[seed] = site_data(drawn(seed))
        return made[seed]

    return population


@pytest.fixture
def new_network(tmp_path: Path) -> Iterator[Callable[[Held], Network]]:
    opened: list[Network] = []

    def make(data: Held) -> Network:
        opened.append(network_of(tmp_path / str(len(opened)), data))
        return opened[-1]

    yield make
    for network in opened:
        for site in network.sites.values():
            site.close()


@pytest.fixture
def network(
    new_network: Callable[[Held], Network], population: Callable[[int], SiteData]
) -> Network:
    """France holds the first population, Québec the second."""
    return new_network({"france": {COHORT: population(0)}, "quebec": {COHORT: population(1)}})
