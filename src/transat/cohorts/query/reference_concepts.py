"""Which concepts a code set means, said plainly: included less excluded."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from transat.cohorts.query.model import CodeItem, CodeSet, ConceptItem
from transat.cohorts.query.reference_history import History, Row
from transat.tables.omop import HAS_STUDY_CODE


@dataclass(slots=True)
class Concepts:
    """The vocabulary of a CDM, and the sets already resolved on it."""

    history: History
    _known: set[int] | None = None
    _below: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _mapped: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _coded: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _sets: dict[CodeSet, frozenset[int]] = field(default_factory=dict)

    def members(self, code_set: CodeSet) -> frozenset[int]:
        """The concept ids of a set in this CDM."""
        if code_set not in self._sets:
            self._read()
            items: list[ConceptItem | CodeItem] = [*code_set.concepts, *code_set.codes]
            included = self._all(item for item in items if not item.excluded)
            excluded = self._all(item for item in items if item.excluded)
            self._sets[code_set] = frozenset(included - excluded)
        return self._sets[code_set]

    def _all(self, items: Iterable[ConceptItem | CodeItem]) -> set[int]:
        return {c for item in items for c in self._item(item)}

    def _item(self, item: ConceptItem | CodeItem) -> set[int]:
        if isinstance(item, ConceptItem):
            named = {item.concept_id}
            found = self._with_descendants(named, item.descendants)
            return found | _reached(found, self._mapped) if item.mapped else found
        named = self._of_code(item)
        return self._with_descendants(named, item.descendants) | _reached(named, self._coded)

    def _with_descendants(self, named: set[int], wanted: bool) -> set[int]:
        assert self._known is not None
        own = named & self._known
        return own | _reached(named, self._below) if wanted else own

    def _of_code(self, item: CodeItem) -> set[int]:
        """Concepts of the vocabulary whose code, in capitals and without marks, is or begins so."""
        found = set()
        for row in self.history.rows("concept"):
            if row["vocabulary_id"] == item.vocabulary:
                bare = re.sub("[^A-Z0-9]", "", (row["concept_code"] or "").upper())
                if bare.startswith(item.code) if item.prefix else bare == item.code:
                    found.add(row["concept_id"])
        return found

    def _read(self) -> None:
        """Valid descendants; what maps to a concept; source concepts tied to a study's code."""
        if self._known is not None:
            return
        self._known = {row["concept_id"] for row in self.history.rows("concept")}
        valid = {r["concept_id"] for r in self.history.rows("concept") if not _invalid(r)}
        for row in self.history.rows("concept_ancestor"):
            if row["descendant_concept_id"] in valid:
                self._below[row["ancestor_concept_id"]].add(row["descendant_concept_id"])
        for row in self.history.rows("concept_relationship"):
            if row["relationship_id"] == "Maps to" and not _invalid(row):
                self._mapped[row["concept_id_2"]].add(row["concept_id_1"])
            elif row["relationship_id"] == HAS_STUDY_CODE:
                self._coded[row["concept_id_2"]].add(row["concept_id_1"])


def _invalid(row: Row) -> bool:
    return row["invalid_reason"] is not None


def _reached(concepts: set[int], links: dict[int, set[int]]) -> set[int]:
    return {other for concept in concepts if concept in links for other in links[concept]}
