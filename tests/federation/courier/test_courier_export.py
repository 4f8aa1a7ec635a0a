"""A folder that was carried may hold anything: it is whole and unchanged, or it is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.core.errors import InputError
from transat.federation import courier_export, messages
from transat.federation.courier_export import MANIFEST, SUMS, Carried, file_name, read, write

PAYLOADS = (b'{"one": 1}\n{}\n', b'{"two": 2}\n{}\n', b'{"three": 3}\n{}\n')
NAMES = tuple(file_name("question", k, f"{k:064x}") for k in (1, 2, 3))
MESSAGES = tuple(Carried(n, p) for n, p in zip(NAMES, PAYLOADS, strict=True))


@pytest.fixture
def export(tmp_path: Path) -> Path:
    write(tmp_path / "export", MESSAGES, "texte\n")
    return tmp_path / "export"


def test_what_was_written_is_read_in_order(export: Path) -> None:
    assert read(export) == MESSAGES
    assert sorted(p.name for p in export.iterdir()) == sorted([SUMS, MANIFEST, *NAMES])


def test_what_is_not_in_the_list_is_not_read(export: Path) -> None:
    (export / file_name("question", 4, "f" * 64)).write_bytes(b"late")
    assert read(export) == MESSAGES


Damage = Callable[[Path], object]
DAMAGES: dict[str, Damage] = {
    "no list": lambda e: (e / SUMS).unlink(),
    "a message missing": lambda e: (e / NAMES[1]).unlink(),
    "a message changed": lambda e: (e / NAMES[1]).write_bytes(PAYLOADS[1].replace(b"2", b"3")),
    "ends of lines changed": lambda e: (e / NAMES[0]).write_bytes(
        PAYLOADS[0].replace(b"\n", b"\r\n")
    ),
    "two messages swapped": lambda e: (
        (e / NAMES[0]).write_bytes(PAYLOADS[1]),
        (e / NAMES[1]).write_bytes(PAYLOADS[0]),
    ),
    "a message that is a folder": lambda e: ((e / NAMES[0]).unlink(), (e / NAMES[0]).mkdir()),
    "a list in another order of fields": lambda e: (e / SUMS).write_text("x" * 64 + "  a\n"),
    "a list with a way out": lambda e: (e / SUMS).write_text("0" * 64 + "  ../secret.jsonl\n"),
    "a list that names one twice": lambda e: (e / SUMS).write_text((e / SUMS).read_text() * 2),
    "a list in another alphabet": lambda e: (e / SUMS).write_bytes(b"\xff\xfe"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_damage_is_named(export: Path, damage: Damage) -> None:
    damage(export)
    with pytest.raises(InputError) as refused:
        read(export)
    assert str(export) in refused.value.where


@pytest.mark.skipif(os.name != "posix", reason="links are made so on POSIX only")
def test_no_link_is_followed(export: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(PAYLOADS[0])
    (export / NAMES[0]).unlink()
    (export / NAMES[0]).symlink_to(secret)
    with pytest.raises(InputError):
        read(export)


def test_a_message_that_is_too_long_is_not_read(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_export.content, "__defaults__", (8,))
    with pytest.raises(InputError, match="trop long"):
        read(export)


def test_an_export_that_is_too_long_as_a_whole_is_not_read(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_export, "HEAVIEST", sum(map(len, PAYLOADS)))
    assert read(export) == MESSAGES
    monkeypatch.setattr(courier_export, "HEAVIEST", sum(map(len, PAYLOADS)) - 1)
    with pytest.raises(InputError, match="envoi est trop long"):
        read(export)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_one_changed_byte_is_refused_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    export = tmp_path_factory.mktemp("e") / "export"
    write(export, MESSAGES, "texte\n")
    file = export / data.draw(st.sampled_from([SUMS, *NAMES]))
    content = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    try:
        found = read(export)
    except InputError:
        return
    # A list whose last end of line became another reads the same.
    assert found == MESSAGES


def test_an_export_can_be_added_to(export: Path) -> None:
    more = (*MESSAGES, Carried(file_name("question", 4, "4" * 64), b"{}\n{}\n"))
    write(export, more, "texte\n")
    assert read(export) == more


def test_an_export_holds_so_many_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_export, "MOST", 2)
    with pytest.raises(InputError):
        write(tmp_path / "e", MESSAGES, "")
    assert not (tmp_path / "e").exists()


def test_names_hold_for_every_number() -> None:
    asked = messages.asked("a" * 64, "b" * 64, "france", b"{}")
    for number in (1, 999, 1000, courier_export.MOST):
        line = f"{'0' * 64}  {file_name('answer', number, asked)}"
        assert courier_export._LINE.fullmatch(line)
