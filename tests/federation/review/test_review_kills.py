"""Reviewers' processes killed at any moment: the log stays whole, and the review ends the same."""

from __future__ import annotations

import random
import subprocess
import sys
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
        try:
            said, _ = process.communicate(timeout=rng.uniform(0.0, 0.15) if kills < 15 else 60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            lines = office.desk.log(request)  # whole, or this raises
            assert before <= len(lines)
            before = len(lines)
            continue
        assert said.strip() == "approved"
        break
    assert kills >= 3
    log = office.desk.log(request)
    assert [event.kind for event in log].count("seal") == 4
    assert [event.kind for event in log].count("open") == 4
