"""The command line: fast to start, bilingual, one line per error and the exit code of its class."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transat.cli.words import in_french
from transat.core import languages
from transat.core.errors import ERRORS

COMMAND = [sys.executable, "-c", "from transat.cli.main import main; main()"]


def transat(*arguments: str, lang: str = "fr") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--lang", lang, *arguments], capture_output=True, text=True, check=False
    )


def test_help_loads_nothing_heavy() -> None:
    heavy = ("numpy", "scipy", "duckdb", "pyarrow", "matplotlib", "pydantic")
    code = (
        "import sys; sys.argv = ['transat', '--help']\n"
        "from transat.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("lang", "words"), [("fr", ("Usage :", "Commandes :")), ("en", ("Usage:", "Commands:"))]
)
def test_help_speaks_the_language_chosen(lang: str, words: tuple[str, ...]) -> None:
    shown = transat("--help", lang=lang).stdout
    assert all(word in shown for word in words)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("simulat",), "Vouliez-vous dire « simulate » ?"),
        (("simulate", "--out", "x", "--persons", "0"), "il faut au moins 1"),
        (("simulate",), "Il manque l'option « --out »."),
        (("simulate", "--out", "x", "--perso", "1"), "L'option --perso n'existe pas."),
    ],
)
def test_errors_of_usage_are_one_french_line(arguments: tuple[str, ...], said: str) -> None:
    done = transat(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_error_has_the_exit_code_of_its_class(tmp_path: Path) -> None:
    done = transat("study", "run", "--site", "france", "--out", str(tmp_path / "out"))
    assert done.returncode == 16
    assert "nom=CDM" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_error_class_is_titled_in_both_languages() -> None:
    for error in ERRORS:
        assert error.title.in_("fr")
        assert error.title.in_("en")


def test_lang_is_checked() -> None:
    done = subprocess.run([*COMMAND, "--lang", "de"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    languages.choose(None)


def test_a_default_cut_by_the_end_of_a_line_is_in_french() -> None:
    assert in_french("  Moteur.  [default:\n           duckdb]").splitlines()[0].endswith(":")
    assert "default" not in in_french("Moteur.  [default:\n  duckdb]  [default: 3GB]")
