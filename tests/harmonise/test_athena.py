"""An Athena vocabulary in its forms, and what local concepts become under it.

`mini_athena` is invented: its ids and its SNOMED and RxNorm codes exist nowhere else.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from transat.core.errors import InputError
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine
from transat.harmonise.concepts import gather
from transat.harmonise.context import Context
from transat.harmonise.extract import Extract
from transat.harmonise.ledger import Ledger
from transat.harmonise.vocabulary import Words, prepare
from transat.tables.omop import LOCAL_CONCEPTS_ABOVE

MINI = Path(__file__).with_name("mini_athena")
VERSION = "mini v1 23-NOV-26"

#: What a small extract met, and the ATC of its medicines.
MET = [
    ("CIM10", "E109"), ("CIM10", "E669"), ("CIM10", "Z3711"), ("CIM10", "Q055"),
    ("CIM10", "M069"), ("CIM10", "Z370"), ("CIM10", "O049"), ("ICD10CA", "F32901"),
    ("ICD10CA", "Q210"), ("ICD9", "3459"), ("ICD9", "250"), ("ICD9", "25000"), ("CCAM", "JQGD010"),
    ("CIP13", "3400922389585"), ("CIP13", "3400934563096"), ("DIN", "00846503"),
    ("DIN", "00000019"), ("UCD7", "9330963"), ("NABM", "1104"), ("LPP", "1103000"),
    ("CCI", "5MD50AA"),
]  # fmt: skip
ATC_OF = {
    "3400922389585": "A02BC01",
    "3400934563096": "N03AX09",
    "00846503": "A02BC01",
    "9330963": "L04AX02",
}


class Step:
    """A step that uses the codes met."""

    NAME = "condition_occurrence"
    CODES = ("SELECT vocabulary_id, concept_code FROM met",)

    def build(self, engine: Engine, context: Context) -> str:
        """Events by code: one a code."""
        return (
            "SELECT CAST(row_number() OVER (ORDER BY c.concept_id) AS INTEGER) AS "
            "condition_occurrence_id, 1 AS person_id, 7 AS condition_concept_id, "
            "c.concept_id AS condition_source_concept_id, c.concept_code AS "
            "condition_source_value FROM local_concept AS c JOIN met USING "
            "(vocabulary_id, concept_code)"
        )


@contextmanager
def prepared(work: Path, vocabulary: Path | None) -> Iterator[tuple[Engine, Context, Words]]:
    work.mkdir(exist_ok=True)
    with DuckDB(threads=1) as engine:
        context = Context(Extract(work, {}, ()), (), Ledger(), work)
        engine.register(
            "met",
            pa.table({"vocabulary_id": [v for v, _ in MET], "concept_code": [c for _, c in MET]}),
        )
        medicines = [(v, c, ATC_OF[c], "recorded") for v, c in MET if c in ATC_OF]
        columns = ("vocabulary", "code", "atc", "how")
        engine.register(
            "kept", pa.table(dict(zip(columns, zip(*medicines, strict=True), strict=True)))
        )
        context.materialise(engine, "medicine", "SELECT * FROM kept")
        gather(engine, context, [Step()])
        yield engine, context, prepare(engine, context, vocabulary)


def mini_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "athena.zip", "w") as archive:
        for file in MINI.iterdir():
            archive.write(file, f"vocabulary_download_v5/{file.name}")
        archive.writestr("__MACOSX/._CONCEPT.csv", "noise")
        archive.writestr("readme.txt", "noise")
    return folder / "athena.zip"


def mini_parquet(folder: Path) -> Path:
    (folder / "parquet").mkdir()
    for file in MINI.glob("*.csv"):
        read = pc.read_csv(file, parse_options=pc.ParseOptions(delimiter="\t", quote_char=False))
        pq.write_table(read, folder / "parquet" / f"{file.stem.lower()}.parquet")
    return folder / "parquet"


def targets(engine: Engine) -> dict[str, tuple[int, str]]:
    """By code met: the standard concept of its events, and how it was reached."""
    rows = engine.rows(
        "SELECT c.concept_code, t.concept_id, t.how FROM standard_target t "
        "JOIN local_concept c ON c.concept_id = t.local_id "
        "WHERE t.place = 1 AND c.vocabulary_id NOT IN ('ATC', 'ICD10')"
    )
    return {code: (concept, how) for code, concept, how in rows}


EXPECTED = {
    "E109": (9_100_001, "same code"),
    "E669": (9_100_002, "same code"),
    "Z3711": (9_100_011, "cut by 1"),
    "Z370": (9_100_004, "same code"),
    "Q055": (9_100_005, "same code"),
    "O049": (9_100_015, "cut by 1"),
    "F32901": (9_100_008, "cut by 3"),
    "Q210": (9_100_007, "cut by 0"),
    "3459": (9_100_003, "cut by 0"),
    "250": (9_100_013, "cut by 0"),
    "25000": (9_100_013, "cut by 2"),
    "JQGD010": (9_100_012, "same code"),
    "3400922389585": (9_300_003, "same code"),
    "3400934563096": (9_300_001, "by ATC"),
    "00846503": (9_300_003, "same code"),
}


@pytest.mark.parametrize("form", ["folder", "zip", "parquet"])
def test_every_form_gives_the_same_concepts(form: str, tmp_path: Path) -> None:
    path = {"folder": lambda _: MINI, "zip": mini_zip, "parquet": mini_parquet}[form](tmp_path)
    with prepared(tmp_path / "work", path) as (engine, context, words):
        assert words == Words(VERSION, athena=True)
        assert targets(engine) == EXPECTED
        assert context.findings["standard_codes"] == len(EXPECTED)
        assert context.findings["standard_codes_several"] == 1  # Q05.5
        assert context.findings["standard_codes_other_domain"] == 1  # Z37.0


def test_events_carry_standard_concepts_and_athenas_source_concepts(tmp_path: Path) -> None:
    with prepared(tmp_path, MINI) as (engine, context, words):
        query = words.standard(engine, Step.NAME, Step().build(engine, context))
        found = {
            value: (concept, source)
            for value, concept, source in engine.rows(
                "SELECT condition_source_value, condition_concept_id, "
                f"condition_source_concept_id FROM ({query})"
            )
        }
        assert len(found) == len(MET)
        assert found["E109"] == (9_100_001, 9_200_001)
        assert found["Z3711"][0] == 9_100_011
        assert found["Z3711"][1] > LOCAL_CONCEPTS_ABOVE  # Athena does not have Z37.11
        assert found["3459"][1] > LOCAL_CONCEPTS_ABOVE  # ICD-9 is not ICD-9-CM
        assert found["M069"][0] == 0  # its target is withdrawn
        assert found["1104"][0] == 0


def test_the_cdm_carries_what_a_cohort_engine_needs(tmp_path: Path) -> None:
    with prepared(tmp_path, MINI) as (engine, _, words):
        for name, query in words.tables().items():
            engine.sql(f"CREATE VIEW cdm_{name} AS {query}")
        # Diabetes, then a finding: the ancestors of type 1 diabetes.
        above = engine.rows(
            "SELECT ancestor_concept_id FROM cdm_concept_ancestor "
            "WHERE descendant_concept_id = 9100001 ORDER BY 1"
        )
        assert [a for (a,) in above] == [9_100_001, 9_100_013, 9_100_014]
        dangling = engine.scalar(
            "SELECT count(*) FROM (SELECT concept_id_1 AS c FROM cdm_concept_relationship UNION "
            "SELECT concept_id_2 FROM cdm_concept_relationship UNION "
            "SELECT ancestor_concept_id FROM cdm_concept_ancestor UNION "
            "SELECT descendant_concept_id FROM cdm_concept_ancestor UNION "
            "SELECT target_concept_id FROM cdm_source_to_concept_map UNION "
            "SELECT source_concept_id FROM cdm_source_to_concept_map) "
            "WHERE c NOT IN (SELECT concept_id FROM cdm_concept)"
        )
        assert dangling == 0
        twice = engine.scalar("SELECT count(*) - count(DISTINCT concept_id) FROM cdm_concept")
        assert twice == 0
        named = engine.rows(
            "SELECT count(*) FROM cdm_concept WHERE vocabulary_id NOT IN "
            "(SELECT vocabulary_id FROM cdm_vocabulary) OR domain_id NOT IN "
            "(SELECT domain_id FROM cdm_domain) OR concept_class_id NOT IN "
            "(SELECT concept_class_id FROM cdm_concept_class)"
        )
        assert named == [(0,)]
        assert (
            engine.scalar("SELECT concept_name FROM cdm_concept WHERE concept_id = 9200002")
            == 'Obésité dite "commune"'
        )


@pytest.mark.parametrize("vocabulary", [None, MINI])
def test_study_codes_are_the_same_with_and_without(vocabulary: Path | None, tmp_path: Path) -> None:
    with prepared(tmp_path, vocabulary) as (engine, _, words):
        for name, query in words.tables().items():
            engine.sql(f"CREATE VIEW cdm_{name} AS {query}")
        found = engine.rows(
            "SELECT m.source_code, m.source_code_description, replace(t.concept_code, '.', '') "
            "FROM cdm_source_to_concept_map m JOIN cdm_concept t "
            "ON t.concept_id = m.target_concept_id "
            "WHERE m.target_vocabulary_id IN ('ATC', 'ICD10') ORDER BY m.source_code"
        )
        assert {code: (how, target) for code, how, target in found} == {
            "00846503": ("recorded", "A02BC01"),
            "3400922389585": ("recorded", "A02BC01"),
            "3400934563096": ("recorded", "N03AX09"),
            "9330963": ("recorded", "L04AX02"),
            "E109": ("cut by 0", "E109"),
            "E669": ("cut by 0", "E669"),
            "F32901": ("cut by 2", "F329"),
            "M069": ("cut by 0", "M069"),
            "O049": ("cut by 0", "O049"),
            "Q055": ("cut by 0", "Q055"),
            "Q210": ("cut by 0", "Q210"),
            "Z370": ("cut by 0", "Z370"),
            "Z3711": ("cut by 1", "Z371"),
        }
        ties = engine.scalar(
            "SELECT count(*) FROM cdm_concept_relationship "
            "WHERE relationship_id = 'Has study code' AND concept_id_1 <> concept_id_2"
        )
        assert ties == len(found)


def test_local_concepts_have_the_domain_of_their_codes(tmp_path: Path) -> None:
    with prepared(tmp_path, None) as (engine, _, words):
        assert words == Words("local concepts", athena=False)
        found = engine.rows(f"SELECT vocabulary_id, domain_id FROM ({words.tables()['concept']})")
        domains = dict(found)
        assert domains["NABM"] == "Measurement"
        assert domains["LPP"] == "Device"
        assert domains["CCI"] == "Procedure"
        assert domains["ICD9"] == "Condition"
        assert domains["UCD7"] == "Drug"


def test_the_vocabulary_of_synthea27nj_is_read(shared: Path, tmp_path: Path) -> None:
    """Commas, quotes, no ICD nor ATC: everything stays local, and the version is recorded."""
    path = shared / "data" / "omop" / "Synthea27Nj_5.4.zip"
    with prepared(tmp_path, path) as (engine, context, words):
        assert words.version == "v5.0 09-APR-22*"
        assert engine.scalar("SELECT count(*) FROM athena_concept") == 2294
        assert engine.scalar("SELECT count(*) FROM athena_concept_relationship") == 266_588
        assert context.findings["standard_codes"] == 0
        assert targets(engine) == {}


@pytest.mark.parametrize("missing", ["CONCEPT", "CONCEPT_RELATIONSHIP", "VOCABULARY"])
def test_a_folder_that_is_no_vocabulary_is_refused(missing: str, tmp_path: Path) -> None:
    shutil.copytree(MINI, tmp_path / "partial")
    (tmp_path / "partial" / f"{missing}.csv").unlink()
    with (
        pytest.raises(InputError, match=missing),
        prepared(tmp_path / "work", tmp_path / "partial"),
    ):
        pass


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "athena.zip").write_bytes(b"PK not a zip")
    with (
        pytest.raises(InputError, match="Athena"),
        prepared(tmp_path / "work", tmp_path / "athena.zip"),
    ):
        pass
