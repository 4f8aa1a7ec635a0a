"""Errors of the code carried into the result: the risk after a code, and after the disease.

Who has a code without the disease has no valve replaced for it: among them the risk of replacement
is 0, and the risk of those who have the disease is that of the coded divided by the predictive
value of the code (`phenotype_error`). Of other events nobody knows the risk of the falsely coded,
and nothing is corrected.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from transat.core.errors import StudyError
from transat.statistics import phenotype_error
from transat.statistics.phenotype_error import Code
from transat.studies.aortic_stenosis.conduct import Curves, Findings
from transat.studies.aortic_stenosis.protocol import AorticStenosis
from transat.studies.aortic_stenosis.results import Corrected, Figure
from transat.studies.numbers import number

#: The kind of event that nobody without the disease has.
ONLY_ILL: Final = "replacement"


def corrected(protocol: AorticStenosis, findings: Findings) -> tuple[Corrected, ...]:
    """For each outcome of a landmark that codes see, at each horizon, over all sites."""
    document = protocol.document
    found = []
    for curves in findings.curves:
        rule = document.outcomes[curves.outcome].value
        landmark = document.landmarks[rule.landmark].value
        by_code = landmark.evidence == "claims" and rule.kinds[0] == ONLY_ILL
        if by_code and not curves.by and curves.result.together[0].edges.size:
            found += [_at(protocol, curves, horizon) for horizon in rule.horizons]
    return tuple(one for one in found if one is not None)


def _at(protocol: AorticStenosis, curves: Curves, horizon: float) -> Corrected | None:
    said = protocol.document.errors.claims.value
    code = Code(
        said.sensitivity, said.specificity, said.sensitivity_people, said.specificity_people
    )
    whole = curves.result.together[0]
    if horizon not in whole.edges:
        return None
    at = int(np.flatnonzero(whole.edges == horizon)[0])
    seen, error = float(whole.incidence[0, at]), float(whole.standard_errors[0, at])
    level = protocol.document.curves.level.value
    try:
        told = phenotype_error.cohort_risk(
            seen, error, 0.0, said.prevalence, int(whole.at_risk[0]), code, level
        )
    except StudyError:
        return None
    kind = protocol.document.outcomes[curves.outcome].value.kinds[0]
    return Corrected(
        curves.outcome, kind, horizon,
        Figure(seen, number(whole.low[0, at]), number(whole.high[0, at])),
        Figure(number(told.value), number(told.low), number(told.high)),
    )  # fmt: skip
