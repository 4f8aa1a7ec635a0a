"""A regression step is refused when it would tell a count that may not leave; by column name only.

At coefficients 0 the Hessian tells every table of two binary columns, the gradient every table of a
binary column with the outcome. (dsBase's glmDS2 tests one-way counts only.) So every such cell must
be one that the site's masks let out. Coefficients that would isolate people are refused too, and
`budget` bounds the rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from transat.federation.facts import Block, SiteFacts
from transat.statistics.design_matrix import Model

#: Largest coefficient that may be asked about; exp(30) is far beyond any odds ratio.
LARGEST: Final = 30.0
#: Smallest effective number of rows, (sum w)² / sum w², with w the weights that a step would use.
EFFECTIVE_ROWS: Final = 30.0


def refused_columns(model: Model, facts: SiteFacts) -> tuple[str, ...]:
    """Columns of the model that would tell a masked cell; empty when the model may be answered."""
    refused: set[str] = set()
    outcome = facts.outcomes.names.index(model.outcome)
    if facts.outcomes.hidden[outcome]:
        return (model.outcome,)
    for code in model.exposures:
        d = facts.exposures.names.index(code)
        if facts.exposures.hidden[d] or facts.exposure_outcome[d, outcome]:
            refused.add(code)
    refused |= _covariates(model, facts, outcome)
    return tuple(sorted(refused))


def _covariates(model: Model, facts: SiteFacts, outcome: int) -> set[str]:
    block = facts.covariates
    used = [block.names.index(name) for name in model.covariates if name in block.names]
    drugs = [facts.exposures.names.index(code) for code in model.exposures]
    refused = {
        block.names[k]
        for k in used
        if block.hidden[k]
        or facts.covariate_outcome[k, outcome]
        or any(facts.exposure_covariate[d, k] for d in drugs)
    }
    for i, k in enumerate(used):
        for other in used[i + 1 :]:
            pair = {block.names[k], block.names[other]}
            masked = facts.covariate_covariate[k, other] or facts.covariate_covariate[other, k]
            if masked and not pair & refused:
                refused.add(_rarer(block, k, other))
    return refused


def _rarer(block: Block, one: int, other: int) -> str:
    rarer = min((one, other), key=lambda k: (int(block.groups.sizes[k]), block.names[k]))
    return block.names[rarer]


def small_implied(implied: Mapping[str, int], threshold: int) -> tuple[str, ...]:
    """Columns named by an implied count in 1..threshold-1 (names like 'a&!b'); belt and braces."""
    names: set[str] = set()
    for key, count in implied.items():
        if 0 < count < threshold:
            names.update(part.removeprefix("!") for part in key.split("&"))
    return tuple(sorted(names))


def isolating(coefficients: tuple[float, ...], weights: NDArray[np.float64]) -> bool:
    """Whether the coefficients asked for would make a step about a few people only."""
    if not all(np.isfinite(b) and abs(b) <= LARGEST for b in coefficients):
        return True
    squares = float((weights**2).sum())
    return weights.size > 0 and float(weights.sum()) ** 2 < EFFECTIVE_ROWS * squares
