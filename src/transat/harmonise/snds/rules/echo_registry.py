"""Rules on the echocardiography registry that comes with an SNDS extract."""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.harmonise.echo_registry import IMPOSSIBLE, TABLE
from transat.harmonise.rules import Rule
from transat.harmonise.snds.native.echo_registry import EXAMINATION
from transat.harmonise.snds.rules.identity import UNKNOWN, at

REPEATED: Final = Rule(
    "echo_repeated",
    Text("examen fourni deux fois", "examination delivered twice"),
    Text(
        "Même personne, même jour, mêmes valeurs : un seul examen.",
        "Same person, same day, same values: one examination.",
    ),
    "Transat convention",
    TABLE,
    f"row_number() OVER (PARTITION BY {', '.join(EXAMINATION)} ORDER BY BEN_NIR_PSA) > 1",
    contested=True,
)

ECHO_REGISTRY: Final = (at(UNKNOWN, TABLE, "person_id IS NULL"), REPEATED, IMPOSSIBLE)
