"""The Québec shore: its native tables in the order of work, its rules, its OMOP tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from transat.engines.engine import Engine
from transat.harmonise import echo_registry
from transat.harmonise.context import Context
from transat.harmonise.extract_period import extract_period
from transat.harmonise.native import NativeTable
from transat.harmonise.quebec import (
    births,
    care_site,
    cdm_source,
    condition_occurrence,
    death,
    drug_exposure,
    fact_relationship,
    location,
    measurement,
    observation,
    observation_period,
    payer_plan_period,
    person,
    procedure_occurrence,
    products,
    provider,
    visit_detail,
    visit_occurrence,
)
from transat.harmonise.quebec.columns import QuebecColumns, check_header, load
from transat.harmonise.quebec.native import native_table
from transat.harmonise.quebec.rules import rules
from transat.harmonise.shore import Preparation, Shore, Step
from transat.tables.column import Table
from transat.tables.quebec import tables

STEPS: Final[tuple[Step, ...]] = (
    location,
    care_site,
    provider,
    person,
    observation_period,
    payer_plan_period,
    visit_occurrence,
    visit_detail,
    condition_occurrence,
    procedure_occurrence,
    drug_exposure,
    measurement,
    observation,
    death,
    fact_relationship,
    cdm_source,
)


def declare(columns: Path | None = None) -> Shore:
    """The Québec shore under a mapping file; without one, under `columns.yaml`.

    Raises MappingError naming the file, the line and the next step.
    """
    mapping = load(columns)

    def table(name: str) -> NativeTable:
        return native_table(name, mapping)

    return Shore(
        "quebec",
        "Québec (RAMQ, MED-ÉCHO, BDCU)",
        (
            _mapping_check(mapping),
            extract_period,
            table("V_FICH_ID_BEN_CM"),
            person.number_persons,
            table("I_BENF_ADR_CM"),
            table("ADMISSIBILITE_MEDICAMENTS"),
            table("V_SEJ_HOSP_CM"),
            visit_occurrence.stays_numbered(mapping),
            table("V_DIAGN_SEJ_HOSP_CM"),
            table("V_SEJ_SERV_HOSP_CM"),
            table("INTERVENTIONS"),
            table("V_EPISO_SOIN_DURG_CM"),
            table("V_RPERT_COD_ACTE"),
            table("V_ETAB_USUEL"),
            table("I_SMOD_SERV_MD_CM"),
            care_site.number_care_sites,
            provider.number_providers,
            visit_occurrence.number_contacts,
            condition_occurrence.code_diagnoses,
            table("V_PRODU_MED"),
            table("V_DEM_PAIMT_MED_CM"),
            products.map_products,
            drug_exposure.class_claims,
            table("NAISSANCES"),
            table("MORTINAISSANCES"),
            births.gather_births,
            table("GROSSESSES_HOSP"),
            table("DECES_ISQ"),
            table(echo_registry.TABLE),
            echo_registry.echos,
            death.date_deaths,
            location.number_homes,
        ),
        rules(),
        STEPS,
        published=_spelled(mapping),
    )


def _spelled(mapping: QuebecColumns) -> dict[str, Table]:
    """The declared tables by their public names and by the extract's."""
    return {**tables(), **{mapping.file_of(name): table for name, table in tables().items()}}


def _mapping_check(mapping: QuebecColumns) -> Preparation:
    """Compare the mapping file with the extract's headers, before any line is read."""

    def check_mapping(engine: Engine, context: Context) -> None:
        for table, files in context.extract.files.items():
            for file in files:
                check_header(mapping, table, file.header)

    return check_mapping
