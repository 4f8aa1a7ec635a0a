"""Code sets as the concept ids that a CDM holds: by concept, by code, by descent, by mapping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from transat.cohorts.query.model import CodeSet
from transat.tables.omop import HAS_STUDY_CODE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transat.engines.engine import Engine

#: What a set names: concepts of CONCEPT and, where wanted, their valid descendants, what maps to
#: them and the source concepts tied to a code (`Has study code`); excluded ones are taken out.
#: A concept id that CONCEPT does not hold still leads to its descendants, as in Circe.
MEMBERS: Final = f"""
    WITH coded AS (
        SELECT i.code_set, c.concept_id, i.descendants, i.excluded
        FROM (SELECT concept_id, vocabulary_id,
                     regexp_replace(upper(concept_code), '[^A-Z0-9]', '', 'g') AS bare
              FROM concept) c
        JOIN code_items i
          ON c.vocabulary_id = i.vocabulary AND starts_with(c.bare, i.code)
         AND (i.prefix OR length(c.bare) = length(i.code))),
    own AS (
        SELECT i.code_set, c.concept_id, i.mapped, i.excluded, false AS coded
        FROM concept_items i JOIN concept c ON c.concept_id = i.concept_id
        UNION ALL
        SELECT code_set, concept_id, false, excluded, true FROM coded),
    below AS (
        SELECT i.code_set, a.descendant_concept_id AS concept_id, i.mapped, i.excluded
        FROM (SELECT code_set, concept_id, mapped, excluded FROM concept_items WHERE descendants
              UNION ALL
              SELECT code_set, concept_id, false, excluded FROM coded WHERE descendants) i
        JOIN concept_ancestor a ON a.ancestor_concept_id = i.concept_id
        JOIN concept c ON c.concept_id = a.descendant_concept_id
        WHERE c.invalid_reason IS NULL),
    named AS (
        SELECT code_set, concept_id, mapped, excluded, coded FROM own
        UNION ALL
        SELECT code_set, concept_id, mapped, excluded, false FROM below),
    members AS (
        SELECT code_set, concept_id, excluded FROM named
        UNION ALL
        SELECT n.code_set, r.concept_id_1, n.excluded
        FROM named n JOIN concept_relationship r ON r.concept_id_2 = n.concept_id
        WHERE (n.mapped AND r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL)
           OR (n.coded AND r.relationship_id = '{HAS_STUDY_CODE}'))
    SELECT code_set, concept_id FROM members
    GROUP BY code_set, concept_id
    HAVING NOT bool_or(excluded)"""


def members(engine: Engine, sets: Sequence[CodeSet]) -> str:
    """The query of (code_set, concept_id), where code_set is the position in `sets`.

    A CDM must be attached to `engine`, in which the tables `concept_items` and `code_items` are
    registered.
    """
    engine.register("concept_items", _concept_items(sets))
    engine.register("code_items", _code_items(sets))
    return MEMBERS


def resolve(engine: Engine, sets: Iterable[CodeSet]) -> dict[CodeSet, NDArray[np.int64]]:
    """The concept ids of each set, ascending; an empty array when the CDM holds none."""
    wanted = tuple(dict.fromkeys(sets))
    found = engine.arrow(f"{members(engine, wanted)} ORDER BY code_set, concept_id")
    position = np.asarray(found["code_set"].to_numpy(), np.int64)
    concepts = np.asarray(found["concept_id"].to_numpy(), np.int64)
    bounds = np.searchsorted(position, np.arange(len(wanted) + 1))
    return {s: concepts[bounds[i] : bounds[i + 1]] for i, s in enumerate(wanted)}


def _concept_items(sets: Sequence[CodeSet]) -> pa.Table:
    lines = [
        (n, i.concept_id, i.descendants, i.mapped, i.excluded)
        for n, s in enumerate(sets)
        for i in s.concepts
    ]
    names = ("code_set", "concept_id", "descendants", "mapped", "excluded")
    return _table(names, (pa.int32(), pa.int64(), pa.bool_(), pa.bool_(), pa.bool_()), lines)


def _code_items(sets: Sequence[CodeSet]) -> pa.Table:
    lines = [
        (n, i.vocabulary, i.code, i.prefix, i.descendants, i.excluded)
        for n, s in enumerate(sets)
        for i in s.codes
    ]
    names = ("code_set", "vocabulary", "code", "prefix", "descendants", "excluded")
    kinds = (pa.int32(), pa.string(), pa.string(), pa.bool_(), pa.bool_(), pa.bool_())
    return _table(names, kinds, lines)


def _table(
    names: Sequence[str], kinds: Sequence[pa.DataType], lines: list[tuple[Any, ...]]
) -> pa.Table:
    columns = zip(*lines, strict=True) if lines else [()] * len(names)
    arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
    return pa.Table.from_arrays(arrays, names=list(names))
