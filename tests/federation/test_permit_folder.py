"""A site's permits: whose they must be, when they count, how they are taken back."""

from __future__ import annotations

import datetime
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from permits import HOLDER, STUDY, draft, permit

from transat.core.errors import ConfigError, DataQualityError
from transat.federation import permit_file
from transat.federation.keys import Key
from transat.federation.permit import Permit, PermitRefused, sign
from transat.federation.permit_folder import STANDINGS, PermitFolder
from transat.federation.permit_revocations import FILE, revocations, revoke

COORDINATOR, KEYS = Key.new(), {site: Key.new() for site in ("france", "quebec")}
DAY = datetime.date(2026, 11, 23)


def made(**changed: Any) -> Permit:
    return permit(COORDINATOR, KEYS, **changed)


def folder(path: Path, holder: str = HOLDER.public, **permits: Permit) -> PermitFolder:
    (path / "holder.pub").write_text(holder + "\n", encoding="ascii")
    for name, one in permits.items():
        permit_file.write(one, path / f"{name}.toml")
    return PermitFolder(path, "france", lambda: DAY)


def test_the_permit_of_a_study(tmp_path: Path) -> None:
    found = folder(tmp_path, a=made(), b=made(study="7" * 64))
    assert found(STUDY) == made()
    assert found("8" * 64) is None
    assert [f.standing for f in found.all()] == ["current", "current"]


def test_a_folder_without_the_holders_key_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        PermitFolder(tmp_path, "france")
    assert refused.value.where.endswith("holder.pub")


def test_whoever_signs_for_themselves_is_not_the_holder(tmp_path: Path) -> None:
    """A permit with invented holders, all of whom have signed it, is worth nothing here."""
    found = folder(tmp_path, Key.new().public, a=made())
    assert found(STUDY) is None
    assert [f.standing for f in found.all()] == ["not_ours"]


def test_a_permit_that_another_holder_has_not_signed(tmp_path: Path) -> None:
    found = folder(tmp_path, a=draft(COORDINATOR, KEYS))
    assert found(STUDY) is None
    assert [f.standing for f in found.all()] == ["unsigned"]


def test_what_changes_in_the_folder_counts_at_once(tmp_path: Path) -> None:
    found = folder(tmp_path)
    assert found(STUDY) is None
    permit_file.write(made(), tmp_path / "a.toml")
    assert found(STUDY) == made()
    permit_file.write(made(rounds=7), tmp_path / "a.toml")
    renewed = found(STUDY)
    assert renewed is not None
    assert renewed.rounds == 7
    (tmp_path / "a.toml").unlink()
    assert found(STUDY) is None


def test_a_file_that_is_no_permit_hides_no_other(tmp_path: Path) -> None:
    found = folder(tmp_path, b=made())
    (tmp_path / "a.toml").write_text("rounds = ", encoding="utf-8")
    assert found(STUDY) == made()
    assert [(f.path.name, f.standing) for f in found.all()] == [
        ("a.toml", None),
        ("b.toml", "current"),
    ]


def test_the_current_one_comes_first(tmp_path: Path) -> None:
    year = datetime.timedelta(365)
    ended = made(ends=DAY, rounds=1)
    early = made(starts=DAY + year, rounds=2)
    found = folder(tmp_path, a=ended, b=early)
    assert [f.standing for f in found.all()] == ["ended", "early"]
    assert found(STUDY) == early
    permit_file.write(made(), tmp_path / "c.toml")
    assert found(STUDY) == made()


def test_a_revoked_permit_is_none(tmp_path: Path) -> None:
    found = folder(tmp_path, a=made())
    revoke(tmp_path, made(), HOLDER, "study\n\x1b[2Jstopped")
    assert found(STUDY) is None
    (one,) = found.all()
    assert one.standing == "revoked"
    assert one.why is not None
    assert one.why.reason == "study [2Jstopped"
    permit_file.write(made(rounds=7), tmp_path / "b.toml")  # another permit, signed anew
    assert found(STUDY) == made(rounds=7)


def test_one_holder_is_enough_to_revoke_and_a_stranger_cannot(tmp_path: Path) -> None:
    other = Key.new()
    drawn = draft(COORDINATOR, KEYS)
    terms = dict(drawn.sites)

    terms["quebec"] = replace(terms["quebec"], holder=other.public)
    two = sign(sign(replace(drawn, sites=terms), HOLDER), other)
    found = folder(tmp_path, a=two)
    assert found(STUDY) == two
    with pytest.raises(PermitRefused):
        revoke(tmp_path, two, Key.new(), "no")
    assert revocations(tmp_path) == ()
    revoke(tmp_path, two, other, "stopped in Québec")
    assert found(STUDY) is None


def test_a_list_that_was_touched_allows_nothing(tmp_path: Path) -> None:
    found = folder(tmp_path, a=made())
    for rounds in (1, 2, 3):
        revoke(tmp_path, made(rounds=rounds), HOLDER, "over")
    path = tmp_path / FILE
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    assert found(STUDY) == made()
    wrong = [lines[1:], [lines[0], lines[2]], [lines[1], lines[0], lines[2]], [*lines, b"\n"]]
    for changed in wrong:
        path.write_bytes(b"".join(changed))
        with pytest.raises(DataQualityError):
            found(STUDY)
    draws = random.Random(2)
    for _ in range(200):
        mutated = bytearray(whole)
        mutated[draws.randrange(len(mutated))] ^= 1 << draws.randrange(8)
        path.write_bytes(mutated)
        with pytest.raises(DataQualityError):
            found(STUDY)


def test_every_standing_is_said() -> None:
    assert {text.fr for text in STANDINGS.values()} & {t.en for t in STANDINGS.values()} == set()
