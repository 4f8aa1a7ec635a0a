"""The order of lines, their cutting into files and the number of threads change nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow.parquet as pq
from virtual_people import same_people, write_and_harmonise

from transat.harmonise.run import harmonise


def shuffled(source: Path, target: Path) -> Path:
    """The same extract, its lines in another order and cut into two files a table."""
    target.mkdir()
    (target / "extract.json").write_bytes((source / "extract.json").read_bytes())
    for path in sorted(source.rglob("*.csv")):
        header, *lines = path.read_text("utf-8").splitlines()
        random.Random(path.name).shuffle(lines)
        half = len(lines) // 2
        table = path.parent.name
        for part, some in enumerate((lines[:half], lines[half:])):
            text = "\n".join((header, *some)) + "\n"
            (target / f"{table}_{part}.csv").write_text(text, "utf-8")
    return target


def test_a_shuffled_extract_gives_the_same_cdm(tmp_path: Path) -> None:
    design, people = same_people(seed=8, women=1500)
    written = write_and_harmonise(people, "quebec", design, tmp_path)
    source = shuffled(tmp_path / "quebec", tmp_path / "shuffled")
    other = harmonise("quebec", source, tmp_path / "cdm-shuffled", threads=1).cdm
    files = sorted(p.name for p in written.cdm.path.glob("*.parquet"))
    assert files == sorted(p.name for p in other.path.glob("*.parquet"))
    for name in files:
        assert pq.read_table(written.cdm.path / name).equals(pq.read_table(other.path / name)), name
    assert written.cdm.metadata == other.metadata
