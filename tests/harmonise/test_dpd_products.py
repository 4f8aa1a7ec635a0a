"""Health Canada's database by hand: zips, suffixes, releases, zeros, several classes."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest
from referential_runs import canadian_medicines

from transat.core.errors import InputError

#: drug_code, product, class, DIN, brand, descriptor, pediatric, accession, AIS, date, group, and
#: since 2017 three French columns.
MARKETED = (
    '"1","","Human","00012345","BRAND, LTD","","N","1","1","01-JAN-2026","1","Humain","",""\n'
    '"2","","Human","02246820","OTHER","","N","1","1","01-JAN-2026","1","Humain","",""\n'
    '"3","","Radiopharmaceutical","Not Applicable/non applicable","TL","","N","1","1",'
    '"01-JAN-2026","1","","",""\n'
    '"4","","Human","02000004","CLASS","","N","1","1","01-JAN-2026","1","Humain","",""\n'
)
CLASSES = (
    '"1","N03AX12","GABAPENTIN",""\n'
    '"2","L04AX03","METHOTREXATE",""\n'
    '"2","L01BA01","METHOTREXATE",""\n'
    '"2","L01BA01","METHOTREXATE",""\n'
    '"4","A11EX","VITAMINS",""\n'
    '"4","","",""\n'
)
CANCELLED = (
    "7\t\tHuman\t19\tPLACIDYL CAPSULES 200MG \u00e9\t\tN\t1\t1\t01-Jan-90\t1\n"
    "8\t\tHuman\t12345\tOLD BRAND\t\tN\t1\t1\t01-Jan-90\t1\n"
)
CANCELLED_CLASSES = "7\tN05CM08\tETHCHLORVYNOL\t28:24\tSEDATIVES\n8\tN03AF01\tCARBAMAZEPINE\t\t\n"


def write(folder: Path) -> Path:
    """A folder with one zip of marketed products and the cancelled ones as gzip, latin-1, TAB."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "allfiles.zip", "w") as archive:
        archive.writestr("drug.txt", MARKETED)
        archive.writestr("ther.txt", CLASSES)
        archive.writestr("package.txt", '"1","",""\n')
    (folder / "drug_ia.txt.gz").write_bytes(gzip.compress(CANCELLED.encode("latin-1")))
    (folder / "ther_ia.txt.gz").write_bytes(gzip.compress(CANCELLED_CLASSES.encode("latin-1")))
    return folder


def test_one_class_a_product(tmp_path: Path) -> None:
    folder = write(tmp_path / "dpd")
    work = tmp_path / "work"
    work.mkdir()
    with canadian_medicines(folder, work) as (engine, context):
        found = dict(engine.rows("SELECT code, atc FROM medicine WHERE how = 'recorded'"))
        assert found == {
            "00000019": "N05CM08",  # zeros back, cancelled
            "00012345": "N02BF01",  # marketed before cancelled; moved to the vintage
            "02246820": "L01BA01",  # two substances: the first
            "02000004": "A11EX",  # a class is kept
        }
        assert context.findings["products_with_several_atc"] == 1
        told = {r: context.ledger.rows("DPD drug", r) for r in ("read", "kept", "reject:DIN")}
        assert told == {"read": 6, "kept": 5, "reject:DIN": 1}
        context.ledger.check()


def test_the_packages_own_list_where_the_database_is_silent(tmp_path: Path) -> None:
    with canadian_medicines(tmp_path, tmp_path) as (engine, context):
        hows = engine.rows("SELECT DISTINCT how FROM medicine")
        assert hows == [("list",)]
        assert context.ledger.tables() == ()


def test_another_number_of_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "drug.txt").write_text('"1","","Human","00012345"\n', "utf-8")
    with (
        pytest.raises(InputError, match=r"14.*drug\.txt|drug\.txt.*4 colonnes"),
        canadian_medicines(tmp_path, tmp_path),
    ):
        pass


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "dpd") / "allfiles.zip"
    whole.write_bytes(whole.read_bytes()[:200])
    with pytest.raises(InputError, match="allfiles"), canadian_medicines(whole.parent, tmp_path):
        pass


def test_two_versions_of_one_file_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "dpd")
    (folder / "drug.txt").write_text(MARKETED.replace("BRAND", "BRANT"), "utf-8")
    with pytest.raises(InputError, match="deux versions"), canadian_medicines(folder, tmp_path):
        pass
