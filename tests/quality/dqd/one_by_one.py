"""DataQualityDashboard's checks one query at a time: the slow judge of the fused engine.

Written from OHDSI/DataQualityDashboard 2.8.4, inst/sql/sql_server/*.sql, check by check, without
looking at how the package fuses them. It reads tables of a DuckDB connection that have every
column of CDM 5.4 in its declared type, and the public lists of checks in `../shared`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

Row = dict[str, str]

#: Concept columns whose absence counts when the source value is there, and that source value.
COMPANIONS = {
    **dict.fromkeys(("unit_concept_id", "unit_source_concept_id"), "unit_source_value"),
    "admitted_from_concept_id": "admitted_from_source_value",
    "discharged_to_concept_id": "discharged_to_source_value",
    "condition_status_concept_id": "condition_status_source_value",
    "route_concept_id": "route_source_value",
    "modifier_concept_id": "modifier_source_value",
    "qualifier_concept_id": "qualifier_source_value",
    **dict.fromkeys(("cause_concept_id", "cause_source_concept_id"), "cause_source_value"),
    "anatomic_site_concept_id": "anatomic_site_source_value",
    "disease_status_concept_id": "disease_status_source_value",
    "country_concept_id": "country_source_value",
    "place_of_service_concept_id": "place_of_service_source_value",
    **dict.fromkeys(
        ("specialty_concept_id", "specialty_source_concept_id"), "specialty_source_value"
    ),
    **dict.fromkeys(("payer_concept_id", "payer_source_concept_id"), "payer_source_value"),
    **dict.fromkeys(("plan_concept_id", "plan_source_concept_id"), "plan_source_value"),
    **dict.fromkeys(("sponsor_concept_id", "sponsor_source_concept_id"), "sponsor_source_value"),
    **dict.fromkeys(
        ("stop_reason_concept_id", "stop_reason_source_concept_id"), "stop_reason_source_value"
    ),
}


@dataclass(frozen=True)
class Asked:
    """One check: its key and the two queries that answer it."""

    check: str
    table: str
    field: str
    concept: str
    violated: str
    denominator: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Check, table, field and concept ids, in lower case without spaces."""
        return (self.check, self.table, self.field, self.concept.replace(" ", ""))


def read(folder: Path, level: str) -> list[Row]:
    """One of the public lists: Table, Field or Concept."""
    path = folder / f"OMOP_CDMv5.4_{level}_Level.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _birth(default: str) -> str:
    parts = (
        "lpad(CAST(coalesce(p.month_of_birth, 1) AS VARCHAR), 2, '0') || '-' || "
        "lpad(CAST(coalesce(p.day_of_birth, 1) AS VARCHAR), 2, '0')"
        if default == "parts"
        else "'06-01'"
    )
    return (
        "coalesce(CAST(p.birth_datetime AS DATE), "
        f"CAST(CAST(p.year_of_birth AS VARCHAR) || '-' || {parts} AS DATE))"
    )


def table_checks(folder: Path) -> Iterator[Asked]:
    """The four types of table level."""
    for row in read(folder, "Table"):
        t = row["cdmTableName"].lower()
        yield Asked("cdmTable", t, "", "", f"SELECT 0 FROM (SELECT count(*) FROM {t})", "SELECT 1")
        if row["measurePersonCompleteness"] == "Yes":
            yield Asked(
                "measurePersonCompleteness", t, "", "",
                f"SELECT count(*) FROM person p LEFT JOIN {t} x ON p.person_id = x.person_id "
                "WHERE x.person_id IS NULL AND p.person_id IS NOT NULL",
                "SELECT count(*) FROM person",
            )  # fmt: skip
        if row["measureConditionEraCompleteness"] == "Yes":
            yield Asked(
                "measureConditionEraCompleteness", t, "", "",
                "SELECT count(DISTINCT o.person_id) FROM condition_occurrence o "
                f"LEFT JOIN {t} x ON o.person_id = x.person_id "
                "WHERE x.person_id IS NULL AND o.condition_concept_id != 0",
                "SELECT count(DISTINCT person_id) FROM condition_occurrence "
                "WHERE condition_concept_id != 0",
            )  # fmt: skip
        if row["measureObservationPeriodOverlap"] == "Yes":
            a, b = "observation_period_start_date", "observation_period_end_date"
            yield Asked(
                "measureObservationPeriodOverlap", t, "", "",
                "SELECT count(DISTINCT x.person_id) FROM observation_period x "
                "JOIN observation_period y ON x.person_id = y.person_id "
                "AND x.observation_period_id != y.observation_period_id "
                f"WHERE (x.{a} <= y.{b} AND x.{b} >= y.{a}) "
                f"OR x.{b} + 1 = y.{a} OR y.{b} + 1 = x.{a}",
                "SELECT count(DISTINCT person_id) FROM observation_period",
            )  # fmt: skip


def field_checks(folder: Path) -> Iterator[Asked]:
    """The twenty types of field level."""
    for row in read(folder, "Field"):
        t, f = row["cdmTableName"].lower(), row["cdmFieldName"].lower()
        for check, asked in _field_types(row, t, f'"{f}"'):
            violated, denominator = asked
            yield Asked(check, t, f, "", violated, denominator)


def _field_types(row: Row, t: str, f: str) -> Iterator[tuple[str, tuple[str, str]]]:
    everything = f"SELECT count(*) FROM {t}"
    filled = f"{everything} WHERE {f} IS NOT NULL"
    yield "cdmField", (f"SELECT 0 FROM (SELECT count({f}) FROM {t})", "SELECT 1")
    yield "measureValueCompleteness", (f"{everything} WHERE {f} IS NULL", everything)
    if row["isRequired"] == "Yes":
        yield "isRequired", (f"{everything} WHERE {f} IS NULL", everything)
    if row["cdmDatatype"] == "integer":
        digits = f"regexp_matches(CAST({f} AS VARCHAR), '^([0-9]+\\.?[0-9]*|\\.[0-9]+)$')"
        yield "cdmDatatype", (f"{filled} AND NOT {digits}", everything)
    if row["isPrimaryKey"] == "Yes":
        yield (
            "isPrimaryKey",
            (
                f"{everything} WHERE {f} IN (SELECT {f} FROM {t} GROUP BY {f} HAVING count(*) > 1)",
                everything,
            ),
        )
    if row["isForeignKey"] == "Yes":
        to, key = row["fkTableName"].lower(), row["fkFieldName"].lower()
        yield (
            "isForeignKey",
            (
                f"SELECT count(*) FROM {t} c LEFT JOIN {to} k ON c.{f} = k.{key} "
                f"WHERE k.{key} IS NULL AND c.{f} IS NOT NULL",
                everything,
            ),
        )
        concept = f"SELECT count(*) FROM {t} c LEFT JOIN concept co ON c.{f} = co.concept_id WHERE"
        if row["fkDomain"]:
            yield (
                "fkDomain",
                (
                    f"{concept} co.concept_id != 0 AND co.domain_id NOT IN ('{row['fkDomain']}')",
                    everything,
                ),
            )
        if row["fkClass"]:
            yield (
                "fkClass",
                (
                    f"{concept} co.concept_id != 0 AND co.concept_class_id != '{row['fkClass']}'",
                    everything,
                ),
            )
    if row["isStandardValidConcept"] == "Yes":
        yield (
            "isStandardValidConcept",
            (
                f"SELECT count(*) FROM {t} c JOIN concept co ON c.{f} = co.concept_id "
                "WHERE co.concept_id != 0 AND (co.standard_concept != 'S' "
                "OR co.invalid_reason IS NOT NULL OR co.standard_concept IS NULL)",
                filled,
            ),
        )
    yield from _completeness(row, t, f)
    yield from _plausible(row, t, f)


def _completeness(row: Row, t: str, f: str) -> Iterator[tuple[str, tuple[str, str]]]:
    name = f.strip('"')
    companion = COMPANIONS.get(name, "")
    if name.startswith("unit_") and t == "dose_era":
        companion = ""
    if name.startswith("gender_") and t == "provider":
        companion = "gender_source_value"
    zero, filled = f"{f} = 0", f"{f} IS NOT NULL"
    if companion:
        zero += f" OR ({f} IS NULL AND {companion} IS NOT NULL)"
        filled += f" OR {companion} IS NOT NULL"
    for check in ("standardConceptRecordCompleteness", "sourceConceptRecordCompleteness"):
        if row[check] == "Yes":
            yield (
                check,
                (
                    f"SELECT count(*) FROM {t} WHERE {zero}",
                    f"SELECT count(*) FROM {t} WHERE {filled}",
                ),
            )
    if row["sourceValueCompleteness"] == "Yes":
        standard = row["standardConceptFieldName"].lower()
        yield (
            "sourceValueCompleteness",
            (
                f"SELECT count(*) FROM (SELECT DISTINCT {f} FROM {t} WHERE {standard} = 0)",
                f"SELECT count(*) FROM (SELECT DISTINCT {f} FROM {t})",
            ),
        )


def _plausible(row: Row, t: str, f: str) -> Iterator[tuple[str, tuple[str, str]]]:
    everything = f"SELECT count(*) FROM {t}"
    filled = f"{everything} WHERE {f} IS NOT NULL"
    dated = row["cdmDatatype"] in ("date", "datetime")
    for check, sign in (("plausibleValueLow", "<"), ("plausibleValueHigh", ">")):
        bound = row[check]
        if not bound:
            continue
        bound = bound.replace("DATEADD(dd,1,GETDATE())", "current_date + 1")
        bound = bound.replace("YEAR(GETDATE())", "year(current_date)")
        if bound.startswith("'"):
            bound = f"CAST(strptime({bound}, '%Y%m%d') AS DATE)"
        value = f"CAST({f} AS DATE)" if dated else f
        yield check, (f"{everything} WHERE {value} {sign} {bound}", filled)
    if row["plausibleTemporalAfter"] == "Yes":
        other = row["plausibleTemporalAfterFieldName"].lower()
        if row["plausibleTemporalAfterTableName"] == "PERSON":
            violated = (
                f"SELECT count(*) FROM {t} c JOIN person p ON c.person_id = p.person_id "
                f"WHERE {_birth('june')} > CAST(c.{f} AS DATE)"
            )
        else:
            violated = f"{everything} WHERE CAST({other} AS DATE) > CAST({f} AS DATE)"
        yield "plausibleTemporalAfter", (violated, everything)
    yield from _against_death(row, t, f)
    if row["plausibleAfterBirth"] == "Yes":
        yield (
            "plausibleAfterBirth",
            (
                f"SELECT count(*) FROM {t} c JOIN person p ON c.person_id = p.person_id "
                f"WHERE CAST(c.{f} AS DATE) < {_birth('parts')}",
                filled,
            ),
        )
    if row["plausibleStartBeforeEnd"] == "Yes":
        end = row["plausibleStartBeforeEndFieldName"].lower()
        yield (
            "plausibleStartBeforeEnd",
            (
                f"{everything} WHERE CAST({f} AS DATE) > CAST({end} AS DATE)",
                f"{everything} WHERE {f} IS NOT NULL AND {end} IS NOT NULL",
            ),
        )
    if row["withinVisitDates"] == "Yes":
        visit = (
            f"SELECT count(*) FROM {t} c JOIN visit_occurrence vo "
            "ON c.visit_occurrence_id = vo.visit_occurrence_id"
        )
        yield (
            "withinVisitDates",
            (
                f"{visit} WHERE c.{f} < vo.visit_start_date - 7 OR c.{f} > vo.visit_end_date + 7",
                visit,
            ),
        )


def _against_death(row: Row, t: str, f: str) -> Iterator[tuple[str, tuple[str, str]]]:
    everything = f"SELECT count(*) FROM {t}"
    dead = f"SELECT count(*) FROM {t} c JOIN death de ON c.person_id = de.person_id WHERE"
    late = f"CAST(c.{f} AS DATE) > CAST(de.death_date AS DATE) + 60"
    if row["plausibleDuringLife"] == "Yes":
        yield (
            "plausibleDuringLife",
            (
                f"{dead} {late}",
                f"{everything} WHERE person_id IN (SELECT person_id FROM death)",
            ),
        )
    if row["plausibleBeforeDeath"] == "Yes":
        yield "plausibleBeforeDeath", (f"{dead} {late}", f"{dead} c.{f} IS NOT NULL")


def concept_checks(folder: Path) -> Iterator[Asked]:
    """The three types of concept level."""
    for row in read(folder, "Concept"):
        t, f, ids = row["cdmTableName"].lower(), row["cdmFieldName"].lower(), row["conceptId"]
        of_concept = f"SELECT count(*) FROM {t} c WHERE {f} = {ids}"
        if row["plausibleGender"]:
            sex = 8507 if row["plausibleGender"] == "Male" else 8532
            yield Asked(
                "plausibleGender", t, f, ids,
                f"SELECT count(*) FROM {t} c JOIN person p ON c.person_id = p.person_id "
                f"WHERE c.{f} = {ids} AND p.gender_concept_id <> {sex}",
                of_concept,
            )  # fmt: skip
        if row["plausibleGenderUseDescendants"]:
            sex = 8507 if row["plausibleGenderUseDescendants"] == "Male" else 8532
            below = "JOIN concept_ancestor ca ON ca.descendant_concept_id = c." + f
            yield Asked(
                "plausibleGenderUseDescendants", t, f, ids,
                f"SELECT count(*) FROM {t} c JOIN person p ON c.person_id = p.person_id {below} "
                f"WHERE ca.ancestor_concept_id IN ({ids}) AND p.gender_concept_id <> {sex}",
                f"SELECT count(*) FROM {t} c {below} WHERE ca.ancestor_concept_id IN ({ids})",
            )  # fmt: skip
        if row["plausibleUnitConceptIdsThreshold"]:
            units = row["plausibleUnitConceptIds"]
            yield Asked(
                "plausibleUnitConceptIds", t, f, ids,
                f"{of_concept} AND unit_concept_id IS NOT NULL AND "
                f"(('{units}' = '-1' AND unit_concept_id != 0) "
                f"OR unit_concept_id NOT IN ({units}, 0))",
                f"{of_concept} AND (unit_concept_id != 0 OR unit_concept_id IS NULL)",
            )  # fmt: skip


def every_check(folder: Path) -> list[Asked]:
    """All 2,535 of them, from the folder that holds the public lists."""
    levels: tuple[Callable[[Path], Iterator[Asked]], ...] = (
        table_checks,
        field_checks,
        concept_checks,
    )
    return [asked for level in levels for asked in level(folder)]


def answers(
    connection: duckdb.DuckDBPyConnection, folder: Path
) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    """Violated rows and denominator of every check, each asked on its own."""
    found = {}
    for asked in every_check(folder):
        violated, denominator = (
            int((connection.execute(query).fetchone() or (0,))[0])
            for query in (asked.violated, asked.denominator)
        )
        found[asked.key] = (violated, denominator)
    return found
