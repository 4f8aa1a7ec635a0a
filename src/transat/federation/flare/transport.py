"""`Flare`: the port of `transat.federation.transport` over a network."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from transat.federation.flare.calls import fetch
from transat.federation.flare.kit import Hub
from transat.federation.transport import SiteMissing

if TYPE_CHECKING:
    from transat.federation.flare.cells import Cell

#: Sites asked at the same time.
MOST: Final = 32


class Flare:
    """Asks sites through the hub's cell, all of them at once."""

    def __init__(self, cell: Cell, hub: Hub) -> None:
        self._cell, self._hub = cell, hub
        self._pool = ThreadPoolExecutor(MOST, "ask")

    def sites(self) -> frozenset[str]:
        """Names of the sites that hold a kit of this hub, connected or not."""
        return frozenset(name for name, role in self._hub.kits().items() if role == "site")

    def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
        """As the port says; the way is tried again until the deadline.

        Raises
        ------
        SiteMissing: names every site without an answer in time, or without a kit.
        """
        unknown = set(questions) - self.sites()
        if unknown:
            raise SiteMissing(unknown)
        until = time.monotonic() + deadline
        asked = {
            site: self._pool.submit(self._fetch, site, question, until)
            for site, question in questions.items()
        }
        answers = {site: answer.result() for site, answer in asked.items()}
        missing = {site for site, answer in answers.items() if answer is None}
        if missing:
            raise SiteMissing(missing)
        return {site: answer for site, answer in sorted(answers.items()) if answer is not None}

    def _fetch(self, site: str, question: bytes, until: float) -> bytes | None:
        return fetch(question, lambda body, left: self._cell.send(site, body, left), until)

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
