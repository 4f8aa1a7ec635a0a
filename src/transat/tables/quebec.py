"""The Québec views that Transat writes (simulated) and reads: RAMQ, MED-ECHO, emergency, ISQ.

Real view and column names come from the query builders published by INESSS
(INESSS-QC/inesss1 and INESSS-BDCA, read for names only). Where a layout is not public (drug-plan
periods, interventions, births, stillbirths, causes of death, gestational age, hospital services)
tables and columns bear names of our own, and a mapping file that the holder fills in ties them to
the extract's: `public` says which in `quebec.csv`.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Final, cast

from transat.core.languages import Text
from transat.tables.column import Column, ColumnType, Table

#: Tables whose real layout is not public: our own names, to be mapped to the holder's.
MAPPED: Final = frozenset(
    {
        "ADMISSIBILITE_MEDICAMENTS",
        "DECES_ISQ",
        "GROSSESSES_HOSP",
        "INTERVENTIONS",
        "MORTINAISSANCES",
        "NAISSANCES",
        "REGISTRE_ECHO",
    }
)

#: Lists of labels: Transat reads codes, so these have no place in OMOP.
LABELS: Final = (
    "V_COD_CATG_ETAB_EI",
    "V_DENOM_COMNE_MED",
    "V_CLA_AHF",
    "V_FORME_MED",
    "V_TENR_MED",
    "V_DES_COD",
)

#: Categories of establishment in which a service is ambulatory (INESSS, catg_etab "ambulatoire").
AMBULATORY: Final = ("54X", "55X", "57X", "9X2", "8X5", "4X1", "0X1")

#: Acts of these groups are lump sums and not visits (INESSS, list of the excluded groups).
LUMP_SUM_GROUPS: Final = (170, 180, 181, 182, 183, 187, 195, 196, 197, 198, 199, 854)

#: Decisions on a medical claim that mean "paid" (INESSS).
PAID: Final = ("PAY", "PPY")

#: Values of SMED_COD_SERV_1 that are set aside (INESSS: not a dispensing).
SERVICES_SET_ASIDE: Final = ("1", "AD")

_PUBLIC: Final = "INESSS-QC/inesss1 (column names); Transat design, data sources §3.2"
_OWN: Final = "layout not public: names chosen by Transat, read through a mapping file"

_TITLES: Final = {
    "V_FICH_ID_BEN_CM": Text("Personnes assurées (FIPA)", "Insured persons (FIPA)"),
    "I_BENF_ADR_CM": Text("Adresses successives", "Successive addresses"),
    "V_DEM_PAIMT_MED_CM": Text(
        "Demandes de paiement des pharmacies, régime public seulement",
        "Pharmacy claims, public plan only",
    ),
    "I_SMOD_SERV_MD_CM": Text(
        "Services médicaux facturés à l’acte", "Medical services billed by act"
    ),
    "V_RPERT_COD_ACTE": Text("Répertoire des codes d’acte", "Directory of act codes"),
    "V_SEJ_HOSP_CM": Text("Séjours hospitaliers (MED-ÉCHO)", "Hospital stays (MED-ECHO)"),
    "V_DIAGN_SEJ_HOSP_CM": Text(
        "Diagnostics des séjours hospitaliers", "Diagnoses of hospital stays"
    ),
    "V_EPISO_SOIN_DURG_CM": Text(
        "Épisodes de soins à l’urgence (BDCU)", "Emergency department episodes (BDCU)"
    ),
    "ADMISSIBILITE_MEDICAMENTS": Text(
        "Périodes d’assurance médicaments publique", "Periods of public drug insurance"
    ),
    "NAISSANCES": Text("Naissances, vivantes ou non", "Births, live or not"),
    "GROSSESSES_HOSP": Text(
        "Âge gestationnel des pertes et interruptions à l’hôpital",
        "Gestational age of hospital losses and terminations",
    ),
    "V_SEJ_SERV_HOSP_CM": Text(
        "Passages dans les services au cours d’un séjour", "Services in which a stay was spent"
    ),
    "INTERVENTIONS": Text(
        "Interventions des séjours hospitaliers (CCI)", "Interventions of hospital stays (CCI)"
    ),
    "MORTINAISSANCES": Text("Mortinaissances (ISQ)", "Stillbirths (ISQ)"),
    "DECES_ISQ": Text("Décès et leur cause initiale (ISQ)", "Deaths and underlying cause (ISQ)"),
    "REGISTRE_ECHO": Text("Registre d’échocardiographie", "Echocardiography registry"),
    "V_ETAB_USUEL": Text(
        "Établissements des services médicaux et leur catégorie",
        "Establishments of medical services and their category",
    ),
    "V_COD_CATG_ETAB_EI": Text(
        "Catégories d’établissement (libellés)", "Categories of establishment (labels)"
    ),
    "V_PRODU_MED": Text("Produits et leur classe ATC", "Products and their ATC class"),
    "V_DENOM_COMNE_MED": Text("Dénominations communes (libellés)", "Common denominations (labels)"),
    "V_CLA_AHF": Text("Classes AHFS (libellés)", "AHFS classes (labels)"),
    "V_FORME_MED": Text("Formes des médicaments (libellés)", "Forms of medicines (labels)"),
    "V_TENR_MED": Text("Teneurs des médicaments (libellés)", "Strengths of medicines (labels)"),
    "V_DES_COD": Text("Descriptions de codes (libellés)", "Descriptions of codes (labels)"),
}


@cache
def tables() -> dict[str, Table]:
    """All declared Québec tables by name; columns in the order in which they are written."""
    return {
        name: Table(
            name,
            tuple(_column(row) for row in group),
            description=_TITLES[name],
            source=_OWN if name in MAPPED else _PUBLIC,
        )
        for name, group in groupby(_rows(), key=lambda row: row["table"])
    }


@cache
def own_columns() -> dict[str, tuple[str, ...]]:
    """By table, the columns whose names are ours: the holder's are not public."""
    own: dict[str, tuple[str, ...]] = {}
    for row in _rows():
        if row["public"] == "no":
            own[row["table"]] = (*own.get(row["table"], ()), row["column"])
    return own


def _rows() -> list[dict[str, str]]:
    source = resources.files("transat.tables").joinpath("quebec.csv")
    return list(csv.DictReader(source.read_text("utf-8").splitlines()))


def _column(row: dict[str, str]) -> Column:
    return Column(
        row["column"],
        cast(ColumnType, row["type"]),
        row["required"] == "yes",
        Text(row["description_fr"], row["description_en"]),
    )
