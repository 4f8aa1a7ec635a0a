"""Cause-specific hazards over some sites, with the columns that every gate lets into the model."""

from __future__ import annotations

from dataclasses import dataclass

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.federation.coordinator import SiteRefused, raised
from transat.federation.questions import Question
from transat.federation.refusals import CODES
from transat.federation.wire import Refusal
from transat.statistics import cox
from transat.studies.aortic_stenosis.asked import Sites
from transat.studies.asker import Same

#: Refusals that name columns without which the site answers.
_OF_COLUMNS = (
    "implied_tables", "few_events", "dominance", "coefficients", "between_releases",
)  # fmt: skip
#: Rounds that a fit may take, and one more for each site.
ROUNDS = 60
NO_COLUMN = Text("aucune variable ne peut entrer.", "no feature may enter.")
NOT_CONVERGED = Text("le modèle n'a pas convergé.", "the model did not converge.")


@dataclass(frozen=True, slots=True)
class Fit:
    """One hazard: of which outcome and kind, learnt on which sites. dropped: columns left out."""

    outcome: str
    kind: int
    learnt_on: tuple[str, ...]
    dropped: tuple[str, ...]
    result: cox.Result


def fitted(
    sites: Sites,
    outcome: str,
    cohort: str,
    kind: int,
    columns: tuple[str, ...],
    learnt_on: tuple[str, ...],
    level: float,
    flags: tuple[str, ...] = (),
) -> Fit | None:
    """The hazard of one kind, or None, with the reason noted.

    A column that a gate refuses, that says what another says, or whose estimate does not exist
    leaves the model on every shore. flags: 0/1 columns; they leave it together where the people
    whom they tell apart are too near those of a follow-up asked about before (rule G8).

    Raises
    ------
    SiteUnreachable, PermissionRefused: as `Sites.answers`.
    """
    dropped: list[str] = []
    while columns:
        first = _asked(columns, kind, learnt_on, level)
        named = _refused(sites, outcome, cohort, first, learnt_on, flags)
        if named is None:
            return None
        if not named:
            named, found = _tried(sites, outcome, cohort, kind, columns, learnt_on, level)
            if found is not None:
                return Fit(outcome, kind, learnt_on, tuple(dropped), found)
            if not named:
                return None
        dropped += [c for c in columns if c in named]
        columns = tuple(c for c in columns if c not in named)
    sites.note(outcome, "cox", "", NO_COLUMN)
    return None


def _asked(
    columns: tuple[str, ...], kind: int, learnt_on: tuple[str, ...], level: float
) -> cox.Parameters:
    """The first question. A site follows a fit by its first question (rule G10): fits of the same
    model with other sites are told apart by how many rounds they may take."""
    return cox.Parameters(columns, kind, level=level, most_rounds=ROUNDS + len(learnt_on))


def _refused(
    sites: Sites,
    outcome: str,
    cohort: str,
    asked: cox.Parameters,
    learnt_on: tuple[str, ...],
    flags: tuple[str, ...],
) -> set[str] | None:
    """Columns that a gate refuses at the first question; None where it refuses the model."""
    told = sites.coordinator.answers(Question("cox", asked), learnt_on, cohort)
    named: set[str] = set()
    for site, answer in told.items():
        if not isinstance(answer, Refusal):
            continue
        if answer.code == "failed":
            raise raised(site, answer)
        named_here = flags if answer.code == "between_releases" else answer.columns
        here = set(named_here) & set(asked.columns)
        if answer.code not in _OF_COLUMNS or not here:
            sites.note(outcome, "cox", site, CODES[answer.code], answer.columns)
            return None
        named |= here
    return named


def _tried(
    sites: Sites,
    outcome: str,
    cohort: str,
    kind: int,
    columns: tuple[str, ...],
    learnt_on: tuple[str, ...],
    level: float,
) -> tuple[set[str], cox.Result | None]:
    """The fit, or the columns without which to try again; neither: the reason is noted."""
    asked = _asked(columns, kind, learnt_on, level)
    try:
        found = cox.combine(Same(sites.coordinator, learnt_on, "cox", cohort), asked)
    except SiteRefused as refused:
        sites.note(outcome, "cox", refused.site, refused.what, refused.columns)
        return set(refused.columns) & set(columns), None
    except StudyError as wrong:
        named = {c for c in columns if c == wrong.where}
        if not named:
            sites.note(outcome, "cox", "", wrong.what)
        return named, None
    if found.monotone:
        return set(found.monotone), None
    if not found.converged:
        sites.note(outcome, "cox", "", NOT_CONVERGED)
        return set(), None
    return set(), found
