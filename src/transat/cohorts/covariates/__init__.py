"""Covariates of a cohort: what was known of each person before, as a sparse matrix and its words.

cdm + cohort rows + Settings ──build──▶ Covariates (matrix, dictionary) ──▶ files, Table 1
"""

from transat.cohorts.covariates.assemble import build
from transat.cohorts.covariates.baseline import TableOne, table_one
from transat.cohorts.covariates.files import read, write
from transat.cohorts.covariates.matrix import Covariates
from transat.cohorts.covariates.ohdsi_settings import settings_from_ohdsi
from transat.cohorts.covariates.settings import (
    Analysis,
    Settings,
    catalogue,
    chosen,
    code_analysis,
    code_settings,
    default_settings,
)
from transat.cohorts.covariates.summary import Summary, summarise

__all__ = [
    "Analysis",
    "Covariates",
    "Settings",
    "Summary",
    "TableOne",
    "build",
    "catalogue",
    "chosen",
    "code_analysis",
    "code_settings",
    "default_settings",
    "read",
    "settings_from_ohdsi",
    "summarise",
    "table_one",
    "write",
]
