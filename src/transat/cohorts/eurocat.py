"""The groups of congenital anomalies of EUROCAT, as far as four-character ICD-10 codes say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from transat.cohorts.code_sets import read_csv
from transat.core.languages import Text

ANY_MAJOR: Final = "any_major"
#: Causes whose groups are no part of 'any_major'.
CHROMOSOMAL_OR_GENETIC: Final = ("chromosomal", "genetic")


@dataclass(frozen=True, slots=True)
class Group:
    """One EUROCAT group or subgroup (Guide 1.4, section 3.3).

    level: 0 for 'any_major', 1 to 3 below. parent: key of the group around it, '' at the top.
    include, exclude: code prefixes without dot. not_with: an infant that also has one of these
    codes is no case. term_only: codes that count from 37 weeks on.
    cause: 'chromosomal', 'genetic', 'non_drug' or ''. condition: what a code cannot say.
    """

    key: str
    label: Text
    level: int
    parent: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    not_with: tuple[str, ...]
    term_only: tuple[str, ...]
    cause: str
    condition: Text | None
    source: str
    checked: str

    def holds(self, code: str) -> bool:
        """Whether an undotted ICD-10 code belongs to the group."""
        return code.startswith(self.include) and not (
            self.exclude != () and code.startswith(self.exclude)
        )


@lru_cache
def groups() -> dict[str, Group]:
    """All groups by key, in the order of the Guide; a parent stands before its children."""
    return {line["key"]: _group(line) for line in read_csv("eurocat.csv")}


@lru_cache
def minor_codes() -> tuple[str, ...]:
    """Codes of minor anomalies, never counted (EUROCAT Guide 1.4; list of UCL-CHIG, MIT)."""
    return tuple(line["code"] for line in read_csv("minor_anomalies.csv"))


def nearest_listed(key: str, listed: tuple[str, ...], excluded_causes: tuple[str, ...]) -> int:
    """Index in `listed` of the closest group around `key`, -1 where none is listed.

    A group of an excluded cause keeps its cases while the groups around it lose them, so it hangs
    only under groups of the same cause.
    """
    known = groups()
    cause = known[key].cause if key in known else ""
    while key in known and (key := known[key].parent):
        if cause in excluded_causes and known[key].cause != cause:
            return -1
        if key in listed:
            return listed.index(key)
    return -1


def _group(line: dict[str, str]) -> Group:
    note = line["condition_note"]
    return Group(
        key=line["key"],
        label=Text(line["label_fr"], line["label_en"]),
        level=int(line["level"]),
        parent=line["parent"],
        include=tuple(line["include"].split()),
        exclude=tuple(line["exclude"].split()),
        not_with=tuple(line["not_with"].split()),
        term_only=tuple(line["term_only"].split()),
        cause=line["cause"],
        condition=Text(line["condition_note_fr"], note) if note else None,
        source=line["source"],
        checked=line["checked"],
    )
