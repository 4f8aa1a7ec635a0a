"""Numbers on which pregnancy episodes depend: terms, spacing, dating; versioned, printed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.code_sets import read_csv

#: Changes when the algorithm changes; the numbers have their own fingerprint.
VERSION = "1"


@dataclass(frozen=True, slots=True)
class Term:
    """Gestation, in days from LMP, of one outcome.

    outcome: its key; matcho: its category in the spacing matrix; priority: 0 decides first.
    min_days, max_days: a recorded gestation outside is not believed.
    retry_days: least days between this outcome and the next pregnancy's start.
    default_days: gestation when nothing is recorded.
    """

    outcome: str
    matcho: str
    priority: int
    min_days: int
    max_days: int
    retry_days: int
    default_days: int

    @property
    def default_precision(self) -> int:
        """Largest error, in days, of the default within the plausible range."""
        return max(self.default_days - self.min_days, self.max_days - self.default_days)


@lru_cache
def published_terms() -> tuple[Term, ...]:
    """The terms of cohorts/data/pregnancy_terms.csv, in order of priority."""
    terms = (
        Term(
            line["outcome"],
            line["matcho"],
            *(
                int(line[name])
                for name in ("priority", "min_days", "max_days", "retry_days", "default_days")
            ),
        )
        for line in read_csv("pregnancy_terms.csv")
    )
    return tuple(sorted(terms, key=lambda term: term.priority))


@lru_cache
def published_spacing() -> tuple[tuple[str, str, int], ...]:
    """Least days between two outcomes (first, next, days): the 36 rows of Matcho."""
    return tuple(
        (line["first"], line["next"], int(line["min_days"]))
        for line in read_csv("pregnancy_spacing.csv")
    )


def spacing_matrix(
    terms: Sequence[Term], spacing: Iterable[tuple[str, str, int]]
) -> NDArray[np.int32]:
    """(T, T) least days between an outcome of term i and a later one of term j.

    Raises KeyError when `spacing` lacks a pair of the terms' categories.
    """
    days = {(first, later): value for first, later, value in spacing}
    return np.array([[days[a.matcho, b.matcho] for b in terms] for a in terms], np.int32)


@dataclass(frozen=True, slots=True)
class PregnancyParameters:
    """Everything that pregnancy episodes depend on besides the code sets.

    terms, spacing: Matcho 2018 as pinned by DARWIN EU PregnancyIdentifier 3.3.0. Forks of the
    algorithm differ in these tables, so they are printed with each result.
    weeks_add_days: completed weeks w are read as 7 w + this many days (the middle of the week).
    therapeutic_from_days: an induced abortion from this gestation on is therapeutic (20 weeks).
    tolerance_days: a gestation recorded without the stay's number, or an infant's birth date,
    belongs to an outcome at most this far (7 d: ConcePTION's date discrepancy).
    ages: the woman's age in years at the outcome, closed-open.
    """

    terms: tuple[Term, ...] = field(default_factory=published_terms)
    spacing: tuple[tuple[str, str, int], ...] = field(default_factory=published_spacing)
    weeks_add_days: int = 3
    therapeutic_from_days: int = 140
    tolerance_days: int = 7
    ages: tuple[int, int] = (10, 56)
    version: str = VERSION

    def term(self, outcome: str) -> Term:
        """The term of one outcome. Raises KeyError."""
        for term in self.terms:
            if term.outcome == outcome:
                return term
        raise KeyError(outcome)

    def spacing_matrix(self) -> NDArray[np.int32]:
        """(T, T) least days between an outcome of term i and a later one of term j."""
        return spacing_matrix(self.terms, self.spacing)

    def as_dict(self) -> dict[str, Any]:
        """The parameters as plain data, for `transat.json` and reports."""
        plain = asdict(self) | {"fingerprint": self.fingerprint}
        return dict(json.loads(json.dumps(plain)))

    @property
    def fingerprint(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of all the numbers."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
