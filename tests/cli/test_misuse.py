"""What a person types by mistake, and what the machine refuses: one line, in their language."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from transat.cli import main
from transat.core import languages
from transat.core.languages import Language

COMMAND = [sys.executable, "-c", "from transat.cli.main import main; main()"]


def transat(*arguments: str, lang: str = "fr") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--lang", lang, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("harmonise",), "Il manque l'argument « shore ». Valeurs possibles : snds, quebec"),
        (("simulate", "a", "b", "--out", "x"), "transat: En trop : a b"),
        (("study", "run", "--site", "a=b", "--site", "a=c", "--out", "x"), "donné deux fois"),
    ],
)
def test_one_line(arguments: tuple[str, ...], said: str) -> None:
    done = transat(*arguments)
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.returncode in (2, 16)


@pytest.mark.parametrize("command", ["study show", "ledger verify", "harmonise", "simulate"])
def test_help_keeps_names_and_sentences_apart(command: str) -> None:
    for line in transat(*command.split(), "--help").stdout.splitlines():
        assert "<path>" not in line
        assert "list[" not in line
        if "<chemin>" in line:
            assert "<chemin>  " in line


@pytest.fixture(params=["fr", "en"])
def language(request: pytest.FixtureRequest) -> Language:
    languages.choose(request.param)
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def _own_language() -> object:
    yield
    languages.choose(None)


class IOException(Exception):
    """Named as the engine names its own."""


def test_an_unforeseen_error_never_says_a_value(
    language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main._unexpected(ValueError("could not convert 'DUPONT 1 85 05'")) == 70
    said = capsys.readouterr().err
    assert "DUPONT" not in said
    assert "ValueError" in said
    assert len(said.splitlines()) == 1


def test_its_trace_is_shown_to_who_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(main.WHOLE_TRACE, "1")
    main._unexpected(ValueError("detail"))
    assert "detail" in capsys.readouterr().err


def test_the_system_speaks_french(capsys: pytest.CaptureFixture[str]) -> None:
    languages.choose("fr")
    assert main._refused(main._system(PermissionError(errno.EACCES, "denied", "a"))) == 17
    assert capsys.readouterr().err.startswith(
        "transat: Fichier refusé : a : le système refuse (accès refusé). "
    )


def test_too_little_memory(capsys: pytest.CaptureFixture[str]) -> None:
    languages.choose("en")
    assert main._unexpected(MemoryError()) == 17
    assert "not enough memory" in capsys.readouterr().err


def test_an_extract_without_pregnancies_says_so(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "scalpel" / "test_csv_tables"
    done = transat("harmonise", "snds", str(source), "--to", str(tmp_path / "cdm"))
    assert done.returncode == 0
    assert "Aucune grossesse trouvée dans ce CDM." in done.stdout


def test_a_cut_ledger_is_found_with_its_head(tmp_path: Path) -> None:
    ledger = tmp_path / "site.jsonl"
    ledger.write_bytes(b"")
    assert transat("ledger", "verify", str(ledger), "--head", "0" * 64).returncode == 0
    cut = transat("ledger", "verify", str(ledger), "--head", "a" * 64)
    assert cut.returncode == 12
    assert "coupée" in cut.stderr
