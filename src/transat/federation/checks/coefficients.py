"""G10. Beta probe: a step is not computed at coefficients that would make it about a few people.

Rule: every coefficient is finite, at most 30, and |beta_j sd_j| <= 10 (sd_j at the site); and the
rows' weights, in the information and in the gradient, are not those of a few: their effective
number (sum w)² / sum w² is 30 or more. What it stops: coefficients that give one person, or the
people of one rare pattern, all the weight, so that the sums are that person's row. `path`, beside
it, lets no coefficients be chosen at all.

Source: reference/federation.md §4.4, G10. Effective number: Kish L (1965) Survey Sampling.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked, Remembered
from transat.federation.data import SiteData
from transat.federation.questions import fit_of
from transat.federation.refusals import Refused
from transat.federation.regression import Fit

Floats = NDArray[np.float64]

#: Largest coefficient that may be asked about; exp(30) is far beyond any odds ratio.
LARGEST: Final = 30.0


class Coefficients:
    """The check of G10; of each model it remembers the spread of its columns."""

    rule, key = "G10", "coefficients"

    def __init__(self) -> None:
        self._data: SiteData | None = None
        self._spread: OrderedDict[str, Floats] = OrderedDict()

    def before(self, asked: Asked) -> None:
        """Raises Refused: coefficients."""
        fit = fit_of(asked.data, asked.step, asked.parameters)
        if fit is None or fit.at_zero:
            return
        if not np.isfinite(fit.coefficients).all() or np.abs(fit.coefficients).max() > LARGEST:
            raise Refused("coefficients")
        outside = np.abs(fit.coefficients * self._spreads(asked.data, fit))
        box = asked.policy.limit("coefficient_box")
        if (outside > box).any():
            named = tuple(n for n, o in zip(fit.names, outside, strict=True) if o > box)
            raise Refused("coefficients", named)
        least = asked.policy.limit("effective_rows")
        if any(len(w) and effective(w) < least for w in (fit.weights, fit.means)):
            raise Refused("coefficients")

    def _spreads(self, data: SiteData, fit: Fit) -> Floats:
        if self._data is not data:
            self._data, self._spread = data, OrderedDict()
        if fit.model not in self._spread:
            self._spread[fit.model] = deviations(fit.x)
        return self._spread[fit.model]

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is."""
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Nothing."""
        return None

    def recall(self, remembered: Remembered) -> None:
        """Nothing."""


def deviations(x: Floats) -> Floats:
    """Standard deviations of (n, p) columns; no more memory than a column's."""
    if not len(x):
        return np.zeros(x.shape[1])
    mean = x.sum(axis=0) / len(x)
    return np.array(
        [np.sqrt(((c - m) ** 2).sum() / len(x)) for c, m in zip(x.T, mean, strict=True)]
    )


def effective(weights: Floats) -> float:
    """Effective number of rows of (n,) weights of any sign; infinite when all are zero."""
    size = np.abs(weights)
    squares = float((size**2).sum())
    return float(size.sum()) ** 2 / squares if squares > 0 else np.inf
