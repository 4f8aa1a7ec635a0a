"""Every delivered file is accounted for: unread tables, repeated files, columns that differ."""

from __future__ import annotations

import gzip
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from one_table import LINES, PUBLISHED, Staged

from transat.core.errors import InputError
from transat.harmonise.delivered import Columns, columns
from transat.harmonise.extract import find
from transat.harmonise.native import match
from transat.tables.snds import tables

TWO = b"ID;DAY\na;05/03/2015\nb;06/03/2015\n"
SAS = Path(__file__).parent / "files" / "invented_lines.sas7bdat"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def staged(root: Path) -> Staged:
    return Staged(root, root.parent / "work")


def test_a_declared_table_without_a_place_is_counted(root: Path) -> None:
    (root / "T_MCO13X.csv").write_bytes(TWO)
    (root / "T_MCO13FL.csv").write_bytes(b"ID;NABM\n1;0126\n2;0127\n3;0128\n")
    (root / "T_MCO14FL.csv.gz").write_bytes(gzip.compress(b'ID;NABM\n1;"x\n2\n\n3;4;5\n'))
    (root / "LETTER.txt").write_bytes(b"hello\n")
    done = staged(root)
    assert {k: n for k, n in done.by_table.items() if k[0] == "T_MCOaaFL"} == {
        ("T_MCOaaFL", "read"): 6, ("T_MCOaaFL", "kept"): 0, ("T_MCOaaFL", "no_omop_place"): 6,
    }  # fmt: skip
    assert done.extract.unknown == ("LETTER.txt",)


def test_a_file_delivered_twice_is_read_once(root: Path) -> None:
    (root / "T_MCO13X.csv").write_bytes(TWO)
    (root / "copy").mkdir()
    (root / "copy" / "T_MCO13X.csv.gz").write_bytes(gzip.compress(TWO))
    with zipfile.ZipFile(root / "T_MCO13X_again.zip", "w") as archive:
        archive.writestr("export.csv", TWO)
    (root / "T_MCO13X_2.csv").write_bytes(TWO.replace(b"b;", b"c;"))
    (root / "T_MCO14X.csv").write_bytes(TWO)
    assert staged(root).ledger == {"read": 10, "kept": 6, "same_file_twice": 4}


def test_two_headers_alone_are_no_copies(root: Path) -> None:
    for name in ("T_MCO13X_1.csv", "T_MCO13X_2.csv"):
        (root / name).write_bytes(b"ID;DAY\n")
    assert len(staged(root).extract.files["T_MCOaaX"]) == 2


def test_one_table_in_two_forms_is_refused(root: Path) -> None:
    (root / "T_MCO13X.csv").write_bytes(TWO)
    pq.write_table(pa.table({"ID": ["a", "b"], "DAY": ["x", "y"]}), root / "T_MCO13X.parquet")
    with pytest.raises(InputError, match=r"deux formes") as caught:
        staged(root)
    assert "T_MCO13X.csv" in caught.value.message("en")


def test_every_form_gives_the_same_lines(root: Path) -> None:
    (root / "T_MCO13X.sas7bdat").write_bytes(SAS.read_bytes())
    (root / "T_MCO14X.sas7bdat.gz").write_bytes(gzip.compress(SAS.read_bytes()))
    pq.write_table(
        pa.table({"id": ["a", "été"], "Day ": ["2015-03-05", "1600-01-01"], "QTY": [7.0, -1.0]}),
        root / "T_MCO15X.parquet",
    )
    with zipfile.ZipFile(root / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(SAS, "T_MCO16X.sas7bdat")
        archive.write(root / "T_MCO15X.parquet", "deep/er/T_MCO17X.PARQUET")
        archive.writestr("T_MCO18X/part.csv", "ID;DAY;QTY\na;05/03/2015;7\nété;01/01/1600;-1\n")
        archive.writestr("__MACOSX/._T_MCO18X.csv", b"\0\0")
    done = staged(root)
    assert done.ledger == {"read": 18, "kept": 9, "first": 6, "reject:ID": 3}
    by_year: dict[int, set[tuple[str, str]]] = {}
    for line in done.kept:
        by_year.setdefault(line[4], set()).add((line[0], str(line[1])))
    sas = {("A", "2015-03-05"), ("0012", "2015-03-06")}
    other = {("A", "2015-03-05")}
    assert by_year == {2013: sas, 2014: sas, 2016: sas, 2015: other, 2017: other, 2018: other}


def test_parts_are_named_by_their_folder(root: Path) -> None:
    parts = root / "T_MCO13X.parquet" / "SEX=2"
    parts.mkdir(parents=True)
    for number in range(3):
        pq.write_table(pa.table({"ID": [f"p{number}"]}), parts / f"part-{number}.snappy.parquet")
    (parts.parent / "_SUCCESS.csv").write_bytes(b"")
    (root / "T_MCO14X.csv").mkdir()
    assert staged(root).ledger == {"read": 3, "kept": 3}


def test_columns_are_compared_with_those_published(root: Path) -> None:
    (root / "T_MCO13X.csv").write_bytes(b"id;NOTE;QTY;NEWER;\na;;1;;\n")
    (root / "T_MCO13FL.csv").write_bytes(b"ID\n1\n")
    done = staged(root)
    assert columns(done.extract, [LINES], PUBLISHED) == {
        "T_MCOaaX": Columns(
            unused=("NOTE",), unknown=("NEWER",), other_years=("NOTE", "QTY"),
            absent=("DAY", "PRICE"),
        ),
        "T_MCOaaFL": Columns(unused=("ID",), absent=("NABM",)),
    }  # fmt: skip
    assert columns(done.extract, [LINES], {}) == {
        "T_MCOaaX": Columns(unused=("NEWER", "NOTE")), "T_MCOaaFL": Columns(unused=("ID",)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stem", "table", "year"),
    [
        ("T_MCO15SUP_CES", "T_MCOaaSUP_CES", 2015),
        ("T_MCOaaB", "T_MCOaaB", None),
        ("t_mco09gv11", "T_MCOaaGVxx", 2009),
        ("T_SSR2019CSARR_1", "T_SSRaaCSARR", 2019),
        ("CT_IND_2017_G5", "CT_IND_AAAA_GN", 2017),
        ("CT_IND_AAAA_GN", "CT_IND_AAAA_GN", None),
        ("ER_PRS_F_201503", "ER_PRS_F", None),
        ("ORAVUE.ER_PHA_F", "ER_PHA_F", None),
        ("T_RIP99RSA", "T_RIPaaRSA", 1999),
    ],
)
def test_a_name_tells_one_declared_table_and_its_year(
    stem: str, table: str, year: int | None
) -> None:
    found = [(m, name) for name in tables() if (m := match(name, stem))]
    ((_, seen), name) = max(found)
    assert (name, seen) == (table, year)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"introuvable"):
        find(tmp_path / "absent", [])


def test_folders_behind_links_are_read_once(root: Path) -> None:
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "T_MCO13X.csv").write_bytes(TWO)
    (root / "linked").symlink_to(elsewhere, target_is_directory=True)
    (root / "linked_again").symlink_to(elsewhere, target_is_directory=True)
    (root / "round").symlink_to(root, target_is_directory=True)
    assert staged(root).ledger == {"read": 2, "kept": 2}


@pytest.mark.parametrize("spoil", ["nothing in it", "a link to nothing", "a pipe"])
def test_what_is_named_after_a_table_and_is_no_file_is_refused(root: Path, spoil: str) -> None:
    (root / "T_MCO13X.csv").write_bytes(TWO)
    match spoil:
        case "nothing in it":
            zipfile.ZipFile(root / "T_MCO14X.zip", "w").close()
        case "a link to nothing":
            (root / "T_MCO14X.csv").symlink_to(root / "gone.csv")
        case _:
            os.mkfifo(root / "T_MCO14X.csv")
    with pytest.raises(InputError, match="T_MCO14X"):
        staged(root)


def test_a_folder_that_may_not_be_listed_is_an_error(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "T_MCO13X.csv").write_bytes(TWO)
    (root / "closed").mkdir()
    listed = os.scandir

    def scandir(path: object) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "denied", str(path))
        return listed(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(PermissionError):
        staged(root)
