"""The score of a review: weighted criteria, where "not assessable" is never a zero.

A criterion has a scale (lowest to highest mark), a weight and anchors: what a mark means. A review
gives each criterion a mark, or says that it is not assessable; then the criterion leaves the mean
with its weight:

    score = Σ weight · mark / Σ weight, over the criteria that were assessed.

A criterion that the call calls required may not be left out. The call is data: nothing here knows
its criteria.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a call: its weight (> 0), lowest and highest mark, step between marks."""

    key: str
    weight: Fraction
    lowest: Fraction
    highest: Fraction
    step: Fraction = Fraction(1)
    required: bool = False

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise ValueError(f"{self.key}: a weight is more than 0")
        if self.highest <= self.lowest or self.step <= 0:
            raise ValueError(f"{self.key}: a scale rises, by steps above 0")

    def allows(self, mark: Fraction) -> bool:
        """Say whether `mark` stands on the scale."""
        on_step = ((mark - self.lowest) / self.step).denominator == 1
        return self.lowest <= mark <= self.highest and on_step


@dataclass(frozen=True, slots=True)
class Score:
    """What a review comes to: the mean over `assessed`; None when nothing was assessed."""

    value: Fraction | None
    assessed: tuple[str, ...]
    left_out: tuple[str, ...]


def faults(
    criteria: Sequence[Criterion], marks: Mapping[str, Fraction | None]
) -> tuple[tuple[str, str], ...]:
    """List (criterion, fault) of a review that cannot be handed in; empty when it can.

    Faults: `missing` (neither a mark nor "not assessable"), `required` (may not be left out),
    `off_scale`, `unknown` (the call has no such criterion). A mark of None is "not assessable".
    """
    found = [(key, "unknown") for key in sorted(marks.keys() - {c.key for c in criteria})]
    for criterion in criteria:
        if criterion.key not in marks:
            found.append((criterion.key, "missing"))
            continue
        mark = marks[criterion.key]
        if mark is None and criterion.required:
            found.append((criterion.key, "required"))
        elif mark is not None and not criterion.allows(mark):
            found.append((criterion.key, "off_scale"))
    return tuple(found)


def score(criteria: Sequence[Criterion], marks: Mapping[str, Fraction | None]) -> Score:
    """Weigh the marks of one review; a criterion without a mark leaves with its weight.

    Exact: marks and weights are fractions, so that no score depends on the order of criteria.
    """
    given = [(c, m) for c in criteria if (m := marks.get(c.key)) is not None]
    weights = sum((c.weight for c, _ in given), Fraction(0))
    value = sum((c.weight * m for c, m in given), Fraction(0)) / weights if given else None
    assessed = tuple(c.key for c, _ in given)
    return Score(value, assessed, tuple(c.key for c in criteria if c.key not in assessed))


@dataclass(frozen=True, slots=True)
class Standing:
    """A dossier's reviews together: their mean and range, how many had a score, and the pass."""

    mean: Fraction | None
    lowest: Fraction | None
    highest: Fraction | None
    scored: int
    passes: bool | None


def standing(scores: Sequence[Score], pass_mark: Fraction | None) -> Standing:
    """Mean of the reviews' scores; `passes` is None without a pass mark or without a score."""
    values = [s.value for s in scores if s.value is not None]
    if not values:
        return Standing(None, None, None, 0, None)
    mean = sum(values, Fraction(0)) / len(values)
    passes = None if pass_mark is None else mean >= pass_mark
    return Standing(mean, min(values), max(values), len(values), passes)
