"""Damaged copies of the DREES sample: one clear error, or counted rejects; never a loss."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from transat.core.errors import InputError
from transat.harmonise.report import Report
from transat.harmonise.run import harmonise

pytestmark = pytest.mark.slow

#: Tables of the sample that are enough for a run; each has ten lines.
SAMPLE = (
    "BENEFICIAIRE/IR_BEN_R.csv",
    "DCIR/ER_PRS_F.csv",
    "DCIR/ER_PHA_F.csv",
    "DCIR/ER_TRS_F.csv",
)


@pytest.fixture
def sample(tmp_path: Path, shared: Path) -> Path:
    """A copy that a test may spoil."""
    for name in SAMPLE:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shared / "data" / "snds_synthetic_drees" / name, tmp_path / "in" / name)
    return tmp_path / "in"


def run(sample: Path) -> Report:
    return harmonise("snds", sample, sample.parent / "cdm", threads=1)


def ledger(report: Report, table: str) -> dict[str, int]:
    found = {e.rule: e.rows for e in report.ledger if e.table == table and e.kind != "note"}
    assert found["read"] == sum(n for rule, n in found.items() if rule != "read")
    return found


def people(sample: Path) -> Path:
    return sample / SAMPLE[0]


def _cut_gzip(file: Path) -> None:
    packed = gzip.compress(file.read_bytes())
    file.with_suffix(".csv.gz").write_bytes(packed[: len(packed) // 2])
    file.unlink()


def _cut_zip(file: Path) -> None:
    with zipfile.ZipFile(file.with_suffix(".zip"), "w") as archive:
        archive.write(file, file.name)
    whole = file.with_suffix(".zip").read_bytes()
    file.with_suffix(".zip").write_bytes(whole[: len(whole) // 2])
    file.unlink()


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _binary(file: Path) -> None:
    file.write_bytes(bytes(range(256)) * 9)


def _no_person(file: Path) -> None:
    file.write_text(file.read_text("utf-8").replace("BEN_NIR_PSA", "PSA", 1), "utf-8")


@pytest.mark.parametrize("spoil", [_cut_gzip, _cut_zip, _empty, _binary, _no_person])
def test_a_copy_that_cannot_be_read_is_one_clear_error(
    sample: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(people(sample))
    with pytest.raises(InputError) as caught:
        run(sample)
    said = caught.value.message("en")
    assert "IR_BEN_R" in said
    assert not (sample.parent / "cdm").exists()


def test_a_header_alone_is_an_empty_table(sample: Path) -> None:
    file = sample / "DCIR/ER_TRS_F.csv"
    file.write_text(file.read_text("utf-8").splitlines()[0], "utf-8")
    assert ledger(run(sample), "ER_TRS_F") == {"read": 0, "kept": 0}


def test_an_extra_column_is_reported_and_changes_nothing(sample: Path) -> None:
    lines = people(sample).read_text("utf-8").splitlines()
    before = ledger(run(sample), "IR_BEN_R")
    people(sample).write_text("\n".join([lines[0] + ",NEWER", *(s + ",x" for s in lines[1:])]))
    shutil.rmtree(sample.parent / "cdm")
    report = run(sample)
    assert ledger(report, "IR_BEN_R") == before
    assert report.columns["IR_BEN_R"].unknown == ("NEWER",)


def test_another_encoding_changes_no_count(sample: Path) -> None:
    before = ledger(run(sample), "IR_BEN_R")
    shutil.rmtree(sample.parent / "cdm")
    people(sample).write_bytes(people(sample).read_text("utf-8").encode("utf-16"))
    assert ledger(run(sample), "IR_BEN_R") == before


def test_wrong_types_ragged_and_null_lines_are_counted_rejects(sample: Path) -> None:
    header, *lines = people(sample).read_text("utf-8").splitlines()
    place = header.split(",").index("BEN_RNG_GEM")
    wrong = lines[0].split(",")
    wrong[place] = "premier"
    spoiled = [",".join(wrong), lines[1] + ",x", lines[2].rsplit(",", 2)[0], "\0" + lines[3]]
    people(sample).write_text("\n".join([header, *spoiled, *lines[4:], ""]), "utf-8")
    found = ledger(run(sample), "IR_BEN_R")
    assert (found["read"], found["reject:line_shape"], found["reject:BEN_RNG_GEM"]) == (10, 3, 1)


def test_keys_twice_are_set_aside_by_their_rule(sample: Path) -> None:
    before = ledger(run(sample), "IR_BEN_R")
    shutil.rmtree(sample.parent / "cdm")
    header, *lines = people(sample).read_text("utf-8").splitlines()
    people(sample).write_text("\n".join([header, *lines, *reversed(lines)]), "utf-8")
    found = ledger(run(sample), "IR_BEN_R")
    assert (found["read"], found["kept"]) == (20, before["kept"])
    assert found["same_beneficiary_twice"] == before["kept"] > 0
