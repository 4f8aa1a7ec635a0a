"""`transat site dry-run`: what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transat.cli.app import app
from transat.cli.joint import demonstrate
from transat.core.errors import InputError, StudyError
from transat.studies import protocol
from transat.studies.rehearsal import rehearsed


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        rehearsed(protocol.INUTERO, tmp_path / "nowhere", "snds")


def test_rules_that_the_protocol_does_not_name_are_refused(tmp_path: Path) -> None:
    cdm = tmp_path / "cdm"
    cdm.mkdir()
    with pytest.raises((StudyError, InputError)):
        rehearsed(protocol.INUTERO, cdm, "nobody")


@pytest.mark.slow
def test_a_holder_sees_what_would_leave(tmp_path: Path) -> None:
    demonstrate(tmp_path, 4000, 7, lambda *_: None)
    asked = [
        "site", "dry-run", str(protocol.INUTERO), "--cdm", str(tmp_path / "cdm" / "france"),
        "--policy", "snds",
    ]  # fmt: skip
    told = CliRunner().invoke(app, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["site"] == "france"
    assert found["recovered"] == 0
    assert found["leaves"]["mantel_haenszel"]["cells_masked"] > 0
    spoken = CliRunner().invoke(app, asked)
    assert "mantel_haenszel" in spoken.stdout
