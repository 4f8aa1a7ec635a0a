"""A site is killed at a hundred points and more, and says the same afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def killed(folder: Path, first: int, last: int, *wrong: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, HERE / "site_kills.py", folder, str(first), str(last), *wrong]
    one = {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": f"{HERE}:{os.environ.get('PYTHONPATH', '')}"}
    folder.mkdir()
    return subprocess.run(
        command, env={**os.environ, **one}, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_a_site_killed_anywhere_says_the_same_afterwards(tmp_path: Path, part: int) -> None:
    done = killed(tmp_path / "sites", part * 150, (part + 1) * 150)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] >= 100
    assert set(found["where"]) == {"line", "flush", "time"}
    assert found["answers_before"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["register_first", "forgets"])
def test_the_loop_finds_a_site_that_is_wrong(tmp_path: Path, wrong: str) -> None:
    done = killed(tmp_path / "sites", 0, 30, wrong)
    assert done.returncode == 1
    assert "AssertionError" in done.stderr
