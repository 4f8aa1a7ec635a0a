"""How many pregnancies and women each rule of a population left, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transat.core.counts import THRESHOLD
from transat.core.languages import Text


@dataclass(frozen=True, slots=True)
class AttritionStep:
    """What is left after one rule.

    key: the rule's short name; text: the rule, in both languages.
    pregnancies, persons: pregnancies and women left (exact: they stay on the site).
    """

    key: str
    text: Text
    pregnancies: int
    persons: int


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step as it may be shown: None where a count, or what a rule removed, is too small."""

    key: str
    text: Text
    pregnancies: int | None
    persons: int | None


@dataclass(frozen=True, slots=True)
class Attrition:
    """The steps of one population, the first being everything there was."""

    steps: tuple[AttritionStep, ...]

    def __iter__(self) -> Iterator[AttritionStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, key: str) -> AttritionStep:
        """The step named `key`. Raises KeyError."""
        for step in self.steps:
            if step.key == key:
                return step
        raise KeyError(key)

    def shown(self, threshold: int = THRESHOLD) -> tuple[ShownStep, ...]:
        """The steps with small counts masked.

        A count is also masked when its difference from the last one shown lies in
        1..threshold-1: a rule that removed three women would otherwise tell so by subtraction.
        """
        pregnancies = masked([step.pregnancies for step in self.steps], threshold)
        persons = masked([step.persons for step in self.steps], threshold)
        return tuple(
            ShownStep(step.key, step.text, p, w)
            for step, p, w in zip(self.steps, pregnancies, persons, strict=True)
        )


def masked(counts: list[int], threshold: int = THRESHOLD) -> list[int | None]:
    """Counts of what is left after each step, with those that may not be shown as None."""
    shown: list[int | None] = []
    last: int | None = None
    for count in counts:
        small = 0 < count < threshold
        close = last is not None and 0 < abs(last - count) < threshold
        shown.append(None if small or close else count)
        last = last if small or close else count
    return shown


def masked_steps(
    events: list[int], persons: list[int], threshold: int = THRESHOLD
) -> list[tuple[int | None, int | None]]:
    """Events and persons left after each step, masked.

    Events never stand beside masked persons, nor beside so few persons less: these few at most
    have several events.
    """
    pairs = zip(masked(events, threshold), masked(persons, threshold), strict=True)
    return [
        (e if e is not None and p is not None and not 0 < e - p < threshold else None, p)
        for e, p in pairs
    ]
