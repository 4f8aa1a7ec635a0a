"""From a CDM, a cohort and settings to covariates: one pass over each table that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from transat.cohorts.covariates.blocks import Block
from transat.cohorts.covariates.code_groups import code_of
from transat.cohorts.covariates.demographics import KINDS, Persons, block
from transat.cohorts.covariates.events import Events
from transat.cohorts.covariates.identity import concepts, without_collisions
from transat.cohorts.covariates.matrix import DICTIONARY_SCHEMA, Covariates
from transat.cohorts.covariates.naming import level, name
from transat.cohorts.covariates.rows import rows_of
from transat.cohorts.covariates.settings import Analysis, Settings, default_settings
from transat.cohorts.covariates.vocabulary import TABLES, Ids, Vocabulary

if TYPE_CHECKING:
    from transat.engines.cdm import Cdm
    from transat.engines.engine import Engine


def build(
    cdm: Cdm, cohorts: pa.Table, settings: Settings | None = None, engine: Engine | None = None
) -> Covariates:
    """The covariates of every row of a cohort table (query.executor.COHORT_SCHEMA).

    settings: default OHDSI's default set. engine: reads the vocabulary; default, a DuckDB of its
    own; events are read from the CDM's files. What comes out does not depend on the order of rows
    of the CDM, and follows that of the cohort. Raises InputError for a cohort or a file that cannot
    be read.
    """
    settings = settings or default_settings()
    rows = rows_of(cohorts)
    with _engine(engine) as running:
        cdm.attach(running, TABLES)
        vocabulary = Vocabulary(running)
        allowed = _Allowed(settings, vocabulary)
        analyses = _wanted(settings)
        people = Persons(cdm, rows)
        events = Events(cdm, rows, vocabulary, allowed, people)
        blocks = [block(a, people, vocabulary) for a in analyses if a.kind in KINDS]
        blocks = [_of_concepts(b, allowed) for b in blocks]
        blocks += events.blocks([a for a in analyses if a.kind not in KINDS])
        made = [without_collisions(b) for b in blocks]
        if settings.covariates:
            made = [_chosen(*m, settings.covariates) for m in made]
        dictionary = _dictionary(made, vocabulary)
    matrix = csr_array(hstack([csr_array((rows.size, 0)), *(b.matrix for b, _, _ in made)], "csr"))
    every = np.concatenate([np.empty(0, np.int64), *(ids for _, ids, _ in made)])
    matrix = _ordered(matrix, np.argsort(rows.order), np.argsort(every, kind="stable"))
    return Covariates(cohorts, matrix, dictionary, settings.analyses)


def _ordered(
    matrix: csr_array[np.float64], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> csr_array[np.float64]:
    """The matrix of these rows and columns, in this order; left alone where it has it."""
    if bool((np.diff(rows) < 0).any()):
        matrix = matrix[rows]
    if bool((np.diff(columns) < 0).any()):
        matrix = matrix[:, columns]
    matrix.sort_indices()
    return matrix


class _Allowed:
    """Which concepts settings let in."""

    def __init__(self, settings: Settings, vocabulary: Vocabulary) -> None:
        def listed(ids: tuple[int, ...], descendants: bool) -> Ids:
            found = vocabulary.descendants(ids) if ids and descendants else sorted(ids)
            return np.array(found, np.int64)

        self._all = not settings.included
        self._included = listed(settings.included, settings.included_descendants)
        self._excluded = listed(settings.excluded, settings.excluded_descendants)

    def __call__(self, concepts: Ids) -> NDArray[np.bool_]:
        """A mask of the concepts that are let in."""
        held = np.ones(len(concepts), np.bool_)
        if not self._all:
            held &= np.isin(concepts, self._included)
        if len(self._excluded):
            held &= ~np.isin(concepts, self._excluded)
        return held


def _engine(engine: Engine | None):  # type: ignore[no-untyped-def]
    if engine is not None:
        return nullcontext(engine)
    from transat.engines.duckdb import DuckDB

    return DuckDB()


def _wanted(settings: Settings) -> tuple[Analysis, ...]:
    """The analyses that can have one of the chosen covariates, by number."""
    chosen = {covariate % 1000 for covariate in settings.covariates}
    held = (a for a in settings.analyses if not chosen or a.number in chosen)
    return tuple(sorted(held, key=lambda a: a.number))


def _of_concepts(made: Block, allowed: _Allowed) -> Block:
    """Sex, race and ethnicity are concepts: settings let them in or not."""
    if made.analysis.kind in ("gender", "race", "ethnicity"):
        return made.only(allowed(made.item))
    return made


def _chosen(
    made: Block, ids: Ids, collisions: Ids, wanted: Sequence[int]
) -> tuple[Block, Ids, Ids]:
    held = np.isin(ids, np.array(wanted, np.int64))
    return made.only(held), ids[held], collisions[held]


def _dictionary(made: Sequence[tuple[Block, Ids, Ids]], vocabulary: Vocabulary) -> pa.Table:
    """The lines of all columns, by covariate id."""
    of = [concepts(block) for block, _, _ in made]
    met = np.unique(np.concatenate([np.zeros(1, np.int64), *(c for pair in of for c in pair)]))
    names = vocabulary.names(met)
    lines = [
        _line(block, place, int(ids[place]), int(collisions[place]), (int(a), int(b)), names)
        for (block, ids, collisions), (first, second) in zip(made, of, strict=True)
        for place, (a, b) in enumerate(zip(first, second, strict=True))
    ]
    lines.sort(key=lambda line: int(str(line["covariate_id"])))
    for column, line in enumerate(lines):
        line["column"] = column
    return pa.Table.from_pylist(lines, DICTIONARY_SCHEMA)


def _line(
    block: Block,
    place: int,
    covariate: int,
    collisions: int,
    of: tuple[int, int],
    names: dict[int, str],
) -> dict[str, object]:
    analysis, item = block.analysis, int(block.item[place])
    said = level(analysis, item, of, names)
    return {
        "covariate_id": covariate,
        "analysis_id": analysis.number,
        "name": name(analysis, item, of, names),
        "label_fr": said.fr,
        "label_en": said.en,
        "concept_id": of[0] or None,
        "value_as_concept_id": of[1] or None,
        "code": code_of(item) if analysis.kind in ("code", "code_rows") else None,
        "collisions": collisions,
    }
