"""Asking sites one step after another: the forms that the statistics' `combine` calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transat.federation.coordinator import Coordinator
from transat.federation.questions import Question


class Asker:
    """Sends each site its own parameters; brings the releases back in the sites' order."""

    def __init__(
        self,
        coordinator: Coordinator,
        sites: tuple[str, ...],
        step: str,
        cohort: str | None = None,
    ) -> None:
        self._coordinator, self._sites, self._step = coordinator, sites, step
        self._cohort = cohort

    def __call__(self, parameters: Sequence[Any]) -> Sequence[Any]:
        asked = {
            site: Question(self._step, p) for site, p in zip(self._sites, parameters, strict=True)
        }
        answers = self._coordinator.ask(asked, self._sites, self._cohort)
        return [answers[site] for site in self._sites]


class Same(Asker):
    """Sends every site the same parameters, of which there is one."""

    def __call__(self, parameters: Sequence[Any]) -> Sequence[Any]:
        (one,) = parameters
        return super().__call__([one] * len(self._sites))
