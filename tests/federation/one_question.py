"""One question inside a site, as a check sees it, from a table made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition
from transat.federation.checks.check import Asked, Check
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.policy import installed
from transat.federation.questions import STEPS
from transat.federation.refusals import Refused


def data(
    rows: AnalysisTable, people: NDArray[np.int64] | None = None, simulated: bool = False
) -> SiteData:
    """The tables of one cohort; every row another person unless said."""
    named = np.arange(rows.n, dtype=np.int64) if people is None else people
    return SiteData(rows, Attrition(()), facts(rows, (), 11), named, simulated=simulated)


def asked(
    of: SiteData, step: str, parameters: Any = None, limits: Mapping[str, float] | None = None,
    cohort: str = "b" * 64,
) -> Asked:  # fmt: skip
    """A question of one study; the step's own default parameters unless given."""
    policy = installed()["snds"].tightened(11, limits)
    chosen = STEPS[step].parameters() if parameters is None else parameters
    return Asked("a" * 64, cohort, step, chosen, of, policy)


def answered(check: Check, question: Asked) -> Any:
    """What leaves through this check alone, remembered as a site remembers it. Raises Refused."""
    check.before(question)
    release = STEPS[question.step].compute(question.data, question.parameters)
    release = check.after(question, release)
    left = check.left(question, release)
    if left is not None:
        check.recall(left)
    return release


def refusal(check: Check, question: Asked) -> Refused | None:
    """The refusal of a question, or None where it is answered."""
    try:
        answered(check, question)
    except Refused as no:
        return no
    return None
