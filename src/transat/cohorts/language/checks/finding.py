"""What a check says of a study before any data are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from transat.core.languages import Language, Text

#: 'error': it would give a wrong or an empty answer; 'warning': a person should look.
Level = Literal["error", "warning"]
Kind = Literal["look_ahead", "immortal_time", "code_list", "impossible", "circe"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. where: 'file:line cohort.rule'; next_step: what the author can do."""

    level: Level
    kind: Kind
    where: str
    text: Text
    next_step: Text

    def message(self, language: Language) -> str:
        """One line: where, what, next step."""
        colon = " : " if language == "fr" else ": "
        said = f"{self.text.in_(language)} {self.next_step.in_(language)}"
        return f"{self.where}{colon}{said}"
