"""Whatever is delivered, every line has one fate, and Python's csv module counts as many."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from one_table import Staged

HEADER = ["ID", "DAY", "QTY", "PRICE", "NOTE"]
SEPARATORS = (";", ",", "\t", "|")
ENDS = ("\n", "\r\n", "\r")
PACKED = ("", ".gz", ".zip")

ids = st.sampled_from(["a", "é1", " b ", "", "0012", "œ€"])
days = st.sampled_from(["05/03/2015", "05032015", "05MAR2015:00:00:00", "31/02/2015", "x", ""])
numbers = st.sampled_from(["1", "-2", "8.0", "7,5", "1e3", "beaucoup", ""])
notes = st.text(st.sampled_from('ab é;,|\t"\n\r'), max_size=6)
row = st.tuples(ids, days, numbers, numbers, notes).map(list)
#: Lines that no export should have made, written as they are.
broken = st.sampled_from(
    ["", "a", "a;b", "  ", "a;05/03/2015;1;1;n;trop;de;champs", ";;;;", '"', "\0"]
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """A file's text, its separator, its encoding, how it is packed."""
    separator, end = draw(st.sampled_from(SEPARATORS)), draw(st.sampled_from(ENDS))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerow(HEADER)
    for line in draw(st.lists(st.one_of(row, row, broken), max_size=12)):
        if isinstance(line, str):
            out.write(line.replace(";", separator) + end)
        else:
            writer.writerow(line)
    text = out.getvalue()
    if draw(st.booleans()):
        text = text.removesuffix(end)
    return text, separator, encoding, draw(st.sampled_from(PACKED))


def counted(text: str, separator: str) -> tuple[int, int] | None:
    """Records and misshapen ones, by Python's csv module; None where a quote is never closed."""
    watched = text + ("" if text.endswith(("\n", "\r")) else "\n") + "the end"
    *records, last = csv.reader(io.StringIO(watched, newline=""), delimiter=separator)
    if last != ["the end"]:
        return None
    lines = [r for r in records[1:] if r]
    return len(lines), sum(len(r) != len(HEADER) or "\0" in "".join(r) for r in lines)


def write(folder: Path, number: int, text: str, encoding: str, packed: str) -> None:
    content = text.encode(encoding)
    name = f"T_MCO12X_{number}.csv"
    if packed == ".gz":
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    elif packed == ".zip":
        with zipfile.ZipFile(folder / f"{number}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"nested/{name}", content)
    else:
        (folder / name).write_bytes(content)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(delivered=st.lists(files(), min_size=1, max_size=3))
def test_every_line_of_any_delivery_has_one_fate(
    delivered: list[tuple[str, str, str, str]],
) -> None:
    known = [(f, counted(f[0], f[1])) for f in delivered]
    kept = [(f, c) for f, c in known if c is not None]
    if not kept:
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        folder.mkdir()
        for number, ((text, _, encoding, packed), _) in enumerate(kept):
            write(folder, number, text, encoding, packed)
        done = Staged(folder, Path(place) / "work")
    assert done.ledger["read"] == sum(c[0] for _, c in kept)
    fates = {k: n for k, n in done.ledger.items() if k != "read"}
    assert sum(fates.values()) == done.ledger["read"]
    repeated = done.ledger.get("same_file_twice", 0)
    misshapen = done.ledger.get("reject:line_shape", 0)
    assert misshapen <= sum(c[1] for _, c in kept) <= misshapen + repeated
    assert done.rejects == sum(n for k, n in fates.items() if k.startswith("reject:"))
    assert len(done.kept) == fates["kept"]


@pytest.mark.parametrize(
    ("line", "rejected"),
    [
        ("b;05/03/2015;7", "b;05/03/2015;7\n"),
        ("b;05/03/2015;7;1;n;x", "b;05/03/2015;7;1;n;x\n"),
        ('b;05/03/2015;7;1;"jamais fermé', 'b;05/03/2015;7;1;"jamais fermé\n'),
        ("b;05/03/2015;7;1;\0", "b;05/03/2015;7;1;\0\n"),
        ("b;05/03/2015;7;1;" + "é" * 2**19, "b;05/03/2015;7;1;" + "é" * 2**19 + "\n"),
    ],
    ids=["short", "long", "open quote", "null byte", "huge"],
)
@pytest.mark.parametrize("others", [2, 3000])
def test_a_misshapen_line_is_rejected_alone_and_kept_as_written(
    tmp_path: Path, line: str, rejected: str, others: int
) -> None:
    (tmp_path / "in").mkdir()
    good = "a;05/03/2015;7;1,5;n\n"
    text = ";".join(HEADER) + "\n" + good * 2 + line + "\n" + good * others
    (tmp_path / "in" / "T_MCO12X.csv").write_text(text, "utf-8")
    done = Staged(tmp_path / "in", tmp_path / "work")
    assert done.ledger == {"read": 3 + others, "kept": 2 + others, "reject:line_shape": 1}
    ((column, kept),) = done.rejected
    assert column == "line_shape"
    assert json.loads(kept) == rejected


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("ID;DAY\ré;05/03/2015\rb;06/03/2015\r".encode(), ["B", "É"]),
        ("ID;DAY\ré;05/03/2015\rb;06/03/2015".encode("cp1252"), ["B", "É"]),
        ("ID;DAY\r\né;05/03/2015\nb;06/03/2015\r\n".encode(), ["B", "É"]),
        ('\ufeff id ;"Day"\né;05/03/2015\n\n\nb;06/03/2015\n\n'.encode(), ["B", "É"]),
        ('ID;DAY;"OTHER\nONE"\n"é";05/03/2015;"x;\n""y"\nb;06/03/2015;\n'.encode(), ["B", "É"]),
        ("ID;DAY\né;05/03/2015\n".encode() + "è;06/03/2015\n".encode("cp1252"), ["È", "É"]),
        (b"ID;DAY\n\x81;05/03/2015\n", ["\x81"]),
        ("ID|DAY\né|05/03/2015".encode("utf-16"), ["É"]),
        (b'ID,DAY\n5" lens,05/03/2015\n"a"b,\n', ['5" LENS', "AB"]),
        (b"ID\na\n\n b\n", ["A", "B"]),
    ],
)
def test_odd_writing_is_read(tmp_path: Path, content: bytes, kept: list[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "T_MCO12X.csv").write_bytes(content)
    done = Staged(tmp_path / "in", tmp_path / "work")
    assert [k[0] for k in done.kept] == kept
    assert done.ledger == {"read": len(kept), "kept": len(kept)}
