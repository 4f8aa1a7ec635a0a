"""What a check says of a CDM: how much is wrong of how much, against which bound, and what to do.

Counts here are exact: they stay in memory. `quality.masking` makes what may be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from transat.core.languages import Text

Status = Literal["pass", "warn", "fail", "not_applicable"]
#: Kahn 2016 (EGEMS 4:1244), the three families in which DQD puts its checks.
Category = Literal["conformance", "completeness", "plausibility"]

#: The worst first, as a reader wants them.
STATUSES: tuple[Status, ...] = ("fail", "warn", "not_applicable", "pass")


@dataclass(frozen=True, slots=True)
class Threshold:
    """The bounds of a share in 0..1; None where there is no such bound.

    low: the share is of what is right (a linkage rate), and bad below its bounds.
    source: who says so; checked: 'yes' when that source was opened, 'own' for Transat's choice.
    """

    warn: float | None
    fail: float | None
    low: bool
    source: Text
    checked: str

    def status(self, share: float) -> Status:
        """What a share is worth; a bound itself passes."""
        for bound, status in ((self.fail, "fail"), (self.warn, "warn")):
            if bound is not None and (share < bound if self.low else share > bound):
                return "fail" if status == "fail" else "warn"
        return "pass"


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the detail: a year, an outcome, a rule.

    published: the share in 0..1 that a source gives for it; note: what explains it; group: parts of
    one group share out one denominator.
    """

    label: Text
    numerator: int
    denominator: int
    published: float | None = None
    note: Text | None = None
    group: str = ""


YEAR = Text("année", "year")


@dataclass(frozen=True, slots=True)
class Check:
    """What is asked, declared once by each check's module.

    unit: what is counted (with `of`: the denominator); people: whether these are head counts or
    records of people, so that small ones are masked.
    detail: what the detail's lines are.
    """

    key: str
    category: Category
    title: Text
    question: Text
    next_step: Text
    unit: Text
    people: bool = True
    detail: Text = YEAR


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check on one CDM.

    parts: by year, oldest first (or by what the check's `detail` says); their numerators add up to
    the finding's. partition: so do their denominators; else each group of parts has one.
    reason: why it is not applicable, or what was seen beyond the counts.
    """

    check: Check
    status: Status
    numerator: int | None
    denominator: int | None
    parts: tuple[Part, ...]
    threshold: Threshold
    partition: bool = True
    reason: Text | None = None

    @property
    def key(self) -> str:
        """The check's name."""
        return self.check.key

    @property
    def share(self) -> float | None:
        """Numerator over denominator; None where there is nothing to divide."""
        if self.numerator is None or not self.denominator:
            return None
        return self.numerator / self.denominator


def year_text(year: int | None) -> Text:
    """A year as a label; records without a date have none."""
    return Text("sans date", "no date") if year is None else Text(str(year), str(year))


def judge(check: Check, threshold: Threshold, parts: Sequence[Part]) -> Finding:
    """The finding of parts that share out a total; nothing to look at is not applicable."""
    numerator = sum(part.numerator for part in parts)
    denominator = sum(part.denominator for part in parts)
    if not denominator:
        return not_applicable(check, threshold, NOTHING)
    status = threshold.status(numerator / denominator)
    return Finding(check, status, numerator, denominator, tuple(parts), threshold)


def not_applicable(check: Check, threshold: Threshold, reason: Text) -> Finding:
    """The finding of a check that this CDM gives nothing to look at."""
    return Finding(check, "not_applicable", None, None, (), threshold, reason=reason)


NOTHING = Text("Rien à examiner dans ce CDM.", "Nothing to look at in this CDM.")
NO_PREGNANCIES = Text(
    "Ce CDM n'a pas de grossesses : « transat harmonise » les écrit.",
    'This CDM has no pregnancies: "transat harmonise" writes them.',
)
NO_LEDGER = Text(
    "Ce CDM n'a pas de registre des lignes : Transat ne l'a pas écrit.",
    "This CDM has no ledger of lines: Transat did not write it.",
)
