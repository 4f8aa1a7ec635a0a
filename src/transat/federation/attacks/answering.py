"""Who answers an attacker: a gate in memory, on a site's own data."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from transat.federation.attacks.attack import Ask
from transat.federation.checks.check import Asked
from transat.federation.data import SiteData
from transat.federation.gate import Gate, checks
from transat.federation.policy import Policy
from transat.federation.questions import STEPS
from transat.federation.refusals import Refused
from transat.federation.wire import Refusal

#: Names that stand for a study and its cohort; nothing of them is read.
STUDY: Final = "0" * 64


def gated(
    data: SiteData, policy: Policy, without: Collection[str] = (), cohort: str = STUDY,
    gate: Gate | None = None,
) -> Ask:  # fmt: skip
    """Answers through a gate that remembers what left it.

    without: keys of checks to switch off, for a test of what they are good for. gate: one that has
    already let something out, of another cohort.
    """
    through = gate or Gate(checks(without), policy)

    def ask(step: str, parameters: Any) -> Any:
        asked = Asked(STUDY, cohort, step, parameters, data, policy)
        try:
            through.before(asked)
            passed = through.let_out(asked, STEPS[step].compute(data, parameters))
        except Refused as no:
            return Refusal(no.code, no.columns)
        through.recall(passed.left)
        return passed.release

    return ask
