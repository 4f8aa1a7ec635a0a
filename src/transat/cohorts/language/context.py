"""What the parts of a study file refer to by name: its code sets and its windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from transat.cohorts.language.days import Windows
from transat.cohorts.language.grammar import ANY
from transat.cohorts.language.place import Place
from transat.cohorts.query.model import CodeSet


@dataclass(slots=True)
class Context:
    """Names and what they stand for; `used` gathers the code sets that something reads."""

    codes: Mapping[str, CodeSet]
    windows: Windows
    used: set[str] = field(default_factory=set)

    def code_set(self, place: Place) -> CodeSet | None:
        """The code set named here; None for `any`."""
        name = place.word((ANY, *self.codes))
        if name == ANY:
            return None
        self.used.add(name)
        return self.codes[name]
