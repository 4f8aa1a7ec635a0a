"""A killed run's complete files are known again, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from transat.core.checkpoints import Checkpoints


def run(file: Path, steps: dict[str, str], of: str = "run") -> list[str]:
    """Do the steps that are not done, noting each; return which were."""
    checkpoints = Checkpoints(file, of)
    worked = []
    for name, text in steps.items():
        if checkpoints.reach(name, text) is None:
            worked.append(name)
            checkpoints.complete(name, len(text))
    return worked


STEPS = {"a": "select 1", "b": "select 2", "c": "select 3"}


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    file = tmp_path / "done"
    assert run(file, {"a": "select 1"}) == ["a"]
    assert run(file, STEPS) == ["b", "c"]
    assert Checkpoints(file, "run").reach("a", "select 1") == len("select 1")


def test_a_changed_step_undoes_what_follows_it(tmp_path: Path) -> None:
    file = tmp_path / "done"
    run(file, STEPS)
    assert run(file, STEPS | {"b": "select 22"}) == ["b", "c"]


def test_another_run_takes_up_nothing(tmp_path: Path) -> None:
    file = tmp_path / "done"
    run(file, STEPS)
    assert run(file, STEPS, "another") == ["a", "b", "c"]


def test_a_line_cut_by_the_kill_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "done"
    run(file, STEPS)
    file.write_bytes(file.read_bytes()[:-7])
    assert run(file, STEPS) == ["c"]
    assert run(file, STEPS) == []


def test_a_name_serves_once(tmp_path: Path) -> None:
    checkpoints = Checkpoints()
    checkpoints.reach("a", "select 1")
    with pytest.raises(ValueError, match="twice"):
        checkpoints.reach("a", "select 1")
