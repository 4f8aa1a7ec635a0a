"""Table 1: who the persons of one cohort or of two are, with standardised differences.

Standardised difference of two groups: (mean of the second - mean of the first) divided by the
square root of the mean of their variances (Austin 2009, doi:10.1002/sim.3697); p (1 - p) for a
binary covariate, with 0 where a number is missing as `Analysis.zero_when_missing` says. As
FeatureExtraction's, but that its variance of a score leaves out the rows without a score.

Counts are of rows (periods); a person may have several. What the table holds may leave: the count
of 1 to threshold - 1 persons, or one that leaves so many out, is masked, with its share and its
difference; among levels that add up to the group, never one alone, and never fewer persons than the
threshold together. Of a group all rows of which another holds too (same person, same day), what
would tell as little of the rest of that other one by subtraction is masked as well.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import isfinite, sqrt
from typing import Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat.cohorts.covariates.matrix import Covariates
from transat.cohorts.covariates.naming import family
from transat.cohorts.covariates.settings import Analysis
from transat.cohorts.covariates.summary import moments
from transat.core.counts import THRESHOLD, may_leave
from transat.core.errors import StudyError
from transat.core.languages import Text

#: Kinds whose levels add up to the group: one masked level could be worked out from the others.
_WHOLE: Final = ("gender", "age_group", "race", "ethnicity", "index_year", "index_month",
                 "index_year_month")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of Table 1 and what stands under it.

    analysis: name. covariates: (id, label) in their order; empty: all of the analysis.
    """

    title: Text
    analysis: str
    covariates: tuple[tuple[int, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One covariate in one group; None is masked, nan is unknown.

    Binary: count, share (0..1). Number: mean, deviation, median, p25, p75.
    """

    count: int | None = None
    share: float | None = None
    mean: float | None = None
    deviation: float | None = None
    median: float | None = None
    p25: float | None = None
    p75: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a heading (no cells), a binary covariate or a number.

    depth: 0 or 1, under a heading. covariate_id: 0 for a heading. difference: standardised, second
    group less the first; None where there are not two groups, or where it is masked.
    """

    label: Text
    kind: Literal["heading", "binary", "number"]
    depth: int = 0
    covariate_id: int = 0
    cells: tuple[Cell, ...] = ()
    difference: float | None = None


@dataclass(frozen=True, slots=True)
class TableOne:
    """Groups, how many rows and persons each has (None: masked), lines. It may leave the site."""

    groups: tuple[Text, ...]
    sizes: tuple[int | None, ...]
    persons: tuple[int | None, ...]
    lines: tuple[Line, ...]
    threshold: int


def table_one(
    covariates: Covariates,
    groups: Sequence[tuple[Text, NDArray[np.bool_]]] | None = None,
    names: Mapping[int, Text] | None = None,
    sections: Sequence[Section] | None = None,
    threshold: int = THRESHOLD,
) -> TableOne:
    """Table 1 of one or two groups of rows (more have no difference).

    groups: (name, mask of the rows); default: one per cohort definition, called as `names` says.
    sections: default, those that OHDSI shows, and code groups. threshold: smallest count shown.
    Raises StudyError for groups of another length than the rows.
    """
    groups = _groups(covariates, names) if groups is None else groups
    for title, mask in groups:
        if len(mask) != covariates.rows.num_rows:
            raise _wrong_length(title)
    held = tuple(_Group(covariates, mask) for _, mask in groups)
    _set_apart(covariates, groups, held)
    shown = _Shown(covariates, held, threshold)
    lines: list[Line] = []
    for section in default_sections() if sections is None else sections:
        lines += shown.section(section)
    known = [group.may_show(threshold) for group in held]
    return TableOne(
        tuple(title for title, _ in groups),
        tuple(g.size if k else None for g, k in zip(held, known, strict=True)),
        tuple(g.persons if k else None for g, k in zip(held, known, strict=True)),
        tuple(lines),
        threshold,
    )


def standardised_difference(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Of two (mean, variance): see the module. 0 for equal means, nan where there is no variance.

    >>> standardised_difference((0.5, 0.25), (0.5, 0.25))
    0.0
    """
    (m1, v1), (m2, v2) = first, second
    spread = sqrt((v1 + v2) / 2) if v1 + v2 >= 0 else float("nan")
    if m1 == m2:
        return 0.0
    return (m2 - m1) / spread if spread > 0 else float("nan")


class _Group:
    """The rows of one group: (n, k) values, and which person each row is of.

    apart: groups that subtraction would tell of, beside the group itself.
    """

    apart: tuple[_Group, ...] = ()

    def __init__(self, covariates: Covariates, mask: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(np.asarray(mask, np.bool_))
        self.values = csc_array(covariates.matrix[rows])
        self.size = len(rows)
        self._person = covariates.rows["subject_id"].to_numpy()[rows]
        self.persons = self._distinct(np.arange(self.size))

    def told(self) -> tuple[_Group, ...]:
        """The groups that this one's numbers tell of."""
        return (self, *self.apart)

    def may_show(self, threshold: int) -> bool:
        """Whether its size may leave, and anything of it."""
        return all(may_leave(group.persons, threshold) for group in self.told())

    def rows_with(self, columns: Sequence[int]) -> NDArray[np.intp]:
        """The rows that hold something in one of the columns, each once, ascending."""
        ends = self.values.indptr
        parts = [self.values.indices[ends[c] : ends[c + 1]] for c in columns]
        return np.unique(np.concatenate([np.empty(0, np.intp), *parts])).astype(np.intp)

    def with_and_without(self, columns: Sequence[int]) -> tuple[int, int]:
        """How many persons have a row that holds something in one of the columns; one that does
        not.
        """
        rows = self.rows_with(columns)
        others = np.ones(self.size, np.bool_)
        others[rows] = False
        return self._distinct(rows), self._distinct(np.flatnonzero(others))

    def stored(self, column: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The rows that have a number in a column, and the numbers."""
        of = slice(self.values.indptr[column], self.values.indptr[column + 1])
        return self.values.indices[of].astype(np.intp), self.values.data[of]

    def telling(self, column: int, zero_when_missing: bool) -> int:
        """How many persons have a number in a column, or one that is not 0."""
        rows, values = self.stored(column)
        return self._distinct(rows[values != 0] if zero_when_missing else rows)

    def _distinct(self, rows: NDArray[np.intp]) -> int:
        return len(np.unique(self._person[rows]))


class _Shown:
    """The lines of a table, masked."""

    def __init__(self, covariates: Covariates, groups: tuple[_Group, ...], threshold: int) -> None:
        self._groups, self._threshold = groups, threshold
        self._analyses = {a.name: a for a in covariates.analyses}
        self._dictionary = covariates.dictionary.to_pylist()
        self._column = {int(line["covariate_id"]): line["column"] for line in self._dictionary}

    def section(self, section: Section) -> list[Line]:
        """A heading and its lines; one covariate stands without a heading; none, nothing."""
        analysis = self._analyses.get(section.analysis)
        if analysis is None:
            return []
        held = [(i, label) for i, label in self._covariates(section, analysis) if i in self._column]
        if not held:
            return []
        alone = len(held) == 1 and (not analysis.binary or bool(section.covariates))
        lines = self._numbers(held) if not analysis.binary else self._counts(held, analysis)
        if alone:
            line = lines[0]
            title = section.title
            return [Line(title, line.kind, 0, line.covariate_id, line.cells, line.difference)]
        return [Line(section.title, "heading"), *lines]

    def _covariates(self, section: Section, analysis: Analysis) -> list[tuple[int, Text]]:
        if section.covariates:
            return list(section.covariates)
        return [
            (int(line["covariate_id"]), Text(line["label_fr"], line["label_en"]))
            for line in self._dictionary
            if line["analysis_id"] == analysis.number
        ]

    def _counts(self, held: list[tuple[int, Text]], analysis: Analysis) -> list[Line]:
        columns = [self._column[i] for i, _ in held]
        whole = analysis.kind in _WHOLE
        shown = [_masked(group, columns, whole, self._threshold) for group in self._groups]
        lines = []
        for place, (covariate, label) in enumerate(held):
            cells = tuple(
                Cell(count=n[place], share=_share(n[place], group.size))
                for n, group in zip(shown, self._groups, strict=True)
            )
            known = [(c.share, c.share * (1 - c.share)) for c in cells if c.share is not None]
            lines.append(Line(label, "binary", 1, covariate, cells, _difference(known, len(cells))))
        return lines

    def _numbers(self, held: list[tuple[int, Text]]) -> list[Line]:
        lines = []
        for covariate, label in held:
            column, analysis = self._column[covariate], self._of(covariate)
            cells = tuple(self._number(group, column, analysis) for group in self._groups)
            known = [
                (c.mean, c.deviation**2)
                for c in cells
                if c.mean is not None and c.deviation is not None
            ]
            lines.append(Line(label, "number", 1, covariate, cells, _difference(known, len(cells))))
        return lines

    def _number(self, group: _Group, column: int, analysis: Analysis) -> Cell:
        # A mean of few persons' numbers, or of few that are not 0, tells of these persons.
        told = [of.telling(column, analysis.zero_when_missing) for of in group.told()]
        if not group.may_show(self._threshold) or not all(
            may_leave(n, self._threshold) for n in told
        ):
            return Cell()
        _, values = group.stored(column)
        found = moments(values, group.size, analysis.zero_when_missing)
        quantiles = (found.quantiles[name] for name in ("median", "p25", "p75"))
        return Cell(None, None, found.mean, found.deviation, *quantiles)

    def _of(self, covariate: int) -> Analysis:
        number = covariate % 1000
        return next(a for a in self._analyses.values() if a.number == number)


def _masked(group: _Group, columns: list[int], whole: bool, threshold: int) -> list[int | None]:
    """How many rows have each of the columns, masked by the persons they are of (see module).

    whole: whether the columns are the levels of one variable.
    """
    if not group.may_show(threshold):
        return [None] * len(columns)
    rows = [group.rows_with([c]) for c in columns]
    hidden = [
        not all(may_leave(n, threshold) for of in group.told() for n in of.with_and_without([c]))
        for c in columns
    ]
    for place in sorted(range(len(columns)), key=lambda i: (len(rows[i]), i)):
        if not whole or not any(hidden):
            break
        together = [c for c, h in zip(columns, hidden, strict=True) if h]
        if sum(hidden) > 1 and all(
            may_leave(of.with_and_without(together)[0], threshold) for of in group.told()
        ):
            break
        hidden[place] = True
    return [None if h else len(r) for h, r in zip(hidden, rows, strict=True)]


def _share(count: int | None, size: int) -> float | None:
    if count is None:
        return None
    return count / size if size else float("nan")


def _difference(known: list[tuple[float, float]], groups: int) -> float | None:
    if groups != 2 or len(known) != 2:
        return None
    found = standardised_difference(known[0], known[1])
    return found if isfinite(found) else None


def _set_apart(
    covariates: Covariates,
    groups: Sequence[tuple[Text, NDArray[np.bool_]]],
    held: Sequence[_Group],
) -> None:
    """Give each group the rest of each other one that holds all its rows (same person, same day).

    Groups of one definition each hold rows of their own, which may be the same all the same.
    """
    if len(groups) < 2:
        return
    subjects = covariates.rows["subject_id"].to_numpy()
    days = covariates.rows["cohort_start_date"].cast(pa.int32()).to_numpy()
    _, row = np.unique(np.column_stack([subjects, days]), axis=0, return_inverse=True)
    row = row.reshape(-1)
    own = [np.unique(row[np.asarray(mask, np.bool_)]) for _, mask in groups]
    for group, mine in zip(held, own, strict=True):
        group.apart = tuple(
            _Group(covariates, np.asarray(mask, np.bool_) & ~np.isin(row, mine))
            for (_, mask), theirs in zip(groups, own, strict=True)
            if 0 < len(mine) < len(theirs) and np.isin(mine, theirs).all()
        )


def _groups(
    covariates: Covariates, names: Mapping[int, Text] | None
) -> list[tuple[Text, NDArray[np.bool_]]]:
    definitions = covariates.rows["cohort_definition_id"].to_numpy()
    called = names or {}
    return [
        (called.get(int(d), Text(f"Cohorte {d}", f"Cohort {d}")), definitions == d)
        for d in np.unique(definitions)
    ]


@cache
def default_sections() -> tuple[Section, ...]:
    """What OHDSI shows by default (FeatureExtraction's Table1Specs), ages, scores, code groups."""
    text = resources.files(__package__).joinpath("data/table_one.csv").read_text("utf-8")
    sections: dict[tuple[str, str, str], list[tuple[int, Text]]] = {}
    for row in csv.DictReader(text.splitlines()):
        of = sections.setdefault((row["section_fr"], row["section_en"], row["analysis"]), [])
        if row["covariate_id"]:
            of.append((int(row["covariate_id"]), Text(row["fr"], row["en"])))
    return tuple(
        Section(Text(fr, en), analysis, tuple(of)) for (fr, en, analysis), of in sections.items()
    )


def section_of(analysis: Analysis) -> Section:
    """All covariates of an analysis under its own words."""
    return Section(family(analysis), analysis.name)


def _wrong_length(title: Text) -> StudyError:
    return StudyError(
        Text("ce groupe n'a pas une valeur par ligne.", "this group has not one value per row."),
        title.fr,
        Text("Donnez un masque des lignes de la cohorte.", "Give a mask of the cohort's rows."),
    )
