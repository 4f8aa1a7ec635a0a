"""Under which ATC or ICD-10 code studies read an event, whatever vocabulary its concepts are of.

A CDM of Transat ties each source concept to its study code (`Has study code`): events are then read
by their source concept, and a CDM with Athena's concepts gives what one with local concepts gives.
A CDM that others wrote has no such tie: there the event's own concept is the study code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transat.tables.omop import HAS_STUDY_CODE

if TYPE_CHECKING:
    from transat.engines.engine import Engine


@dataclass(frozen=True, slots=True)
class StudyCodes:
    """How a CDM's events are read under one vocabulary.

    column: the event's column to join, ``source`` or the concept itself.
    codes: (concept_id of that column, study code in capitals without dot), in a total order.
    """

    column: str
    codes: tuple[tuple[int, str], ...]


def study_codes(engine: Engine, vocabulary: str, concept: str, source: str) -> StudyCodes:
    """The study codes of `vocabulary` ('ATC' or 'ICD10') in the CDM attached to `engine`.

    concept, source: the event table's columns of concept and source concept.
    """
    code = "upper(replace(c.concept_code, '.', ''))"
    tied = engine.rows(
        f"SELECT DISTINCT r.concept_id_1, {code} AS code FROM concept_relationship r "
        "JOIN concept c ON c.concept_id = r.concept_id_2 "
        f"WHERE r.relationship_id = '{HAS_STUDY_CODE}' AND c.vocabulary_id = ? "
        "ORDER BY code, r.concept_id_1",
        [vocabulary],
    )
    if tied:
        return StudyCodes(source, tuple((int(c), str(n)) for c, n in tied))
    own = engine.rows(
        f"SELECT c.concept_id, {code} AS code FROM concept c WHERE c.vocabulary_id = ? "
        "ORDER BY code, c.concept_id",
        [vocabulary],
    )
    return StudyCodes(concept, tuple((int(c), str(n)) for c, n in own))


def atc_codes(engine: Engine) -> StudyCodes:
    """The ATC under which DRUG_EXPOSURE is read."""
    return study_codes(engine, "ATC", "drug_concept_id", "drug_source_concept_id")


def icd10_codes(engine: Engine) -> StudyCodes:
    """The ICD-10 code, of four characters at most, under which CONDITION_OCCURRENCE is read."""
    return study_codes(engine, "ICD10", "condition_concept_id", "condition_source_concept_id")
