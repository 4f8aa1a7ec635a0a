"""A simulation that was stopped, and folders that are not its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from transat.core.errors import InputError
from transat.simulate.design import Design
from transat.simulate.simulate import simulate

SMALL = Design(seed=5, persons=20)

PARENT = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from transat.simulate.simulate import _end_with_parent
if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_end_with_parent)
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 600)
    time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, "utf-8")
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert alive(worker)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        if not alive(worker):
            return
        time.sleep(0.1)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the worker outlived its parent")


def test_what_a_killed_run_left_is_taken_away(tmp_path: Path) -> None:
    left = tmp_path / "out.partial" / "france"
    left.mkdir(parents=True)
    (left / "of_another_run.csv").write_text("x")
    simulate(SMALL, tmp_path / "out", processes=1)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert not list((tmp_path / "out").rglob("of_another_run.csv"))


def test_a_simulation_to_which_somebody_added_is_not_replaced(tmp_path: Path) -> None:
    out = simulate(SMALL, tmp_path / "out", processes=1)
    simulate(SMALL, out, processes=1)
    (out / "cdm").mkdir()
    with pytest.raises(InputError, match="autre chose"):
        simulate(SMALL, out, processes=1)
    assert (out / "cdm").is_dir()


def test_here_is_a_folder_like_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    simulate(SMALL, Path(), processes=1)
    assert sorted(p.name for p in (tmp_path / "here").iterdir()) == ["france", "quebec", "truth"]
