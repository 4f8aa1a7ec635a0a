"""`transat hub` and `transat site`: kits in two languages, a status, and what is missing named."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transat.cli import network
from transat.cli.app import app
from transat.core import languages
from transat.core.errors import ConfigError, SiteUnreachable
from transat.federation.flare import folders, kit

Transat = Callable[..., str]


@pytest.fixture
def transat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Transat:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, list(arguments))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return str(done.output)

    return run


def test_the_first_kit_makes_the_hub_too(transat: Transat) -> None:
    first = transat("site", "new-kit", "france", "--hub", "hub", "--address", "hub.example.org:9")
    assert kit.read_hub(Path("hub")).key.public in first
    languages.choose("en")
    second = transat("site", "new-kit", "quebec", "--hub", "hub", "--to", "carry/quebec")
    assert second == 'kit: carry/quebec. Carry it to "quebec" as you would a password.\n'
    transat("site", "new-kit", "marie", "--hub", "hub", "--client")
    assert kit.read_kit(Path("carry/quebec")).address == "hub.example.org:9"
    assert kit.read_hub(Path("hub")).kits() == {
        "france": "site", "quebec": "site", "marie": "client"
    }  # fmt: skip


def test_a_kit_that_is_withdrawn(transat: Transat) -> None:
    transat("site", "new-kit", "france", "--hub", "hub")
    assert transat("hub", "withdraw", "hub", "france") == "france : retiré\n"
    assert kit.read_hub(Path("hub")).kits() == {}


@pytest.mark.parametrize("of", ["hub", "site"])
def test_nobody_serves_the_folder(transat: Transat, of: str) -> None:
    with pytest.raises(SiteUnreachable):
        transat(of, "status", ".")


def test_a_hubs_status(transat: Transat) -> None:
    said = {
        "pid": 12, "time": time.time(), "address": "localhost:1", "certificate_ends": "2029-01-31",
        "kits": {"france": "site", "quebec": "site"}, "connected": {"france": 0.0},
        "studies": {"a" * 32: "failed"},
    }  # fmt: skip
    folders.write(Path(folders.STATUS), said)
    assert transat("hub", "status", ".").splitlines() == [
        "processus 12",
        "france : connecté depuis 1970-01-01T00:00:00+00:00",
        "quebec : absent",
        "étude aaaaaaaaaaaa : échouée",
        "certificat valable jusqu'au 2029-01-31",
    ]
    assert json.loads(transat("hub", "status", ".", "--json")) == said


def test_a_sites_status_in_english(transat: Transat) -> None:
    languages.choose("en")
    said = {
        "pid": 12, "time": time.time(), "name": "france", "hub": "localhost:1", "answered": 3,
        "connected": {}, "certificate_ends": "2029-01-31",
    }  # fmt: skip
    folders.write(Path(folders.STATUS), said)
    assert transat("site", "status", ".").splitlines() == [
        "process 12",
        "hub localhost:1: away",
        "questions dealt with: 3",
        "certificate holds until 2029-01-31",
    ]


def test_without_flare_it_says_what_to_install(
    transat: Transat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "find_spec", lambda _: None)
    transat("site", "new-kit", "france", "--hub", "hub")  # needs no FLARE
    for said in (
        ("hub", "run", "hub"),
        ("site", "run", "france", "--cdm", "x", "--policy", "snds"),
    ):
        with pytest.raises(ConfigError, match="federation"):
            transat(*said)


def test_a_client_reads_whom_its_study_waits_for() -> None:
    assert network.state({"state": "running", "away": []}) == "en cours"
    languages.choose("en")
    assert network.state({"state": "queued"}) == "waiting"
    assert network.state({"state": "running", "away": ["quebec"]}) == (
        "running, without quebec so far"
    )
