"""A paper as PDF: tagged for screen readers (PDF/UA-1) and fit for keeping (PDF/A-2a).

Typst sets it, with the fonts that it brings: no network, no font of the machine, so that the same
paper has the same bytes everywhere.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import typst

from transat.portal.papers.paper import Paper

STANDARDS: Final[list[Literal["a-2a", "ua-1"]]] = ["a-2a", "ua-1"]


def written(paper: Paper, at: datetime.datetime) -> bytes:
    """The PDF of a paper, dated `at` (an instant with its zone, kept in the file's metadata).

    Raises
    ------
    ValueError: the instant has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("the instant of a paper has a zone")
    inputs = {"paper": json.dumps(described(paper), ensure_ascii=False)}
    made: bytes = typst.compile(
        _template(),
        sys_inputs=inputs,
        ignore_system_fonts=True,
        pdf_standards=[*STANDARDS],
        timestamp=at.astimezone(datetime.UTC),
    )
    return made


def described(paper: Paper) -> dict[str, Any]:
    """The paper as JSON values; every block says its kind (`heading`, `paragraph`, …)."""
    blocks = [
        {"kind": type(block).__name__.lower()}
        | {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in ((f.name, getattr(block, f.name)) for f in dataclasses.fields(block))
        }
        for block in paper.blocks
    ]
    told = {f.name: getattr(paper, f.name) for f in dataclasses.fields(paper)}
    return told | {"blocks": blocks}


@cache
def _template() -> bytes:
    return files(__package__).joinpath("paper.typ").read_bytes()
