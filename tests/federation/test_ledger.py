"""The register: what it holds, and that any change of it is found and its line named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from made_sites import COHORT, STUDY, key, permit

from transat.core.errors import DataQualityError, InputError
from transat.federation.keys import Key
from transat.federation.ledger import GENESIS, START, Entry, Facts, Ledger, State, canonical
from transat.federation.ledger_verify import agree, holds, read, under, verify
from transat.federation.permit import Permit, PermitRefused

KEY = Key.new()
FACTS = Facts("a" * 64, "b" * 64, "c" * 64, "scan", "prevalence", "d" * 64, 12, 9, 3, "snds:masked")


def filled(path: Path, entries: int = 4, site: str = "france", key: Key = KEY) -> Ledger:
    ledger = Ledger(path, site, key)
    for i in range(entries):
        ledger.write(ledger.next(replace(FACTS, step=f"step{i}")))
    return ledger


def test_a_chain_verifies_and_goes_on_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "france.jsonl"
    first = filled(path)
    assert verify(path, every=True) == first.state == State(4, first.head)
    again = filled(path, 1)
    assert verify(path).entries == 5
    assert read(path)[4].previous == first.head != again.head


def test_a_line_is_canonical_json_and_reads_back(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "france.jsonl", "france", KEY)
    entry = ledger.next(FACTS, {"quebec": State(3, "e" * 64), "ontario": START})
    ledger.write(entry)
    assert read(ledger.path) == (entry,)
    data = json.loads(ledger.path.read_bytes())
    assert data["peers"] == {"ontario": [0, GENESIS], "quebec": [3, "e" * 64]}
    assert canonical(data) + b"\n" == ledger.path.read_bytes()


@pytest.mark.parametrize("line", range(4))
def test_one_changed_byte_anywhere_is_found(tmp_path: Path, line: int) -> None:
    path = tmp_path / "france.jsonl"
    filled(path)
    lines = path.read_bytes().splitlines(keepends=True)
    for at in range(line, len(lines[line]) - 1, 4):
        changed = bytearray(lines[line])
        changed[at] ^= 1
        path.write_bytes(b"".join([*lines[:line], bytes(changed), *lines[line + 1 :]]))
        with pytest.raises(DataQualityError) as found:
            verify(path, every=True)
        assert found.value.where in {f"{path}:{line + 1}", f"{path}:{line + 2}"}


@pytest.mark.parametrize(
    ("order", "named"),
    [("bcd", 1), ("acd", 2), ("acbd", 2), ("abbcd", 3), ("abdc", 3), ("abca", 4)],
)
def test_a_line_removed_moved_or_added_is_named(tmp_path: Path, order: str, named: int) -> None:
    path = tmp_path / "france.jsonl"
    filled(path)
    a, b, c, d = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join({"a": a, "b": b, "c": c, "d": d}[letter] for letter in order))
    with pytest.raises(DataQualityError) as found:
        verify(path)
    assert found.value.where == f"{path}:{named}"


def test_a_line_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "france.jsonl"
    filled(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataQualityError) as found:
        verify(path)
    assert found.value.where == f"{path}:4"


def rewritten(path: Path, change: Callable[[Entry], Entry], key: Key) -> None:
    """The whole register anew from a changed entry on, its chain whole, signed by `key`."""
    lines, head = [], GENESIS
    for old in read(path):
        new = change(replace(old, previous=head))
        new = replace(new, key=key.public, signature="")
        new = replace(new, signature=key.sign(new.signed()))
        head = new.sha256()
        lines.append(new.line())
    path.write_bytes(b"\n".join([*lines, b""]))


def test_a_chain_made_anew_without_the_sites_key_is_found(tmp_path: Path) -> None:
    """The chain alone can be forged; the signatures of the site's key cannot."""
    path = tmp_path / "france.jsonl"
    filled(path)
    entries = list(read(path))
    entries[1] = replace(entries[1], payload_bytes=1)
    head, lines = GENESIS, []
    for entry in entries:
        changed = replace(entry, previous=head)
        head = changed.sha256()
        lines.append(changed.line())
    path.write_bytes(b"\n".join([*lines, b""]))
    with pytest.raises(DataQualityError, match="signature") as found:
        verify(path)
    assert found.value.where == f"{path}:2"


def test_a_cut_at_the_end_is_found_with_the_head_that_the_result_names(tmp_path: Path) -> None:
    path = tmp_path / "france.jsonl"
    head = filled(path).head
    filled(path, 1)
    holds(path, head)  # a later study went on in the same register
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    assert verify(path).entries == 3
    with pytest.raises(DataQualityError, match="tête"):
        holds(path, head)


def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two registers that counter-signed each other's states, a line each in turn."""
    france = Ledger(tmp_path / "france.jsonl", "france", KEY)
    quebec = Ledger(tmp_path / "quebec.jsonl", "quebec", Key.new())
    for _ in range(4):
        told = {"quebec": quebec.state}, {"france": france.state}
        france.write(france.next(FACTS, told[0]))
        quebec.write(quebec.next(FACTS, told[1]))
    return france.path, quebec.path


def test_two_registers_agree(tmp_path: Path) -> None:
    assert agree(*two(tmp_path)) == 8


def test_a_register_rewritten_by_its_own_site_is_found_by_the_other(tmp_path: Path) -> None:
    france, quebec = two(tmp_path)
    rewritten(france, lambda e: replace(e, payload_bytes=e.payload_bytes + (e.number == 1)), KEY)
    verify(france, every=True)  # whole by itself, and signed by the site
    with pytest.raises(DataQualityError, match="contredisent") as found:
        agree(france, quebec)
    assert found.value.where == f"{quebec}:3"  # the first line that saw the entry rewritten


def test_a_register_cut_by_its_own_site_is_found_by_the_other(tmp_path: Path) -> None:
    france, quebec = two(tmp_path)
    france.write_bytes(b"".join(france.read_bytes().splitlines(keepends=True)[:2]))
    verify(france, every=True)
    with pytest.raises(DataQualityError) as found:
        agree(france, quebec)
    assert found.value.where == f"{quebec}:4"


def test_a_missing_register_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        verify(tmp_path / "none.jsonl")


@pytest.mark.slow
def test_a_hundred_thousand_lines_verify(tmp_path: Path) -> None:
    path = tmp_path / "france.jsonl"
    ledger = Ledger(path, "france", KEY)
    with path.open("wb") as file:
        for _ in range(100_000):
            entry = ledger.next(FACTS, {"quebec": State(3, "e" * 64)})
            file.write(entry.line() + b"\n")
            ledger.state = State(entry.number + 1, entry.sha256())
    assert verify(path) == ledger.state


# Under a permit -----------------------------------------------------------------------------

UNDER = replace(FACTS, study=STUDY, cohort=COHORT, step="prevalence")


def registered(path: Path, *entries: Facts, by: str = "site france") -> Path:
    ledger = Ledger(path, "france", key(by))
    for facts in entries:
        ledger.write(ledger.next(facts))
    return path


def today_permit(**changes: Any) -> Permit:
    day = datetime.now(UTC).date()
    return permit(**{"starts": day, "ends": day + timedelta(days=2), **changes})


def test_what_left_under_a_permit_is_counted(tmp_path: Path) -> None:
    refused = replace(UNDER, release="refusal", step="unreadable", cohort="9" * 64)
    path = registered(tmp_path / "france.jsonl", UNDER, FACTS, refused, UNDER)
    assert under(path, today_permit(rounds=1)) == 2  # one question, delivered twice


@pytest.mark.parametrize(
    ("changes", "entry"),
    [
        ({}, replace(UNDER, step="logistic_of_another")),
        ({}, replace(UNDER, cohort="9" * 64)),
        ({}, replace(UNDER, rule="ramq:masked")),
        ({"ends": datetime(2026, 1, 2, tzinfo=UTC).date()}, UNDER),
        ({"starts": datetime.now(UTC).date() + timedelta(days=1)}, UNDER),
        ({"rounds": 1}, replace(UNDER, asked="e" * 64)),
        ({"sites": {"quebec": permit().sites["quebec"]}}, UNDER),
    ],
)
def test_what_a_permit_does_not_allow_is_named(
    tmp_path: Path, changes: dict[str, Any], entry: Facts
) -> None:
    path = registered(tmp_path / "france.jsonl", FACTS, UNDER, entry)
    with pytest.raises(DataQualityError, match="permis") as found:
        under(path, today_permit(**changes))
    assert found.value.where in {f"{path}:2", f"{path}:3"}


def test_another_key_than_the_permits_is_named(tmp_path: Path) -> None:
    path = registered(tmp_path / "france.jsonl", UNDER, by="stranger")
    verify(path, every=True)
    with pytest.raises(DataQualityError):
        under(path, today_permit())
    with pytest.raises(PermitRefused):
        under(path, replace(today_permit(), signatures={}))
