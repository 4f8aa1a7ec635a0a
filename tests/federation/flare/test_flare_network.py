"""A whole network of processes: a study submitted, killed in every part, and what it looks up."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("nvflare", reason="nvflare is not installed: pip install transat[federation]")

import flare_kills
from flare_processes import Network, external, run, wait_for
from flare_study import SITES, in_process

from transat.federation.flare.folders import status

pytestmark = pytest.mark.slow

STUDY = "a" * 64
#: Kibibytes of memory that a process of the network may take at rest: a cell takes 62,000 of them,
#: the statistics and their libraries 100,000.
AT_REST = 220_000


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    network = Network(tmp_path_factory.mktemp("network"))
    for name in ("hub", *SITES):
        network.start(name)
    yield network
    network.close()


def submitted(network: Network, study: str) -> list[str]:
    out = network.folder / study
    assert run("submit", network.folder / "marie", study, out).wait(120) == 0
    found: list[str] = json.loads((out / "result.json").read_text())
    return found


def resident(pid: int) -> int:
    """Kibibytes of memory of a process."""
    said = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in said.splitlines() if line.startswith("VmRSS"))


def test_a_study_over_the_network_is_the_study_in_one_process(
    network: Network, tmp_path: Path
) -> None:
    assert submitted(network, STUDY) == in_process(STUDY, tmp_path)


def test_submitted_again_it_is_there(network: Network) -> None:
    assert submitted(network, STUDY) == json.loads(
        (network.folder / STUDY / "result.json").read_text()
    )
    said = status(network.folder / "hub")
    assert said is not None
    assert list(said["studies"].values()) == ["done"]


def test_no_name_outside_this_machine_is_looked_up(network: Network) -> None:
    submitted(network, "b" * 64)
    for name in ("hub", *SITES, "marie"):
        assert external(network.folder / name) == []
        assert (network.folder / name / "net.txt").read_text() or name == "hub"


def test_what_each_says_of_itself(network: Network) -> None:
    for name in SITES:
        said = status(network.folder / name)
        assert said is not None
        assert list(said["connected"]) == ["server"]
        assert said["answered"] > 0
        log = (network.folder / name / "site.log").read_text().splitlines()
        events = [json.loads(line)["event"] for line in log]
        assert events[:2] in (["started", "connected"], ["connected", "started"])


def test_memory_at_rest(network: Network) -> None:
    for name in ("hub", *SITES):
        assert resident(network.running[name].pid) < AT_REST, name


def test_sigterm_ends_each_at_once_and_it_comes_back(network: Network) -> None:
    for name in ("hub", *SITES):
        process = network.running.pop(name)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert status(network.folder / name) is None
        network.start(name)
    for name in SITES:
        wait_for(lambda name=name: (status(network.folder / name) or {}).get("connected"))
    submitted(network, "c" * 64)


def test_a_second_process_of_the_same_kit_is_refused(network: Network) -> None:
    wait_for(lambda: status(network.folder / "france"))
    assert run("site", network.folder / "france", stderr=-3).wait(20) != 0


def test_killed_at_thirty_points_it_ends_identical_or_loud(tmp_path: Path) -> None:
    """The loop of 200 is the same program with another number."""
    said = [sys.executable, flare_kills.__file__, tmp_path / "kills", 30, 20261123]
    here = os.pathsep.join(str(Path(flare_kills.__file__).parents[k]) for k in (0, 1))
    done = subprocess.run(
        list(map(str, said)), env={**os.environ, "PYTHONPATH": here}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert sum(seen["kills"].values()) >= 30
    assert seen["ends"]["identical"] >= 1
    assert statistics.median(seen["back"]) < 10  # the machine may be shared
