"""One FLARE cell that carries bytes to its peers and back, with a guard before it.

A cell of FLARE can forward messages, open further connections where a message tells it to, unpack
serialised objects and encrypt for others. Nothing of that is used here, and nothing of it can be
asked of this cell: the guard looks at every message before FLARE does and drops whatever is not
plain bytes, on the one channel, from the peer whose certificate carried it, for this cell.

The messaging layer is used alone: no job runner, no administration, no streaming of logs.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("NVFLARE_SECURE_LOGGING", "true")  # its errors then say their kind only
os.environ.setdefault("NVFLARE_ALLOW_ADHOC_CONNS", "false")
os.environ.setdefault("NVFLARE_HEARTBEAT_INTERVAL", "5")

from nvflare.fuel.f3 import communicator
from nvflare.fuel.f3.cellnet.core_cell import CoreCell
from nvflare.fuel.f3.cellnet.defs import MessageHeaderKey as Header
from nvflare.fuel.f3.cellnet.defs import MessagePropKey, MessageType, ReturnCode
from nvflare.fuel.f3.cellnet.utils import make_reply
from nvflare.fuel.f3.message import Message
from nvflare.fuel.f3.stats_pool import StatsPoolManager

from transat.federation.flare import log
from transat.federation.flare.driver import FRAME, MutualTls

CHANNEL: Final = "transat"
CALL: Final = "call"
#: Headers by which a peer could ask more of a cell than to take bytes.
_FORBIDDEN: Final = (
    Header.SECURE, Header.ENCRYPTED, Header.CONN_URL, Header.SERVER_TRANSIT_REQUIRED,
    Header.PASS_THROUGH, Header.ORIGINAL_HEADERS,
)  # fmt: skip

Known = Callable[[str], bool]
Reply = Callable[[str, bytes], bytes]


class Cell:
    """A cell of the network.

    name: as its certificate says. url: where the hub listens. credentials: FLARE's names of files.
    known: who may talk to it. reply: answers a request at once or nearly (see `calls`); a cell
    without one only asks.
    """

    def __init__(
        self, name: str, url: str, credentials: dict[str, Path], known: Known,
        reply: Reply | None = None,
    ) -> None:  # fmt: skip
        _drivers(url)
        self.name, self._known, self._reply = name, known, reply
        self._changed = threading.Condition()
        self._since: dict[str, float] = {}
        files = {key: str(path) for key, path in credentials.items()}
        self._cell = CoreCell(name, url, True, files)
        self._cell.add_incoming_filter("*", "*", self._guard)
        self._cell.register_request_cb(CHANNEL, CALL, self._called)
        self._cell.set_cell_connected_cb(self._connected)
        self._cell.set_cell_disconnected_cb(self._lost)

    def start(self) -> None:
        """Listen, or connect out; FLARE connects again by itself for as long as this runs."""
        self._cell.start()

    def stop(self) -> None:
        """Close; the peers see the connection end, so FLARE's farewell is not said."""
        self._cell.agents.clear()
        self._cell.stop()
        # To FLARE a process is one cell for life; what it keeps of this one would stop the next.
        CoreCell.ALL_CELLS.pop(self.name, None)
        StatsPoolManager.pools.clear()

    def connected(self) -> dict[str, float]:
        """The peers there are, and since when (seconds since 1970)."""
        with self._changed:
            return {peer: since for peer, since in self._since.items() if self._known(peer)}

    def send(self, peer: str, request: bytes, seconds: float) -> bytes | None:
        """The peer's reply to one request, or None when none came within `seconds`.

        It waits for a peer that is away and is woken when one leaves.
        """
        until = time.monotonic() + seconds
        with self._changed:
            if not self._changed.wait_for(lambda: peer in self._since, seconds):
                return None
        left = max(0.05, until - time.monotonic())
        message = Message({}, request)
        reply = self._cell.send_request(CHANNEL, CALL, peer, message, left, optional=True)
        if reply.get_header(Header.RETURN_CODE) != ReturnCode.OK:
            time.sleep(0.02)  # it may have left this instant
            return None
        return bytes(reply.payload or b"")

    def _called(self, message: Any) -> Any:
        peer = message.get_header(Header.ORIGIN)
        if self._reply is None:
            return make_reply(ReturnCode.SERVICE_UNAVAILABLE)
        return make_reply(ReturnCode.OK, body=self._reply(peer, bytes(message.payload or b"")))

    def _guard(self, message: Any) -> Any:
        """None to let a message in; FLARE drops it for any other value."""
        peer, why = self._fault(message)
        if why is None:
            return None
        log.event("refused", peer=peer, why=why)
        return make_reply(ReturnCode.AUTHENTICATION_ERROR)

    def _fault(self, message: Any) -> tuple[str, str | None]:
        headers = message.headers
        endpoint = message.get_prop(MessagePropKey.ENDPOINT)
        peer = message.get_prop(MessagePropKey.COMMON_NAME) or endpoint.name
        mine = headers.get(Header.DESTINATION) == headers.get(Header.TO_CELL) == self.name
        origins = {endpoint.name, headers.get(Header.ORIGIN), headers.get(Header.FROM_CELL)}
        if not self._known(peer):
            return peer, "unknown"
        if origins != {peer}:
            return peer, "identity"
        if not mine:
            return peer, "destination"
        if (headers.get(Header.CHANNEL), headers.get(Header.TOPIC)) != (CHANNEL, CALL):
            return peer, "channel"
        if headers.get(Header.MSG_TYPE) not in (MessageType.REQ, MessageType.REPLY):
            return peer, "type"
        if headers.get(Header.PAYLOAD_ENCODING) not in ("bytes", "none"):
            return peer, "encoding"
        return peer, "header" if any(headers.get(key) for key in _FORBIDDEN) else None

    def _connected(self, agent: Any) -> None:
        peer = agent.get_fqcn()
        with self._changed:
            self._since[peer] = time.time()
            self._changed.notify_all()
        log.event("connected", peer=peer)

    def _lost(self, agent: Any) -> None:
        """Wake those who wait for the peer that left: they will ask again when it is back."""
        peer = agent.get_fqcn()
        with self._changed:
            self._since.pop(peer, None)
            self._changed.notify_all()
        for waiter in list(self._cell.waiters.values()):
            if peer in waiter.targets:
                waiter.set()
        log.event("lost", peer=peer)


def _drivers(url: str) -> None:
    """The one driver needed, instead of all that FLARE finds in its folder."""
    communicator.driver_loaded = True
    if communicator.driver_mgr.find_driver_class(url) is not None:
        return
    if url.startswith("grpc"):
        from nvflare.fuel.f3.drivers import grpc_driver

        limits = ("grpc.max_send_message_length", "grpc.max_receive_message_length")
        grpc_driver.GRPC_DEFAULT_OPTIONS[:] = [(name, FRAME) for name in limits]
        communicator.driver_mgr.register(grpc_driver.GrpcDriver)
    else:
        communicator.driver_mgr.register(MutualTls)
