"""Rules on the outpatient care of public hospitals, and on what the DCIR holds of it (T20)."""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.harmonise.rules import Rule
from transat.harmonise.snds.native.outpatient import OUTPATIENT, PASSAGE_KEY, Outpatient
from transat.harmonise.snds.native.places import ESTABLISHMENTS
from transat.harmonise.snds.rules.identity import DOC, at
from transat.harmonise.snds.rules.pmsi import T11, chaining_rules, hanging_rules

T20: Final = Rule(
    "T20",
    Text(
        "actes externes de l'hôpital public, déjà au PMSI",
        "outpatient acts of public hospitals, already in the PMSI",
    ),
    Text(
        "L'acte CCAM externe d'un hôpital public est dans FMSTC, celui du privé dans ER_CAM_F : T2 "
        "écarte les lignes facturées en direct. Ce qui reste dans ER_CAM_F d'un acte de FMSTC "
        "(même personne, même jour, même code) est écarté ici.",
        "A public hospital's outpatient CCAM act is in FMSTC, a private one in ER_CAM_F: T2 sets "
        "aside the lines billed directly. What is left in ER_CAM_F of an act of FMSTC (same "
        "person, day and code) is set aside here.",
    ),
    f"{DOC}, actes_consult_externes.md, sas_prestation_dcir.md",
    "ER_CAM_F",
)


def _rules(care: Outpatient) -> tuple[Rule, ...]:
    of_passages = (
        *chaining_rules(
            care.passages, ", ".join(PASSAGE_KEY), "start_date, end_date, person_id, finess_double"
        ),
        at(T11, care.passages, T11.predicate_sql),
    )
    return (
        *of_passages,
        *hanging_rules(care.acts, of_passages),
        *hanging_rules(care.fees, of_passages),
    )


PLACES: Final = tuple(at(T11, t.name, T11.predicate_sql) for t in ESTABLISHMENTS)
OUTPATIENT_CARE: Final[tuple[Rule, ...]] = (
    *(rule for care in OUTPATIENT for rule in _rules(care)),
    T20,
    *PLACES,
)
