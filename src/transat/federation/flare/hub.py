"""The hub's service: it listens, runs the studies that clients submit, and asks the sites.

It holds the coordinator's key and sees only what passed the sites' gates. Killed at any moment, it
goes on from the studies' journals when it is started again.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from transat.core.errors import ConfigError
from transat.core.folders import held
from transat.core.languages import Text
from transat.federation.flare import certificates, log
from transat.federation.flare.calls import Answerer
from transat.federation.flare.folders import until_stopped
from transat.federation.flare.kit import HUB, Hub
from transat.federation.flare.studies import Studies
from transat.federation.transport import Transport

#: Runs a study: protocol, permit, how to reach the sites, and the study's own folder.
Work = Callable[[bytes, bytes, Transport, Path], None]


def run(hub: Hub, work: Work) -> None:
    """Serve until SIGTERM.

    Raises
    ------
    InputError: another process serves this folder. ConfigError: its port is taken.
    """
    from transat.federation.flare.cells import Cell
    from transat.federation.flare.transport import Flare

    with held(hub.folder):
        _require_port(hub.address)
        log.to_file(hub.folder / "hub.log")
        answerer = Answerer(lambda who, request: _answer(hub, studies, away, who, request))
        cell = Cell(HUB, hub.url, hub.credentials, lambda name: name in hub.kits(), answerer.reply)
        flare = Flare(cell, hub)

        def away() -> list[str]:
            return sorted(flare.sites() - set(cell.connected()))

        studies = Studies(
            hub.folder / "studies",
            lambda protocol, permit, folder: work(protocol, permit, flare, folder),
        )
        cell.start()
        studies.start()
        log.event("started", address=hub.address)
        until_stopped(hub.folder, lambda: _status(hub, cell.connected(), studies), Event())
        log.event("stopped")
        # What runs is on disk and goes on at the next start; waiting would only delay that.
        os._exit(0)


def _require_port(address: str) -> None:
    """FLARE would try for ever, in silence."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("", int(address.rpartition(":")[2])))
        except OSError:
            raise ConfigError(
                Text("ce port est pris, ou réservé.", "this port is taken, or reserved."),
                address,
                Text("Libérez-le, ou refaites un hub.", "Free it, or make another hub."),
            ) from None


def _status(hub: Hub, connected: dict[str, float], studies: Studies) -> dict[str, Any]:
    return {
        "address": hub.address,
        "certificate_ends": certificates.ends(hub.folder / "server.crt").isoformat(),
        "kits": hub.kits(),
        "connected": connected,
        "studies": {name: said["state"] for name, said in studies.all().items()},
    }


def _answer(
    hub: Hub, studies: Studies, away: Callable[[], list[str]], who: str, request: bytes
) -> bytes:
    """The answer to a client's request; only clients may submit and see."""
    if hub.kits().get(who) != "client":
        log.event("refused", peer=who, why="role")
        return _json({"refused": "role"})
    try:
        said = json.loads(request)
        what, name = said["do"], said.get("name")
        if what == "submit":
            name = studies.submit(who, _bytes(said["protocol"]), _bytes(said["permit"]))
            return _json({"name": name})
        if what == "result":
            return studies.result(who, name) or _json({"refused": "none"})
        said = studies.status(who, name)
        if said is not None and said["state"] == "running":
            said["away"] = away()
        return _json(said or {"refused": "none"})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        log.event("refused", peer=who, why="request")
        return _json({"refused": "request"})


def _json(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True).encode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except binascii.Error:
        raise ValueError("base64") from None
