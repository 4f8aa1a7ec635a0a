"""Folders that are carried keep the contract of transports, while people carry fast enough."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from transport_contract import SITES, Switchable, TransportContract

from transat.core.errors import InputError, SiteUnreachable
from transat.federation import courier_site
from transat.federation.courier import Courier, exports
from transat.federation.courier_export import listed


class Opened:
    """Two echoes; people go to and fro between them and the coordinator's folder."""

    def __init__(self, folder: Path) -> None:
        self._switch, self._folder = Switchable(folder), folder
        self.transport = Courier(folder / "letters", SITES)
        self._home = threading.Event()
        self._people = [threading.Thread(target=self._carry, args=(s,)) for s in SITES]
        for person in self._people:
            person.start()

    def _carry(self, name: str) -> None:
        site, done, trip = self._switch.make(name), set[str](), 0
        while not self._home.wait(0.02):
            for export in exports(self._folder / "letters" / "out" / name):
                names = {file for _, file in listed(export)}
                out = self._folder / f"desk-{name}-{trip}"
                if not {f"{export.name}/{file}" for file in names} <= done:
                    trip += 1
                    try:
                        courier_site.answer(export, out, name, site.answer)
                        done |= {f"{export.name}/{file}" for file in names}
                    except (SiteUnreachable, InputError):
                        pass  # a site that is down, or an export still being written
                    if out.exists():
                        courier_site.collect(out, self._folder / "letters")

    def close(self) -> None:
        self._home.set()
        for person in self._people:
            person.join()

    def stop(self, site: str) -> None:
        self._switch.stopped.add(site)

    def start(self, site: str) -> None:
        self._switch.stopped.discard(site)


class TestCourier(TransportContract):
    """The contract."""

    short = 1.0

    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Opened]:
        opened = Opened(tmp_path)
        yield opened
        opened.close()
