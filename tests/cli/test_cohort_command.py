"""`transat cohort`: what each command writes and prints, its exit codes, no small count."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cohorts"))

from circe_by_hand import definition
from hand_cdm import Hand, day

COMMAND = [sys.executable, "-c", "from transat.cli.main import main; main()"]
STENOSIS = 2_000_000_001
RULE = {
    "name": "Aged 30 or more",
    "expression": {
        "Type": "ALL",
        "CriteriaList": [],
        "DemographicCriteriaList": [{"Age": {"Value": 30, "Op": "gte"}}],
        "Groups": [],
    },
}


def transat(*arguments: str | Path, lang: str = "fr") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--lang", lang, *map(str, arguments)], capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def cdm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 women with a stenosis, of whom 5 are under 30."""
    hand = Hand()
    concept = hand.concept("ICD10", "I350")
    for person in range(1, 41):
        hand.woman(person, 1990 if person <= 5 else 1960)
        hand.add(
            "condition_occurrence", condition_occurrence_id=person, person_id=person,
            condition_concept_id=concept, condition_start_date=day(person),
        )  # fmt: skip
    return hand.write(tmp_path_factory.mktemp("c") / "cdm").path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "7.json").write_text(definition(STENOSIS, InclusionRules=[RULE]), "utf-8")
    return tmp_path / "7.json"


def test_run_prints_the_attrition_with_small_counts_masked(
    cdm: Path, file: Path, tmp_path: Path
) -> None:
    done = transat("cohort", file, "--cdm", cdm, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert re.search(r"Événements d'entrée +40 +40", done.stdout)
    assert re.search(r"Aged 30 or more +masqué +masqué", done.stdout)
    assert not re.search(r"\b(35|5)\b", done.stdout)
    written = pq.read_table(tmp_path / "out" / "cohort.parquet")
    assert written.column_names == [
        "cohort_definition_id", "subject_id", "cohort_start_date", "cohort_end_date",
    ]  # fmt: skip
    assert written.num_rows == 35
    assert set(written["cohort_definition_id"].to_pylist()) == {7}


def test_json_says_the_same_with_null_for_masked(cdm: Path, file: Path) -> None:
    done = transat("cohort", "run", file, "--cdm", cdm, "--json", lang="en")
    answer = json.loads(done.stdout)
    assert answer["definitions"][0]["found"] == "periods"
    assert [step["persons"] for step in answer["attrition"]] == [40, None, None, None]


def test_every_engine_writes_the_same_rows(cdm: Path, file: Path, tmp_path: Path) -> None:
    tables = []
    for engine in ("columns", "duckdb", "reference"):
        out = tmp_path / engine
        done = transat("cohort", file, "--cdm", cdm, "--engine", engine, "--out", out)
        assert done.returncode == 0, done.stderr
        tables.append(pq.read_table(out / "cohort.parquet"))
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


def test_the_sql_of_a_reviewer_names_the_rule(cdm: Path, file: Path, tmp_path: Path) -> None:
    done = transat("cohort", file, "--cdm", cdm, "--sql", tmp_path / "q.sql")
    assert done.returncode == 0, done.stderr
    assert "Aged 30 or more" in (tmp_path / "q.sql").read_text("utf-8")


def test_neither_the_cdm_nor_the_definition_is_replaced_by_sql_or_a_page(
    cdm: Path, file: Path
) -> None:
    before = (cdm / "person.parquet").read_bytes(), file.read_bytes()
    for path in (cdm / "person.parquet", file, cdm):
        done = transat("cohort", file, "--cdm", cdm, "--sql", path)
        assert (done.returncode, ".sql" in done.stderr) == (17, True)
    page = ("cohort", "profile", "--cdm", cdm, "--person", "9", "--out")
    assert transat(*page, cdm / "person.parquet").returncode == 17
    assert ((cdm / "person.parquet").read_bytes(), file.read_bytes()) == before


@pytest.mark.parametrize(
    ("concept", "domain", "said"),
    [
        (9, "ConditionOccurrence", "le CDM ne connaît aucun des concepts d'entrée"),
        (STENOSIS, "DrugEra", "le CDM n'a pas la table d'entrée"),
        (STENOSIS, "VisitOccurrence", "sans personne"),
    ],
)
def test_an_empty_cohort_says_why(
    cdm: Path, tmp_path: Path, concept: int, domain: str, said: str
) -> None:
    (tmp_path / "1.json").write_text(definition(concept, domain), "utf-8")
    done = transat("cohort", tmp_path / "1.json", "--cdm", cdm)
    assert (done.returncode, said in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_folder_with_a_bad_definition_does_the_others_and_exits_10(
    cdm: Path, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "8.json").write_text('{"PrimaryCriteria": 3}', "utf-8")
    done = transat("cohort", tmp_path, "--cdm", cdm, "--out", tmp_path / "out", lang="en")
    assert done.returncode == 10
    assert "8.json" in done.stderr
    assert "Traceback" not in done.stderr
    assert pq.read_table(tmp_path / "out" / "cohort.parquet").num_rows == 35


def test_an_unknown_engine_exits_16_with_the_close_match(cdm: Path, file: Path) -> None:
    done = transat("cohort", file, "--cdm", cdm, "--engine", "duckbd")
    assert (done.returncode, "duckdb" in done.stderr) == (16, True)


def test_a_folder_that_is_no_cdm_exits_17(file: Path, tmp_path: Path) -> None:
    done = transat("cohort", file, "--cdm", tmp_path)
    assert (done.returncode, "person.parquet" in done.stderr) == (17, True)


def test_show_tells_the_attrition_beside_the_rules(cdm: Path, file: Path, tmp_path: Path) -> None:
    transat("cohort", file, "--cdm", cdm, "--out", tmp_path / "out")
    done = transat("cohort", "show", file, "--cohorts", tmp_path / "out", lang="en")
    assert done.returncode == 0, done.stderr
    assert "Aged 30 or more" in done.stdout
    assert re.search(r"→ 40 events, 40 persons", done.stdout)
    assert not re.search(r"\b35\b", done.stdout)


def test_examples_are_checked_shown_run_and_analysed(cdm: Path, tmp_path: Path) -> None:
    done = transat("cohort", "examples", tmp_path / "studies")
    studies = [Path(line) for line in done.stdout.split()]
    assert len(studies) >= 2
    for study in studies:
        for lang in ("fr", "en"):
            assert transat("cohort", "check", study, lang=lang).returncode == 0
            assert transat("cohort", "show", study, lang=lang).returncode == 0
        run = transat("cohort", study, "--cdm", cdm, "--out", tmp_path / "out")
        assert run.returncode == 0, run.stderr
        done = transat("cohort", "analyse", study, "--cdm", cdm, "--out", tmp_path / "tables")
        assert done.returncode == 0, done.stderr
        for path in done.stdout.split():
            assert pq.read_table(path).column_names[0] == "subject_id"
    assert transat("cohort", "examples", tmp_path / "studies").returncode == 17


def test_diff_and_export(cdm: Path, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(definition(STENOSIS), "utf-8")
    done = transat("cohort", "diff", file, other)
    assert (done.returncode, "Aged 30 or more" in done.stdout) == (0, True)
    assert transat("cohort", "diff", file, file).stdout.strip() == "A et B sont identiques."
    done = transat("cohort", "export", file, "--out", tmp_path / "json")
    assert done.returncode == 0, done.stderr
    again = transat("cohort", "diff", file, tmp_path / "json" / "7.json")
    assert "identiques" in again.stdout or "Même logique" in again.stdout


def test_schema_is_json() -> None:
    assert json.loads(transat("cohort", "schema").stdout)["$schema"].startswith("https://json-sch")


def test_what_comes_with_cohorts(cdm: Path, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    transat("cohort", file, "--cdm", cdm, "--out", out)
    done = transat("cohort", "covariates", out, "--cdm", cdm, "--out", tmp_path / "cov", "--codes")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cov" / "table_one.fr.html").is_file()
    done = transat("cohort", "attrition", out, "--out", tmp_path / "pages")
    assert done.returncode == 0, done.stderr
    page = tmp_path / "person.html"
    done = transat("cohort", "profile", "--cdm", cdm, "--person", "9", "--out", page)
    assert done.returncode == 0, done.stderr
    assert "ne sort pas du site" in done.stderr
    assert page.stat().st_mode & 0o077 == 0
    done = transat("cohort", "profile", "--cdm", cdm, "--person", "999", "--out", page)
    assert done.returncode == 17


def test_check_says_where_circe_does_other_than_a_definition_says(tmp_path: Path) -> None:
    late = {"OccurrenceEndDate": {"Op": "gt", "Value": "2010-01-01"}}
    said = json.loads(definition(STENOSIS))
    said["PrimaryCriteria"]["CriteriaList"].append({"DrugExposure": late})
    (tmp_path / "7.json").write_text(json.dumps(said), "utf-8")
    done = transat("cohort", "check", tmp_path / "7.json", lang="en")
    assert done.returncode == 0
    assert "Circe filters the start of the exposure, not its end." in done.stdout
