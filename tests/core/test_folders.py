"""A folder takes another's place whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from transat.core.errors import InputError
from transat.core.folders import partial_of, replace_folder


def filled(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "file").write_text(text)
    return path


def test_an_older_folder_gives_way_and_leftovers_go(tmp_path: Path) -> None:
    place = filled(tmp_path / "cdm", "old")
    filled(tmp_path / "cdm.replaced", "left by a run that was killed")
    replace_folder(filled(tmp_path / "cdm.partial", "new"), place)
    assert (place / "file").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["cdm"]


def test_a_partial_folder_is_empty_and_leaves_nothing(tmp_path: Path) -> None:
    filled(tmp_path / "cdm.partial", "left by a run that was killed")
    with partial_of(tmp_path / "cdm") as partial:
        assert partial == tmp_path / "cdm.partial"
        assert list(partial.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_two_runs_never_write_the_same_folder(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with partial_of(tmp_path / "cdm") as partial:
        (partial / "file").write_text("mine")
        with pytest.raises(InputError, match="une autre commande"), partial_of(tmp_path / "cdm"):
            pass
        assert (partial / "file").read_text() == "mine"
