"""Rules that keep every line and change what is made of it; each is counted as a note.

They are named, documented and switched off like the others (`--without KEY`), and the ledger says
under `note:KEY` how many kept lines they concerned.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE
from transat.harmonise.rules import Rule
from transat.tables.quebec import AMBULATORY

_INESSS: Final = "INESSS-QC/inesss1, query builders"

SETTING: Final = Rule(
    "not_ambulatory",
    Text("Acte hors du secteur ambulatoire", "Act outside the ambulatory setting"),
    Text(
        "Un acte rendu dans un établissement d'une autre catégorie appartient au séjour qui couvre "
        "ce jour ; sans séjour, il n'est pas une visite ambulatoire (9202).",
        "An act given in an establishment of another category belongs to the stay that covers the "
        "day; without a stay it is no ambulatory visit (9202).",
    ),
    f"{_INESSS}: ETAB_COD_CATG_ETAB_EI in {', '.join(AMBULATORY)}, or no establishment",
    "I_SMOD_SERV_MD_CM",
)

PADDING: Final = Rule(
    "din_padding",
    Text("DIN sans ses zéros de gauche", "DIN without its leading zeros"),
    Text(
        "Un DIN a huit chiffres ; les zéros de gauche qui manquent sont remis.",
        "A DIN has eight digits; leading zeros that are missing are put back.",
    ),
    "Health Canada, Drug Product Database; Transat data sources §3.5",
    "V_DEM_PAIMT_MED_CM",
)

OUTSIDE_PLAN: Final = Rule(
    "claim_outside_plan",
    Text("Demande hors des périodes d'assurance", "Claim outside the insured periods"),
    Text(
        "Le régime a payé, la période manque : la ligne est gardée, et comptée.",
        "The plan paid and the period is missing: the line is kept, and counted.",
    ),
    "Transat data sources §3.1; Transat convention",
    "V_DEM_PAIMT_MED_CM",
)

NO_NETWORK: Final = Rule(
    "region_without_network",
    Text("Région sans réseau local", "Region without local networks"),
    Text(
        "Les régions 10, 17 et 18 n'ont pas de RLS : 1001, 1701 et 1801 en tiennent lieu.",
        "Regions 10, 17 and 18 have no RLS: 1001, 1701 and 1801 stand for one.",
    ),
    f"{_INESSS}: V_FICH_ID_BEN_CM",
    "I_BENF_ADR_CM",
)

NETWORK_MOVED: Final = Rule(
    "network_1610",
    Text("RLS 1610 réaffecté", "RLS 1610 re-assigned"),
    Text(
        "Le RLS 1610 devient 0511 et sa région 16 devient 15, comme l'INESSS les recode.",
        "RLS 1610 becomes 0511 and its region 16 becomes 15, as INESSS recodes them.",
    ),
    f"{_INESSS}: V_FICH_ID_BEN_CM",
    "I_BENF_ADR_CM",
)

TRIAGE: Final = Rule(
    "triage_priority",
    Text("Priorité de triage hors de 1 à 5", "Triage priority other than 1 to 5"),
    Text(
        "L'épisode est gardé ; sa priorité, qui ne veut rien dire, ne devient pas une observation.",
        "The episode is kept; its priority, which means nothing, is not made an observation.",
    ),
    f"{_INESSS}: SURG_COD_PRIOR_TRIAG_DURG IN ('1','2','3','4','5')",
    "V_EPISO_SOIN_DURG_CM",
)

ABSENCE: Final = Rule(
    "absence_days",
    Text("Jours d'absence pendant le séjour", "Days absent during the stay"),
    Text(
        "Un séjour avec absences compte moins de jours à l'hôpital : leur nombre est une "
        "observation.",
        "A stay with absences has fewer days in hospital: their number is an observation.",
    ),
    f"{_INESSS}: SHOP_NBR_JR_ABSNT_SEJ_HOSP",
    "V_SEJ_HOSP_CM",
)

HOSPITAL_DEATH: Final = Rule(
    "hospital_death",
    Text("Décès à l'hôpital", "Death in hospital"),
    Text(
        "Un séjour qui porte un type de décès (autre que 0) finit par un décès, si aucun registre "
        "ne le date.",
        "A stay that bears a type of death (other than 0) ends in a death, where no register "
        "dates it.",
    ),
    f"{_INESSS}: SHOP_TYP_DECES_SEJ_HOSP; its values are not public",
    "V_SEJ_HOSP_CM",
)

KEEPING: Final = (
    SETTING,
    PADDING,
    OUTSIDE_PLAN,
    NO_NETWORK,
    NETWORK_MOVED,
    TRIAGE,
    ABSENCE,
    HOSPITAL_DEATH,
)


def note(context: Context, table: str, key: str, rows: object) -> None:
    """Say in the ledger that `rows` kept lines of `table` met `key`; nothing for none."""
    if number := int(str(rows or 0)):
        context.ledger.record(table, f"{NOTE}{key}", number)
