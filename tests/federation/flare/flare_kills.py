"""Kills hub, sites and client of a running study at seeded moments, and looks at how it ends.

As a program: `python flare_kills.py FOLDER KILLS SEED` (PYTHONPATH: tests/federation). Each process
is started again at once, as systemd would; the client is run again until it has its result.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from flare_processes import Network, result, run
from transport_contract import SITES

from transat.federation.flare.folders import status

#: Rounds of one study, and kills while it runs.
ROUNDS = 400
KILLS = 4
#: Seconds that a study may take with its kills.
LONGEST = 120.0


@dataclass
class Seen:
    """What happened: kills by victim, how studies ended, seconds until a killed site was back."""

    kills: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    back: list[float] = field(default_factory=list)


def kill_loop(folder: Path, kills: int, seed: int) -> Seen:
    """Kill until so many are dead. Raises AssertionError at the first study that ends otherwise
    than identical or with an error."""
    chance, seen = random.Random(seed), Seen()
    network = Network(folder)
    try:
        for name in ("hub", *SITES):
            network.start(name)
        while sum(seen.kills.values()) < kills:
            _study(network, folder / f"out{sum(seen.ends.values())}", chance, seen)
    finally:
        network.close()
    return seen


def _study(network: Network, out: Path, chance: random.Random, seen: Seen) -> None:
    start = time.monotonic()
    moments = sorted(chance.uniform(0, 1.2) for _ in range(KILLS))
    submitting = network.running["marie"] = _submit(network, out)
    for moment, before in zip(moments, [0.0, *moments], strict=False):
        time.sleep(moment - before)
        victim = chance.choice(("hub", *SITES, "marie"))
        if submitting.poll() is None or victim != "marie":
            seen.kills[victim] += 1
            network.kill(victim)
        if victim == "marie":
            submitting = network.running["marie"] = _submit(network, out)
        else:
            network.start(victim)
        if victim in SITES:
            seen.back.append(_seconds_until_back(network, victim))
    while (code := submitting.wait(LONGEST)) == 0 and not out.exists():
        raise AssertionError("a client ended without a result")
    assert time.monotonic() - start < LONGEST, "too long"
    del network.running["marie"]
    if code == 0:
        assert json.loads((out / "result.json").read_text()) == result(ROUNDS)
        seen.ends["identical"] += 1
    else:
        assert not out.exists()
        seen.ends["loud"] += 1


def _submit(network: Network, out: Path):  # type: ignore[no-untyped-def]
    return run("submit", network.folder / "marie", ROUNDS, out)


def _seconds_until_back(network: Network, site: str) -> float:
    start = time.time()
    while time.time() - start < 30:
        said = status(network.folder / site)
        if said and said["pid"] == network.running[site].pid and said["connected"]:
            return said["time"] - start
        time.sleep(0.05)
    raise AssertionError("the site did not come back")


if __name__ == "__main__":
    began = time.monotonic()
    found = kill_loop(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    print(dict(found.kills), dict(found.ends), f"back within {max(found.back):.1f} s")
    print(f"{time.monotonic() - began:.0f} s")
