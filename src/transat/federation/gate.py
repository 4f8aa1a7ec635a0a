"""The gate: every question is looked at before it is computed, every Release before it leaves.

Each rule G1–G15 is one check (`checks/`), and they are made in the order of `CHECKS`. A check masks
where a release can be masked, and refuses, by code and column name, where it cannot. What a check
must remember of a release leaves the gate with it (`Passed.left`): the site writes it down in the
same line as the answer and gives it back with `recall`, at once and whenever it starts again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from transat.federation.checks.between_releases import BetweenReleases
from transat.federation.checks.budget import Budget
from transat.federation.checks.cell_floor import CellFloor
from transat.federation.checks.check import Asked, Check, Remembered
from transat.federation.checks.closed_list import ClosedList
from transat.federation.checks.coefficients import Coefficients
from transat.federation.checks.dominance import Dominance
from transat.federation.checks.few_events import FewEvents
from transat.federation.checks.implied_tables import ImpliedTables
from transat.federation.checks.models import Models
from transat.federation.checks.overlap import Overlap
from transat.federation.checks.path import Path
from transat.federation.checks.professionals import Professionals
from transat.federation.checks.rare_words import RareWords
from transat.federation.checks.time_grid import TimeGrid
from transat.federation.checks.trees import Trees
from transat.federation.policy import Policy
from transat.federation.questions import STEPS

#: What makes a check, in the order in which they look; one line per check.
CHECKS: Final[tuple[Callable[[], Check], ...]] = (
    ClosedList,
    TimeGrid,
    Trees,
    Professionals,
    CellFloor,
    ImpliedTables,
    RareWords,
    FewEvents,
    Dominance,
    Overlap,
    BetweenReleases,
    Budget,
    Coefficients,
    lambda: Path({name: step.combine for name, step in STEPS.items() if step.combine}),
    Models,
)


@dataclass(frozen=True, slots=True)
class Passed:
    """A release that may leave, what the ledger says of it, and what its checks must remember.

    cells, cells_masked: counts of table cells, not of people. rule: what happened to them. left: by
    the key of a check, plain JSON.
    """

    release: Any
    cells: int
    cells_masked: int
    rule: str
    left: Mapping[str, Remembered]


class Gate:
    """One site's gate. Its checks remember what left as long as it lives."""

    def __init__(self, checks: Sequence[Check], policy: Policy) -> None:
        """checks: in order (`installed`). policy: the holder's; a question's is never looser."""
        self._checks, self._policy = tuple(checks), policy

    def before(self, asked: Asked) -> None:
        """Look at a step before it is computed.

        Raises
        ------
        Refused: by the first check that does not let it be computed.
        """
        asked = self._stricter(asked)
        for check in self._checks:
            check.before(asked)

    def let_out(self, asked: Asked, release: Any) -> Passed:
        """Mask and check a release; the result may leave once its `left` is written down.

        Raises
        ------
        Refused: the release cannot be made fit to leave.
        """
        asked = self._stricter(asked)
        for check in self._checks:
            release = check.after(asked, release)
        left = {check.key: check.left(asked, release) for check in self._checks}
        counts = release.counts().values()
        shown = sum(int((values >= 0).sum()) for values in counts)
        hidden = sum(int((values < 0).sum()) for values in counts)
        return Passed(
            release, shown, hidden, "masked" if hidden else "all_shown",
            {key: value for key, value in left.items() if value is not None},
        )  # fmt: skip

    def recall(self, left: Mapping[str, Remembered]) -> None:
        """Remember what left: of the answer just written, and of each earlier one at the start."""
        for check in self._checks:
            if check.key in left:
                check.recall(left[check.key])

    def _stricter(self, asked: Asked) -> Asked:
        if asked.policy is self._policy:
            return asked
        return replace(asked, policy=asked.policy.with_others([self._policy]))


def checks(without: Collection[str] = ()) -> tuple[Check, ...]:
    """New checks that remember nothing yet. without: keys of those to leave out, which only a test
    of what a check is good for may want."""
    return tuple(check for make in CHECKS if (check := make()).key not in without)
