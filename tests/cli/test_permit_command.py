"""`transat permit`: from keys to a permit that all have signed, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transat.cli.app import app
from transat.core.errors import ConfigError, InputError, PermissionRefused, StudyError
from transat.core.languages import choose
from transat.federation import permit_file
from transat.studies import protocol as protocols
from transat.studies.hashes import hashes


def run(*arguments: str | Path) -> str:
    """What a command prints; its error is raised."""
    done = CliRunner().invoke(app, [str(a) for a in ("permit", *arguments)], catch_exceptions=False)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    choose("en")
    yield
    choose(None)


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """Private keys by owner, made by the command; each with its .pub beside it."""
    made = {}
    for owner in ("coordinator", "fr", "qc", "site_fr", "site_qc", "one", "two"):
        made[owner] = tmp_path / f"{owner}.key"
        assert (
            run("new-key", made[owner]).strip()
            == (tmp_path / f"{owner}.key.pub").read_text("ascii").strip()
        )
    return made


def public(keys: dict[str, Path], owner: str) -> Path:
    return keys[owner].with_name(keys[owner].name + ".pub")


@pytest.fixture
def drafted(keys: dict[str, Path], tmp_path: Path) -> Path:
    out = tmp_path / "permit.toml"
    run(
        "draft", "--out", out, "--coordinator", public(keys, "coordinator"),
        "--holder", f"france={public(keys, 'fr')}", "--holder", f"quebec={public(keys, 'qc')}",
        "--key", f"france={public(keys, 'site_fr')}", "--key", f"quebec={public(keys, 'site_qc')}",
        "--reviewer", f"france={public(keys, 'one')}",
        "--reviewer", f"france={public(keys, 'two')}",
        "--starts", "2026-11-01", "--ends", "2100-01-01", "--rounds", "500",
    )  # fmt: skip
    return out


def test_a_draft_is_the_protocols_own(drafted: Path) -> None:
    permit, names = permit_file.read(drafted), hashes(protocols.read())
    assert (permit.study, permit.document) == (names.logic, names.document)
    assert permit.cohorts == (names.cohort,)
    assert permit.rounds == 500
    assert permit.unsigned() == ("france", "quebec")
    assert len(permit.sites["france"].reviewers) == 2
    assert [t.policy for t in permit.sites.values()] == ["snds", "ramq"]


def test_both_holders_sign_in_turn(drafted: Path, keys: dict[str, Path]) -> None:
    with pytest.raises(PermissionRefused):
        run("verify", drafted)
    assert "still lacking: quebec" in run("sign", drafted, "--key", keys["fr"])
    with pytest.raises(PermissionRefused):
        run("sign", drafted, "--key", keys["coordinator"])
    assert "signed by all" in run("sign", drafted, "--key", keys["qc"])
    told = run("verify", drafted, "--protocol", protocols.read().path)
    assert permit_file.read(drafted).sha256() in told


def test_another_protocol_is_not_this_one(
    drafted: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    for owner in ("fr", "qc"):
        run("sign", drafted, "--key", keys[owner])
    text = drafted.read_text("utf-8").replace(hashes(protocols.read()).document, "0" * 64)
    drafted.write_text(text, encoding="utf-8")
    with pytest.raises(PermissionRefused):
        run("verify", drafted)
    for owner in ("fr", "qc"):
        run("sign", drafted, "--key", keys[owner])
    run("verify", drafted)
    with pytest.raises(PermissionRefused, match="another protocol's"):
        run("verify", drafted, "--protocol", protocols.read().path)


def test_what_is_shown(drafted: Path, keys: dict[str, Path]) -> None:
    run("sign", drafted, "--key", keys["fr"])
    told = run("show", drafted)
    permit = permit_file.read(drafted)
    assert "france (signed)" in told
    assert "quebec (NOT SIGNED)" in told
    for word in (permit.sha256(), permit.study, permit.coordinator, "mantel_haenszel", "500"):
        assert word in told
    machine = json.loads(run("show", drafted, "--json"))
    assert machine["unsigned"] == ["quebec"]
    assert machine["sha256"] == permit.sha256()
    choose("fr")
    assert "quebec (PAS SIGNÉ)" in run("show", drafted)


def test_a_permit_is_listed_and_taken_back(
    drafted: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    studies = tmp_path / "studies"
    studies.mkdir()
    (studies / "holder.pub").write_text(public(keys, "fr").read_text("ascii"), encoding="ascii")
    for owner in ("fr", "qc"):
        run("sign", drafted, "--key", keys[owner])
    (studies / "permit.toml").write_bytes(drafted.read_bytes())
    (studies / "torn.toml").write_text("rounds =", encoding="utf-8")
    told = run("list", studies, "--site", "france")
    assert "current" in told
    assert "unreadable" in told
    run("revoke", drafted, "--key", keys["qc"], "--studies", studies, "--reason", "stopped")
    (one, torn) = json.loads(run("list", studies, "--site", "france", "--json"))
    assert (one["standing"], one["reason"], torn["standing"]) == ("revoked", "stopped", None)


def test_what_a_draft_may_lack(keys: dict[str, Path], tmp_path: Path) -> None:
    base = [
        "draft", "--out", tmp_path / "p.toml", "--coordinator", public(keys, "coordinator"),
        "--holder", f"france={public(keys, 'fr')}", "--ends", "2100-01-01",
    ]  # fmt: skip
    with pytest.raises(ConfigError) as lacking:
        run(*base, "--key", f"quebec={public(keys, 'site_qc')}")
    assert lacking.value.where == "--key france="
    key = ["--key", f"france={public(keys, 'site_fr')}"]
    with pytest.raises(ConfigError, match="statistic"):
        run(*base, *key, "--step", "logistics")
    with pytest.raises(ConfigError, match="public key"):
        run(*base, "--key", f"france={keys['site_fr']}")
    with pytest.raises(ConfigError, match="before it starts"):
        run(*base, *key, "--starts", "2100-01-01")
    with pytest.raises(StudyError):
        run(*base, *key, "--holder", f"ontario={public(keys, 'qc')}",
            "--key", f"ontario={public(keys, 'site_qc')}")  # fmt: skip
    assert not (tmp_path / "p.toml").exists()


def test_a_key_is_never_written_over(keys: dict[str, Path]) -> None:
    before = keys["fr"].read_bytes()
    assert keys["fr"].stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError):
        run("new-key", keys["fr"])
    assert keys["fr"].read_bytes() == before
