"""Sites in threads of this process keep the contract of transports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from transport_contract import SITES, Switchable, TransportContract, question

from transat.federation.in_process import InProcess
from transat.federation.transport import SiteMissing


class Opened:
    """Two echoes behind `InProcess`."""

    def __init__(self, folder: Path) -> None:
        self._switch = Switchable(folder)
        makers = {name: (lambda name=name: self._switch.make(name)) for name in SITES}
        self.transport = InProcess(makers)

    def stop(self, site: str) -> None:
        self._switch.stopped.add(site)

    def start(self, site: str) -> None:
        self._switch.stopped.discard(site)


class TestInProcess(TransportContract):
    """The contract, and what is this transport's own."""

    short = 0.3

    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Opened]:
        opened = Opened(tmp_path)
        with opened.transport:
            yield opened

    def test_once_closed_no_site_is_there(self, opened: Opened) -> None:
        opened.transport.close()
        assert opened.transport.sites() == frozenset()
        with pytest.raises(SiteMissing) as missing:
            opened.transport.ask({site: question(site, n=1) for site in SITES}, 1.0)
        assert missing.value.sites == set(SITES)

    def test_a_silent_site_does_not_hold_up_the_end(self, opened: Opened) -> None:
        with pytest.raises(SiteMissing):
            opened.transport.ask({"france": question("france", wait=3)}, 0.1)
        opened.transport.close()
