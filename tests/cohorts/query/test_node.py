"""Nodes: equal by what is compared, a hash computed once, and not carried to another process."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

from transat.cohorts.query.model import Read

SCRIPT = (
    "import pickle, sys; from transat.cohorts.query.model import Read;"
    "read = pickle.loads(bytes.fromhex(sys.argv[1]));"
    "assert read in {Read('death')} and hash(read) == hash(Read('death'))"
)


def test_a_node_is_found_in_another_process() -> None:
    read = Read("death", name="dead")
    assert hash(read) == hash(Read("death"))
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", SCRIPT, pickle.dumps(read).hex()],
            env=dict(os.environ, PYTHONHASHSEED=seed),
            check=True,
        )


def test_a_name_survives() -> None:
    assert pickle.loads(pickle.dumps(Read("death", name="dead"))).name == "dead"
