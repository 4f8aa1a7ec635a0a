"""Kills hub, sites and client of a running study at seeded moments, and looks at how it ends.

As a program: `python flare_kills.py FOLDER KILLS SEED` (PYTHONPATH: tests/federation) prints what
it saw as JSON. Each process is started again at once, as systemd would; the client is run again
until it has its result. Processes are copies of this program, which has loaded all and has no
thread: they start within milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flare_processes import Forked, Network
from transport_contract import SITES

from transat.federation.flare import cells, transport
from transat.federation.flare.folders import status

#: Loaded here, so that no copy has to.
LOADED = (cells, transport)
#: Kills during one study, and the seconds after its start in which they fall.
KILLS = 6
WITHIN = 4.0
#: Seconds that a study may take with its kills.
LONGEST = 240.0


@dataclass
class Seen:
    """What happened: kills by victim, how studies ended, seconds until a killed site was back."""

    kills: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    back: list[float] = field(default_factory=list)


def kill_loop(folder: Path, kills: int, seed: int) -> Seen:
    """Kill until so many are dead. Raises AssertionError at the first study that ends otherwise
    than identical or with an error."""
    assert threading.active_count() == 1
    chance, seen = random.Random(seed), Seen()
    network = Network(folder, begin=Forked)
    expected = _alone(folder)
    try:
        for name in ("hub", *SITES):
            network.start(name)
        while sum(seen.kills.values()) < kills:
            study = hashlib.sha256(b"%d %d" % (seed, sum(seen.ends.values()))).hexdigest()
            _study(network, study, expected, chance, seen)
    finally:
        network.close()
    return seen


def _alone(folder: Path) -> list[Any]:
    """What a study finds in one process: another's, since it has threads."""
    assert Forked("alone", folder).wait(120) == 0
    found: list[Any] = json.loads((folder / "alone.json").read_text())
    return found


def _study(
    network: Network, study: str, expected: list[Any], chance: random.Random, seen: Seen
) -> None:
    out = network.folder / study
    moments = sorted(chance.uniform(0, WITHIN) for _ in range(KILLS))
    start = time.monotonic()
    submitting = network.running["marie"] = _submit(network, study)
    for moment in moments:
        time.sleep(max(0.0, start + moment - time.monotonic()))
        victim = chance.choice(("hub", *SITES, "marie"))
        if victim == "marie" and submitting.poll() is not None:
            continue  # it has ended: nobody to kill
        seen.kills[victim] += 1
        network.kill(victim)
        if victim == "marie":
            submitting = network.running["marie"] = _submit(network, study)
        else:
            network.start(victim)
        if victim in SITES:
            seen.back.append(_seconds_until_back(network, victim))
    code = submitting.wait(LONGEST)
    del network.running["marie"]
    if code == 0:
        assert json.loads((out / "result.json").read_text()) == expected
        seen.ends["identical"] += 1
    else:
        assert not out.exists()
        seen.ends["loud"] += 1


def _submit(network: Network, study: str) -> Forked:
    out = network.folder / study
    log = network.folder / "client.log"
    return Forked("submit", network.folder / "marie", study, out, output=log)


def _seconds_until_back(network: Network, site: str) -> float:
    start = time.time()
    while time.time() - start < LONGEST:
        said = status(network.folder / site)
        if said and said["pid"] == network.running[site].pid and said["connected"]:
            return said["time"] - start
        time.sleep(0.05)
    raise AssertionError("the site did not come back")


if __name__ == "__main__":
    found = kill_loop(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(vars(found)))
