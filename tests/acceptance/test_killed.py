"""`kill -9` at any moment: the next run finishes the work, and the CDM is that of a quiet run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from transat.simulate.design import Design
from transat.simulate.simulate import simulate

pytestmark = pytest.mark.slow

KILLS = 10
MAIN = "from transat.cli.main import main; main()"


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    design = Design(seed=23, persons=3000, same_people=False)
    return simulate(design, tmp_path_factory.mktemp("native") / "simulation", processes=1)


def harmonise(shore: str, source: Path, to: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", MAIN, "harmonise", shore, str(source)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*command, "--to", str(to), "--json"], **quiet)  # type: ignore[call-overload, no-any-return]


def complete(to: Path) -> dict[str, str]:
    """What is noted as done in the folder that a killed run left."""
    notes = to.with_name(to.name + ".partial") / ".work" / "done.jsonl"
    lines = notes.read_text().split("\n") if notes.is_file() else []
    return {line.split('"')[1]: line for line in lines if line.endswith("]")}


@pytest.mark.parametrize(("shore", "folder"), [("snds", "france"), ("quebec", "quebec")])
def test_ten_kills_and_the_cdm_is_the_same(
    extract: Path, tmp_path: Path, shore: str, folder: str
) -> None:
    quiet, killed = tmp_path / "quiet", tmp_path / "killed"
    start = time.monotonic()
    assert harmonise(shore, extract / folder, quiet).wait() == 0
    length = time.monotonic() - start
    moments = random.Random(5)
    taken_up = 0
    for _ in range(KILLS):
        before = complete(killed)
        run = harmonise(shore, extract / folder, killed)
        time.sleep(moments.uniform(0.1, 0.7) * length)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        after = complete(killed)
        if before and after:
            assert before.items() <= after.items(), "a later run forgot what was complete"
            taken_up += 1
    assert taken_up, "no run was killed half-way: the test showed nothing"
    assert harmonise(shore, extract / folder, killed).wait() == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["killed", "quiet"]
    assert [p.name for p in sorted(killed.iterdir())] == [p.name for p in sorted(quiet.iterdir())]
    for path in sorted(quiet.glob("*.parquet")):
        assert pq.read_table(path).equals(pq.read_table(killed / path.name)), path.name
    assert (quiet / "transat.json").read_text() == (killed / "transat.json").read_text()
