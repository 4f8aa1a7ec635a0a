"""A paper as the text of a mail, in lines of at most 72 characters."""

from __future__ import annotations

import textwrap

from transat.portal.papers.paper import (
    Block,
    Facts,
    Grid,
    Heading,
    Notice,
    Paper,
    Paragraph,
    Points,
    Signature,
)

WIDTH = 72

#: French puts a space that does not break before a colon.
COLON = {"fr": "\u00a0: ", "en": ": "}


def written(paper: Paper) -> str:
    """The text of a paper; blocks are separated by an empty line."""
    parts = [underlined(paper.title, "=")]
    if paper.subtitle:
        parts.append(wrapped(paper.subtitle))
    parts += [_block(block, COLON[paper.language]) for block in paper.blocks]
    parts += [foot for foot in (paper.reference, paper.footer) if foot]
    return "\n\n".join(parts) + "\n"


def underlined(title: str, mark: str) -> str:
    """A title, wrapped, with a line of marks under it as long as its longest line."""
    lines = wrapped(title)
    return f"{lines}\n{mark * max(map(len, lines.splitlines()))}"


def wrapped(text: str, first: str = "", later: str = "") -> str:
    """Text in lines of at most 72 characters; addresses and long words are not cut."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _block(block: Block, colon: str) -> str:
    match block:
        case Heading(text, level):
            return underlined(text, "-" if level == 2 else ".")
        case Paragraph(text):
            return wrapped(text)
        case Points(items):
            return "\n".join(wrapped(item, "- ", "  ") for item in items)
        case Facts(pairs, missing):
            told = (f"{name}{colon}{value or missing}" for name, value in pairs)
            return "\n".join(wrapped(line, "", "  ") for line in told)
        case Grid():
            return _grid(block, colon)
        case Notice(text):
            return wrapped(text, "! ", "  ")
        case Signature(name, part, instant):
            return wrapped(f"{name}, {part}{colon}{instant or '________________'}")


def _grid(grid: Grid, colon: str) -> str:
    """Row by row, each cell with its column's name: mails have no columns to read down."""
    rows = [
        "\n".join(
            wrapped(f"{name}{colon}{cell}", "  ", "    ")
            for name, cell in zip(grid.columns, row, strict=True)
        )
        for row in grid.rows
    ]
    return "\n\n".join([wrapped(grid.caption), *rows])
