"""Reviewers' processes killed at any moment: the log stays whole, and the review ends the same."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

PEOPLE = Path(__file__).with_name("review_people.py")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_reviewers_take_it_up_again(office: Any, seed: int) -> None:
    rng = random.Random(seed)
    request, kills = office.submitted(), 0
    before = len(office.desk.log(request))
    command = [sys.executable, str(PEOPLE), str(office.desk.folder), request,
               str(office.people.folder)]  # fmt: skip
    while True:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()  # past its start
        if kills < 15:
            _soon_after_a_line(office.desk.folder, process, rng)
            process.kill()
        said, _ = process.communicate()
        lines = office.desk.log(request)  # whole, or this raises
        assert before <= len(lines)
        before = len(lines)
        if process.returncode == 0:
            assert said.strip() == "approved"
            break
        kills += 1
    assert kills >= 3
    log = office.desk.log(request)
    assert [event.kind for event in log].count("seal") == 4
    assert [event.kind for event in log].count("open") == 4


def _soon_after_a_line(desk: Path, process: subprocess.Popen[str], rng: random.Random) -> None:
    """Wait until the desk's files have grown, or for a moment without that, then a little more."""
    start, until = _bytes(desk), time.monotonic() + rng.choice([0.002, 60.0, 60.0])
    while process.poll() is None and _bytes(desk) == start and time.monotonic() < until:
        time.sleep(0.0002)
    time.sleep(rng.uniform(0.0, 0.003))


def _bytes(folder: Path) -> int:
    sizes = 0
    for path in folder.rglob("*"):
        try:
            sizes += path.stat().st_size
        except FileNotFoundError:  # renamed meanwhile
            continue
    return sizes
