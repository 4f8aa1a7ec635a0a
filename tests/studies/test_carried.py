"""A protocol as one document: the same protocol on the other side, or an error that says where."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from transat.core.errors import TransatError
from transat.studies.carried import carried, read_carried, written
from transat.studies.hashes import hashes
from transat.studies.protocol import read


def test_the_same_protocol_comes_back(tmp_path: Path) -> None:
    protocol = read()
    content = written(protocol)
    assert content.count(b"\n") == 1
    (tmp_path / "p.json").write_bytes(content)
    again = read_carried(tmp_path / "p.json")
    assert hashes(again) == hashes(protocol)
    assert again.specification() == protocol.specification()
    assert (again.exposures, again.outcomes, again.reference) == (
        protocol.exposures, protocol.outcomes, protocol.reference,
    )  # fmt: skip
    assert again.rules() == protocol.rules()


def test_changed_bytes_are_refused_or_named_otherwise() -> None:
    content, names = written(read()), hashes(read())
    chance = random.Random(5)
    for _ in range(300):
        spoilt = bytearray(content)
        for _ in range(chance.randint(1, 3)):
            spoilt[chance.randrange(len(spoilt))] = chance.choice(b'{}[]",:0aZ \xff\n')
        if bytes(spoilt) == content:
            continue
        try:
            other = hashes(carried(bytes(spoilt), Path("p.json")))
        except TransatError:
            continue
        assert other.document != names.document


def test_what_is_no_protocol_is_named(tmp_path: Path) -> None:
    for content in (b"", b"[]", b'{"codes": 3}', b"[" * 100_000, b"\xff"):
        with pytest.raises(TransatError) as refused:
            carried(content, tmp_path / "p.json")
        assert "p.json" in refused.value.where
    with pytest.raises(TransatError):
        read_carried(tmp_path / "absent.json")
