"""The code sets of a script: each has a number, and one table says which concepts it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transat.cohorts.query.concept_sets import MEMBERS
from transat.cohorts.query.sql.layout import comment, literal, remark
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.cohorts.query.model import CodeSet

TABLE: Final = "codes"


class Codes:
    """Numbers code sets in the order in which a script meets them."""

    def __init__(self) -> None:
        self._numbers: dict[CodeSet, int] = {}

    def among(self, column: str, code_set: CodeSet) -> str:
        """SQL: the concept of a column is in the set."""
        number = self._numbers.setdefault(code_set, len(self._numbers))
        name = remark(code_set.name)
        return f"{column} IN (SELECT concept_id FROM {TABLE} WHERE code_set = {number}{name})"

    def statements(self) -> list[str]:
        """What makes the table `codes` (code_set, concept_id); nothing without a code set."""
        if not self._numbers:
            return []
        about = Text(
            "Les codes : concepts et codes nommés par la définition.",
            "The codes: concepts and codes that the definition names.",
        )
        named = [f"{n} : {s.name}" for s, n in self._numbers.items() if s.name]
        return [
            comment(about, *named) + self._concepts(),
            self._codes(),
            comment(Text("Ce qu'ils désignent dans ce CDM.", "What they mean in this CDM."))
            + f"CREATE OR REPLACE TEMP TABLE {TABLE} AS{MEMBERS}",
        ]

    def _concepts(self) -> str:
        lines = [
            (str(n), str(i.concept_id), *map(_flag, (i.descendants, i.mapped, i.excluded)))
            for s, n in self._numbers.items()
            for i in s.concepts
        ]
        columns = ("code_set", "concept_id", "descendants", "mapped", "excluded")
        return _table("concept_items", columns, lines, ("0", "0", "false", "false", "false"))

    def _codes(self) -> str:
        lines = [
            (str(n), literal(i.vocabulary), literal(i.code),
             *map(_flag, (i.prefix, i.descendants, i.excluded)))
            for s, n in self._numbers.items()
            for i in s.codes
        ]  # fmt: skip
        columns = ("code_set", "vocabulary", "code", "prefix", "descendants", "excluded")
        return _table("code_items", columns, lines, ("0", "''", "''", "true", "false", "false"))


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _table(
    name: str, columns: tuple[str, ...], lines: list[tuple[str, ...]], example: tuple[str, ...]
) -> str:
    """A table of literals; an empty one has the types of `example`."""
    values = ",\n    ".join(f"({', '.join(line)})" for line in lines or [example])
    return (
        f"CREATE OR REPLACE TEMP TABLE {name} AS\n"
        f"SELECT * FROM (VALUES\n    {values}\n) AS item ({', '.join(columns)})"
        + ("" if lines else "\nWHERE false")
    )
