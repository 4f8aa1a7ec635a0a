"""Runs the checks: questions grouped by relation, one query each, then thresholds and statuses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from transat.core.languages import Text
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine, identifier
from transat.quality.dqd import (
    completeness,
    concept_level,
    conformance,
    plausibility,
    table_level,
)
from transat.quality.dqd.asking import Asking
from transat.quality.dqd.catalogue import Check, checks, fields
from transat.quality.dqd.question import Question, view
from transat.quality.dqd.result import DqdResult
from transat.quality.dqd.status import Counted, judged, lacking
from transat.quality.dqd.views import Present, attach

#: What an absent table or column is: missing, as DQD says of a database that lacks it, or empty,
#: as in a database whose tables were all created and not all filled.
Absent = Literal["missing", "empty"]

_QUESTIONS: Final[Mapping[str, Callable[[Check], Question]]] = {
    "cdmTable": table_level.cdm_table,
    "measurePersonCompleteness": table_level.person_completeness,
    "measureConditionEraCompleteness": table_level.condition_era_completeness,
    "measureObservationPeriodOverlap": table_level.observation_period_overlap,
    "cdmField": conformance.cdm_field,
    "isRequired": conformance.is_required,
    "cdmDatatype": conformance.cdm_datatype,
    "isPrimaryKey": conformance.is_primary_key,
    "isForeignKey": conformance.is_foreign_key,
    "fkDomain": conformance.fk_domain,
    "fkClass": conformance.fk_class,
    "isStandardValidConcept": conformance.is_standard_valid_concept,
    "measureValueCompleteness": conformance.is_required,
    "standardConceptRecordCompleteness": completeness.concept_record_completeness,
    "sourceConceptRecordCompleteness": completeness.concept_record_completeness,
    "sourceValueCompleteness": completeness.source_value_completeness,
    "plausibleTemporalAfter": plausibility.temporal_after,
    "plausibleDuringLife": plausibility.during_life,
    "withinVisitDates": plausibility.within_visit_dates,
    "plausibleAfterBirth": plausibility.after_birth,
    "plausibleBeforeDeath": plausibility.before_death,
    "plausibleStartBeforeEnd": plausibility.start_before_end,
    "plausibleGender": concept_level.gender,
    "plausibleGenderUseDescendants": concept_level.gender_of_descendants,
    "plausibleUnitConceptIds": concept_level.unit,
}


def run(
    cdm: Cdm,
    engine: Engine | None = None,
    *,
    absent: Absent = "missing",
    excluding: Collection[str] = (),
    today: date | None = None,
) -> DqdResult:
    """Run the checks on a CDM.

    Parameters
    ----------
    engine: where to run; default, a DuckDB session of its own.
    absent: what a table or column that the folder lacks is taken for.
    excluding: tables whose checks are left out (DQD's own default leaves the vocabulary out).
    today: the day after which a date lies in the future; default, today in UTC.

    Raises
    ------
    InputError: a file of the CDM that is not readable Parquet.
    """
    if engine is None:
        with DuckDB() as own:
            return run(cdm, own, absent=absent, excluding=excluding, today=today)
    day = today or datetime.now(UTC).date()
    present = attach(cdm, engine)
    metadata = _metadata(engine)
    if absent == "empty":
        present = Present({table: frozenset(declared) for table, declared in fields().items()})
    asked = [(c, question(c, day)) for c in checks() if c.table not in excluding]
    reasons = [lacking(c, q, present) for c, q in asked]
    asking = Asking(engine, present)
    asking.ask(q for (_, q), reason in zip(asked, reasons, strict=True) if reason is None)
    found = [_counted(c, q, reason, asking) for (c, q), reason in zip(asked, reasons, strict=True)]
    return DqdResult(judged(found, present), day, metadata, dict(asking.seconds))


def question(check: Check, today: date) -> Question:
    """What a check asks."""
    if check.type.name == "plausibleValueLow":
        return plausibility.value_low(check, today)
    if check.type.name == "plausibleValueHigh":
        return plausibility.value_high(check, today)
    return _QUESTIONS[check.type.name](check)


def _counted(check: Check, asked: Question, reason: Text | None, asking: Asking) -> Counted:
    if reason is None and asked.doubtful is not None and asking.answer(asked.doubtful):
        reason = Text(
            "Des personnes ont un jour de naissance impossible (année absente, ou 31 juin).",
            "Persons have an impossible day of birth (no year, or a 31 June).",
        )
    if reason is not None:
        return Counted(check, None, None, reason)
    return Counted(check, asking.answer(asked.violated), asking.answer(asked.denominator))


def _metadata(engine: Engine) -> dict[str, Any]:
    """The first line of `cdm_source`, as DQD puts it beside its results."""
    names = list(fields()["cdm_source"])
    said = ", ".join(f"CAST({identifier(n)} AS VARCHAR) AS {identifier(n)}" for n in names)
    found = engine.rows(f"SELECT {said} FROM {view('cdm_source')} ORDER BY 1, 2, 3 LIMIT 1")
    return dict(zip(names, found[0], strict=True)) if found else {}
