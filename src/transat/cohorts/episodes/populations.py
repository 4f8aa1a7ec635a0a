"""Pregnancies as populations: live births only, or all those whose end is known; and their size.

Whoever studies live births alone misses what ended before: both are always counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from transat.cohorts.episodes.parameters import UNKNOWN
from transat.cohorts.query.model import Cohort, Entry, FixedOffset, Read, TextIs
from transat.core.counts import shown
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.engines.engine import Engine

Population = Literal["live_births", "all_outcomes"]
NAMES: Final[dict[Population, Text]] = {
    "live_births": Text(
        "Grossesses terminées par une naissance vivante", "Pregnancies that ended in a live birth"
    ),
    "all_outcomes": Text(
        "Grossesses dont l'issue est connue", "Pregnancies whose outcome is known"
    ),
}
_ASKED: Final[dict[Population, TextIs]] = {
    "live_births": TextIs("outcome", "is", "live_birth"),
    "all_outcomes": TextIs("outcome", "is", UNKNOWN, negated=True),
}


def population(which: Population, not_dated: tuple[str, ...] = (), prior_days: int = 0) -> Cohort:
    """The cohort of these pregnancies: one period each, from its start to its end.

    not_dated: ways to know the start that are refused, e.g. ('default',). prior_days: of
    observation before the start. A pregnancy that starts outside any observation is not in it.
    """
    known = tuple(TextIs("dating", "is", dating, negated=True) for dating in not_dated)
    read = Read("pregnancy", filters=(_ASKED[which], *known), name=NAMES[which].en)
    return Cohort(
        entry=Entry((read,), prior_days=prior_days),
        exit=FixedOffset(0, edge="end"),
        name=NAMES[which],
    )


@dataclass(frozen=True, slots=True)
class Size:
    """Pregnancies and women; exact: they stay on the site."""

    pregnancies: int
    women: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """Both populations, and each outcome (UNKNOWN too), in order of its key."""

    populations: dict[Population, Size]
    outcomes: dict[str, Size]

    def shown(self) -> dict[str, int | None]:
        """Pregnancies of all, of known outcome, and live births, as they may be printed.

        None where there are too few, or where the number would tell that few are left out.
        """
        counted = {"pregnancies": sum(size.pregnancies for size in self.outcomes.values())}
        for name in ("all_outcomes", "live_births"):
            counted[name] = self.populations[name].pregnancies
        said: dict[str, int | None] = {}
        above: int | None = None
        for name, number in counted.items():
            told = shown(number) is None or (above is not None and shown(above - number) is None)
            said[name] = None if told else number
            above = above if told else number
        return said


def sizes(engine: Engine) -> Sizes:
    """Count the relation `pregnancy` of the engine."""
    counted = engine.rows("""
        SELECT outcome, count(*), count(DISTINCT person_id) FROM pregnancy
        GROUP BY outcome ORDER BY outcome""")
    both: tuple[tuple[Population, str], ...] = (
        ("live_births", "outcome = 'live_birth'"),
        ("all_outcomes", f"outcome <> '{UNKNOWN}'"),
    )
    populations = {}
    for name, condition in both:
        ((pregnancies, women),) = engine.rows(
            f"SELECT count(*), count(DISTINCT person_id) FROM pregnancy WHERE {condition}"
        )
        populations[name] = Size(int(pregnancies), int(women))
    return Sizes(populations, {str(o): Size(int(n), int(w)) for o, n, w in counted})
