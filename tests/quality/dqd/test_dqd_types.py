"""Each of the 27 types on a CDM whose faults are known one by one (see `by_hand`)."""

from __future__ import annotations

from datetime import date

import pytest
from small_cdm import by_hand, freeze

from transat.engines.cdm import Cdm
from transat.quality import dqd

TODAY = date(2020, 1, 1)
CONDITIONS = "condition_occurrence"

#: Check, table, column, concept, violated rows, denominator, status.
EXPECTED = [
    ("cdmTable", "note_nlp", "", None, None, None, "failed"),
    ("cdmTable", "person", "", None, 0, 1, "passed"),
    ("measurePersonCompleteness", "visit_occurrence", "", None, 2, 4, "passed"),
    ("measurePersonCompleteness", "dose_era", "", None, 4, 4, "passed"),
    ("measurePersonCompleteness", "drug_exposure", "", None, 3, 4, "passed"),
    ("measurePersonCompleteness", "observation_period", "", None, 1, 4, "failed"),
    ("measureConditionEraCompleteness", "condition_era", "", None, 2, 3, "failed"),
    ("measureObservationPeriodOverlap", "observation_period", "", None, 1, 3, "failed"),
    ("cdmField", "provider", "npi", None, None, None, "failed"),
    ("cdmField", "provider", "dea", None, 0, 1, "passed"),
    ("isRequired", CONDITIONS, "condition_type_concept_id", None, 1, 7, "failed"),
    ("cdmDatatype", "drug_era", "gap_days", None, 1, 3, "failed"),
    ("isPrimaryKey", CONDITIONS, "condition_occurrence_id", None, 2, 7, "failed"),
    ("isPrimaryKey", "person", "person_id", None, 0, 4, "passed"),
    ("isForeignKey", CONDITIONS, "person_id", None, 1, 7, "failed"),
    ("isForeignKey", CONDITIONS, "visit_occurrence_id", None, 1, 7, "failed"),
    ("isForeignKey", "procedure_occurrence", "procedure_concept_id", None, 1, 2, "failed"),
    ("fkDomain", CONDITIONS, "condition_concept_id", None, 1, 7, "failed"),
    ("fkClass", "drug_era", "drug_concept_id", None, 1, 3, "failed"),
    ("isStandardValidConcept", CONDITIONS, "condition_concept_id", None, 2, 7, "failed"),
    ("measureValueCompleteness", CONDITIONS, "condition_end_date", None, 5, 7, "passed"),
    ("standardConceptRecordCompleteness", CONDITIONS, "condition_concept_id", None, 1, 7, "failed"),
    ("standardConceptRecordCompleteness", CONDITIONS, "condition_status_concept_id", None, 1, 1,
     "not_applicable"),
    ("sourceConceptRecordCompleteness", CONDITIONS, "condition_source_concept_id", None, 1, 2,
     "failed"),
    ("sourceValueCompleteness", CONDITIONS, "condition_source_value", None, 1, 4, "failed"),
    ("plausibleValueLow", CONDITIONS, "condition_start_date", None, 1, 7, "failed"),
    ("plausibleValueLow", "procedure_occurrence", "quantity", None, 1, 2, "failed"),
    ("plausibleValueHigh", CONDITIONS, "condition_start_date", None, 1, 7, "failed"),
    ("plausibleValueHigh", "drug_exposure", "days_supply", None, 1, 2, "failed"),
    ("plausibleTemporalAfter", CONDITIONS, "condition_start_date", None, 2, 7, "failed"),
    ("plausibleTemporalAfter", CONDITIONS, "condition_end_date", None, 1, 7, "failed"),
    ("plausibleDuringLife", CONDITIONS, "condition_start_date", None, 1, 2, "failed"),
    ("withinVisitDates", CONDITIONS, "condition_start_date", None, 1, 4, "failed"),
    ("plausibleAfterBirth", CONDITIONS, "condition_start_date", None, 2, 7, "failed"),
    ("plausibleBeforeDeath", CONDITIONS, "condition_start_date", None, 1, 2, "failed"),
    ("plausibleBeforeDeath", CONDITIONS, "condition_end_date", None, 0, 1, "passed"),
    ("plausibleStartBeforeEnd", CONDITIONS, "condition_start_date", None, 1, 2, "failed"),
    ("plausibleGender", CONDITIONS, "condition_concept_id", 26662, 1, 2, "failed"),
    ("plausibleGender", CONDITIONS, "condition_concept_id", 26935, 0, 0, "not_applicable"),
    # 15 is below both ancestors, and counts twice, as in DQD's join
    ("plausibleGenderUseDescendants", CONDITIONS, "condition_concept_id", 4090861, 2, 2, "failed"),
    ("plausibleUnitConceptIds", "measurement", "measurement_concept_id", 3013721, 1, 3, "failed"),
]  # fmt: skip


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dqd.DqdResult:
    folder = tmp_path_factory.mktemp("by_hand")
    freeze(by_hand(), folder, lacking=("note_nlp", "provider.npi"))
    return dqd.run(Cdm(folder), today=TODAY)


def test_every_type_has_its_case() -> None:
    assert {name for name, *_ in EXPECTED} == set(dqd.check_types())
    assert len(dqd.check_types()) == 27


@pytest.mark.parametrize("case", EXPECTED, ids=lambda c: "-".join(str(x) for x in c[:4] if x))
def test_planted_faults_are_counted(
    result: dqd.DqdResult,
    case: tuple[str, str, str, int | None, int | None, int | None, str],
) -> None:
    name, table, field, concept, violated, denominator, status = case
    check = result.one(name, table, field, concept)
    assert (check.violated, check.denominator, check.status) == (violated, denominator, status)


def test_what_is_absent_is_said(result: dqd.DqdResult) -> None:
    table = result.one("isRequired", "note_nlp", "note_id")
    column = result.one("measureValueCompleteness", "provider", "npi")
    assert (table.status, table.error, table.violated) == ("not_applicable", True, None)
    assert table.reason is not None
    assert table.reason.en == "Table note_nlp does not exist."
    assert (column.status, column.error) == ("not_applicable", True)
    assert column.reason is not None
    assert column.reason.fr == "La colonne provider.npi n’existe pas."
    assert result.one("cdmField", "note_nlp", "note_id").status == "not_applicable"


def test_all_checks_end_somehow(result: dqd.DqdResult) -> None:
    assert len(result) == 2535
    assert sum(result.by_status().values()) == 2535
    assert result.by_status()["error"] == 0
    assert {c.severity for c in result.failed()} == {"fatal", "convention", "characterization"}
    assert result.failed("fatal") == tuple(c for c in result.failed() if c.severity == "fatal")
