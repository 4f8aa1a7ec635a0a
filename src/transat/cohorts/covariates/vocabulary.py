"""What the CDM's vocabulary says of the concepts met: names, groups, codes, illnesses of a score.

Only concepts that were met are looked up, so a full vocabulary costs one scan of each of its files.
Rules of groups and scores: OHDSI FeatureExtraction 3.14 (inst/sql, Apache-2.0).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transat.cohorts.study_codes import study_codes

if TYPE_CHECKING:
    from transat.engines.engine import Engine

TABLES: Final = ("concept", "concept_ancestor", "concept_relationship")
Ids = NDArray[np.int64]

#: Clinical finding (SNOMED); its descendants at three levels or more are groups, and these too.
_FINDING: Final = 441840
_GROUPS_ABOVE: Final = (
    433736, 433595, 441408, 72404, 192671, 137977, 434621, 437312, 439847, 4171917, 438555, 4299449,
    375258, 76784, 40483532, 4145627, 434157, 433778, 258449, 313878,
)  # fmt: skip
#: Names of findings that say too little to be a group.
_VAGUE: Final = (
    "%finding", "Disorder of%", "Finding of%", "Disease of%", "Injury of%", "%by site",
    "%by body site", "%by mechanism", "%of body region", "%of anatomical site",
    "%of specific body structure%",
)  # fmt: skip
#: Visits during which a diagnosis is an inpatient one.
_STAYS: Final = (9201, 38004311, 8920, 262)
_MET: Final = "covariate_met"
#: Vocabularies that studies read through a CDM's own ties.
_STUDIED: Final = ("ICD10", "ATC")


@dataclass(frozen=True, slots=True)
class Codes:
    """The k codes of a vocabulary: the event's column to read, its (k,) concepts, their codes."""

    column: str
    concepts: Ids
    codes: tuple[str, ...]


class Vocabulary:
    """Questions to the vocabulary of the CDM attached to an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._codes: dict[tuple[str, str, str], Codes] = {}

    def names(self, concepts: Ids) -> dict[int, str]:
        """Name of each concept that has one."""
        rows = self._ask(
            concepts,
            "SELECT c.concept_id, c.concept_name FROM concept c "
            f"JOIN {_MET} m ON m.concept_id = c.concept_id WHERE c.concept_name IS NOT NULL",
        )
        named = zip(rows.column(0).to_pylist(), rows.column(1).to_pylist(), strict=True)
        return {int(c): str(name) for c, name in named}

    def of_class(self, concepts: Ids, name: str) -> Ids:
        """Those of one concept class, whatever its capitals."""
        rows = self._ask(
            concepts,
            f"SELECT DISTINCT c.concept_id FROM concept c JOIN {_MET} m "
            f"ON m.concept_id = c.concept_id WHERE lower(c.concept_class_id) = '{name}' ORDER BY 1",
        )
        return _ids(rows, 0)

    def descendants(self, concepts: Iterable[int]) -> Ids:
        """All descendants of some concepts, as CONCEPT_ANCESTOR lists them."""
        rows = self._ask(
            np.array(sorted(set(concepts)), np.int64),
            "SELECT DISTINCT a.descendant_concept_id FROM concept_ancestor a "
            f"JOIN {_MET} m ON m.concept_id = a.ancestor_concept_id ORDER BY 1",
        )
        return _ids(rows, 0)

    def stays(self) -> Ids:
        """The visit concepts that are stays in hospital."""
        return self.descendants(_STAYS)

    def groups(self, concepts: Ids, table: str) -> tuple[Ids, Ids]:
        """Pairs (concept, group that holds it) for the events of `table`.

        Drugs: ATC groups of levels 1 to 4, and ingredients. Conditions: SNOMED findings that are
        neither too high nor too vague. Other tables have no groups.
        """
        if table in ("drug_era", "drug_exposure"):
            wanted = _drug_groups(table)
        elif table in ("condition_era", "condition_occurrence"):
            wanted = _condition_groups()
        else:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        rows = self._ask(
            concepts,
            "SELECT DISTINCT a.descendant_concept_id, a.ancestor_concept_id FROM concept_ancestor a"
            f" JOIN {_MET} m ON m.concept_id = a.descendant_concept_id"
            f" JOIN ({wanted}) AS g ON g.concept_id = a.ancestor_concept_id ORDER BY 1, 2",
        )
        return _ids(rows, 0), _ids(rows, 1)

    def study_codes(self, vocabulary: str, concept: str, source: str) -> Codes:
        """How to read events by the codes of a vocabulary.

        concept, source: the event's columns. ICD-10 and ATC are read as studies read them, other
        codes in the source concept. Codes are in capitals, without dot.
        """
        asked = (vocabulary, concept, source)
        if asked not in self._codes:
            held = study_codes(self._engine, vocabulary, concept, source)
            column = held.column if vocabulary in _STUDIED else source
            concepts = np.array([c for c, _ in held.codes], np.int64)
            self._codes[asked] = Codes(column, concepts, tuple(code for _, code in held.codes))
        return self._codes[asked]

    def illnesses(self, score: str, concepts: Ids) -> list[tuple[str, int, int]]:
        """(category, weight, concept) of each of the concepts that a score counts."""
        if score == "Dcsi":
            return self._diabetic(concepts)
        listed = [row for row in _scores() if row["score"] == score]
        held: dict[str, set[int]] = defaultdict(set)
        without: dict[str, set[int]] = defaultdict(set)
        below = self._below([int(row["concept_id"]) for row in listed], concepts)
        valid = set(self._valid(concepts).tolist())
        for row in listed:
            concept, category = int(row["concept_id"]), row["category"]
            match row["role"]:
                case "itself":
                    held[category] |= {concept} & valid
                case "descendants":
                    held[category] |= below.get(concept, set())
                case "not_descendants":
                    without[category] |= below.get(concept, set())
        weight = {row["category"]: int(row["weight"]) for row in listed}
        return sorted((c, weight[c], i) for c, found in held.items() for i in found - without[c])

    def _below(self, ancestors: list[int], concepts: Ids) -> dict[int, set[int]]:
        """Those of the concepts that descend from each ancestor."""
        among = ", ".join(map(str, sorted(set(ancestors))))
        rows = self._ask(
            concepts,
            "SELECT a.ancestor_concept_id, a.descendant_concept_id FROM concept_ancestor a "
            f"JOIN {_MET} m ON m.concept_id = a.descendant_concept_id "
            f"WHERE a.ancestor_concept_id IN ({among})",
        )
        below: dict[int, set[int]] = defaultdict(set)
        for ancestor, concept in zip(_ids(rows, 0).tolist(), _ids(rows, 1).tolist(), strict=True):
            below[ancestor].add(concept)
        return below

    def _valid(self, concepts: Ids) -> Ids:
        rows = self._ask(
            concepts,
            f"SELECT c.concept_id FROM concept c JOIN {_MET} m ON m.concept_id = c.concept_id "
            "WHERE c.invalid_reason IS NULL",
        )
        return _ids(rows, 0)

    def _diabetic(self, concepts: Ids) -> list[tuple[str, int, int]]:
        """The concepts of SNOMED that ICD-9-CM codes of diabetic complications map to."""
        self._engine.register("covariate_dcsi", _dcsi())
        rows = self._ask(
            concepts,
            "SELECT DISTINCT d.category, d.weight, t.concept_id FROM covariate_dcsi d "
            "JOIN concept s ON s.vocabulary_id = 'ICD9CM' "
            "AND s.concept_code >= d.low AND s.concept_code <= d.high "
            "JOIN concept_relationship r ON r.concept_id_1 = s.concept_id "
            "AND r.relationship_id = 'Maps to' "
            "JOIN concept t ON t.concept_id = r.concept_id_2 AND t.vocabulary_id = 'SNOMED' "
            f"JOIN {_MET} m ON m.concept_id = t.concept_id ORDER BY 1, 2, 3",
        )
        self._engine.unregister("covariate_dcsi")
        columns = (column.to_pylist() for column in rows.columns)
        return [(str(c), int(w), int(i)) for c, w, i in zip(*columns, strict=True)]

    def _ask(self, concepts: Ids, query: str) -> pa.Table:
        self._engine.register(_MET, pa.table({"concept_id": pa.array(concepts, pa.int64())}))
        try:
            return self._engine.arrow(query)
        finally:
            self._engine.unregister(_MET)


def _drug_groups(table: str) -> str:
    ingredients = " AND concept_class_id = 'Ingredient'" if table == "drug_era" else ""
    return (
        "SELECT DISTINCT concept_id FROM concept WHERE concept_id <> 0 AND ((vocabulary_id = 'ATC' "
        "AND length(concept_code) IN (1, 3, 4, 5)) "
        f"OR (standard_concept = 'S'{ingredients} AND domain_id = 'Drug'))"
    )


def _condition_groups() -> str:
    above = ", ".join(map(str, _GROUPS_ABOVE))
    clear = " AND ".join(f"concept_name NOT LIKE '{pattern}'" for pattern in _VAGUE)
    return (
        "SELECT DISTINCT c.concept_id FROM concept c JOIN concept_ancestor f "
        f"ON f.descendant_concept_id = c.concept_id AND f.ancestor_concept_id = {_FINDING} "
        f"WHERE (f.min_levels_of_separation > 2 OR c.concept_id IN ({above})) "
        f"AND {clear} AND c.domain_id = 'Condition'"
    )


def _ids(rows: pa.Table, column: int) -> Ids:
    ids: Ids = rows.column(column).cast(pa.int64()).to_numpy()
    return ids


@cache
def _scores() -> tuple[dict[str, str], ...]:
    return _lines("scores.csv")


def _dcsi() -> pa.Table:
    rows = _lines("dcsi.csv")
    return pa.table(
        {
            "category": [r["category"] for r in rows],
            "weight": pa.array([int(r["weight"]) for r in rows], pa.int32()),
            "low": [r["low"] for r in rows],
            "high": [r["high"] for r in rows],
        }
    )


def _lines(name: str) -> tuple[dict[str, str], ...]:
    text = resources.files(__package__).joinpath("data", name).read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))
