"""The pass over the bytes calls a file regular only when every reader must agree on its records."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transat.core.errors import InputError
from transat.harmonise.files import scan as scanning
from transat.harmonise.files.scan import Scan, scan
from transat.harmonise.files.source import Source, sources


def scanned(content: bytes) -> Scan:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(content)
        return scan(Source(path))


@given(st.text(st.sampled_from('ab;"\n\r\0é'), max_size=40))
@example("\n\n")
@example('"a";b\n')
@example('a;"b\n";\n')
@example('x"a"\n')
@example('""x";b\n')
def test_a_regular_file_has_the_records_of_the_csv_module(body: str) -> None:
    found = scanned(b"a;b\n" + body.encode())
    if not found.regular:
        return
    rows = [r for r in csv.reader(io.StringIO("a;b\n" + body, newline=""), delimiter=";") if r]
    assert found.lines == len(rows) - 1
    assert {len(r) for r in rows} == {2}
    assert "\0" not in body


@given(
    st.lists(st.lists(st.text(st.sampled_from('ab é;"\n'), max_size=5), min_size=3, max_size=3)),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([7, 64, 1 << 18]),
)
def test_what_a_writer_wrote_well_is_regular_whatever_the_blocks(
    rows: list[list[str]], end: str, last_end: bool, block: int
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator=end, quoting=csv.QUOTE_MINIMAL)
    writer.writerows([["a", "b", "c"], *rows])
    text = out.getvalue() if last_end else out.getvalue().removesuffix(end)
    before = scanning._BLOCK
    scanning._BLOCK = block
    try:
        found = scanned(text.encode())
    finally:
        scanning._BLOCK = before
    assert (found.regular, found.lines, found.utf8) == (True, len(rows), True)


@pytest.mark.parametrize(
    "content",
    [
        b"a;b\n1;2;3\n1\n",  # as many separators in all as there should be
        b"a;b\n1\n",
        b"a;b\r\n1;2\n",
        b"a;b\n1;2\r3;4\n",
        b"a;b\r1;2\r",
        b'a;b\n1;"2\n',
        b'a;b\n1;"2"x\n',
        b'a;b\n1;2"\n',
        b"a;b\n1;\0\n",
        b"a\n1\n\n2\n",
        "a;b\n1;2\n".encode("utf-16"),
        b"a;b\n1;" + b"x" * 1_100_000 + b"\n",
    ],
)
def test_what_readers_might_not_agree_on_is_irregular(content: bytes) -> None:
    found = scanned(content)
    assert (found.regular, found.lines) == (False, None)


def test_other_encodings_are_told_from_utf8() -> None:
    assert scanned("é;b\nà;2\n".encode()).utf8
    found = scanned("é;b\nà;2\n".encode("cp1252"))
    assert (found.header, found.utf8, found.regular, found.lines) == (("é", "b"), False, True, 1)
    assert scanned(b"\xef\xbb\xbfa;b\n1;2").header == ("a", "b")


def test_the_separator_is_that_of_the_header_outside_quotes() -> None:
    assert scanned(b'"a;1;2;3",b\n1,2\n').separator == ","
    assert scanned(b"a|b|c\n").header == ("a", "b", "c")
    assert scanned(b"a\tb\n1\t2\n").lines == 1


def packed(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_archive_holds_several_files(tmp_path: Path) -> None:
    path = packed(tmp_path, {"x/b.csv": b"a;b\n1;2\n", "c.csv.gz": gzip.compress(b"a\n1\n2\n")})
    found = sources(path)
    assert [str(s) for s in found] == [f"{path}/c.csv.gz", f"{path}/x/b.csv"]
    assert [scan(s).lines for s in found] == [2, 1]


def test_archives_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    content = b"a;b\n" + bytes(range(97, 123)) * 9000
    path = packed(tmp_path, {"b.csv": content})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"coupée"):
        sources(path)
    spoiled = bytearray(whole)
    spoiled[60] ^= 0xFF
    path.write_bytes(bytes(spoiled))
    with pytest.raises(InputError, match=r"coupée"):
        scan(sources(path)[0])
    locked = bytearray(whole)  # the encryption bit, in the member's header and in the directory
    locked[6] |= 1
    locked[whole.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(locked))
    with pytest.raises(InputError, match=r"mot de passe"):
        scan(sources(path)[0])
    strange = bytearray(whole)
    strange[8] = 97
    strange[whole.index(b"PK\x01\x02") + 10] = 97
    path.write_bytes(bytes(strange))
    with pytest.raises(InputError, match=r"compression"):
        scan(sources(path)[0])
