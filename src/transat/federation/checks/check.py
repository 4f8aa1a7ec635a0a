"""What a check of the gate is: one rule, looked at before a step is computed, or after, or both.

A site makes one object of each check (`gate.CHECKS`) and keeps it as long as it runs. What a check
must remember of what left (counts, rounds, cohorts) it gives out as JSON with the release; the site
writes that into its journal together with the answer, in one line, and gives it back line by line
when it starts again. So a check's memory is never ahead of, nor behind, what left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from transat.federation.data import SiteData
from transat.federation.messages import SignedAnswer
from transat.federation.policy import Policy

#: Plain JSON: what a check remembers of a release.
Remembered = Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One question inside a site, as the checks see it.

    study: the protocol's logic hash. step: an installed statistic's name. parameters: of that
    statistic's own type. data: the site's table and what is known of it; stays inside. policy: the
    holder's, already tightened by the permit. evidence: the other sites' answers to the round
    before, their signatures and keys already verified. site: this site's own name among them.
    """

    study: str
    cohort: str
    step: str
    parameters: Any
    data: SiteData
    policy: Policy
    evidence: tuple[SignedAnswer, ...] = ()
    site: str = ""


class Check(Protocol):
    """One rule of the gate, of the list G1–G15; two checks never have the same key."""

    @property
    def rule(self) -> str:
        """Its number."""

    @property
    def key(self) -> str:
        """Its name in a policy."""

    def before(self, asked: Asked) -> None:
        """Look at a step before it is computed. Raises Refused."""

    def after(self, asked: Asked, release: Any) -> Any:
        """The release, masked where this rule masks. Raises Refused where it cannot leave."""

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """What must be remembered when `release` leaves; None for nothing."""

    def recall(self, remembered: Remembered) -> None:
        """Remember it: called once the answer is safely written, and again at each start."""
