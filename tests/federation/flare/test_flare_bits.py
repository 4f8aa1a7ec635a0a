"""The three ways between coordinator and sites give the same bits: every statistic and learner.

The coordinator's findings are compared digit for digit, not within a bound: a transport carries
bytes, so nothing may differ.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("nvflare", reason="nvflare is not installed: pip install transat[federation]")

from flare_processes import free_port, wait_for
from made_sites import key, permit
from nvflare.fuel.f3.stats_pool import StatsPoolManager
from splits import CASES, drawn
from test_federated_is_pooled import _asked, _site_of, _terms

from transat.federation import courier_site
from transat.federation.coordinator import Coordinator
from transat.federation.courier import Courier, exports
from transat.federation.courier_export import listed
from transat.federation.flare import kit
from transat.federation.flare import site as service
from transat.federation.flare.cells import Cell
from transat.federation.flare.transport import Flare
from transat.federation.in_process import InProcess
from transat.federation.site import Site
from transat.federation.transport import Transport

pytestmark = pytest.mark.slow

NAMES = ("site0", "site1", "site2")
Makers = Mapping[str, Callable[[], Site]]


@contextmanager
def in_process(sites: Makers, folder: Path) -> Iterator[Transport]:
    with InProcess(sites) as transport:
        yield transport


@contextmanager
def by_network(sites: Makers, folder: Path) -> Iterator[Transport]:
    """A hub in this process, and sites in their own, over mTLS."""
    hub = kit.new_hub(folder / "hub", f"localhost:{free_port()}")
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        center = Cell(kit.HUB, hub.url, hub.credentials, lambda name: name in sites)
        center.start()
        stack.callback(StatsPoolManager.pools.clear)  # one process is one cell, FLARE thinks
        stack.callback(center.stop)
        for name in sites:
            own = kit.new_kit(hub, name, "site", folder / name)
            process = spawn.Process(target=_serve, args=(own.folder, folder / "sites", name))
            process.start()
            stack.callback(process.join)
            stack.callback(process.kill)
        wait_for(lambda: set(center.connected()) == set(sites), 60.0)
        transport = Flare(center, hub)
        stack.callback(transport.close)
        yield transport


def _serve(own: Path, folder: Path, name: str) -> None:
    site = _sites(folder)[name]()
    service.run(kit.read_kit(own), site.answer)


@contextmanager
def by_courier(sites: Makers, folder: Path) -> Iterator[Transport]:
    """Folders, and a person per site who carries what there is."""
    letters, home = folder / "letters", threading.Event()

    def carry(name: str, make: Callable[[], Site]) -> None:
        carried: set[str] = set()
        with make() as site:
            while not home.wait(0.01):
                for export in exports(letters / "out" / name):
                    new = {f"{export.name}/{file}" for _, file in listed(export)} - carried
                    if new:
                        carried |= new
                        out = folder / f"{name}-{len(carried)}"
                        courier_site.answer(export, out, name, site.answer)
                        courier_site.collect(out, letters)

    people = [threading.Thread(target=carry, args=item) for item in sites.items()]
    transport = Courier(letters, sites)
    for person in people:
        person.start()
    try:
        yield transport
    finally:
        home.set()
        for person in people:
            person.join()


def _allowed() -> Any:
    return permit(sites={s: _terms(s) for s in NAMES})


def _sites(folder: Path) -> Makers:
    folder.mkdir(exist_ok=True)
    split = drawn(7, len(NAMES), 30_000)
    return {s: _site_of(s, folder, _allowed(), split, k) for k, s in enumerate(NAMES)}


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_way_gives_the_same_bits(name: str, tmp_path: Path) -> None:
    split, case = drawn(7, len(NAMES), 30_000), CASES[name]
    found: dict[str, Any] = {}
    for way in (in_process, by_network, by_courier):
        place = tmp_path / way.__name__
        place.mkdir()
        with way(_sites(place / "sites"), place) as transport:
            coordinator = Coordinator(transport, key("coordinator"), _allowed(), deadline=60.0)
            found[way.__name__] = case.federated(
                lambda step, asking=coordinator: _asked(asking, step, NAMES), split
            )
    with np.printoptions(floatmode="unique", threshold=10**9):
        said = {way: repr(one) for way, one in found.items()}
    assert said["by_network"] == said["in_process"]
    assert said["by_courier"] == said["in_process"]
