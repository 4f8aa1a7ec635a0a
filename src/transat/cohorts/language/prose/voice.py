"""How prose is said: in one language, with numbers and days as that language writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from transat.cohorts.query.model import CodeSet
from transat.core.languages import Language, Text

_MONTHS: Final = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
           "octobre", "novembre", "décembre"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of prose, what is said under it, and the mark before it."""

    text: str
    under: tuple[Line, ...] = ()
    mark: str = "-"

    def written(self, depth: int = 1) -> list[str]:
        """As indented lines."""
        own = f"{'  ' * depth}{self.mark} {self.text}"
        return [own, *(line for each in self.under for line in each.written(depth + 1))]


@dataclass(frozen=True, slots=True)
class Voice:
    """A language, and what each code set is called: one name for one set."""

    language: Language
    names: Mapping[CodeSet, str] = field(default_factory=dict)

    def __call__(self, fr: str, en: str) -> str:
        """The sentence in this language."""
        return fr if self.language == "fr" else en

    def text(self, text: Text) -> str:
        """A text in this language."""
        return text.in_(self.language)

    @property
    def colon(self) -> str:
        """A colon with its spaces."""
        return self(" : ", ": ")

    def quoted(self, words: str) -> str:
        """Between quotation marks."""
        return self(f"« {words} »", f'"{words}"')

    def number(self, value: float) -> str:
        """A number with the language's separators: 1 234,5 or 1,234.5."""
        whole = float(value).is_integer()
        said = f"{int(value):,}" if whole else f"{value:,.10f}".rstrip("0")
        if self.language == "en":
            return said
        return said.replace(",", " ").replace(".", ",")

    def count(self, value: int, one: str, many: str) -> str:
        """`1 jour`, `2 jours`; in French 0 is singular."""
        single = abs(value) < 2 if self.language == "fr" else abs(value) == 1
        return f"{self.number(value)} {one if single else many}"

    def days(self, value: int) -> str:
        """`365 jours`."""
        return self.count(value, self("jour", "day"), self("jours", "days"))

    def day(self, value: date) -> str:
        """1er janvier 2012, or 1 January 2012."""
        number = "1er" if value.day == 1 and self.language == "fr" else str(value.day)
        return f"{number} {_MONTHS[self.language][value.month - 1]} {value.year}"

    def listed(self, words: Sequence[str], last: str = "") -> str:
        """`a, b et c`; `last` replaces the last link (`ou`)."""
        link = last or self("et", "and")
        if len(words) < 2:
            return "".join(words)
        return f"{', '.join(words[:-1])} {link} {words[-1]}"
