"""What a run tells: its steps, lines set aside with their reason, files that it did not know."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from transat.core.errors import ConfigError, MappingError
from transat.harmonise.report import Report
from transat.harmonise.run import harmonise, shore_of

PEOPLE = "BEN_NIR_PSA;BEN_RNG_GEM;BEN_CDI_NIR;BEN_SEX_COD;BEN_NAI_ANN\n"
PEOPLE_NEWER = PEOPLE.replace("BEN_CDI_NIR", "BEN_NEW_COL")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "native" / "beneficiaires"
    folder.mkdir(parents=True)
    (folder / "ir_ben_r_0001.csv").write_text(PEOPLE + "a;1;00;2;1980\n;1;00;2;1980\n", "utf-8")
    (folder / "IR_BEN_R_ARC.csv").write_text(PEOPLE + "b;1;00;2;1950\nc;1;01;2;1980\n", "utf-8")
    (folder / "IR_BEN_R_0002.csv").write_text(PEOPLE_NEWER, "utf-8")
    (folder / "NOTES.csv").write_text("x\n1\n", "utf-8")
    return tmp_path / "native"


def run(source: Path, tmp_path: Path, steps: list[tuple[str, int, int]]) -> Report:
    def told(what: str, done: int, of: int) -> None:
        steps.append((what, done, of))

    return harmonise("snds", source, tmp_path / "out" / "cdm", threads=1, progress=told)


def test_archived_persons_are_persons_and_nothing_is_passed_over(
    source: Path, tmp_path: Path
) -> None:
    steps: list[tuple[str, int, int]] = []
    report = run(source, tmp_path, steps)
    assert report.tables["person"] == 2
    assert report.unknown == ("beneficiaires/NOTES.csv",)
    assert "ER_PRS_F" in report.missing
    columns = report.columns["IR_BEN_R"]
    assert columns.unknown == ("BEN_NEW_COL",)
    assert columns.unused == ()
    assert {"BEN_CDI_NIR", "BEN_DCD_DTE", "BEN_NIR_ANO"} <= set(columns.absent)
    assert report.lines == 4
    assert report.rejects == 1
    assert [s[1] for s in steps] == list(range(steps[-1][1] + 1))
    assert report.explain("en") == [
        ("IR_BEN_R_ARC", "fictive_number", "fictive number, shared by many people", 1)
    ]
    assert report.explain("fr")[0][2].startswith("numéro fictif")
    assert json.loads(json.dumps(report.json()))["rejects"] == 1


def test_the_cdm_carries_its_ledger_and_its_rejects(source: Path, tmp_path: Path) -> None:
    cdm = run(source, tmp_path, []).cdm
    ledger = pq.read_table(cdm.path / "ledger.parquet").to_pylist()
    assert {(e["table"], e["rule"], e["rows"]) for e in ledger} == {
        ("IR_BEN_R", "read", 2), ("IR_BEN_R", "kept", 1), ("IR_BEN_R", "reject:BEN_NIR_PSA", 1),
        ("IR_BEN_R_ARC", "read", 2), ("IR_BEN_R_ARC", "kept", 1),
        ("IR_BEN_R_ARC", "fictive_number", 1),
    }  # fmt: skip
    rejects = pq.read_table(cdm.path / "rejects.parquet").to_pylist()
    assert [(r["native_table"], r["column_name"]) for r in rejects] == [("IR_BEN_R", "BEN_NIR_PSA")]
    assert cdm.metadata["ledger"] == {"read": 4, "kept": 2, "rule": 1, "reject": 1}
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["cdm"]


def test_what_cannot_be_run_is_said(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ramq"):
        shore_of("ramq")
    with pytest.raises(ConfigError, match="polars"):
        harmonise("snds", source, tmp_path / "cdm", engine="polars")
    with pytest.raises(MappingError):
        shore_of("snds", tmp_path / "columns.yaml")
