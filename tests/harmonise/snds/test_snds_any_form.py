"""The same lines give the same CDM in any order and any form; other people's data come in."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from snds_extract import PARACETAMOL, VALPROATE, NativeExtract

from transat.core.errors import InputError
from transat.harmonise.run import harmonise
from transat.tables import snds


def an_extract() -> NativeExtract:
    extract = NativeExtract()
    for n in range(12):
        who = {"BEN_NIR_PSA": f"N{n:016d}", "BEN_RNG_GEM": 1}
        extract.person(**who, BEN_NIR_ANO=None if n == 3 else f"A{n // 2:016d}", BEN_NAI_ANN=1980)
        for day in range(1, 9):
            code = (PARACETAMOL, VALPROATE)[day % 2]
            for sign in (1, 1, -1)[: 1 + (n + day) % 3]:
                box = {"PHA_PRS_C13": code, "PHA_ACT_QSN": sign, "PHA_ACT_PRU": "1,50"}
                extract.line(f"{day:02d}/03/2015", box=box, **who, PRE_PRE_DTD="01/03/2015")
            extract.line(f"{day:02d}/03/2015", PRS_NAT_REF=1111, **who)
        extract.stay(str(n), number=f"N{n:016d}", DEL_REG_ENT=270, DGN_PAL="O800")
        for code in ("Z370", "Z370", "E669"):
            extract.add("T_MCO15D", ETA_NUM="620780004", RSA_NUM=str(n), ASS_DGN=code)
        _elsewhere_in_hospital(extract, f"N{n:016d}", str(n))
    return extract


def _elsewhere_in_hospital(extract: NativeExtract, number: str, name: str) -> None:
    """Units of her stay, a passage with a scan and a consultation, two weeks of rehabilitation."""
    where = {"ETA_NUM": "620780004"}
    for order, code in ((1, "O800"), (2, "P071")):
        extract.add(
            "T_MCO15UM", **where, RSA_NUM=name, UM_ORD_NUM=order, DGN_PAL=code, PAR_DUR_SEJ=0
        )
    days = {"NIR_ANO_17": number, "ENT_DAT": "14052015", "SOR_DAT": "23052015"}
    extract.add("T_MCO15CSTC", **where, SEQ_NUM=name, **days)
    extract.add("T_MCO15FMSTC", **where, SEQ_NUM=name, CCAM_COD="JQQM010", DEL_DAT_ENT=1)
    extract.add("T_MCO15FCSTC", **where, SEQ_NUM=name, ACT_COD="CS", EXE_SPE="07")
    extract.add("T_SSR15C", **where, RHA_NUM=name, **days)
    for week in (1, 2):
        line = {**where, "RHA_NUM": name, "RHS_NUM": week}
        extract.add("T_SSR15B", **line, RHS_ANT_SEJ_ENT=7 * (week - 1), MOR_PRP="I694")
        extract.add("T_SSR15D", **line, DGN_COD="I10")
        extract.add("T_SSR15CCAM", **line, CCAM_ACT="AHQP001", CCAM_DEL_ENT_UM=week)
    extract.add("T_MCO15E", ETA_NUM=f"6207800{name:0>2}", SOC_RAI=f"HOPITAL {name}")


def tables(cdm: Path) -> dict[str, pa.Table]:
    return {p.name: pq.read_table(p) for p in sorted(cdm.glob("*.parquet"))}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    folder = tmp_path_factory.mktemp("reference")
    harmonise("snds", an_extract().write(folder / "native"), folder / "cdm", threads=1)
    made = tables(folder / "cdm")
    assert made["drug_exposure.parquet"].num_rows > 50
    return made


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_lines_does_not_matter(
    tmp_path: Path, reference: dict[str, pa.Table], seed: int
) -> None:
    native = an_extract().write(tmp_path / "native", shuffle=seed)
    harmonise("snds", native, tmp_path / "cdm", threads=2)
    assert tables(tmp_path / "cdm") == reference


def as_written(source: Path, target: Path, form: str) -> None:
    text = source.read_text("utf-8")
    if form == "parquet":
        options = pacsv.ParseOptions(delimiter=";")
        pq.write_table(
            pacsv.read_csv(source, parse_options=options), target.with_suffix(".parquet")
        )
    elif form == "gzip, tabs":
        name = target.with_suffix(".csv.gz")
        name.write_bytes(gzip.compress(text.replace(";", "\t").encode()))
    elif form == "two parts":
        header, *lines = text.splitlines()
        folder = target.parent / target.stem
        folder.mkdir()
        for number, part in enumerate((lines[::2], lines[1::2])):
            body = "\n".join([header, *part, ""])
            (folder / f"{target.stem}_{number:04d}.csv").write_text(body, "utf-8")
    else:
        mark = "\ufeff" if form == "byte-order mark, CRLF" else ""
        encoding = "cp1252" if form.startswith("cp1252") else "utf-8"
        if encoding == "cp1252":
            text = re.sub(r"(\d\d)/(\d\d)/(\d{4})", r"\3-\2-\1", text)
            header, *lines = text.splitlines()
            text = "\n".join([header + ";LIBELLÉ", *(line + ";été €" for line in lines), ""])
        target.write_bytes((mark + text.replace("\n", "\r\n")).encode(encoding))


@pytest.mark.parametrize(
    "form",
    ["parquet", "gzip, tabs", "two parts", "byte-order mark, CRLF", "cp1252, ISO dates"],
)
def test_the_written_form_does_not_matter(
    tmp_path: Path, reference: dict[str, pa.Table], form: str
) -> None:
    native = an_extract().write(tmp_path / "native")
    other = tmp_path / "other" / "nested"
    other.mkdir(parents=True)
    for file in sorted(native.glob("*.csv")):
        as_written(file, other / file.name, form)
    (other.parent / "extract.json").write_bytes((native / "extract.json").read_bytes())
    harmonise("snds", other.parent, tmp_path / "cdm", threads=1)
    assert tables(tmp_path / "cdm") == reference


def test_overlapping_deliveries_change_nothing(
    tmp_path: Path, reference: dict[str, pa.Table]
) -> None:
    an_extract().write(tmp_path / "native")
    again = an_extract().write(tmp_path / "native" / "second", shuffle=7)
    (again / "extract.json").unlink()
    report = harmonise("snds", tmp_path / "native", tmp_path / "cdm", threads=1)
    found = tables(tmp_path / "cdm")
    assert {k for k, v in found.items() if v != reference[k]} == {"ledger.parquet"}
    assert {e.rule for e in report.ledger} >= {
        "same_line_twice", "same_stay_twice", "same_beneficiary_twice",
    }  # fmt: skip


def lines_by_table(folder: Path, names: set[str]) -> dict[str, int]:
    """Data lines of every file of a known table, by Python's csv module."""
    found: dict[str, int] = {}
    for file in folder.rglob("*.csv"):
        name = re.sub(r"^(T_[A-Z]{3})\d\d", r"\1aa", file.stem)
        if name in names:
            with file.open(encoding="utf-8", newline="") as opened:
                rows = sum(1 for row in csv.reader(opened) if row)
            found[name] = found.get(name, 0) + rows - 1
    return found


@pytest.mark.parametrize(
    ("folder", "delivered", "unknown"),
    [
        ("snds_synthetic_drees", 188, {"OPEN_BIO", "OPEN_LPP", "OPEN_MEDIC"}),
        ("scalpel/test_csv_tables", 18, {"dummy", "left", "right"}),
    ],
)
def test_other_peoples_extracts_come_in_as_they_are(
    tmp_path: Path, shared: Path, folder: str, delivered: int, unknown: set[str]
) -> None:
    source = shared / "data" / folder
    report = harmonise("snds", source, tmp_path / "cdm", threads=1)
    lines = lines_by_table(source, {*snds.tables(), "IR_PHA_R"})
    assert len(lines) == delivered
    assert {e.table: e.rows for e in report.ledger if e.kind == "read"} == lines
    for table in lines:
        fates = [
            e.rows for e in report.ledger if e.table == table and e.kind not in ("read", "note")
        ]
        assert sum(fates) == lines[table]
    assert {Path(name).stem for name in report.unknown} == unknown
    assert report.tables["person"] > 0


def test_scalpels_hand_checkable_answers(tmp_path: Path, shared: Path) -> None:
    """Two files delivered twice; three of six prestations are information (DPN_QLF 71)."""
    source = shared / "data" / "scalpel" / "test_csv_tables"
    report = harmonise("snds", source, tmp_path / "cdm", threads=1)
    ledger = {(e.table, e.rule): e.rows for e in report.ledger}
    assert ledger["IR_BEN_R", "same_file_twice"] == 2
    assert ledger["IR_IMB_R", "same_file_twice"] == 3
    assert ledger["ER_PRS_F", "T1"] == 3
    assert ledger["T_MCOaaB", "T19"] == 4
    assert ledger["T_MCOaaB", "kept"] == 2
    assert ledger["T_SSRaaB", "kept"] == 3
    assert [report.tables[t] for t in ("visit_occurrence", "visit_detail")] == [5, 5]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("IR_BEN_R.csv", b""),
        ("IR_BEN_R.csv", b"BEN_NIR_PSA,BEN_SEXE,BEN_NAI_ANN\na,2,1980\n"),
        ("IR_BEN_R.csv", "BEN_NIR_PSA,BEN_SEX_COD,BEN_NAI_ANN\na,2,1980\n".encode("utf-16-le")),
        (
            "IR_BEN_R.csv.gz",
            gzip.compress(b"BEN_NIR_PSA,BEN_SEX_COD,BEN_NAI_ANN\n" + b"a,2,1980\n" * 999, mtime=0)[
                :-9
            ],
        ),
        ("IR_BEN_R.zip", b"BEN_NIR_PSA,BEN_SEX_COD,BEN_NAI_ANN\na,2,1980\n"),
        ("IR_BEN_R.sas7bdat", b"BEN_NIR_PSA,BEN_SEX_COD,BEN_NAI_ANN\na,2,1980\n"),
    ],
)
def test_a_bad_file_is_one_error_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / "native").mkdir()
    (tmp_path / "native" / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        harmonise("snds", tmp_path / "native", tmp_path / "cdm", threads=1)
    assert name in caught.value.message("fr")
    assert [p.name for p in tmp_path.iterdir()] == ["native"]
