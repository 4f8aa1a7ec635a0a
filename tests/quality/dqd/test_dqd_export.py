"""The results file: DQD's names and shapes, and only the counts that may be written."""

from __future__ import annotations

import json
from datetime import date

import pytest
from small_cdm import by_hand, freeze

from transat.engines.cdm import Cdm
from transat.quality import dqd

#: What DQD 2.8.4's recordResult.R and evaluateThresholds.R write, less what is about one query.
NAMES = {
    "numViolatedRows", "pctViolatedRows", "numDenominatorRows", "checkName", "checkLevel",
    "checkDescription", "cdmTableName", "cdmFieldName", "conceptId", "sqlFile", "category",
    "subcategory", "context", "checkId", "failed", "passed", "isError", "notApplicable",
    "notApplicableReason", "error", "thresholdValue",
}  # fmt: skip


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dqd.DqdResult:
    tables = by_hand()
    tables.execute("INSERT INTO cdm_source (cdm_source_name, cdm_version) VALUES ('Test', 'v5.4')")
    folder = freeze(tables, tmp_path_factory.mktemp("cdm"), ("note_nlp", "location"))
    return dqd.run(Cdm(folder), today=date(2020, 1, 1))


def test_a_check_is_written_as_dqd_does(result: dqd.DqdResult) -> None:
    written = dqd.document(result, dqd.exact)
    checks = {c["checkId"]: c for c in written["CheckResults"]}
    assert len(checks) == 2535
    assert set().union(*checks.values()) == NAMES
    dated = checks["field_plausibleafterbirth_condition_occurrence_condition_start_date"]
    assert dated == {
        "numViolatedRows": 2,
        "pctViolatedRows": 2 / 7,
        "numDenominatorRows": 7,
        "checkName": "plausibleAfterBirth",
        "checkLevel": "FIELD",
        "checkDescription": "dates before birth",
        "cdmTableName": "CONDITION_OCCURRENCE",
        "cdmFieldName": "CONDITION_START_DATE",
        "sqlFile": "field_plausible_after_birth.sql",
        "category": "Plausibility",
        "subcategory": "Temporal",
        "context": "Verification",
        "checkId": "field_plausibleafterbirth_condition_occurrence_condition_start_date",
        "failed": 1,
        "passed": 0,
        "isError": 0,
        "notApplicable": 0,
        "thresholdValue": 1.0,
    }
    gender = "concept_plausiblegenderusedescendants_condition_occurrence_condition_concept_id"
    assert checks[f"{gender}_4090861,4025213"]["conceptId"] == "4090861,4025213"
    absent = checks["field_isrequired_note_nlp_note_id"]
    assert (absent["isError"], absent["notApplicable"], absent["failed"]) == (1, 1, 0)
    assert absent["notApplicableReason"] == "Table note_nlp does not exist."
    assert json.loads(json.dumps(written)) == written


def test_metadata_and_overview(result: dqd.DqdResult) -> None:
    written = dqd.document(result, dqd.exact)
    assert written["Metadata"] == [
        {"cdmSourceName": "Test", "cdmVersion": "v5.4", "dqdVersion": "2.8.4"}
    ]
    said = {name: values[0] for name, values in written["Overview"].items()}
    assert said["countTotal"] == 2535 == said["countPassed"] + said["countOverallFailed"]
    assert said["countOverallFailed"] == len(result.failed())
    assert said["countTotal"] == sum(
        said[f"countTotal{c}"] for c in ("Plausibility", "Conformance", "Completeness")
    )
    assert said["percentPassed"] + said["percentFailed"] == pytest.approx(100)
    assert said["countThresholdFailed"] == said["countOverallFailed"] - 2  # two absent tables


def test_hidden_counts_are_not_written(result: dqd.DqdResult) -> None:
    written = dqd.document(result, lambda check: (None, check.denominator))
    for check in written["CheckResults"]:
        assert "numViolatedRows" not in check
        assert "pctViolatedRows" not in check
