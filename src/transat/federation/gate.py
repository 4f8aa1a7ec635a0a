"""The gate: every Release of a site passes it, or does not leave.

In order: closed list (type and strings), masks (cell floor, complements, nested cells, margins),
implied tables of regression steps, a last look at every stated count, and the journal of what left
before. Masks where a Release can be masked; refuses, by code and column name, where it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.core.errors import DisclosureRefused
from transat.core.languages import Text
from transat.federation import attrition
from transat.federation.checks import cell_floor, closed_list, implied_tables
from transat.federation.checks.between_releases import Journal, keyed
from transat.federation.facts import SiteFacts
from transat.statistics import firth, logistic, mantel_haenszel, prevalence

#: What each refusal code means, to a person.
CODES: dict[str, Text] = {
    "closed_list": Text(
        "cette réponse n'est pas dans la liste fermée", "this answer is not in the closed list"
    ),
    "cell_floor": Text(
        "un effectif énoncé est sous le seuil", "a count that it states is below the threshold"
    ),
    "between_releases": Text(
        "la réponse diffère trop peu de ce qui est déjà sorti",
        "the answer differs too little from what already left",
    ),
    "implied_tables": Text(
        "l'étape laisserait retrouver un effectif sous le seuil",
        "the step would let a count below the threshold be recovered",
    ),
    "coefficients": Text(
        "les coefficients demandés isoleraient quelques personnes",
        "the coefficients asked for would isolate a few people",
    ),
    "rounds": Text("trop de questions sur ce modèle", "too many questions about this model"),
}


class Refused(DisclosureRefused):
    """A refusal inside a site: its code, and the columns it names."""

    def __init__(self, code: str, columns: tuple[str, ...] = ()) -> None:
        self.code, self.columns = code, columns
        named = ", ".join(columns)
        super().__init__(
            CODES[code],
            named or code,
            Text(
                "Retirez ou regroupez ces colonnes, puis recommencez.",
                "Drop or merge these columns, then try again.",
            ),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.columns)


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

    def check_model(
        self,
        parameters: logistic.Parameters | firth.Parameters,
        weights: NDArray[np.float64],
        implied: dict[str, int],
        rounds: int,
    ) -> None:
        """Look at a regression step before it is computed for the coordinator.

        weights: (n,) p(1-p) of the rows at the coefficients asked for. implied: the head counts
        that the step tells. rounds: how many messages about this model so far.

        Raises
        ------
        Refused: implied_tables, coefficients or rounds.
        """
        if parameters.model.strata:
            raise Refused("closed_list", ("strata",))
        columns = implied_tables.refused_columns(parameters.model, self._facts)
        columns = columns or self._named(implied)
        if columns:
            raise Refused("implied_tables", columns)
        if implied_tables.isolating(parameters.coefficients, weights):
            raise Refused("coefficients")
        if rounds > implied_tables.ROUNDS:
            raise Refused("rounds")

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
            return release.withhold(
                facts.exposure_outcome, facts.exposures.hidden, facts.outcomes.hidden
            )
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

    def _named(self, implied: dict[str, int]) -> tuple[str, ...]:
        small = implied_tables.small_implied(implied, self._facts.threshold)
        return tuple(n for n in small if n in self._facts.words)

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
