"""The accounting rules of a ConcePTION instance, each named and, where it may be, switchable."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from transat.core.languages import Text
from transat.harmonise.rules import Rule

_SOURCE: Final = "ConcePTION CDM 2.2 (Thurin 2022, doi 10.1002/cpt.2476)"

_UNKNOWN: Final = Rule(
    "unknown_person",
    Text("personne absente de PERSONS", "person not in PERSONS"),
    Text("La ligne n'est à personne.", "The line belongs to nobody."),
    _SOURCE,
    "EVENTS",
    "own_id IS NULL",
    fixed=True,
)
_REVERSED: Final = Rule(
    "end_before_start",
    Text("fin avant le début", "end before start"),
    Text("Dates incohérentes.", "Inconsistent dates."),
    _SOURCE,
    "VISIT_OCCURRENCE",
    "visit_end_date < visit_start_date",
)
_REPEATED: Final = Rule(
    "same_key_twice",
    Text("clé fournie deux fois", "key delivered twice"),
    Text("Une seule ligne peut être jointe.", "Only one line can be joined."),
    _SOURCE,
    "PERSONS",
    fixed=True,
    contested=True,
)
_UNDATED: Final = Rule(
    "no_date",
    Text("médicament sans date", "medicine without a date"),
    Text(
        "Ni date de délivrance ni date de prescription.",
        "Neither a date of dispensing nor one of prescription.",
    ),
    _SOURCE,
    "MEDICINES",
    "date_dispensing IS NULL AND date_prescription IS NULL",
    fixed=True,
)
_NO_CODE: Final = Rule(
    "no_code",
    Text("événement sans code", "event without a code"),
    Text("Un texte libre seul ne se met pas en code.", "Free text alone cannot be coded."),
    _SOURCE,
    "EVENTS",
    "event_code IS NULL",
)
_BIRTH_YEAR: Final = Rule(
    "birth_year_impossible",
    Text("année de naissance impossible", "impossible birth year"),
    Text("OMOP exige une année de naissance.", "OMOP requires a year of birth."),
    "OMOP CDM 5.4",
    "PERSONS",
    "year_of_birth NOT BETWEEN 1850 AND 2100",
    fixed=True,
)
_NOBODY: Final = Rule(
    "no_person",
    Text("cas du registre sans personne", "registry case without a person"),
    Text("Ni l'enfant ni la mère ne sont dans PERSONS.", "Neither child nor mother is in PERSONS."),
    _SOURCE,
    "EUROCAT",
    "child_id IS NULL AND mother_id IS NULL",
    fixed=True,
)
_OF_PERSONS: Final = (
    "OBSERVATION_PERIODS",
    "PERSON_RELATIONSHIPS",
    "VISIT_OCCURRENCE",
    "EVENTS",
    "PROCEDURES",
    "MEDICINES",
    "VACCINES",
    "MEDICAL_OBSERVATIONS",
    "SURVEY_ID",
    "SURVEY_OBSERVATIONS",
)


def _at(rule: Rule, table: str, predicate: str) -> Rule:
    return replace(rule, table=table, predicate_sql=predicate)


def _once(table: str, key: str, order: str) -> Rule:
    return _at(_REPEATED, table, f"row_number() OVER (PARTITION BY {key} ORDER BY {order}) > 1")


RULES: Final[tuple[Rule, ...]] = (
    _BIRTH_YEAR,
    _once(
        "PERSONS",
        "person_id",
        "year_of_birth NOT BETWEEN 1850 AND 2100, year_of_birth, month_of_birth, day_of_birth, "
        "sex_at_instance_creation, year_of_death, month_of_death, day_of_death",
    ),
    *(_at(_UNKNOWN, table, "own_id IS NULL") for table in _OF_PERSONS),
    _at(_UNKNOWN, "PERSON_RELATIONSHIPS", "relative_id IS NULL"),
    _at(_REVERSED, "OBSERVATION_PERIODS", "op_end_date < op_start_date"),
    _REVERSED,
    _at(_REVERSED, "EVENTS", "end_date_record < start_date_record"),
    _once(
        "VISIT_OCCURRENCE",
        "visit_occurrence_id",
        "own_id NULLS LAST, visit_start_date, visit_end_date, kind, meaning_of_visit",
    ),
    _once("PRODUCTS", "medicinal_product_id", "medicinal_product_atc_code NULLS LAST"),
    _NO_CODE,
    _at(_NO_CODE, "PROCEDURES", "procedure_code IS NULL"),
    _UNDATED,
    _at(_UNDATED, "VACCINES", "vx_admin_date IS NULL AND vx_record_date IS NULL"),
    _NOBODY,
)
