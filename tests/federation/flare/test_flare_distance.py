"""Two sites in network namespaces of their own, 45 ms from the hub each way, finish the study.

The delay is the kernel's (`tc … netem`) where it has it, else that of a process on each line
(`flare_distance`). In its namespace a site can reach the hub's address and nothing else at all.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("nvflare", reason="nvflare is not installed: pip install transat[federation]")

from flare_processes import Network, external, run, wait_for
from flare_study import SITES, in_process
from transport_contract import bodies, question

from transat.federation.flare import driver
from transat.federation.flare.cells import Cell
from transat.federation.flare.folders import status
from transat.federation.flare.kit import HUB
from transat.federation.flare.transport import Flare

pytestmark = pytest.mark.slow

LATE = 0.045


def tell(*said: object) -> bool:
    return subprocess.run(list(map(str, said)), capture_output=True, check=False).returncode == 0


@dataclass
class Far:
    """A network whose sites are in namespaces; `lines` are the processes that delay, if any."""

    network: Network
    lines: list[subprocess.Popen[bytes]]

    def direct(self, name: str) -> None:
        """Send a site to the hub itself, past the process that delays."""
        kit = self.network.folder / name / "kit.toml"
        port = self.network.hub.address.rpartition(":")[2]
        there = f"10.201.{SITES.index(name) + 1}.1:{port}"
        kit.write_text(re.sub(r"10[0-9.]+:[0-9]+", there, kit.read_text()))

    def start(self, name: str, sites: str = "site") -> None:
        said = ["ip", "netns", "exec", f"far-{name}"]
        folder = self.network.folder / name
        self.network.running[name] = run(sites, folder, before=said)


def _namespace(name: str, number: int) -> bool:
    """A namespace with one line to this one: 10.201.number.1 here, .2 there."""
    space, here, there = f"far-{name}", f"far{number}h", f"far{number}t"
    return (
        tell("ip", "netns", "add", space)
        and tell("ip", "link", "add", here, "type", "veth", "peer", "name", there)
        and tell("ip", "link", "set", there, "netns", space)
        and tell("ip", "addr", "add", f"10.201.{number}.1/24", "dev", here)
        and tell("ip", "link", "set", here, "up")
        and tell("ip", "-n", space, "addr", "add", f"10.201.{number}.2/24", "dev", there)
        and tell("ip", "-n", space, "link", "set", there, "up")
    )


def _netem(name: str, number: int) -> bool:
    delay = ("root", "netem", "delay", f"{LATE * 1000:.0f}ms")
    inside = ("ip", "netns", "exec", f"far-{name}", "tc")
    return tell("tc", "qdisc", "add", "dev", f"far{number}h", *delay) and tell(
        *inside, "qdisc", "add", "dev", f"far{number}t", *delay
    )


def _line(number: int, port: int) -> subprocess.Popen[bytes]:
    program = Path(__file__).with_name("flare_distance.py")
    said = [f"10.201.{number}.1", port + number, "127.0.0.1", port, LATE]
    return subprocess.Popen([sys.executable, str(program), *map(str, said)])


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("tc") is None:
        pytest.skip("network namespaces need root and iproute2")
    network, lines = Network(tmp_path / "far"), []
    port = int(network.hub.address.rpartition(":")[2])
    try:
        for number, name in enumerate(SITES, 1):
            if not _namespace(name, number):
                pytest.skip("this machine lets nobody make a network namespace")
            delayed = _netem(name, number)
            if not delayed:
                lines.append(_line(number, port))
            kit = network.folder / name / "kit.toml"
            there = f"10.201.{number}.1:{port if delayed else port + number}"
            kit.write_text(kit.read_text().replace(network.hub.address, there))
        yield Far(network, lines)
    finally:
        network.close()
        for line in lines:
            line.kill()
            line.wait()
        for number, name in enumerate(SITES, 1):
            tell("ip", "link", "del", f"far{number}h")
            tell("ip", "netns", "del", f"far-{name}")


def test_a_study_across_ninety_milliseconds(far: Far, tmp_path: Path) -> None:
    far.network.start("hub")
    for name in SITES:
        far.start(name)
    out = tmp_path / "out"
    assert run("submit", far.network.folder / "marie", "a" * 64, out).wait(180) == 0
    assert json.loads((out / "result.json").read_text()) == in_process("a" * 64, tmp_path / "one")
    for number, name in enumerate(SITES, 1):
        assert set(external(far.network.folder / name)) <= {
            f"{event}\t10.201.{number}.1" for event in ("socket.getaddrinfo", "socket.connect")
        }
        assert status(far.network.folder / name)


@dataclass
class Asking:
    """The hub's cell in this process."""

    cell: Cell
    flare: Flare


@pytest.fixture
def asking(far: Far) -> Iterator[Asking]:
    hub = far.network.hub
    cell = Cell(HUB, hub.url, hub.credentials, lambda name: name in hub.kits())
    cell.start()
    flare = Flare(cell, hub)
    yield Asking(cell, flare)
    flare.close()
    cell.stop()


def test_a_line_that_dies_without_a_word(far: Far, asking: Asking) -> None:
    """A cable pulled: both sides see it, the round waits for it, and nobody does anything."""
    far.direct("france")
    far.start("france", "echo")
    wait_for(lambda: "france" in asking.cell.connected(), 40)
    tell("ip", "link", "set", "far1h", "down")
    found: list[dict[str, bytes]] = []
    asked = {"france": question("france", n=1)}
    waiting = threading.Thread(target=lambda: found.append(asking.flare.ask(asked, 90.0)))
    waiting.start()
    wait_for(lambda: "france" not in asking.cell.connected(), 3 * driver.SILENCE)
    tell("ip", "link", "set", "far1h", "up")
    wait_for(lambda: "france" in asking.cell.connected(), 30)
    waiting.join()
    assert bodies(found[0]) == {"france": {"n": 1}}


def test_a_round_takes_one_journey_there_and_back(far: Far, asking: Asking) -> None:
    for name in SITES:
        far.start(name, "echo")
    wait_for(lambda: set(asking.cell.connected()) == set(SITES), 40)
    seconds = []
    for n in range(10):
        start = time.monotonic()
        bodies(asking.flare.ask({name: question(name, n=n) for name in SITES}, 30))
        seconds.append(time.monotonic() - start)
    assert min(seconds) >= 2 * LATE
    assert min(seconds) < 4 * LATE  # the best of ten: a second journey would take as long again
