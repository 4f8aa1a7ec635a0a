"""What a site computes on: its tables of one cohort, made once, and what the gate knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from transat.cohorts.analysis_table import AnalysisTable
    from transat.cohorts.attrition import Attrition
    from transat.cohorts.survival_table import SurvivalTable
    from transat.federation.facts import SiteFacts


@dataclass(frozen=True, slots=True, eq=False)
class SiteData:
    """The tables of one cohort at one site; nothing here ever leaves.

    table: births or pregnancies by exposure and outcome. attrition: what each rule of the
    population left. facts: which cells may leave. people: (n,) int64, a name of the person behind
    each row, the same in every cohort of the site (for the overlap of cohorts). survival: rows of
    time and event, where the study has them. professionals: (n,) int64, a name of the prescriber or
    hospital behind each row, -1 where not known; None where no column names them. simulated: the
    CDM says that its people are none; then only, rule G9 does not count over all models. kinds:
    names of the kinds of event of `survival`, 1 and on, where they have any.
    """

    table: AnalysisTable
    attrition: Attrition
    facts: SiteFacts
    people: NDArray[np.int64]
    survival: SurvivalTable | None = None
    professionals: NDArray[np.int64] | None = None
    simulated: bool = False
    kinds: tuple[str, ...] = ()
