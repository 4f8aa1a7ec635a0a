"""One population of the study and whom to ask about it; what a gate refuses is noted, with why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from transat.core.languages import Text
from transat.federation.coordinator import Coordinator, raised
from transat.federation.questions import STEPS, Question
from transat.federation.refusals import CODES
from transat.federation.wire import Refusal
from transat.studies.aortic_stenosis.results import Withheld

NOT_INSTALLED = Text("cette étape n'est pas installée ici.", "this step is not installed here.")
#: Refusals that end a study: no gate judged the question.
_FATAL = frozenset({"failed", "permit", "expired", "not_signed", "forked", "unreadable"})


@dataclass(slots=True)
class Sites:
    """The coordinator, and what was withheld so far."""

    coordinator: Coordinator
    withheld: list[Withheld] = field(default_factory=list)

    def answers(
        self, outcome: str, cohort: str, step: str, parameters: Any, sites: Sequence[str]
    ) -> dict[str, Any]:
        """The releases of the sites whose gates let one out; the others' refusals are noted.

        Raises
        ------
        SiteUnreachable, PermissionRefused: a site failed, or its permit forbids it.
        """
        if step not in STEPS:
            self.note(outcome, step, "", NOT_INSTALLED)
            return {}
        told = self.coordinator.answers(Question(step, parameters), sites, cohort)
        found = {}
        for site, answer in told.items():
            if not isinstance(answer, Refusal):
                found[site] = answer
            elif answer.code in _FATAL:
                raise raised(site, answer)
            else:
                self.note(outcome, step, site, CODES[answer.code], answer.columns)
        return found

    def note(
        self, outcome: str, step: str, site: str, reason: Text, columns: tuple[str, ...] = ()
    ) -> None:
        """Note once what is not told."""
        said = Withheld(outcome, step, site, reason, columns)
        if said not in self.withheld:
            self.withheld.append(said)
