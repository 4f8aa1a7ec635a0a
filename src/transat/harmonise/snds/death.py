"""DEATH: IR_BEN_R, else the certificate (KI_CCI_R), else a stay that ends by death (SOR_MOD 9).

DEATH has one cause, the certificate's initial one. Every cause written on the certificate
(KI_ECD_R) is also a condition on the day of death (OHDSI Themis issue 175), of type 'death
certificate' (32815: OHDSI ETL-LambdaBuilder, CPRD Aurum). Certificates could be linked to 34 % of
deaths in 2006 and about 90 % from 2013 (`causes_of_death_linkage.csv`), so a missing cause says
nothing: `findings` count deaths by year, and those with a cause.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql, icd10_sql, undotted_sql
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "death"
CODES: Final = (
    f"SELECT 'CIM10', {undotted_sql('cause')} FROM deceased",
    f"SELECT 'ICD10', {icd10_sql('cause')} FROM deceased",
)
#: Provenance of what a death certificate says.
DEATH_CERTIFICATE: Final = 32815
#: condition_status_source_value of a cause written on a certificate.
CAUSE: Final = "CAUSE"
_DEATHS, _WITH_CAUSE = "deaths_", "deaths_with_cause_"


@dataclass(frozen=True, slots=True)
class Linkage:
    """Deaths of one year of an extract, those with a cause, and the published rate (0 to 1)."""

    year: int
    deaths: int
    with_cause: int
    published: float | None


def published_linkage() -> dict[int, float]:
    """Share of deaths whose certificate could be linked, by year (Documentation-SNDS, CépiDc)."""
    source = resources.files("transat.harmonise.snds").joinpath("causes_of_death_linkage.csv")
    rows = csv.DictReader(source.read_text("utf-8").splitlines())
    return {int(row["year"]): float(row["rate"]) for row in rows}


def linkage(findings: Mapping[str, int]) -> tuple[Linkage, ...]:
    """By year, what the findings of a harmonisation say of its certificates, beside the published.

    `findings` is `transat.json`'s; empty when the extract had no certificate. Counts are the
    site's own: they are masked before they are shown.
    """
    known = published_linkage()
    years = (int(k.removeprefix(_DEATHS)) for k in findings if k.removeprefix(_DEATHS).isdigit())
    return tuple(
        Linkage(y, findings[f"{_DEATHS}{y}"], findings[f"{_WITH_CAUSE}{y}"], known.get(y))
        for y in sorted(years)
    )


def deceased(engine: Engine, context: Context) -> None:
    """View `deceased`: person_id, day, type of its record, cause; one row a person."""
    context.materialise(
        engine,
        "deceased",
        "SELECT person_id, first(day ORDER BY place, day) AS day, "
        "first(type ORDER BY place, day) AS type, "
        "first(cause ORDER BY place, cause) FILTER (cause IS NOT NULL) AS cause FROM ("
        f"SELECT person_id, death_date AS day, {CLAIM_RECORD} AS type, "
        "CAST(NULL AS VARCHAR) AS cause, 1 AS place "
        "FROM civil WHERE death_date IS NOT NULL UNION ALL "
        f"SELECT person_id, BEN_DCD_DTE, {DEATH_CERTIFICATE}, DCD_CIM_COD, 2 FROM kept_KI_CCI_R "
        "WHERE year(BEN_DCD_DTE) > 1600 UNION ALL "
        f"SELECT person_id, end_date, {EHR_RECORD}, NULL, 3 FROM stay WHERE SOR_MOD = '9') "
        "GROUP BY person_id",
    )
    if "KI_CCI_R" in context.extract.files:
        by_year = "SELECT year(day), count(*), count(cause) FROM deceased GROUP BY 1 ORDER BY 1"
        for year, deaths, caused in engine.rows(by_year):
            context.findings[f"{_DEATHS}{year}"] = int(deaths)
            context.findings[f"{_WITH_CAUSE}{year}"] = int(caused)


def certified_causes_sql() -> str:
    """SQL: every cause of every certificate, in the columns of the view `diagnosis`."""
    code = undotted_sql("ECD_CIM_COD")
    return (
        f"SELECT person_id, BEN_DCD_DTE, BEN_DCD_DTE, {code} AS code, min(ECD_CIM_COD), "
        f"'{CAUSE}', CAST(NULL AS INTEGER), CAST(NULL AS INTEGER) FROM kept_KI_ECD_R "
        f"WHERE {code} IS NOT NULL AND year(BEN_DCD_DTE) > 1600 "
        "GROUP BY person_id, BEN_DCD_DTE, code"
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT d.person_id, d.day AS death_date, d.type AS death_type_concept_id, "
        "coalesce(w.concept_id, 0) AS cause_concept_id, d.cause AS cause_source_value, "
        "coalesce(n.concept_id, 0) AS cause_source_concept_id FROM deceased AS d "
        f"{concept_sql('CIM10', undotted_sql('d.cause'), 'n')} "
        f"{concept_sql('ICD10', icd10_sql('d.cause'), 'w')} "
        "JOIN civil USING (person_id)"
    )
