"""How a native table is declared: its columns, what each must hold, what it is joined to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from transat.harmonise.casts import Cast

#: 'free': text that cannot be cast becomes null. 'checked': it rejects the line, an empty value
#: does not. 'needed': an empty value rejects the line too.
Demand = Literal["free", "checked", "needed"]


@dataclass(frozen=True, slots=True)
class NativeColumn:
    """One column that is read; `required` says that the file must have it."""

    name: str
    cast: Cast = "text"
    demand: Demand = "free"
    required: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that an extract may give this column, ours first."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class NativeTable:
    """One native table, as staged.

    Parameters
    ----------
    name: as in the source's documentation; ``aa`` in it stands for a two-digit year.
    columns: those that are read; others in the file are left unread.
    required: an extract without it cannot be harmonised.
    aliases: other file names under which it is delivered.
    derived: select items over the typed columns, computed before the joins.
    joins: SQL joined to the typed lines ``n`` (earlier staged tables); at most one match a line.
    extra: select items from those joins, each ``expression AS name``.
    joins_larger: what it is joined to has more lines than it has, as the DCIR's sister tables; the
        smaller side is the one to hold in memory, and a text file does not say how long it is.
    contested: key (SQL expressions over a staged line) whose sharing lines may be set aside because
        of one another; a rule that compares lines (`Rule.contested`) takes only such lines.
    ranks: select items that those rules use, computed among the lines that share that key.
    spent: columns that only rules and joins use, left out of what is staged; where lines are
        contested, columns that only joins and `extra` use.
    """

    name: str
    columns: tuple[NativeColumn, ...]
    required: bool = False
    aliases: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    joins: str = ""
    extra: tuple[str, ...] = ()
    spent: tuple[str, ...] = ()
    joins_larger: bool = False
    contested: tuple[str, ...] = ()
    ranks: tuple[str, ...] = ()

    def match(self, stem: str) -> tuple[int, int | None] | None:
        """Whether a file called `stem` holds this table: (letters matched, year), or None."""
        found = (match(name, stem) for name in (self.name, *self.aliases))
        return next((m for m in found if m is not None), None)


#: Signs that stand for another in a declared name (`tables.snds`), and what they stand for.
_STANDS_FOR: Final = (
    ("AAAA", r"(?P<yy>\d{4}|AAAA)"),
    ("aa", r"(?P<yy>\d{4}|\d\d|aa)"),
    ("GN", r"G(?:\d+|N)"),
    ("xx", r"(?:\d+|xx)"),
)


def match(table: str, stem: str) -> tuple[int, int | None] | None:
    """Whether a file called `stem` holds the table so called: (letters matched, year), or None.

    A suffix after ``_``, ``-`` or ``.`` is accepted (parts, months, archives), and so is a schema
    before a dot (``RES_SSS.V_SEJ_HOSP_CM``).
    """
    pattern = _pattern(table)
    for spelling in (stem, stem.rsplit(".", 1)[-1]):
        if found := pattern.match(spelling):
            return found.end(), _year(found.groupdict().get("yy"))
    return None


@cache
def _pattern(table: str) -> re.Pattern[str]:
    """In the declared name, the first of each sign stands for another."""
    pattern = re.escape(table)
    for sign, other in _STANDS_FOR:
        if sign not in {"GN", "xx"} or pattern.endswith(sign):
            pattern = pattern.replace(sign, other, 1)
    return re.compile(rf"(?:{pattern})(?=$|[_\-.])", re.IGNORECASE)


def _year(digits: str | None) -> int | None:
    """The PMSI began in the 1990s, so two digits above 80 belong to the last century."""
    if not digits or not digits.isdigit():
        return None
    number = int(digits)
    if number > 99:
        return number
    return 1900 + number if number > 80 else 2000 + number
