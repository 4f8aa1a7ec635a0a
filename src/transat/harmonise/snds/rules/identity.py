"""Rules about whose line it is, and how a line follows the fate of the line that it belongs to.

Documentation-SNDS is indsante/Documentation-SNDS at a2910d5 (12 July 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from transat.core.languages import Text
from transat.harmonise.rules import Rule

DOC: Final = "Documentation-SNDS (HDH, 2021)"
#: BEN_CDI_NIR of numbers shared by many people (TOP_NIR_SNI = 1 in IR_NIR_V).
FICTIVE_NUMBERS: Final = ("01", "05", "06", "08", "09", "11", "12", "13", "14", "15")


def fictive_sql(column: str) -> str:
    """SQL: the number is shared by many people; the code is read with its leading zero."""
    kinds = ", ".join(f"'{k}'" for k in FICTIVE_NUMBERS)
    return f"coalesce(lpad({column}, 2, '0') IN ({kinds}), false)"


UNKNOWN: Final = Rule(
    "unknown_person",
    Text("personne absente du référentiel", "person not in the referential"),
    Text(
        "Le couple BEN_NIR_PSA, BEN_RNG_GEM n'est pas dans IR_BEN_R.",
        "The pair BEN_NIR_PSA, BEN_RNG_GEM is not in IR_BEN_R.",
    ),
    f"{DOC}, fiche_beneficiaire.md",
    "ER_PRS_F",
    "person_id IS NULL",
    fixed=True,
)
FICTIVE: Final = Rule(
    "fictive_number",
    Text("numéro fictif, partagé par plusieurs personnes", "fictive number, shared by many people"),
    Text(
        "BEN_CDI_NIR 01, 06... : soins sous anonymat, qu'on ne peut rattacher à une femme.",
        "BEN_CDI_NIR 01, 06...: care under anonymity, which cannot be tied to a woman.",
    ),
    f"IR_NIR_V; {DOC}, ivg.md",
    "ER_PRS_F",
    f"fictive OR {fictive_sql('BEN_CDI_NIR')}",
)


def at(rule: Rule, table: str, predicate: str) -> Rule:
    """The same rule on another table, under that table's predicate."""
    return replace(rule, table=table, predicate_sql=predicate)


def inherited(rules: Sequence[Rule], table: str, fate: str) -> tuple[Rule, ...]:
    """The same rules on a dependent table: a line follows the line that it belongs to."""
    return tuple(at(r, table, f"{fate} = '{r.key}'") for r in rules)
