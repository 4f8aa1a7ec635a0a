"""A run goes on from a killed one only if the input is the same, whatever its dates say."""

from __future__ import annotations

import os
from pathlib import Path

from transat.harmonise.extract import find
from transat.harmonise.run import _fingerprint, shore_of


def test_other_lines_of_one_size_and_date_are_another_run(tmp_path: Path) -> None:
    file = tmp_path / "V_FICH_ID_BEN_CM.csv"
    header = "BENF_NO_INDIV_BEN_BANLS,BENF_COD_SEXE,BENF_DAT_NAISS\n"
    file.write_text(f"{header}100,F,1985-03-02\n", "utf-8")
    first = of(tmp_path)
    assert of(tmp_path) == first
    dates = file.stat()
    file.write_text(f"{header}100,M,1985-03-02\n", "utf-8")
    os.utime(file, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert file.stat().st_mtime_ns == dates.st_mtime_ns
    assert of(tmp_path) != first


def of(folder: Path) -> str:
    shore = shore_of("quebec")
    extract = find(folder, shore.tables, shore.published)
    return _fingerprint("quebec", extract, shore.rules, None, "duckdb", None, None)
