"""Bad input, as a person would meet it: one line that names the place and the next step.

Each error leaves with the exit code of its class, shows no traceback, and leaves nothing behind.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from transat.simulate.design import Design
from transat.simulate.simulate import simulate

COMMAND = [sys.executable, "-c", "from transat.cli.main import main; main()"]


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated extract of each shore."""
    out = tmp_path_factory.mktemp("native") / "native"
    simulate(Design(seed=3, persons=200), out)
    return out


def transat(*arguments: object, lang: str = "fr") -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "--lang", lang, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def refused(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    """One line on stderr besides progress, with the words expected and the exit code."""
    lines = [line for line in done.stderr.splitlines() if line and not line.startswith("·")]
    assert done.returncode == code, done.stderr
    assert len(lines) == 1, done.stderr
    for word in said:
        assert word in lines[0]


def first(folder: Path, table: str) -> Path:
    return sorted((folder / table).glob("*.csv"))[0]


def _wrong_column(folder: Path) -> None:
    file = first(folder, "IR_BEN_R")
    file.write_text(file.read_text("utf-8").replace("BEN_SEX_COD", "BEN_SEXE_COD"), "utf-8")


def _empty(folder: Path) -> None:
    first(folder, "IR_BEN_R").write_bytes(b"")


def _unknown_encoding(folder: Path) -> None:
    first(folder, "IR_BEN_R").write_bytes(bytes(range(256)) * 20)


def _cut_gzip(folder: Path) -> None:
    import gzip

    file = first(folder, "ER_PRS_F")
    packed = gzip.compress(file.read_bytes())
    file.unlink()
    file.with_suffix(".csv.gz").write_bytes(packed[: len(packed) // 2])


@pytest.mark.parametrize(
    ("spoil", "table"),
    [
        (_wrong_column, "IR_BEN_R"),
        (_empty, "IR_BEN_R"),
        (_unknown_encoding, "IR_BEN_R"),
        (_cut_gzip, "ER_PRS_F"),
    ],
)
def test_a_spoiled_extract_is_refused_and_nothing_is_written(
    native: Path, tmp_path: Path, spoil: Callable[[Path], None], table: str
) -> None:
    extract = tmp_path / "extract"
    shutil.copytree(native / "france", extract)
    spoil(extract)
    for lang in ("fr", "en"):
        done = transat("harmonise", "snds", extract, "--to", tmp_path / "cdm", lang=lang)
        refused(done, 17, table)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["extract"]


def test_an_unknown_rule_and_an_absent_folder(native: Path, tmp_path: Path) -> None:
    to = tmp_path / "cdm"
    done = transat("harmonise", "snds", native / "france", "--to", to, "--without", "T99")
    refused(done, 16, "T99")
    refused(transat("harmonise", "snds", tmp_path / "absent", "--to", to), 17, "absent")
    assert not to.exists()


def test_a_protocol_with_a_misspelt_field(tmp_path: Path) -> None:
    from importlib import resources

    source = Path(str(resources.files("transat.studies"))) / "inutero"
    folder = tmp_path / "inutero"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    protocol = folder / "protocol.yaml"
    text = protocol.read_text("utf-8").replace("follow_up_days:", "folow_up_days:")
    protocol.write_text(text, "utf-8")
    line = 1 + text.splitlines().index("  folow_up_days:")
    done = transat("study", "show", protocol)
    refused(done, 10, f"protocol.yaml:{line}", "folow_up_days", "follow_up_days")


def test_a_missing_site_and_a_folder_that_is_no_cdm(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "empty").mkdir()
    refused(transat("study", "run", "--site", f"france={tmp_path}", "--out", out), 14, "quebec")
    sites = ("--site", f"france={tmp_path / 'empty'}", "--site", f"quebec={tmp_path / 'absent'}")
    refused(transat("study", "run", *sites, "--out", out), 17, "empty")
    assert not out.exists()


def test_a_changed_ledger_is_found(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    refused(transat("ledger", "verify", ledger), 17, "ledger.jsonl")
    ledger.write_text("{}\n")
    done = transat("ledger", "verify", ledger)
    assert done.returncode in range(10, 18)
    assert "Traceback" not in done.stderr
