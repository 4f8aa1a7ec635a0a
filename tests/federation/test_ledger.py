"""The register: what it holds, and that any change of it is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from transat.core.errors import DataQualityError
from transat.federation.ledger import Ledger, holds, read, verify


def _filled(path: Path, lines: int = 4) -> Ledger:
    ledger = Ledger(path, "france")
    for i in range(lines):
        ledger.append(
            study="a" * 64, step=f"step{i}", release="prevalence", payload=b"x" * i,
            cells=12, cells_masked=3, rule="cell_floor",
        )  # fmt: skip
    return ledger


def test_a_chain_verifies_and_goes_on_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "france.jsonl"
    first = _filled(path)
    assert verify(path).head == first.head
    again = _filled(path, 1)
    assert verify(path).entries == 5
    assert read(path)[4].previous == first.head != again.head


@pytest.mark.parametrize("line", range(4))
def test_one_changed_byte_anywhere_is_found(tmp_path: Path, line: int) -> None:
    path = tmp_path / "france.jsonl"
    head = _filled(path).head
    lines = path.read_bytes().splitlines(keepends=True)
    for at in range(line, len(lines[line]), 4):
        changed = bytearray(lines[line])
        changed[at] ^= 1
        path.write_bytes(b"".join([*lines[:line], bytes(changed), *lines[line + 1 :]]))
        assert _head(path) != head  # of a last line only the head, kept in the result, tells


def _head(path: Path) -> str | None:
    try:
        return verify(path).head
    except DataQualityError:
        return None


def test_a_line_removed_moved_or_added_is_found(tmp_path: Path) -> None:
    path = tmp_path / "france.jsonl"
    _filled(path)
    a, b, c, d = path.read_bytes().splitlines(keepends=True)
    for lines in ([b, c, d], [a, c, d], [a, c, b, d], [a, b, b, c, d], [a, b, c, d[:-1]]):
        path.write_bytes(b"".join(lines))
        with pytest.raises(DataQualityError):
            verify(path)


def test_a_cut_at_the_end_is_found_with_the_head_that_the_result_names(tmp_path: Path) -> None:
    path = tmp_path / "france.jsonl"
    head = _filled(path).head
    _filled(path, 1)
    holds(path, head)  # a later study went on in the same register
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    assert verify(path).entries == 3
    with pytest.raises(DataQualityError, match="tête"):
        holds(path, head)
