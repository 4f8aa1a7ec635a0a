"""Refusals inside a site: a code and names of columns, never a value."""

from __future__ import annotations

from typing import Any

from transat.core.errors import DisclosureRefused
from transat.core.languages import Text

#: Suffix of the file where a site keeps, for itself, what went wrong.
TROUBLE = ".trouble.log"

#: What each refusal code means, to a person.
CODES: dict[str, Text] = {
    "closed_list": Text(
        "cette réponse n'est pas dans la liste fermée", "this answer is not in the closed list"
    ),
    "cell_floor": Text(
        "un effectif énoncé est sous le seuil", "a count that it states is below the threshold"
    ),
    "between_releases": Text(
        "la réponse diffère trop peu de ce qui est déjà sorti",
        "the answer differs too little from what already left",
    ),
    "implied_tables": Text(
        "l'étape laisserait retrouver un effectif sous le seuil",
        "the step would let a count below the threshold be recovered",
    ),
    "coefficients": Text(
        "les coefficients demandés isoleraient quelques personnes",
        "the coefficients asked for would isolate a few people",
    ),
    "rounds": Text("trop de questions sur ce modèle", "too many questions about this model"),
}


class Refused(DisclosureRefused):
    """A refusal inside a site: its code, and the columns it names."""

    def __init__(self, code: str, columns: tuple[str, ...] = ()) -> None:
        self.code, self.columns = code, columns
        named = ", ".join(columns)
        super().__init__(
            CODES[code],
            named or code,
            Text(
                "Retirez ou regroupez ces colonnes, puis recommencez.",
                "Drop or merge these columns, then try again.",
            ),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.columns)
