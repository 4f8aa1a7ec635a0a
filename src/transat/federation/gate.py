"""The gate: every Release of a site passes it, or does not leave.

In order: closed list (type and strings), masks (cell floor, complements, nested cells, margins,
little overlap), a last look at every stated count, and the journal of what left before. Masks where
a Release can be masked; refuses, by code and column name, where it cannot. Regression steps are
looked at before they are computed (`regression.Watch`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.federation import attrition
from transat.federation.checks import cell_floor, closed_list, overlap
from transat.federation.checks.between_releases import Journal, keyed
from transat.federation.facts import SiteFacts
from transat.federation.refusals import Refused
from transat.statistics import firth, logistic, mantel_haenszel, prevalence


@dataclass(frozen=True, slots=True)
class Passed:
    """A release that may leave, and what the ledger says of it."""

    release: Any
    cells: int
    cells_masked: int
    rule: str


class Gate:
    """One site's gate: its facts, its threshold, its journal."""

    def __init__(self, facts: SiteFacts, journal: Journal) -> None:
        self._facts, self._journal = facts, journal

    def let_out(self, release: Any) -> Passed:
        """Mask, check, journal; the result may leave.

        Raises
        ------
        Refused: the release cannot be made fit to leave.
        """
        fit = self._masked(release)
        if closed_list.unknown_strings(fit, self._words(fit)):
            raise Refused("closed_list")
        counts = fit.counts()
        small = cell_floor.names_too_small(counts, self._facts.threshold)
        if small:
            raise Refused("cell_floor", small)
        self._journalled(fit, counts)
        shown = sum(int((values >= 0).sum()) for values in counts.values())
        hidden = sum(int((values < 0).sum()) for values in counts.values())
        return Passed(fit, shown, hidden, "masked" if hidden else "all_shown")

    def _masked(self, release: Any) -> Any:
        facts = self._facts
        if isinstance(release, mantel_haenszel.Release):
            masked = release.withhold(
                facts.exposure_outcome, facts.exposures.hidden, facts.outcomes.hidden
            )
            return overlap.withhold(masked)
        if isinstance(release, prevalence.Release):
            return release.withhold(facts.outcomes.hidden)
        if isinstance(release, attrition.Release):
            return release.withhold(*attrition.mask(release, facts.threshold))
        if isinstance(release, (logistic.Release, firth.Release)):
            return release
        raise Refused("closed_list")

    def _words(self, release: Any) -> frozenset[str]:
        """Codes of the protocol; the terms of a model also name the sites' intercepts."""
        terms = getattr(release, "terms", ())
        return self._facts.words | {t for t in terms if t.startswith("site:") and t[5:].isdigit()}

    def _journalled(self, release: Any, counts: dict[str, NDArray[np.int64]]) -> None:
        facts = self._facts
        drugs, groups = (facts.exposures.names,), (facts.outcomes.names,)
        names: dict[str, tuple[tuple[str, ...], ...]] = {
            "exposed": drugs, "cases": groups, "exposed_cases": drugs + groups,
            "attrition_pregnancies": (getattr(release, "keys", ()),),
            "attrition_persons": (getattr(release, "keys", ()),),
        }  # fmt: skip
        stated = dict(counts)
        if isinstance(release, (logistic.Release, firth.Release)):
            stated.pop("cases")  # of one outcome, already in the scan; the masks covered it
        flat = keyed(stated, names)
        near = self._journal.too_near(flat, facts.threshold)
        if near:
            raise Refused("between_releases", near)
        self._journal.record(flat)
