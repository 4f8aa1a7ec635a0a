"""Numbers as a reader of French or English writes them, all through Babel.

A number is rounded here once, by a rule that does not look at the language, so both reports show
the same digits. What is absent is said by a dash, what is masked by a word.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from transat.core.counts import MASKED
from transat.core.languages import Language
from transat.studies.results import Estimate

ABSENT = "–"
#: Babel locale of each language; Québec's and France's French write these numbers alike but for the
#: width of the space between thousands.
LOCALES: dict[Language, str] = {"fr": "fr_FR", "en": "en_CA"}

#: Smallest p-value written out.
_SMALLEST_P = 0.0001


@dataclass(frozen=True, slots=True)
class Numbers:
    """Formats for one language."""

    language: Language

    @property
    def locale(self) -> str:
        """The Babel locale."""
        return LOCALES[self.language]

    def count(self, value: int | None) -> str:
        """A whole number; None is a masked head count."""
        return MASKED.in_(self.language) if value is None else self._decimal(value, 0)

    def decimal(self, value: float | None, digits: int) -> str:
        """A number with that many decimals; a dash for None or a number that is not finite."""
        absent = value is None or not math.isfinite(value)
        return ABSENT if absent or value is None else self._decimal(value, digits)

    def short(self, value: float | None) -> str:
        """Two significant digits or more: 0.0042, 0.46, 6.5, 23.9, 239."""
        return self.decimal(value, digits_for(value))

    def ratio(self, value: float | None) -> str:
        """A ratio: 0.46, 6.54, 23.9, 239."""
        return self.decimal(value, _ratio_digits(value))

    def percent(self, value: float | None, digits: int = 0) -> str:
        """A share in 0..1 as a percentage."""
        if value is None or not math.isfinite(value):
            return ABSENT
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        space = "\u00a0" if self.language == "fr" else ""
        return format_percent(value, format=f"{pattern}{space}%", locale=self.locale)

    def p(self, value: float | None) -> str:
        """A p- or q-value, two significant digits, never smaller than '< 0.0001'."""
        if value is None or not math.isfinite(value):
            return ABSENT
        if value < _SMALLEST_P:
            return f"<\u00a0{self._decimal(_SMALLEST_P, 4)}"
        return self._decimal(value, max(2, digits_for(value)))

    def rate(self, estimate: Estimate | None, scale: float = 1.0) -> str:
        """'4.6 (2.1 to 8.9)': one number of decimals for the three, from the estimate."""
        if estimate is None or estimate.value is None:
            return ABSENT
        return self._interval(estimate, scale, digits_for(estimate.value * scale))

    def ratio_interval(self, estimate: Estimate | None) -> str:
        """'6.54 (2.10 to 18.1)', each limit with the decimals of its own size."""
        if estimate is None or estimate.value is None:
            return ABSENT
        if estimate.low is None or estimate.high is None:
            return self.ratio(estimate.value)
        limits = f"{self.ratio(estimate.low)}{self._to}{self.ratio(estimate.high)}"
        return f"{self.ratio(estimate.value)} ({limits})"

    def size(self, octets: int) -> str:
        """Bytes, in thousands when there are many."""
        one, thousand = ("o", "ko") if self.language == "fr" else ("B", "kB")
        if octets < 10_000:
            return f"{self._decimal(octets, 0)}\u00a0{one}"
        return f"{self._decimal(octets / 1000, 0)}\u00a0{thousand}"

    def day(self, iso: str) -> str:
        """The day of an ISO date or instant, written long."""
        return self._date(datetime.date.fromisoformat(iso[:10]))

    def last_day(self, iso: str) -> str:
        """The last day of a period that ends, excluded, on that ISO date."""
        return self._date(datetime.date.fromisoformat(iso[:10]) - datetime.timedelta(days=1))

    def _date(self, day: datetime.date) -> str:
        written = format_date(day, format="long", locale=self.locale)
        first = self.language == "fr" and day.day == 1
        return written.replace("1 ", "1er ", 1) if first else written

    @property
    def _to(self) -> str:
        """Between two limits, with spaces that never break: a line breaks before the bracket."""
        return "\u00a0à\u00a0" if self.language == "fr" else "\u00a0to\u00a0"

    def _interval(self, estimate: Estimate, scale: float, digits: int) -> str:
        value = self.decimal((estimate.value or 0.0) * scale, digits)
        if estimate.low is None or estimate.high is None:
            return value
        low, high = (self.decimal(x * scale, digits) for x in (estimate.low, estimate.high))
        return f"{value} ({low}{self._to}{high})"

    def _decimal(self, value: float, digits: int) -> str:
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        rounded = round(value, digits) + 0.0  # never a minus sign before zero
        return format_decimal(rounded, format=pattern, locale=self.locale)


def digits_for(value: float | None) -> int:
    """Decimals that leave two significant digits, three from 10 on."""
    if value is None or not math.isfinite(value) or value == 0:
        return 1
    size = math.floor(math.log10(abs(value)))
    return min(max(1 - size, 0) if size < 1 else max(2 - size, 0), 6)


def _ratio_digits(value: float | None) -> int:
    if value is None or not math.isfinite(value) or abs(value) < 10:
        return 2
    return 1 if abs(value) < 100 else 0
