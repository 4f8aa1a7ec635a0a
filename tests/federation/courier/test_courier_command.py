"""`transat courier`: what to carry, what a message says, what came back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transat.cli.main import main
from transat.federation import courier_site, messages
from transat.federation.courier import Courier
from transat.federation.courier_export import Carried, write
from transat.federation.keys import Key
from transat.federation.questions import RELEASES
from transat.federation.transport import Posted
from transat.statistics import prevalence

Ask = Callable[..., bytes]
Transat = Callable[..., tuple[int, str, str]]


@pytest.fixture
def transat(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Transat:
    def run(*arguments: str, lang: str = "fr") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["transat", "--lang", lang, "courier", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def letters(tmp_path: Path, ask: Ask) -> Path:
    """A folder with one question out to france."""
    folder = tmp_path / "letters"
    with pytest.raises(Posted):
        Courier(folder, ["france"]).ask({"france": ask("france")}, 0)
    return folder


def test_status_says_what_to_carry_until_it_came_back(
    letters: Path, tmp_path: Path, transat: Transat, small_site: Any
) -> None:
    export = letters / "out" / "france" / "0001"
    code, out, _ = transat("status", str(letters))
    assert code == 0
    assert "questions : 1, réponses : 0" in out
    assert str(export) in out
    courier_site.answer(export, tmp_path / "back", "france", small_site("france").answer)
    code, out, _ = transat("collect", str(tmp_path / "back"), "--to", str(letters))
    assert code == 0
    assert "fréquence des malformations" in out
    code, out, _ = transat("status", str(letters), "--json")
    assert json.loads(out)[0]["answered"] == 1
    _, out, _ = transat("status", str(letters), lang="en")
    assert "to carry" not in out


@pytest.mark.parametrize(("lang", "said"), [("fr", "fréquence"), ("en", "frequency")])
def test_show_tells_a_file_and_an_export(
    letters: Path, transat: Transat, lang: str, said: str
) -> None:
    export = letters / "out" / "france" / "0001"
    for path in (export, next(export.glob("question-*"))):
        code, out, _ = transat("show", str(path), lang=lang)
        assert code == 0
        assert said in out
    code, out, _ = transat("show", str(export), "--json")
    assert json.loads(out)[0]["statistic"] == "prevalence"


def test_show_stops_what_may_not_leave(tmp_path: Path, ask: Ask, transat: Transat) -> None:
    release = prevalence.Release(("rare",), 4000, np.array([7], np.int64))
    question = messages.read_question(ask("france"))
    payload = messages.answer(question, RELEASES.encode(release), 1, "0" * 64, Key.new())
    write(tmp_path / "e", [Carried("answer-001-0123456789abcdef.jsonl", payload)], "")
    code, out, err = transat("show", str(tmp_path / "e"))
    assert code == 13
    assert "ARRÊTEZ" in out
    assert "ne peut pas sortir" in err


def test_what_is_no_message_is_named(tmp_path: Path, transat: Transat) -> None:
    (tmp_path / "letter").write_text("patient 12")
    code, out, err = transat("show", str(tmp_path / "letter"))
    assert (code, out) == (17, "")
    assert "letter" in err
    assert "12" not in err


def test_purge_leaves_the_lists(letters: Path, transat: Transat) -> None:
    assert transat("purge", str(letters))[1] == "messages effacés : 1\n"
    assert list(letters.rglob("*.jsonl")) == []
    assert len(list(letters.rglob("SHA256SUMS.purged"))) == 1
