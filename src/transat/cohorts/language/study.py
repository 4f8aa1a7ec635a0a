"""A study file once read: its cohorts and analyses as the model runs them, and what names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from transat.cohorts.language.code_lists import CodeList
from transat.cohorts.language.hashes import Hashes
from transat.cohorts.query.analysis import Analysis
from transat.cohorts.query.executor import Definition
from transat.cohorts.query.model import Cohort
from transat.core.languages import Text


@dataclass(frozen=True, slots=True)
class Population:
    """A cohort of a study. rules: the ids of `cohort.rules`, in their order; line: where it is."""

    id: str
    cohort: Cohort
    rules: tuple[str, ...]
    line: int

    @property
    def title(self) -> Text:
        """What its author calls it."""
        return self.cohort.name or Text(self.id, self.id)


@dataclass(frozen=True, slots=True)
class Part:
    """An analysis of a study. cohort: the id of its population; line: where it is."""

    id: str
    title: Text
    cohort: str
    analysis: Analysis
    line: int


@dataclass(frozen=True, slots=True)
class Study:
    """A study file, read and refused nothing; `file` is the name it was read under.

    windows: named windows and their labels. codes: every code set, by name; used: those that
    something reads.
    """

    file: str
    id: str
    version: str
    ethics: tuple[str, ...]
    title: Text
    purpose: Text | None
    windows: Mapping[str, Text]
    codes: Mapping[str, CodeList]
    used: frozenset[str]
    populations: tuple[Population, ...]
    analyses: tuple[Part, ...]
    hashes: Hashes

    @property
    def cohorts(self) -> tuple[tuple[Text, Cohort], ...]:
        """Title and cohort of every population."""
        return tuple((p.title, p.cohort) for p in self.populations)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The cohorts, numbered from 1 in the order of the file."""
        return tuple(Definition(n, p.cohort) for n, p in enumerate(self.populations, 1))

    @property
    def labels(self) -> dict[str, Text]:
        """What each code set means, by its name."""
        return {name: each.label for name, each in self.codes.items()}

    def population(self, name: str) -> Population:
        """The population called `name`. Raises KeyError."""
        for population in self.populations:
            if population.id == name:
                return population
        raise KeyError(name)
