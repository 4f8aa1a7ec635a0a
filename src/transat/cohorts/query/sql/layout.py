"""Pieces of SQL text: literals, comments, indentation. Nothing here knows what a cohort is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from transat.core.languages import Text
from transat.engines.engine import quoted

Literal_ = int | float | str | date


def literal(value: Literal_) -> str:
    """A value as an SQL literal; a whole number is written without a point."""
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return quoted(value)
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def plus(day: str, days: int) -> str:
    """SQL of a day moved by a number of days."""
    return day if days == 0 else f"{day} {'+' if days > 0 else '-'} {abs(days)}"


def indented(text: str, by: int = 4) -> str:
    """`text` with every line that is not empty moved to the right."""
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def remark(text: str) -> str:
    """A comment within a line; empty for an empty text."""
    said = " ".join(_plain(text).split()).replace("*/", "* /")
    return f" /* {said} */" if said else ""


def comment(*texts: Text | str | None) -> str:
    """Comment lines, each ended; of a Text, French then English (one line when they are equal).

    Line ends of any kind within a text begin another comment line: no text becomes a statement.
    """
    lines: list[str] = []
    for text in texts:
        if isinstance(text, Text):
            lines += dict.fromkeys((*text.fr.splitlines(), *text.en.splitlines()))
        elif text:
            lines += text.splitlines()
    plain = (_plain(line).strip() for line in lines)
    return "".join(f"-- {line}\n" for line in plain if line)


def _plain(text: str) -> str:
    """`text` without what opens a comment, and without what no engine can be given."""
    known = text.encode("utf-8", "replace").decode().replace("\0", "")
    return known.replace("/*", "/ *")


def all_of(conditions: Iterable[str]) -> str:
    """Conditions that all hold, one a line."""
    return "\n  AND ".join(conditions)


def where(conditions: Iterable[str]) -> str:
    """A WHERE clause on its own lines; empty without conditions."""
    written = all_of(conditions)
    return f"\nWHERE {written}" if written else ""


def items(parts: Iterable[str]) -> str:
    """A SELECT list, one item a line."""
    return "\n    " + ",\n    ".join(parts)
