"""Newton's ascent of a log-likelihood that several sites hold together, and what will not stop.

Where a column (or a combination) predicts the outcome exactly, the log-likelihood converges while
that coefficient walks away by constant steps: those that still move when the likelihood no longer
does are named, and have no estimate (Albert A, Anderson JA (1984) Biometrika 71:1-10,
doi:10.1093/biomet/71.1.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from transat.statistics import design_matrix

Floats = NDArray[np.float64]

# A unit of scaled coefficient per step is what separation gives; an ordinary fit moves 1e-4 or less
# once the log-likelihood is still.
_STILL_MOVING = 0.05
_HALVINGS = 20


class Point(Protocol):
    """The summed log-likelihood, its gradient (p,), and its second derivatives (p, p) negated."""

    @property
    def log_likelihood(self) -> float: ...

    @property
    def gradient(self) -> Floats: ...

    @property
    def hessian(self) -> Floats: ...


P = TypeVar("P", bound=Point)


@dataclass(frozen=True, slots=True)
class Summit(Generic[P]):
    """Where the ascent ended: coefficients (p,), the rounds asked, and which of the coefficients
    (p,) still moved where it did not converge. start: the point at coefficients zero."""

    start: P
    point: P
    beta: Floats
    rounds: int
    converged: bool
    moving: NDArray[np.bool_]


def climb(
    look: Callable[[Floats], P],
    terms: tuple[str, ...],
    scale: Callable[[P], Floats],
    tolerance: float,
    most_rounds: int,
    relative: bool = False,
) -> Summit[P]:
    """Newton from zero, each step halved while the log-likelihood falls.

    look: asks every site at these coefficients and sums. scale: about one standard deviation of
    each column, from the point at zero. tolerance: expected gain under which the ascent stops, with
    the step that would bring it; relative: in parts of the log-likelihood, where that exceeds 1.

    Raises
    ------
    StudyError : columns that say the same thing, so that no single estimate exists.
    """
    beta = np.zeros(len(terms))
    start = here = look(beta)
    size = scale(start)
    rounds, converged, moving = 1, False, np.zeros(len(terms), dtype=np.bool_)
    while rounds < most_rounds:
        step = _solve(here, terms)
        part = max(abs(here.log_likelihood), 1.0) if relative else 1.0
        still = float(step @ here.gradient) / 2 < tolerance * part
        moving = np.abs(step) * size > _STILL_MOVING
        if still and moving.any():
            break
        beta, here, used = _forward(look, beta, step, here)
        rounds += used
        if still:
            converged = True
            break
    return Summit(start, here, beta, rounds, converged, moving & (not converged))


def _forward(
    look: Callable[[Floats], P], beta: Floats, step: Floats, here: P
) -> tuple[Floats, P, int]:
    slack = 1e-9 * max(abs(here.log_likelihood), 1.0)
    for used in range(1, _HALVINGS + 1):
        there = look(beta + step)
        if there.log_likelihood >= here.log_likelihood - slack:
            return beta + step, there, used
        step = step / 2
    return beta, here, _HALVINGS


def _solve(here: Point, terms: tuple[str, ...]) -> Floats:
    size, values, vectors = design_matrix.decomposed(here.hessian, terms)
    step: Floats = vectors @ ((vectors.T @ (here.gradient / size)) / values) / size
    return step
