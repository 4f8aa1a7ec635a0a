"""From a CDM and a population to the analysis table that statistics see.

    CDM ──pregnancies──▶ rules, counted ──▶ rows ──exposures, outcomes, confounders──▶ table

Set-based SQL and NumPy: no row of a patient becomes a Python object. The table stays on its shore.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat.cohorts import columns
from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition
from transat.cohorts.confounders import variables
from transat.cohorts.exposures import exposed
from transat.cohorts.links import LinkReport
from transat.cohorts.links import report as link_report
from transat.cohorts.outcomes import outcome_matrix, outcome_parents
from transat.cohorts.population import select
from transat.cohorts.pregnancies import use
from transat.cohorts.specification import PopulationSpecification, exposure_parents
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine


@dataclass(frozen=True, slots=True)
class Built:
    """All that one pass over a CDM gives.

    tables: by window name; they differ in their exposures only. links: exact, site-internal.
    people: (n,) person_id of the infant of each row, or of the woman where a row has no infant.
    """

    tables: dict[str, AnalysisTable]
    attrition: Attrition
    links: LinkReport
    people: NDArray[np.int64]


def build(cdm: Cdm, specification: PopulationSpecification) -> tuple[AnalysisTable, Attrition]:
    """The analysis table of the primary window, and what each rule of the population left.

    A CDM without pregnancies gives a table without rows.
    Raises StudyError when the specification names what does not exist.
    """
    built = build_windows(cdm, specification)
    return built.tables[specification.primary_window], built.attrition


def build_windows(
    cdm: Cdm, specification: PopulationSpecification, engine: Engine | None = None
) -> Built:
    """One analysis table per window of the specification, with attrition and links.

    engine: a session to work in (for its memory limit); default, one of its own.
    """
    if engine is not None:
        return _built(engine, cdm, specification)
    with DuckDB() as own:
        return _built(own, cdm, specification)


def _built(engine: Engine, cdm: Cdm, specification: PopulationSpecification) -> Built:
    cdm.attach(engine)
    use(engine, cdm)
    attrition = select(engine, specification)
    size = int(engine.scalar("SELECT count(*) FROM unit_row"))
    pregnancies = int(engine.scalar("SELECT count(*) FROM cohort"))
    row_preg = engine.arrow("SELECT preg FROM unit_row ORDER BY row")["preg"].to_numpy()
    named = variables(engine, size, specification)
    strata, stratum_labels = columns.strata(size, specification.strata, named)
    covariates, covariate_names = columns.covariates(size, specification.confounders, named)
    outcomes = outcome_matrix(engine, size, specification)
    by_window = exposed(engine, pregnancies, specification.exposures, specification.windows)
    tables = {
        name: AnalysisTable(
            n=size,
            exposures=csc_array(matrix.tocsr()[row_preg]),
            exposure_codes=tuple(e.code for e in specification.exposures),
            outcomes=outcomes,
            outcome_codes=specification.outcomes,
            strata=strata,
            stratum_labels=stratum_labels,
            covariates=covariates,
            covariate_names=covariate_names,
            cluster=row_preg.astype(np.int32),
            exposure_parents=exposure_parents(specification.exposures),
            outcome_parents=outcome_parents(specification),
        )
        for name, matrix in by_window.items()
    }
    return Built(tables, attrition, link_report(engine), _people(engine))


def _people(engine: Engine) -> NDArray[np.int64]:
    rows = engine.arrow("""
        SELECT CAST(coalesce(u.infant_id, c.person_id) AS BIGINT) AS person
        FROM unit_row u JOIN cohort c USING (preg) ORDER BY u.row""")
    return np.asarray(rows["person"].to_numpy(), dtype=np.int64)
