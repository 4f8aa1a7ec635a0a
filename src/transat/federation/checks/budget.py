"""G9. Budget: regressions stop before small groups could be solved for.

Rule, for one population: the distinct numbers that regressions take out of it, over all models and
studies, are at most 5% of its rows. Numbers are counted as linear functionals of the rows, so what
another model told already (at coefficients 0, sums of the same columns), what is zero of itself
(two levels of one variable) or the same twice (a 0/1 column and its square) counts once or not at
all: the count bounds their rank from above. A model for which a fit's usual rounds would not be
left is refused at its first, so that nothing is spent on it; one that begins has them put aside, so
that no other, asked about at the same time, takes them away.

Rule, for one model: the rows fall into patterns (equal columns; the outcome enters a regression
only through X'y, which the first round tells), of which every number is a weighted sum; the rounds
stop before there are as many numbers as patterns, and at 400. A model whose every pattern is large
enough to be shown spends nothing: it tells no more than they would.

The first rule is not applied to people whom the CDM itself says are simulated: a demonstration is
small, and they have nothing to hide.

What it stops: solving for the sizes of small groups with many rounds. Source: reference/
federation.md §4.4, G9; Dinur I, Nissim K (2003), doi:10.1145/773153.773173, for the reconstruction
of a table from many sums over it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked, Remembered
from transat.federation.checks.implied_tables import outcome
from transat.federation.checks.overlap import population
from transat.federation.data import SiteData
from transat.federation.questions import fit_of
from transat.federation.refusals import Refused
from transat.federation.regression import Fit, zero_one

#: Rounds that a fit usually takes after its first.
USUAL: Final = 7
#: Rows that are looked at at a time.
_BLOCK: Final = 65_536
#: Rounds that a column has values enough for, so that the others need not be looked at.
_MANY: Final = 400


class Budget:
    """The check of G9; it remembers what left, by population."""

    rule, key = "G9", "budget"

    def __init__(self) -> None:
        self._spent: dict[str, _Spent] = {}
        self._data: SiteData | None = None
        self._known: dict[str, _Known] = {}

    def before(self, asked: Asked) -> None:
        """Raises Refused: rounds."""
        fit = fit_of(asked.data, asked.step, asked.parameters)
        if fit is None:
            return
        known, spent = self._model(asked, fit), self._of(asked)
        most = rounds(
            known.patterns, len(known.sums) + 1, asked.policy.threshold,
            int(asked.policy.limit("model_rounds")),
        )  # fmt: skip
        points = spent.points.get(fit.model, set())
        if not fit.at_zero and len(points | {fit.point}) >= most:
            raise Refused("rounds")
        limit = asked.policy.limit("functionals_share") * len(fit.events)
        if not asked.data.simulated and self._total(asked, fit) > limit:
            raise Refused("rounds")

    def _total(self, asked: Asked, fit: Fit) -> int:
        """Numbers that would have left with this round, and with what a new fit needs after it."""
        known, spent = self._model(asked, fit), self._of(asked)
        if known.patterns.rarest >= asked.policy.threshold or not len(fit.events):
            return 0
        numbers, sums = self._new(asked, fit)
        about, aside = _about(fit), self._aside(asked, fit)
        return len(spent.sums) + len(sums) + spent.numbers(about, numbers, aside)

    def _aside(self, asked: Asked, fit: Fit) -> int:
        """Numbers that will have left of a pair after a model which begins; 0 once it has begun."""
        known, spent = self._model(asked, fit), self._of(asked)
        begun = fit.model in spent.points or not fit.at_zero
        if begun or known.patterns.rarest >= asked.policy.threshold:
            return 0
        return spent.used.get(_about(fit), 0) + USUAL * (len(known.sums) + 1)

    def _new(self, asked: Asked, fit: Fit) -> tuple[int, list[str]]:
        """Numbers that this round adds: how many, and names of those other models may share."""
        known, spent = self._model(asked, fit), self._of(asked)
        if fit.point in spent.points.get(fit.model, set()):
            return 0, []
        if known.patterns.rarest >= asked.policy.threshold:
            return 0, []
        if fit.at_zero:
            return fit.numbers, [name for name in known.sums if name not in spent.sums]
        usual = len(fit.names) if fit.extra else len(known.sums) + 1
        return fit.numbers or usual, []

    def _model(self, asked: Asked, fit: Fit) -> _Known:
        threshold = asked.policy.threshold
        if self._data is not asked.data:
            self._data, self._known = asked.data, {}
        if fit.model not in self._known:
            sums = functionals(fit)
            self._known[fit.model] = _Known(_patterns(fit, sums, threshold), sums)
        return self._known[fit.model]

    def _of(self, asked: Asked) -> _Spent:
        return self._spent.setdefault(population(asked.data)[0], _Spent())

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is."""
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """The round, and the numbers that it added."""
        fit = fit_of(asked.data, asked.step, asked.parameters)
        if fit is None:
            return None
        numbers, sums = self._new(asked, fit)
        return {
            "people": population(asked.data)[0],
            "model": fit.model,
            "about": _about(fit),
            "point": fit.point,
            "numbers": numbers,
            "aside": self._aside(asked, fit),
            "sums": sums,
        }

    def recall(self, remembered: Remembered) -> None:
        """Remember a round that left."""
        spent = self._spent.setdefault(str(remembered["people"]), _Spent())
        model = str(remembered["model"])
        spent.points.setdefault(model, set()).add(str(remembered["point"]))
        about = str(remembered["about"])
        spent.used[about] = spent.used.get(about, 0) + int(remembered["numbers"])
        spent.aside[about] = max(spent.aside.get(about, 0), int(remembered["aside"]))
        spent.sums.update(remembered["sums"])


class _Spent:
    """What left of one population: points by model; numbers of single rounds by pair, and those put
    aside for the next; sums at zero."""

    def __init__(self) -> None:
        self.points: dict[str, set[str]] = {}
        self.used: dict[str, int] = {}
        self.aside: dict[str, int] = {}
        self.sums: set[str] = set()

    def numbers(self, about: str, more: int, aside: int) -> int:
        """Numbers of all pairs, used or put aside, with `more` and `aside` of this one."""
        others = {name for name in self.used if name != about}
        kept = sum(max(self.used[name], self.aside[name]) for name in others)
        own = self.used.get(about, 0) + more
        return kept + max(own, self.aside.get(about, 0), aside)


def _about(fit: Fit) -> str:
    """The pair that a model is about: a model of it with fewer columns takes over what another,
    which some site refused, had put aside."""
    if fit.regressed is None:
        return fit.model
    return " ".join((fit.regressed.outcome, *fit.regressed.exposures))


@dataclass(frozen=True, slots=True)
class Patterns:
    """Distinct rows of a model: how many, and how many people share the rarest."""

    number: int
    rarest: int


@dataclass(frozen=True, slots=True)
class _Known:
    """Of one model: its patterns, and the names of the numbers of one round."""

    patterns: Patterns
    sums: tuple[str, ...]


def _patterns(fit: Fit, sums: tuple[str, ...], threshold: int) -> Patterns:
    """The patterns of a model; of a column of many values alone, where that is enough."""
    for j in np.flatnonzero(~zero_one(fit.x)):
        values, sizes = np.unique(fit.x[:, j], return_counts=True)
        if sizes.min() < threshold and values.size > _MANY * (len(sums) + 1):
            return Patterns(values.size, int(sizes.min()))
    return patterns(_rows(fit))


def _rows(fit: Fit) -> NDArray[np.float64]:
    """What tells the rows of a model apart for the sums that leave: (n, p) or (n, p+1)."""
    return fit.x if fit.regressed is not None else np.column_stack([fit.x, fit.events])


def patterns(rows: NDArray[np.float64]) -> Patterns:
    """Patterns of (n, k) rows.

    Rows are told apart by two fixed projections, so the work is that of two sorts.
    """
    if not len(rows):
        return Patterns(0, 0)
    rng = np.random.default_rng(20_260_101)
    weights = rng.normal(size=(rows.shape[1], 2))
    # Each row is reduced in the same order of operations: equal rows give equal numbers.
    projected = np.zeros((len(rows), 2))
    for column, weight in zip(rows.T, weights, strict=True):
        projected += column[:, None] * weight
    _, sizes = np.unique(projected[:, 0] + 1j * projected[:, 1], return_counts=True)
    return Patterns(int(sizes.size), int(sizes.min()))


def functionals(fit: Fit) -> tuple[str, ...]:
    """Names of the distinct numbers, not zero of themselves, that one round of a model tells.

    A product of two columns has both names, in order; a 0/1 column times itself is the column, and
    times the intercept too. A column times the outcome has the outcome's name.
    """
    together = np.zeros((len(fit.names), len(fit.names)))
    for start in range(0, len(fit.events), _BLOCK):
        present = (fit.x[start : start + _BLOCK] != 0).astype(np.float32)
        together += present.T @ present
    flags = zero_one(fit.x)
    ones = flags & (np.diagonal(together) == len(fit.events))  # an intercept, by any name
    names = ["intercept" if one else name for one, name in zip(ones, fit.names, strict=True)]
    found = set()
    for j, one in enumerate(names):
        if together[j, j]:
            found.add(f"{one}*outcome:{outcome(fit)}")
        for k in range(j + 1):
            if together[j, k]:
                found.add(_product(names[k], one, bool(flags[j])))
    return tuple(sorted(hashlib.sha256(name.encode()).hexdigest()[:16] for name in found))


def _product(one: str, other: str, is_flag: bool) -> str:
    names = {one, other} - {"intercept"}
    square = one == other and not is_flag
    return "*".join(sorted(names)) + ("^2" if square else "")


def rounds(found: Patterns, each: int, threshold: int, most: int) -> int:
    """Rounds of `each` numbers that may be answered of a model, the first, at 0, included."""
    if found.rarest >= threshold or found.number == 0:
        return most
    return min(most, max(found.number - 1, 0) // each)
