"""The ConcePTION tables that are read, under the names and meanings of the holder's mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from transat.engines.engine import quoted
from transat.harmonise.casts import Cast
from transat.harmonise.conception.mapping import Meanings
from transat.harmonise.native import Demand, NativeColumn, NativeTable

#: Table -> column -> (cast, demand, required). Columns that are not here are left unread.
_READ: Final[Mapping[str, Mapping[str, tuple[Cast, Demand, bool]]]] = {
    "PERSONS": {
        "person_id": ("text", "needed", True),
        "day_of_birth": ("integer", "free", False),
        "month_of_birth": ("integer", "free", False),
        "year_of_birth": ("integer", "needed", True),
        "day_of_death": ("integer", "free", False),
        "month_of_death": ("integer", "free", False),
        "year_of_death": ("integer", "free", False),
        "sex_at_instance_creation": ("code", "free", True),
    },
    "OBSERVATION_PERIODS": {
        "person_id": ("text", "needed", True),
        "op_start_date": ("date", "needed", True),
        "op_end_date": ("date", "checked", False),
    },
    "PERSON_RELATIONSHIPS": {
        "person_id": ("text", "needed", True),
        "related_id": ("text", "needed", True),
        "meaning_of_relationship": ("code", "needed", True),
    },
    "VISIT_OCCURRENCE": {
        "person_id": ("text", "needed", True),
        "visit_occurrence_id": ("text", "needed", True),
        "visit_start_date": ("date", "needed", True),
        "visit_end_date": ("date", "checked", False),
        "meaning_of_visit": ("code", "free", False),
        "status_at_discharge": ("text", "free", False),
    },
    "EVENTS": {
        "person_id": ("text", "needed", True),
        "start_date_record": ("date", "needed", True),
        "end_date_record": ("date", "checked", False),
        "event_code": ("text", "free", True),
        "event_record_vocabulary": ("code", "free", True),
        "meaning_of_event": ("code", "free", False),
        "visit_occurrence_id": ("text", "free", False),
    },
    "PROCEDURES": {
        "person_id": ("text", "needed", True),
        "procedure_date": ("date", "needed", True),
        "procedure_code": ("text", "free", True),
        "procedure_code_vocabulary": ("code", "free", True),
        "visit_occurrence_id": ("text", "free", False),
    },
    "MEDICINES": {
        "person_id": ("text", "needed", True),
        "medicinal_product_id": ("text", "free", False),
        "medicinal_product_atc_code": ("code", "free", False),
        "date_dispensing": ("date", "checked", False),
        "date_prescription": ("date", "checked", False),
        "disp_number_medicinal_product": ("number", "free", False),
        "presc_quantity_per_day": ("number", "free", False),
        "presc_duration_days": ("number", "free", False),
        "visit_occurrence_id": ("text", "free", False),
    },
    "VACCINES": {
        "person_id": ("text", "needed", True),
        "medicinal_product_id": ("text", "free", False),
        "vx_atc": ("code", "free", False),
        "vx_admin_date": ("date", "checked", False),
        "vx_record_date": ("date", "checked", False),
        "visit_occurrence_id": ("text", "free", False),
    },
    "PRODUCTS": {
        "medicinal_product_id": ("text", "needed", True),
        "medicinal_product_atc_code": ("code", "free", False),
    },
    "MEDICAL_OBSERVATIONS": {
        "person_id": ("text", "needed", True),
        "mo_date": ("date", "needed", True),
        "mo_code": ("text", "free", False),
        "mo_source_column": ("text", "free", False),
        "mo_source_value": ("text", "free", True),
        "mo_unit": ("text", "free", False),
        "visit_occurrence_id": ("text", "free", False),
    },
    "SURVEY_ID": {
        "person_id": ("text", "needed", True),
        "survey_id": ("text", "needed", True),
        "survey_date": ("date", "needed", True),
        "survey_meaning": ("code", "free", False),
    },
    "SURVEY_OBSERVATIONS": {
        "person_id": ("text", "needed", True),
        "so_date": ("date", "needed", True),
        "so_source_column": ("text", "free", True),
        "so_source_value": ("text", "free", True),
        "so_unit": ("text", "free", False),
        "survey_id": ("text", "free", False),
    },
    "EUROCAT": {
        "person_id_child": ("text", "free", False),
        "person_id_mother": ("text", "free", False),
        "birthdate": ("date", "needed", True),
        "type": ("code", "free", False),
        "weight": ("number", "free", False),
        "gestlength": ("number", "free", False),
        "syndrome": ("text", "free", False),
        **{f"malfo{i}": ("text", "free", False) for i in range(1, 9)},
    },
    "CDM_SOURCE": {
        "data_source_name": ("text", "free", False),
        "data_access_provider_name": ("text", "free", False),
        "cdm_vocabulary_version": ("text", "free", False),
        "date_creation": ("date", "free", False),
        "recommended_end_date": ("date", "free", False),
    },
}

_REQUIRED: Final = ("PERSONS", "OBSERVATION_PERIODS")
_PERSON: Final = "LEFT JOIN person_number AS p ON p.number = n.person_id"
_OWN: Final = "p.person_id AS own_id"
_VISIT: Final = "LEFT JOIN visit_number AS v ON v.number = n.visit_occurrence_id"
_VISIT_ID: Final = "v.visit_occurrence_id AS visit_id"
_JOINS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "OBSERVATION_PERIODS": (_PERSON, (_OWN,)),
    "PERSON_RELATIONSHIPS": (
        f"{_PERSON} LEFT JOIN person_number AS r ON r.number = n.related_id",
        (_OWN, "r.person_id AS relative_id"),
    ),
    "VISIT_OCCURRENCE": (_PERSON, (_OWN,)),
    "SURVEY_ID": (_PERSON, (_OWN,)),
    "SURVEY_OBSERVATIONS": (_PERSON, (_OWN,)),
    "EUROCAT": (
        "LEFT JOIN person_number AS c ON c.number = n.person_id_child "
        "LEFT JOIN person_number AS m ON m.number = n.person_id_mother",
        ("c.person_id AS child_id", "m.person_id AS mother_id"),
    ),
    **dict.fromkeys(
        ("EVENTS", "PROCEDURES", "MEDICINES", "VACCINES", "MEDICAL_OBSERVATIONS"),
        (f"{_PERSON} {_VISIT}", (_OWN, _VISIT_ID)),
    ),
}
#: Table -> (section of the mapping, column whose word it reads, name of what it means).
_MEANT: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "PERSON_RELATIONSHIPS": (("relationships", "meaning_of_relationship", "relation"),),
    "VISIT_OCCURRENCE": (("visits", "meaning_of_visit", "kind"),),
    "EVENTS": (
        ("vocabularies", "event_record_vocabulary", "vocabulary_id"),
        ("statuses", "meaning_of_event", "status"),
    ),
    "PROCEDURES": (("vocabularies", "procedure_code_vocabulary", "vocabulary_id"),),
    "SURVEY_ID": (("outcomes", "survey_meaning", "outcome"),),
    "SURVEY_OBSERVATIONS": (("measurements", "so_source_column", "measure"),),
    "MEDICAL_OBSERVATIONS": (
        ("measurements", "coalesce(n.mo_source_column, n.mo_code)", "measure"),
    ),
}
_CONTESTED: Final[Mapping[str, tuple[str, ...]]] = {
    "PERSONS": ("person_id",),
    "VISIT_OCCURRENCE": ("visit_occurrence_id",),
    "PRODUCTS": ("medicinal_product_id",),
}


def native_table(name: str, meanings: Meanings) -> NativeTable:
    """The table called `name` as it is staged under `meanings`."""
    named = meanings.columns.get(name, {})
    joins, extra = _JOINS.get(name, ("", ()))
    meant = tuple(
        f"{_meaning(meanings.words.get(section, {}), column)} AS {alias}"
        for section, column, alias in _MEANT.get(name, ())
    )
    columns = tuple(
        NativeColumn(column, cast, demand, required, _aliases(column, named))
        for column, (cast, demand, required) in _READ[name].items()
    )
    file = (meanings.files[name],) if name in meanings.files else ()
    return NativeTable(
        name,
        columns,
        required=name in _REQUIRED,
        aliases=file,
        joins=joins,
        extra=(*extra, *meant),
        contested=_CONTESTED.get(name, ()),
    )


def _aliases(column: str, named: Mapping[str, str]) -> tuple[str, ...]:
    return (named[column],) if column in named else ()


def _meaning(words: Mapping[str, str], column: str) -> str:
    """SQL of what a word means; NULL for a word that the mapping does not describe."""
    written = column if "(" in column else f"n.{column}"
    branches = " ".join(f"WHEN {quoted(w)} THEN {quoted(m)}" for w, m in sorted(words.items()))
    return f"CASE upper({written}) {branches} END" if branches else "CAST(NULL AS VARCHAR)"
