"""FLARE's TCP driver with this network's TLS: scheme `transat`.

What FLARE 2.9's own driver leaves open, read in its source and met in tests:

- it shakes hands in the thread that accepts: one caller that connects and says nothing keeps every
  site out; here each handshake has its own thread and `HANDSHAKE` seconds;
- a site would trust every authority of its operating system; here the network's own, and no other,
  TLS 1.3, and the hub's certificate must be for the name `server` (not for an address);
- it reads and writes one TLS object in two threads at once, which OpenSSL does not allow; here the
  two take turns and wait outside;
- a line that dies without a word (a cable, a firewall) is noticed after a quarter of an hour; here
  after `SILENCE` seconds;
- a frame may announce 2 GB, which are then set aside; here `FRAME` bytes.
"""

from __future__ import annotations

import select
import socket
import ssl
import sys
import threading
import time
from typing import Any, Final

from nvflare.fuel.f3.comm_error import CommError
from nvflare.fuel.f3.drivers import socket_conn
from nvflare.fuel.f3.drivers.driver_params import DriverParams
from nvflare.fuel.f3.drivers.socket_conn import ConnectionHandler, SocketConnection
from nvflare.fuel.f3.drivers.tcp_driver import TcpDriver, TcpStreamServer
from nvflare.fuel.f3.sfm import conn_manager

from transat.federation.flare import log
from transat.federation.flare.calls import PART
from transat.federation.flare.kit import HUB

SCHEME: Final = "transat"
#: Seconds that a TLS handshake may take; how many may be under way.
HANDSHAKE: Final = 10.0
HANDSHAKES: Final = 64
#: Seconds without an acknowledgement after which a line is given up.
SILENCE: Final = 10
#: Bytes of the longest frame: a part, and the heads around it.
FRAME: Final = PART + 64 * 1024

#: Seconds between two attempts to connect; FLARE's own 10 would keep a site away for longer.
RETRY: Final = 3

socket_conn.MAX_FRAME_SIZE = FRAME
conn_manager.MAX_WAIT = RETRY


class TlsConnection(SocketConnection):  # type: ignore[misc]
    """A connection whose TLS object is used by one thread at a time."""

    def __init__(self, sock: ssl.SSLSocket, connector: Any) -> None:
        self._turn = threading.Lock()
        super().__init__(sock, connector, True)
        sock.settimeout(0)
        _notice_silence(sock)

    def read_into(self, buffer: Any, offset: int, length: int) -> None:
        """Fill `length` bytes of `buffer` from `offset`."""
        view = memoryview(buffer)[offset : offset + length]
        while view:
            try:
                with self._turn:
                    read = self.sock.recv_into(view)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._wait(select.POLLIN, None)
                continue
            if read == 0:
                raise CommError(CommError.CLOSED, "closed by the other side")
            view = view[read:]

    def _send_with_timeout(self, frame: Any, timeout_sec: float) -> None:
        view, until = memoryview(frame), time.monotonic() + timeout_sec
        while view:
            try:
                with self._turn:
                    sent = self.sock.send(view)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._wait(select.POLLOUT, until - time.monotonic())
                continue
            view = view[sent:]

    def _wait(self, event: int, seconds: float | None) -> None:
        poll = select.poll()
        poll.register(self.sock, event)
        late = seconds is not None and seconds <= 0
        if late or not poll.poll(None if seconds is None else 1000 * seconds):
            raise CommError(CommError.TIMEOUT, "nothing was sent in time")


def _notice_silence(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    after = {"KEEPIDLE": SILENCE // 2, "KEEPINTVL": 2, "USER_TIMEOUT": SILENCE * 1000}
    for name, value in after.items():
        if hasattr(socket, f"TCP_{name}"):  # Linux has all three
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_{name}"), value)


def _context(params: dict[str, Any], server: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(params[DriverParams.CA_CERT.value])
    mine = (
        (DriverParams.SERVER_CERT, DriverParams.SERVER_KEY)
        if server
        else (DriverParams.CLIENT_CERT, DriverParams.CLIENT_KEY)
    )
    context.load_cert_chain(*(params[which.value] for which in mine))
    return context


class _Handler(ConnectionHandler):  # type: ignore[misc]
    def handle(self) -> None:
        connection = TlsConnection(self.request, self.server.connector)
        self.server.driver.add_connection(connection)
        connection.read_loop()
        self.server.driver.close_connection(connection)


class _Server(TcpStreamServer):  # type: ignore[misc]
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, driver: Any, connector: Any) -> None:
        params = connector.params
        self.driver, self.connector = driver, connector
        self._context = _context(params, server=True)
        self._handshakes = threading.BoundedSemaphore(HANDSHAKES)
        address = params[DriverParams.HOST.value] or "0.0.0.0", int(params[DriverParams.PORT.value])
        super(TcpStreamServer, self).__init__(address, _Handler)

    def finish_request(self, request: socket.socket, client_address: Any) -> None:
        """Shake hands, then serve; in this caller's own thread."""
        if not self._handshakes.acquire(blocking=False):
            raise OSError("too many handshakes")
        try:
            request.settimeout(HANDSHAKE)
            secured = self._context.wrap_socket(request, server_side=True)
        finally:
            self._handshakes.release()
        try:
            super().finish_request(secured, client_address)
        finally:
            self.shutdown_request(secured)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody who could not show a certificate of this network: written down, no more."""
        log.event("refused", peer=str(client_address[0]), why=type(sys.exception()).__name__)


class MutualTls(TcpDriver):  # type: ignore[misc]
    """FLARE's TCP driver, with both sides shown."""

    @staticmethod
    def supported_transports() -> list[str]:
        """Its scheme in addresses."""
        return [SCHEME]

    def listen(self, connector: Any) -> None:
        """Serve until stopped."""
        self.connector = connector
        with _Server(self, connector) as self.server:
            self.server.serve_forever()

    def connect(self, connector: Any) -> None:
        """One connection, until it ends; FLARE calls again."""
        self.connector = connector
        params = connector.params
        context = _context(params, server=False)
        address = params[DriverParams.HOST.value], int(params[DriverParams.PORT.value])
        with socket.create_connection(address, timeout=HANDSHAKE) as plain:
            secured = context.wrap_socket(plain, server_hostname=HUB)
            connection = TlsConnection(secured, connector)
            self.add_connection(connection)
            connection.read_loop()
            self.close_connection(connection)
