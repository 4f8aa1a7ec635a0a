"""Real processes of a network on this machine: what each is, and how it is started and killed.

Run as a program it is one of them: `python flare_processes.py echo KIT` is the contract's `Echo`,
`... site KIT` a site of `flare_study`, `... hub FOLDER` runs its studies, and
`... submit KIT STUDY OUT` submits one. Every process writes the names that it resolves, and the
addresses that it connects to, to `net.txt` in its folder.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol

from flare_study import in_process, made_site, work
from transport_contract import SITES, Echo

from transat.federation.flare import client, hub, kit, site

#: Names and addresses of this machine itself; "" and "0" stand for all of its addresses.
LOCAL = {"localhost", "127.0.0.1", "0.0.0.0", "0", "", "None", "::1", "server"}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def run(
    what: str, *arguments: object, before: Sequence[str] = (), **options: Any
) -> subprocess.Popen[bytes]:
    """Start one process of this program; before: the command that starts it, if any."""
    said = [*before, sys.executable, __file__, what, *map(str, arguments)]
    places = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    given = os.environ.get("PYTHONPATH")
    here = os.pathsep.join([*([given] if given else []), *places])
    return subprocess.Popen(said, env={**os.environ, "PYTHONPATH": here}, **options)


class Process(Protocol):
    """What a test needs of a process that it started."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...


class Forked:
    """A process made of a copy of this one, which has loaded all: it starts within milliseconds.

    For programs without threads only.
    """

    def __init__(self, what: str, *arguments: object, output: Path | None = None) -> None:
        self._code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            self._be(what, [str(argument) for argument in arguments], output)

    def _be(self, what: str, arguments: list[str], output: Path | None) -> NoReturn:
        code = 1
        try:
            if output is not None:
                with output.open("ab") as file:
                    for number in (1, 2):
                        os.dup2(file.fileno(), number)
            main(what, *arguments)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        if self._code is None:
            pid, said = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(said)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended. Raises AssertionError where it takes too long."""
        wait_for(lambda: self.poll() is not None, timeout or 60.0)
        assert self._code is not None
        return self._code

    def send_signal(self, sig: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, sig)


@dataclass
class Network:
    """A hub and its kits in a folder, and the processes that serve them; begin: starts one."""

    folder: Path
    scheme: str = kit.SCHEMES[0]
    sites: str = "site"
    begin: Callable[..., Process] = run
    running: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hub = kit.new_hub(self.folder / "hub", f"localhost:{free_port()}", self.scheme)
        for name in SITES:
            kit.new_kit(self.hub, name, "site", self.folder / name)
        kit.new_kit(self.hub, "marie", "client", self.folder / "marie")

    def start(self, name: str) -> Process:
        """Start a site or the hub; returns at once."""
        what = "hub" if name == "hub" else self.sites
        self.running[name] = self.begin(what, self.folder / name)
        return self.running[name]

    def kill(self, name: str) -> None:
        """End it with SIGKILL."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        """End all that runs."""
        for name in list(self.running):
            self.kill(name)


def external(folder: Path) -> list[str]:
    """What the process of a folder resolved or connected to that is not this machine."""
    lines = (folder / "net.txt").read_text().splitlines()
    return [line for line in lines if line.split("\t")[1] not in LOCAL]


def _watch(folder: Path) -> None:
    file = (folder / "net.txt").open("a", buffering=1)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
            host = arguments[0]
        elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
            host = arguments[1][0]
        else:
            return
        file.write(f"{event}\t{host.decode() if isinstance(host, bytes) else host}\n")

    sys.addaudithook(hook)


def main(what: str, folder: str, *rest: str) -> None:
    """Be one process of the network."""
    path = Path(folder)
    _watch(path)
    if what == "echo":
        mine = kit.read_kit(path)
        site.run(mine, Echo(mine.name, path).answer)
    elif what == "site":
        mine = kit.read_kit(path)
        site.run(mine, made_site(mine.name, path / "site").answer)
    elif what == "hub":
        hub.run(kit.read_hub(path), work)
    elif what == "alone":
        (path / "alone.json").write_text(json.dumps(in_process("0" * 64, path / "alone")))
    else:
        study, out = rest
        client.submit(kit.read_kit(path), study.encode(), b"permit", Path(out), print)


def wait_for(what: Any, seconds: float = 20.0) -> float:
    """Seconds until `what()` is true. Raises AssertionError when it does not become so."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if what():
            return time.monotonic() - start
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


if __name__ == "__main__":
    main(*sys.argv[1:])
