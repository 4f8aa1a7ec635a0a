"""A regression is answered only at the coefficients to which the fit itself leads (rule G10).

Whoever chooses the coefficients reads small counts with a single question, however ordinary its
numbers: a coefficient on one 0/1 column gives it a weight of its own, which splits every two-way
count into a three-way one; the inverse matrix of Firth's penalty does the same. So the site does
not let them be chosen. Coefficients zero are always answered (rule G3 looks at what they tell);
after that, the site replays the statistic's own `combine` on its own answers and on those of the
other sites to the round before, which the question brings with their sites' signatures, and
answers only what that fit asks next.

What it stops: coefficients that tilt or isolate (attacks `three_way`, `beta_probe`, `penalty`). It
does not stop a coordinator together with another holder who signs false answers. Source: Transat's
own; the coefficients of another machine may differ in their last digits, hence `NEAR`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import numpy as np

from transat.core.errors import TransatError
from transat.federation import messages
from transat.federation.checks.check import Asked, Remembered
from transat.federation.questions import PARAMETERS, RELEASES
from transat.federation.refusals import Refused
from transat.federation.wire import WireError

#: How far a coefficient may be from where the fit leads, relative to the largest.
NEAR: Final = 1e-6

#: What a statistic calls to ask all sites: parameters by site, or the same for all.
Combine = Callable[[Callable[[Sequence[Any]], Sequence[Any]], Any], object]
Releases = dict[str, Any]


@dataclass(slots=True)
class _Fit:
    """One fit at this site: what it was asked, round by round, and every site's answers.

    others: by round but the last, the other sites' releases by place (`_places`).
    """

    asked: list[Any] = field(default_factory=list)
    own: list[Any] = field(default_factory=list)
    others: list[Releases] = field(default_factory=list)


class _Next(Exception):
    def __init__(self, parameters: Sequence[Any]) -> None:
        self.parameters = parameters


class Path:
    """Rule G10, as `check.Check`. combine: of each statistic whose coefficients are asked for."""

    rule: Final = "G10"
    key: Final = "path"

    def __init__(self, combine: Mapping[str, Combine]) -> None:
        self._combine = combine
        self._fits: dict[str, _Fit] = {}

    def before(self, asked: Asked) -> None:
        """Refuse (`coefficients`) what the fit in progress would not ask next."""
        if asked.step not in self._combine or _first(asked.parameters):
            return
        fit = self._fits.get(_name(asked))
        brought = None if fit is None else _brought(asked, fit.asked[-1])
        if fit is None or brought is None:
            raise Refused("coefficients")
        wanted = self._wanted(asked, fit, [*fit.others, brought])
        if wanted is None or not _same(wanted, asked.parameters):
            raise Refused("coefficients")

    def after(self, asked: Asked, release: Any) -> Any:
        """Nothing to mask."""
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """The round: what was asked and answered, and what the question brought."""
        if asked.step not in self._combine:
            return None
        fit = self._fits.get(_name(asked))
        if fit is not None and (_first(asked.parameters) or asked.parameters in fit.asked):
            return None
        brought = _brought(asked, fit.asked[-1]) if fit is not None else None
        others = {place: _text(r) for place, r in (brought or {}).items()}
        return {
            "fit": _name(asked),
            "asked": PARAMETERS.encode(asked.parameters).decode(),
            "own": _text(release),
            "others": None if fit is None else others,
        }

    def recall(self, remembered: Remembered) -> None:
        """Add the round to its fit."""
        fit = self._fits.setdefault(remembered["fit"], _Fit())
        if remembered["others"] is not None:
            others = remembered["others"]
            fit.others.append({place: RELEASES.decode(t.encode()) for place, t in others.items()})
        fit.asked.append(PARAMETERS.decode(remembered["asked"].encode()))
        fit.own.append(RELEASES.decode(remembered["own"].encode()))

    def _wanted(self, asked: Asked, fit: _Fit, others: list[Releases]) -> Any:
        """What the fit asks of this site after these rounds; None when it asks no more."""
        place = _own_place(asked.parameters) or asked.site  # sums are made in the order of names
        rounds = iter(
            [brought[p] if p != place else own for p in sorted({*brought, place}, key=_order)]
            for own, brought in zip(fit.own, others, strict=True)
        )
        told: list[tuple[Sequence[Any], Sequence[Any]]] = []

        def ask(parameters: Sequence[Any]) -> Sequence[Any]:
            for before, releases in told:  # what is asked again is not asked of the sites
                if list(before) == list(parameters) or _first(parameters[0]):
                    return releases
            for releases in rounds:
                told.append((parameters, releases))
                return releases
            raise _Next(parameters)

        try:
            self._combine[asked.step](ask, _start(asked.parameters))
        except _Next as wanted:
            return wanted.parameters[int(place) if len(wanted.parameters) > 1 else 0]
        except (TransatError, ArithmeticError, ValueError, np.linalg.LinAlgError):
            return None
        return None


def fit_name(step: str, parameters: Any) -> str | None:
    """A name for the fit that a step belongs to, the same at every site; None for other steps."""
    if not hasattr(parameters, "coefficients") and not hasattr(parameters, "start"):
        return None  # trees have no coefficients, and their own check (G7)
    start = _start(parameters)
    if hasattr(start, "model"):
        start = replace(start, model=replace(start.model, site=0))
    return step + hashlib.sha256(PARAMETERS.encode(start)).hexdigest()


def _first(parameters: Any) -> bool:
    """Whether a question is its fit's first; it may spell coefficients zero out."""
    if any(parameters.coefficients):
        return False
    return bool(replace(parameters, coefficients=()) == _start(parameters))


def _start(parameters: Any) -> Any:
    """The first question of the fit to which one belongs."""
    for name in ("start", "first"):
        if hasattr(parameters, name):
            return getattr(parameters, name)()
    inverse = {"inverse": ()} if hasattr(parameters, "inverse") else {}
    return replace(parameters, coefficients=(), **inverse)


def _name(asked: Asked) -> str:
    body = PARAMETERS.encode(_start(asked.parameters))
    return hashlib.sha256(f"{asked.study} {asked.cohort} ".encode() + body).hexdigest()


def _text(release: Any) -> str:
    return RELEASES.encode(release).decode()


def _own_place(parameters: Any) -> str:
    model = getattr(parameters, "model", None)
    return "" if model is None else str(model.site)


def _order(place: str) -> tuple[int, str]:
    return (int(place), "") if place.isdigit() else (-1, place)


def _brought(asked: Asked, last: Any) -> Releases | None:
    """The other sites' releases of the round before; None where one that the model has is missing.

    By place: the site's position in a model that has one, else the site's name.
    """
    places = _places(last)
    found: Releases = {}
    for answer in asked.evidence:
        for place, parameters in places.items():
            names = {_asked(asked, answer.site, form) for form in _forms(parameters)}
            release = _release(answer.body, asked.step)
            if answer.asked in names and release is not None:
                found[place or answer.site] = release
    return found if set(places) <= {"", *found} else None


def _asked(asked: Asked, site: str, parameters: Any) -> str:
    return messages.asked(asked.study, asked.cohort, site, PARAMETERS.encode(parameters))


def _forms(parameters: Any) -> tuple[Any, ...]:
    """Coefficients zero are asked for in two ways: none, or as many zeros as there are columns."""
    if not _first(parameters):
        return (parameters,)
    of = getattr(parameters, "model", parameters)
    sizes = {0, *(len(getattr(of, name)) for name in ("terms", "columns") if hasattr(of, name))}
    return tuple(replace(parameters, coefficients=(0.0,) * k) for k in sorted(sizes))


def _places(last: Any) -> dict[str, Any]:
    """What the other sites were asked when this one was asked `last`, by place."""
    model = getattr(last, "model", None)
    if model is None:
        return {"": last}
    return {
        str(k): replace(last, model=replace(model, site=k))
        for k in range(model.sites)
        if k != model.site
    }


def _release(body: bytes, step: str) -> Any:
    try:
        release = RELEASES.decode(body)
        return release if RELEASES.name_of(release) == step else None
    except WireError:
        return None


def _same(wanted: Any, asked: Any) -> bool:
    """Whether two questions are one, but for the last digits of the numbers sent down."""
    pairs = ((getattr(wanted, f.name), getattr(asked, f.name)) for f in fields(wanted))
    return type(wanted) is type(asked) and all(_alike(one, other) for one, other in pairs)


def _alike(one: Any, other: Any) -> bool:
    numbers = isinstance(one, tuple) and bool(one) and all(isinstance(v, float) for v in one)
    if not numbers:
        return bool(one == other)
    if len(one) != len(other) or not all(isinstance(v, float) for v in other):
        return False
    scale = max(1.0, *(abs(v) for v in one))
    return bool(np.allclose(one, other, rtol=0, atol=NEAR * scale))
