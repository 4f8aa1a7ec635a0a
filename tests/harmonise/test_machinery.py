"""The runner, the staging and the ledger, on a shore of one table."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from one_table import Staged

from transat.core.errors import DataQualityError, InputError
from transat.harmonise.ledger import Ledger


def test_every_line_has_one_fate(tmp_path: Path) -> None:
    root = tmp_path / "in" / "T_MCO13X"
    root.mkdir(parents=True)
    (root / "T_MCO13X_0001.csv").write_text(
        "ID;DAY;QTY;PRICE;OTHER\na;05/03/2015;7;1,5;x\nb;05032015;-1;;\nc;;3;;\n;;9;;\n"
        "d;31/02/2015;9;;\n",
        "utf-8",
    )
    (root / "T_MCO13X_0002.csv.gz").write_bytes(
        gzip.compress("NUM_ENQ,DAY,QTY\né,05MAR2015:00:00:00,8.0\n".encode("cp1252"))
    )
    done = Staged(tmp_path / "in", tmp_path / "work")
    kept = done.kept
    assert done.ledger == {
        "read": 6, "kept": 2, "first": 1, "second": 1, "reject:DAY": 1, "reject:ID": 1,
    }  # fmt: skip
    assert [str(k[1]) for k in kept] == ["2015-03-05", "2015-03-05"]
    assert [(k[0], k[2], k[3], k[4]) for k in kept] == [("A", 7, 1.5, 2013), ("É", 8, None, 2013)]
    assert done.rejects == 2
    table = pq.read_table(done.rejects_file)
    assert table.column("column_name").to_pylist() == ["DAY", "ID"]
    assert '"31/02/2015"' in table.column("line").to_pylist()[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("T_MCO13X.csv", b""),
        ("T_MCO13X.csv", b"\n"),
        ("T_MCO13X.csv.gz", gzip.compress(b"ID;DAY\n" + b"a;01/01/2015\n" * 5000, mtime=0)[:-60]),
        ("T_MCO13X.csv", "ID;DAY\na;b\n".encode("utf-16-le")),
        ("T_MCO13X.csv", bytes(range(256)) * 20),
        ("T_MCO13X.csv", b"IDD;DAY\na;01/01/2015\n"),
        ("T_MCO13X.csv", b"\n\nID;DAY\na;01/01/2015\n"),
        ("T_MCO13X.parquet", b"not parquet"),
        ("T_MCO13X.sas7bdat", b"not sas"),
        ("T_MCO13X.zip", b"not a zip"),
        ("T_MCO13X.csv.gz", b"ID;DAY\na;01/01/2015\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_error(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        Staged(tmp_path / "in", tmp_path / "work")
    assert name in caught.value.message("en")


def test_a_header_alone_is_no_line(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "T_MCO13X.csv").write_bytes(b"\xef\xbb\xbfID;DAY;QTY\r\n")
    assert Staged(tmp_path / "in", tmp_path / "work").ledger == {"read": 0, "kept": 0}


def test_a_byte_order_mark_and_blank_lines_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "T_MCO13X.csv").write_bytes(b'\xef\xbb\xbf"ID" ;DAY;QTY\r\n\r\na;;7\r\n\r\n')
    assert Staged(tmp_path / "in", tmp_path / "work").ledger == {"read": 1, "kept": 1}


def test_a_ledger_that_does_not_balance_is_refused() -> None:
    ledger = Ledger()
    ledger.record("T", "read", 2)
    ledger.record("T", "kept", 1)
    with pytest.raises(DataQualityError, match="T"):
        ledger.check()
    ledger.record("T", "reject:ID", 1)
    ledger.record("T", "note:negative_lines", 40)
    ledger.check()
