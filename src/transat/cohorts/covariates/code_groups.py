"""Groups of codes that need no vocabulary file: ICD-10 chapters and categories, ATC levels.

The number of a code group is its code read in base 37, so it is the same in every CDM and on both
shores, and the code can be read back from it.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from transat.cohorts.query.domains import DOMAINS
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.cohorts.covariates.settings import Analysis
    from transat.cohorts.covariates.vocabulary import Ids, Vocabulary

_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Longest code that fits a covariate id (37 ** 9 * 1000 < 2 ** 63).
LONGEST: Final = 9
_LENGTHS: Final = {"category": 3, "atc1": 1, "atc2": 3, "atc3": 4, "atc4": 5, "atc5": 7}


def code_groups(analysis: Analysis, vocabulary: Vocabulary) -> tuple[Ids, Ids]:
    """Pairs (concept of the event, number of its code group) for an analysis of kind 'code'."""
    domain = DOMAINS[analysis.table]
    source = domain.source_concept or domain.concept or ""
    held = vocabulary.study_codes(analysis.vocabulary, domain.concept or "", source)
    pairs = {
        (int(concept), number(group))
        for concept, code in zip(held.concepts, held.codes, strict=True)
        if (group := group_of(code, analysis.level)) is not None
    }
    table = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()


def group_of(code: str, level: str) -> str | None:
    """The group of a code at a level; None for a code that is too short or belongs to none.

    >>> group_of("Q211", "category"), group_of("Q211", "chapter"), group_of("N03AG01", "atc2")
    ('Q21', 'Q00', 'N03')
    """
    bare = "".join(c for c in code.upper() if c in _LETTERS)
    if level == "code":
        return bare[:LONGEST] or None
    if level == "chapter":
        return next((r["low"] for r in _chapters() if r["low"] <= bare[:3] <= r["high"]), None)
    length = _LENGTHS[level]
    return bare[:length] if len(bare) >= length else None


def number(code: str) -> int:
    """The code in base 37, its letters from 1 on; at most LONGEST letters."""
    value = 0
    for letter in code:
        value = value * 37 + _LETTERS.index(letter) + 1
    return value


def code_of(value: int) -> str:
    """The code that has this number.

    >>> code_of(number("N03AG01"))
    'N03AG01'
    """
    letters = []
    while value:
        value, letter = divmod(value, 37)
        letters.append(_LETTERS[letter - 1])
    return "".join(reversed(letters))


def label(vocabulary: str, level: str, code: str) -> Text:
    """A code group for a reader: its own words for chapters, else the code."""
    if level == "chapter":
        for row in _chapters():
            if row["low"] == code:
                span = f"{row['low']}–{row['high']}"
                return Text(f"{row['fr']} ({span})", f"{row['en']} ({span})")
    if level == "atc1":
        for row in _rows("ATC"):
            if row["low"] == code:
                return Text(f"{row['fr']} ({code})", f"{row['en']} ({code})")
    names = {"ICD10": Text("CIM-10", "ICD-10")}
    shown = names.get(vocabulary, Text(vocabulary, vocabulary))
    return Text(f"{shown.fr} {code}", f"{shown.en} {code}")


@cache
def _chapters() -> tuple[dict[str, str], ...]:
    return _rows("ICD10")


@cache
def _rows(vocabulary: str) -> tuple[dict[str, str], ...]:
    text = resources.files(__package__).joinpath("data/code_groups.csv").read_text("utf-8")
    return tuple(r for r in csv.DictReader(text.splitlines()) if r["vocabulary"] == vocabulary)
