"""A site's service: it connects out to the hub and answers as the site's own function does."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from transat.core.folders import held
from transat.federation.flare import certificates, log
from transat.federation.flare.calls import Answerer
from transat.federation.flare.folders import until_stopped
from transat.federation.flare.kit import HUB, Kit


def run(
    kit: Kit, answer: Callable[[bytes], bytes], prepare: Callable[[], object] = lambda: None
) -> None:
    """Serve until SIGTERM; a hub that is away is looked for every few seconds.

    answer: the site's only door (`Site.answer`). prepare: what takes long before the first answer
    (reading a CDM), done while the site is in the network already.

    Raises
    ------
    InputError: another process serves this kit. What `prepare` raises ends the service.
    """
    from transat.federation.flare.cells import Cell

    with held(kit.folder):
        log.to_file(kit.folder / "site.log")
        answered = [0]

        def counted(_: str, question: bytes) -> bytes:
            reply = answer(question)
            answered[0] += 1
            return reply

        answerer = Answerer(counted)
        cell = Cell(kit.name, kit.url, kit.credentials, lambda peer: peer == HUB, answerer.reply)
        cell.start()
        log.event("started", address=kit.address)
        preparing = _Preparing(prepare)
        preparing.start()
        until_stopped(
            kit.folder, lambda: _status(kit, cell.connected(), answered[0]), preparing.failed
        )
        log.event("stopped")
        if preparing.error is not None:
            cell.stop()
            raise preparing.error
        # An answer under way is not in the journal, so it has not left: it is asked for again.
        os._exit(0)


class _Preparing(Thread):
    """Does what takes long; `failed` is set where it raises, `error` is what."""

    def __init__(self, prepare: Callable[[], object]) -> None:
        super().__init__(name="prepare", daemon=True)
        self._prepare, self.failed = prepare, Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        """As `Thread.run`."""
        try:
            self._prepare()
        except BaseException as error:
            self.error = error
            self.failed.set()


def _status(kit: Kit, connected: dict[str, float], answered: int) -> dict[str, Any]:
    return {
        "name": kit.name,
        "hub": kit.address,
        "connected": connected,
        "answered": answered,
        "certificate_ends": certificates.ends(kit.folder / "kit.crt").isoformat(),
    }
