"""Which covariates are asked for: OHDSI's numbered analyses, code groups of our own, windows.

An analysis is a family of columns: one way of reading one table in one closed window of days
[low, high] from the start of a cohort period. Numbers, names and windows of the shipped catalogue
are those of OHDSI FeatureExtraction 3.14 (inst/csv/PrespecAnalyses.csv, Apache-2.0).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal, cast, get_args

from transat.core.errors import StudyError, close_match
from transat.core.languages import Text

Kind = Literal[
    "gender", "age", "age_group", "race", "ethnicity", "index_year", "index_month",
    "index_year_month", "observation_before", "observation_after", "time_in_cohort",
    "concept", "group", "value", "range", "answer", "distinct", "rows", "rows_by_concept", "score",
    "code", "code_rows",
]  # fmt: skip
Events = Literal["start", "overlap", "covered", "inpatient"]
Level = Literal["chapter", "category", "atc1", "atc2", "atc3", "atc4", "atc5", "code"]

LONG: Final = -365
MEDIUM: Final = -180
SHORT: Final = -30

#: Kinds whose columns are numbers; the others are 1 or nothing.
NUMBERS: Final = (
    "age", "observation_before", "observation_after", "time_in_cohort", "value", "distinct", "rows",
    "rows_by_concept", "score", "code_rows",
)  # fmt: skip
#: Vocabulary that each level of code is read in.
LEVELS: Final[dict[str, str]] = {
    "chapter": "ICD10",
    "category": "ICD10",
    **{f"atc{i}": "ATC" for i in range(1, 6)},
}


@dataclass(frozen=True, slots=True)
class Analysis:
    """One family of covariates.

    number: 1 to 999, the last three digits of its covariates' ids. name: in one word.
    kind: what a column is. 'concept' a concept of `table`; 'group' an ancestor of it (OHDSI's
    rules); 'value' its last number; 'range' below, within, above its range; 'answer' a pair of
    concept and answer; 'distinct', 'rows', 'rows_by_concept' counts; 'score' an index of illness;
    'code' a code group (`level`), 'code_rows' how many events it has.
    low, high: closed window in days from the start of the period; low None: no limit.
    events: 'start', events that start in the window; 'overlap', that touch it; 'covered', that
    touch it by the days they cover (dispensings, by days of supply); 'inpatient', that start in
    it during a stay.
    vocabulary: of 'code' kinds; a VOCABULARY_ID of the CDM, ICD10 and ATC read as studies do.
    cut: whether the window ends, at the latest, on the last day of the period.
    """

    number: int
    name: str
    kind: Kind
    table: str = ""
    low: int | None = None
    high: int = 0
    events: Events = "start"
    vocabulary: str = ""
    level: Level = "code"
    cut: bool = False

    @property
    def binary(self) -> bool:
        """Whether its columns hold 1 or nothing."""
        return self.kind not in NUMBERS

    @property
    def zero_when_missing(self) -> bool:
        """Whether a row without a number has the number 0."""
        return not self.binary and self.kind != "value"


@dataclass(frozen=True, slots=True)
class Settings:
    """Analyses, and the concepts or covariates they are limited to (empty: all).

    included, excluded: concept ids; with their descendants when so said. covariates: covariate ids.
    Raises StudyError for two analyses of one number.
    """

    analyses: tuple[Analysis, ...]
    included: tuple[int, ...] = ()
    included_descendants: bool = False
    excluded: tuple[int, ...] = ()
    excluded_descendants: bool = False
    covariates: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        numbers = [a.number for a in self.analyses]
        for number in numbers:
            if not 1 <= number <= 999 or numbers.count(number) > 1:
                raise StudyError(
                    Text(
                        f"le numéro d'analyse {number} est pris deux fois, ou hors de 1 à 999.",
                        f"the analysis number {number} is used twice, or is not in 1 to 999.",
                    ),
                    "covariates",
                    Text("Donnez un numéro par analyse.", "Give each analysis its own number."),
                )


def default_settings(
    long: int = LONG, medium: int = MEDIUM, short: int = SHORT, end: int = 0
) -> Settings:
    """OHDSI's default set: 29 analyses, windows that end `end` days after the start."""
    return Settings(tuple(a for a in catalogue(long, medium, short, end) if a.name in _defaults()))


def chosen(
    names: Iterable[str], long: int = LONG, medium: int = MEDIUM, short: int = SHORT, end: int = 0
) -> Settings:
    """The analyses of these names, in the order of their numbers.

    Raises StudyError for a name that the catalogue does not hold, with the one it looks like.
    """
    wanted = set(names)
    held = catalogue(long, medium, short, end)
    for name in sorted(wanted - {a.name for a in held}):
        raise _unknown(name, [a.name for a in held])
    return Settings(tuple(a for a in held if a.name in wanted))


def code_settings(end: int = -1) -> Settings:
    """Covariates of a CDM read by source codes, without a vocabulary, in the year before.

    Sex, age and calendar; diagnoses by ICD-10 chapter and category; medicines by ATC level.
    """
    wanted = ("gender", "age", "age_group", "index_year", "index_month")
    people = (a for a in catalogue(LONG, MEDIUM, SHORT, end) if a.kind in wanted)
    icd: tuple[Level, ...] = ("chapter", "category")
    codes = [
        code_analysis(151 + i, "condition_occurrence", level, LONG, end)
        for i, level in enumerate(icd)
    ]
    atc: tuple[Level, ...] = ("atc1", "atc2", "atc3", "atc4", "atc5")
    codes += [
        code_analysis(351 + i, "drug_exposure", level, LONG, end) for i, level in enumerate(atc)
    ]
    return Settings((*people, *codes))


def code_analysis(
    number: int,
    table: str,
    level: Level,
    low: int | None,
    high: int,
    vocabulary: str = "",
    events: Events = "start",
    counts: bool = False,
    cut: bool = False,
) -> Analysis:
    """One column per code group of `table` in the window: present, or (`counts`) how many events.

    level: an ICD-10 chapter or category of three characters, one of the five ATC levels, or 'code',
    the whole code of `vocabulary` (needed there; the others have their own).
    """
    of = LEVELS.get(level, vocabulary)
    if not of:
        raise StudyError(
            Text("un code entier demande son vocabulaire.", "a whole code needs its vocabulary."),
            f"covariates {number}",
            Text("Donnez « vocabulary ».", 'Give "vocabulary".'),
        )
    name = f"{table}_{of}_{level}".lower()
    kind: Kind = "code_rows" if counts else "code"
    return Analysis(number, name, kind, table, low, high, events, of, level, cut)


def catalogue(
    long: int = LONG, medium: int = MEDIUM, short: int = SHORT, end: int = 0
) -> tuple[Analysis, ...]:
    """All analyses of the shipped catalogue, by number, with these windows."""
    low = {"any": None, "long": long, "medium": medium, "short": short, "end": end, "": None}
    return tuple(
        Analysis(
            int(row["number"]),
            row["name"],
            _kind(row["kind"]),
            row["table"],
            low[row["window"]],
            end,
            cast(Events, row["events"] or "start"),
        )
        for row in _read()
    )


def _kind(name: str) -> Kind:
    if name not in get_args(Kind):
        raise ValueError(f"analyses.csv: unknown kind {name}")
    return cast(Kind, name)


@cache
def _read() -> tuple[dict[str, str], ...]:
    text = resources.files(__package__).joinpath("data/analyses.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def _defaults() -> frozenset[str]:
    return frozenset(row["name"] for row in _read() if row["default"])


def _unknown(name: str, known: list[str]) -> StudyError:
    near = close_match(name, known)
    return StudyError(
        Text(f"l'analyse « {name} » n'existe pas.", f'there is no analysis "{name}".'),
        "covariates",
        Text(f"Voulez-vous dire « {near} » ?", f'Do you mean "{near}"?')
        if near
        else Text("Voyez la liste des analyses.", "See the list of analyses."),
    )
