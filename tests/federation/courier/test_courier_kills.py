"""A study by courier whose processes are killed at random moments ends as if none had been."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from transat.federation.courier import exports
from transat.federation.ledger_verify import verify

CHILD = Path(__file__).with_name("courier_process.py")
SITES = ("france", "quebec")


def sit(folder: Path, kill_after: float | None) -> bool:
    """One sitting; whether it was killed."""
    folder.mkdir(exist_ok=True)
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        _, said = child.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return True
    assert child.returncode == 0, said
    return False


def finish(folder: Path, kill_at: list[float]) -> Any:
    """Sit until the study is done; the sittings of `kill_at` are killed after so many seconds."""
    for number in range(60):
        sit(folder, kill_at[number] if number < len(kill_at) else None)
        if (folder / "result.json").exists():
            return json.loads((folder / "result.json").read_text("utf-8"))
    raise AssertionError("the study does not end")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, float, list[int]]:
    """The result without a kill, the seconds of a sitting, and the exports a side."""
    folder = tmp_path_factory.mktemp("whole") / "study"
    start = time.perf_counter()
    sit(folder, None)
    seconds = time.perf_counter() - start
    result = finish(folder, [])
    return result, seconds, [len(exports(folder / "letters" / "out" / s)) for s in SITES]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_killed_many_times_the_study_ends_the_same(
    seed: int, whole: tuple[Any, float, list[int]], tmp_path: Path
) -> None:
    """Eight sittings of each study are killed, anywhere between the imports and the last write."""
    result, seconds, _ = whole
    moments = random.Random(seed)
    kills = [moments.uniform(0.3, 1.0) * seconds for _ in range(8)]
    assert finish(tmp_path / "study", kills) == result
    for site in SITES:
        verify(tmp_path / "study" / site / f"{site}.jsonl")


@pytest.mark.slow
def test_the_regressions_share_their_exports(whole: tuple[Any, float, list[int]]) -> None:
    result, _, sent = whole
    assert len(result["first"]) == len(result["second"]) == 5
    assert sent[0] == sent[1] <= 12
