"""Numbers on which HIPPS depends: terms, spacing, tolerances; versioned, printed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.pregnancy_parameters import (
    Term,
    published_spacing,
    published_terms,
    spacing_matrix,
)
from transat.cohorts.standard_concepts import CATEGORIES

#: Changes when the algorithm changes; the numbers have their own fingerprint.
VERSION: Final = "hipps 1 (DARWIN EU PregnancyIdentifier 3.3.0, corrected)"
#: Outcome key of a pregnancy whose end nobody recorded.
UNKNOWN: Final = "unknown"
#: Categories of HIPPS in order of priority (LB, SB, ECT, AB, SA, DELIV), and the last for UNKNOWN.
OUTCOMES: Final = (*CATEGORIES.values(), UNKNOWN)
LAST: Final = len(OUTCOMES) - 1


@lru_cache
def _terms() -> tuple[Term, ...]:
    known = {term.outcome: term for term in published_terms()}
    return tuple(known[outcome] for outcome in CATEGORIES.values())


@dataclass(frozen=True, slots=True)
class HippsParameters:
    """Everything that the episodes of HIPPS depend on besides the concept lists.

    Days unless said otherwise; the values are those of DARWIN EU's PregnancyIdentifier 3.3.0.

    terms: of the six outcomes in order of priority; spacing: least days between two of them.
    unknown_days: least and most gestation of a pregnancy without a recorded end.
    ages: the woman's age in years at each record, closed-open.
    same_gestation: a week that does not grow within so many days goes on with the same pregnancy.
    late_record: how long after what it says a gestation may be recorded.
    slack_months: two signs of progress agree within it. break_months: without agreement, a longer
    gap starts another pregnancy; pregnancy_months: so does a longer gap whatever agrees.
    longest_months: a longer run of signs is no pregnancy. Months of 30 days.
    outcome_before, outcome_month: the outcome of a run lies from so many days before its last sign
    to that month of gestation.
    beyond_months: calendar months by which a run reaches beyond its last sign when it is matched.
    agree_days, later_days, next_days: HIP and PPS agree; PPS ends later; PPS is the next one.
    narrow_days: an interval of starts narrower than this is widened to its middle ± half of it.
    undated: a start without evidence lies the longest term ('longest') or the usual gestation
    ('usual') before the end.
    tolerance_days: a delivery is a live birth when a linked infant was born at most this far.
    """

    terms: tuple[Term, ...] = field(default_factory=_terms)
    spacing: tuple[tuple[str, str, int], ...] = field(default_factory=published_spacing)
    unknown_days: tuple[int, int] = (140, 308)
    ages: tuple[int, int] = (15, 56)
    same_gestation: int = 70
    late_record: int = 28
    slack_months: float = 2
    break_months: float = 1
    pregnancy_months: float = 10
    longest_months: float = 12
    outcome_before: int = 14
    outcome_month: int = 11
    beyond_months: int = 2
    agree_days: int = 14
    later_days: int = 7
    next_days: int = 14
    narrow_days: int = 7
    undated: Literal["longest", "usual"] = "longest"
    tolerance_days: int = 7
    version: str = VERSION

    @property
    def min_days(self) -> NDArray[np.int64]:
        """(7,) least gestation by outcome, in the order of OUTCOMES."""
        return np.array([*(t.min_days for t in self.terms), self.unknown_days[0]], np.int64)

    @property
    def max_days(self) -> NDArray[np.int64]:
        """(7,) most gestation by outcome."""
        return np.array([*(t.max_days for t in self.terms), self.unknown_days[1]], np.int64)

    @property
    def undated_days(self) -> NDArray[np.int64]:
        """(7,) gestation of a pregnancy whose start nothing says."""
        if self.undated == "longest":
            return self.max_days
        usual = [*(t.default_days for t in self.terms), self.unknown_days[1]]
        return np.array(usual, np.int64)

    @property
    def retry_days(self) -> NDArray[np.int64]:
        """(7,) least days between an outcome and the next start; 1 after UNKNOWN."""
        return np.array([*(t.retry_days for t in self.terms), 1], np.int64)

    def spacing_matrix(self) -> NDArray[np.int32]:
        """(6, 6) least days between an outcome i and a later outcome j."""
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
