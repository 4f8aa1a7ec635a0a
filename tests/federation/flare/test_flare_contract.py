"""Sites in processes of their own, over mTLS, keep the contract of transports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("nvflare", reason="nvflare is not installed: pip install transat[federation]")

from flare_processes import Network, wait_for
from transport_contract import SITES, TransportContract, bodies, question

from transat.federation.flare.cells import Cell
from transat.federation.flare.kit import HUB, SCHEMES
from transat.federation.flare.transport import Flare
from transat.federation.transport import SiteMissing

pytestmark = pytest.mark.slow


class Opened:
    """A hub's cell in this process, and two sites in their own."""

    def __init__(self, network: Network) -> None:
        hub = network.hub
        self.network = network
        self.cell = Cell(HUB, hub.url, hub.credentials, lambda name: name in hub.kits())
        self.cell.start()
        self.transport = Flare(self.cell, hub)

    def ready(self) -> None:
        for name in SITES:
            if name not in self.network.running:
                self.network.start(name)
        wait_for(lambda: set(self.cell.connected()) == set(SITES))

    def stop(self, site: str) -> None:
        self.network.kill(site)

    def start(self, site: str) -> None:
        self.network.start(site)


@pytest.fixture(scope="module", params=SCHEMES)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    network = Network(tmp_path_factory.mktemp("network"), request.param, "echo")
    opened = Opened(network)
    yield opened
    network.close()
    opened.transport.close()
    opened.cell.stop()


class TestFlare(TransportContract):
    """The contract, and what is this transport's own."""

    short = 3.0

    @pytest.fixture
    def opened(self, network: Opened) -> Opened:
        network.ready()
        return network

    def test_fifty_megabytes_each_way(self, opened: Opened) -> None:
        text = "x" * 50_000_000
        questions = {site: question(site, text=text) for site in SITES}
        for said in bodies(opened.transport.ask(questions, self.deadline)).values():
            assert said == {"text": text}

    def test_a_site_killed_while_it_is_asked_answers_when_it_is_back(self, opened: Opened) -> None:
        import threading

        questions = {site: question(site, wait=1.5, n=9) for site in SITES}
        found: list[dict[str, bytes]] = []
        asking = threading.Thread(
            target=lambda: found.append(opened.transport.ask(questions, self.deadline))
        )
        asking.start()
        opened.stop("quebec")
        back = opened.network
        back.start("quebec")
        seconds = wait_for(lambda: "quebec" in opened.cell.connected())
        asking.join()
        assert seconds < 10
        assert sorted(bodies(found[0])) == sorted(SITES)

    def test_no_text_of_an_exception_is_written_down(self, opened: Opened) -> None:
        with pytest.raises(SiteMissing):
            opened.transport.ask({"france": question("france", fail=2)}, 1.0)
        log = (opened.network.folder / "france" / "site.log").read_text()
        assert '"why": "RuntimeError"' in log
        assert "patient" not in log
