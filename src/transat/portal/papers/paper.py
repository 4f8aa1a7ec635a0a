"""What a letter, a receipt, a sheet or minutes say, once, whatever they are written on.

A paper is a title and blocks in reading order. `pdf` makes a tagged PDF of it, `plain` the text of
a mail, and the template `portal/parts/paper.html` a page: the same words three times, in one
language. It holds no date of its own making, so the same paper gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from transat.core.languages import Language


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 2 under the title, 3 under that."""

    text: str
    level: int = 2

    def __post_init__(self) -> None:
        if self.level not in (2, 3):
            raise ValueError("the level of a heading is 2 or 3")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """A list of short texts, without order."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and their values, as of a form that is filled; an empty value is said by `missing`."""

    pairs: tuple[tuple[str, str], ...]
    missing: str = "—"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: what it shows, its columns, its rows of as many cells.

    `numbers` are the columns, counted from 0, that lean right.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.caption}: a row has not as many cells as there are columns")


@dataclass(frozen=True, slots=True)
class Notice:
    """A text that must not be missed: a limit, a condition, something left to fill in."""

    text: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Where somebody signs: who, in what part; empty `instant` where it is not signed yet."""

    name: str
    part: str
    instant: str = ""


Block = Heading | Paragraph | Points | Facts | Grid | Notice | Signature


@dataclass(frozen=True, slots=True)
class Paper:
    """One document in one language. `reference` and `footer` stand at the foot of each page."""

    title: str
    language: Language
    blocks: tuple[Block, ...]
    subtitle: str = ""
    reference: str = ""
    footer: str = ""
