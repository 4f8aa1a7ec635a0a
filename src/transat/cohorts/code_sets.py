"""Code sets: which codes of which vocabularies mean one thing; kept as CSV beside this file.

A set is read by vocabulary and code, never by label. `resolve` turns the sets of a file into the
concept ids that a CDM uses for those codes, by way of the CDM's own concept table.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pyarrow as pa

from transat.core.codes import undotted
from transat.core.errors import StudyError
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.engines.engine import Engine

MATCHES = ("prefix", "exact")
ACTIONS = ("include", "exclude")


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One line of a code-set file.

    set: the set's key; vocabulary: one of core.codes.VOCABULARIES; code: without dots.
    match: 'prefix' or 'exact'; action: 'include' or 'exclude' (an exclusion always wins).
    source: where the code comes from; checked: yes, partly, no.
    """

    set: str
    vocabulary: str
    code: str
    match: str
    action: str
    label: Text
    source: str
    checked: str


def read_csv(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file of cohorts/data, as dictionaries."""
    text = files("transat.cohorts").joinpath("data", name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@lru_cache
def load(name: str) -> tuple[CodeRow, ...]:
    """The code sets of cohorts/data/`name`.

    Raises StudyError when a match or an action is not one of those allowed.
    """
    return tuple(_row(name, number, line) for number, line in enumerate(read_csv(name), 2))


def keys(rows: tuple[CodeRow, ...]) -> tuple[str, ...]:
    """The keys of the sets, in order of first appearance."""
    return tuple(dict.fromkeys(row.set for row in rows))


def resolve(engine: Engine, rows: tuple[CodeRow, ...], table: str) -> None:
    """Create the temporary table `table` (set_key, concept_id) of the concepts of each set.

    Only codes present in the CDM's concept table give rows. `rows` may be empty.
    """
    engine.register(f"{table}_rows", _arrow(rows))
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        SELECT r.set_key, c.concept_id
        FROM (SELECT concept_id, vocabulary_id,
                     regexp_replace(upper(concept_code), '[^A-Z0-9]', '', 'g') AS bare
              FROM concept) c
        JOIN {table}_rows r
          ON c.vocabulary_id = r.vocabulary AND starts_with(c.bare, r.code)
         AND (NOT r.exact OR length(c.bare) = length(r.code))
        GROUP BY r.set_key, c.concept_id
        HAVING bool_and(r.keep)""")
    engine.unregister(f"{table}_rows")


def _arrow(rows: tuple[CodeRow, ...]) -> pa.Table:
    return pa.table(
        {
            "set_key": pa.array([r.set for r in rows], pa.string()),
            "vocabulary": pa.array([r.vocabulary for r in rows], pa.string()),
            "code": pa.array([r.code for r in rows], pa.string()),
            "exact": pa.array([r.match == "exact" for r in rows], pa.bool_()),
            "keep": pa.array([r.action == "include" for r in rows], pa.bool_()),
        }
    )


def _row(name: str, number: int, line: dict[str, str]) -> CodeRow:
    if line["match"] not in MATCHES or line["action"] not in ACTIONS:
        raise StudyError(
            what=Text(
                "Le mode de comparaison ou l'action est inconnu.",
                "The match or the action is unknown.",
            ),
            where=f"{name}:{number}",
            next_step=Text(
                "Écrire prefix ou exact, include ou exclude.",
                "Write prefix or exact, include or exclude.",
            ),
        )
    return CodeRow(
        set=line["set"],
        vocabulary=line["vocabulary"],
        code=undotted(line["code"]),
        match=line["match"],
        action=line["action"],
        label=Text(line["label_fr"], line["label_en"]),
        source=line["source"],
        checked=line["checked"],
    )
