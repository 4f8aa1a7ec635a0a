"""What a shore (SNDS, Québec) declares so that one runner can harmonise it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.native import NativeTable
from transat.harmonise.rules import Rule
from transat.tables.column import Table

ShoreName = Literal["snds", "quebec", "conception"]

#: Work between two stagings, e.g. numbering persons once their referential is staged.
Preparation = Callable[[Engine, Context], None]


class Step(Protocol):
    """One OMOP table: a module of the shore's folder."""

    @property
    def NAME(self) -> str:
        """The OMOP table."""

    @property
    def CODES(self) -> tuple[str, ...]:
        """Queries (vocabulary_id, concept_code) of the codes it uses; may be empty."""

    def build(self, engine: Engine, context: Context) -> str:
        """The SQL query whose result is the OMOP table."""


@dataclass(frozen=True, slots=True)
class Shore:
    """A source: its native tables and preparations in the order of work, its rules, its steps.

    `published`: every table that the source declares, read or not, by the names of its files.
    """

    name: ShoreName
    title: str
    stages: tuple[NativeTable | Preparation, ...]
    rules: tuple[Rule, ...]
    steps: tuple[Step, ...]
    published: Mapping[str, Table] = field(default_factory=dict)

    @property
    def tables(self) -> tuple[NativeTable, ...]:
        """The native tables, in the order in which they are staged."""
        return tuple(s for s in self.stages if isinstance(s, NativeTable))
