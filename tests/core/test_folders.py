"""A folder takes another's place whole."""

from __future__ import annotations

from pathlib import Path

from transat.core.folders import replace_folder


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
