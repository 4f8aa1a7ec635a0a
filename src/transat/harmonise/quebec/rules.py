"""The accounting rules of the Québec sources: which lines are set aside, why, and who says so.

Each rule is named, can be switched off (`--without KEY`) and is counted in the ledger. The same
key on several tables is one rule. The first rule in this order takes the line.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from transat.core.languages import Text
from transat.harmonise.echo_registry import IMPOSSIBLE
from transat.harmonise.quebec.keeping import KEEPING
from transat.harmonise.rules import Rule
from transat.tables.quebec import LABELS, LUMP_SUM_GROUPS, PAID, SERVICES_SET_ASIDE
from transat.tables.quebec import tables as declared

_INESSS: Final = "INESSS-QC/inesss1, query builders; Transat data sources §3.2"
_TRANSAT: Final = "Transat data sources §3.2; Transat convention"

#: Tables whose lines belong to a person of the register, with the column that names that person.
PERSON_OF: Final = {
    "I_BENF_ADR_CM": "BENF_NO_INDIV_BEN_BANLS",
    "ADMISSIBILITE_MEDICAMENTS": "NO_INDIV",
    "V_SEJ_HOSP_CM": "SHOP_NO_INDIV_BEN_BANLS",
    "V_EPISO_SOIN_DURG_CM": "SURG_NO_INDIV_BEN_BANLS",
    "I_SMOD_SERV_MD_CM": "SMOD_NO_INDIV_BEN_BANLS",
    "V_DEM_PAIMT_MED_CM": "SMED_NO_INDIV_BEN_BANLS",
    "NAISSANCES": "NO_INDIV_MERE",
    "MORTINAISSANCES": "NO_INDIV_MERE",
    "DECES_ISQ": "NO_INDIV",
    "REGISTRE_ECHO": "NO_INDIV",
}

#: Tables whose lines belong to a hospital stay, with the column that names the stay.
STAY_OF: Final = {
    "V_DIAGN_SEJ_HOSP_CM": "SHOP_NO_SEQ_SEJ_HOSP",
    "V_SEJ_SERV_HOSP_CM": "SHOP_NO_SEQ_SEJ_HOSP",
    "GROSSESSES_HOSP": "NO_SEQ_SEJ_HOSP",
    "INTERVENTIONS": "NO_SEQ_SEJ_HOSP",
}


#: Tables of care, with the columns of their first and last day.
_DAYS: Final = {
    "V_SEJ_HOSP_CM": (
        "SHOP_DAT_ADMIS_SEJ_HOSP",
        "coalesce(SHOP_DAT_DEPAR_SEJ_HOSP, SHOP_DAT_ADMIS_SEJ_HOSP)",
    ),
    "V_EPISO_SOIN_DURG_CM": ("SURG_JOUR_DEBUT", "coalesce(SURG_JOUR_DEPART, SURG_JOUR_DEBUT)"),
    "I_SMOD_SERV_MD_CM": ("SMOD_DAT_SERV", "SMOD_DAT_SERV"),
    "V_DEM_PAIMT_MED_CM": ("SMED_DAT_SERV", "SMED_DAT_SERV"),
}

_CLAIM: Final = ("SMED_DAT_SERV", "SMED_COD_DIN", "SMED_COD_STA_DECIS")
_ACT: Final = (
    "SMOD_DAT_SERV",
    "SMOD_COD_ACTE",
    "DISP_NO_SEQ_DISP_BANLS",
    "SMOD_COD_STA_DECIS",
)

#: Where lines compete for more than being identical: the key that competing lines share.
CONTESTED: Final = {
    "V_FICH_ID_BEN_CM": ("BENF_NO_INDIV_BEN_BANLS",),
    "V_SEJ_HOSP_CM": ("SHOP_NO_SEQ_SEJ_HOSP",),
    "V_DEM_PAIMT_MED_CM": ("person_id", *_CLAIM, "abs(SMED_QTE_MED)"),
    "I_SMOD_SERV_MD_CM": ("person_id", *_ACT, "abs(SMOD_MNT_PAIMT)"),
    "DECES_ISQ": ("person_id",),
}


def _values(values: Iterable[str]) -> str:
    return ", ".join(f"'{v}'" for v in values)


def _refused(table: str, column: str) -> Rule:
    return Rule(
        "refused_claim",
        Text("Demande de paiement refusée", "Refused claim"),
        Text(
            "Une demande refusée ou annulée ne prouve pas que le service ait été rendu.",
            "A refused or cancelled claim does not show that the service was given.",
        ),
        _INESSS,
        table,
        f"{column} NOT IN ({_values(PAID)})",
    )


def _repeated(table: str) -> Rule:
    """Identical on every column that is read (`copy`): which line stays does not matter."""
    return Rule(
        "exact_duplicate",
        Text("Ligne répétée à l'identique", "Line repeated word for word"),
        Text(
            "Les extractions par morceaux livrent deux fois la même ligne.",
            "Extracts made in pieces deliver the same line twice.",
        ),
        _TRANSAT,
        table,
        "copy > 1",
        contested=True,
    )


def _reversed(table: str, start: str, end: str) -> Rule:
    return Rule(
        "period_reversed",
        Text("Fin avant le début", "End before the start"),
        Text(
            "Une période qui finit avant de commencer ne dit rien de sûr.",
            "A period that ends before it starts says nothing certain.",
        ),
        _TRANSAT,
        table,
        f"{end} < {start}",
    )


def _unknown_person(table: str) -> Rule:
    return Rule(
        "unknown_person",
        Text("Personne absente du fichier d'inscription", "Person absent from the register"),
        Text(
            "Sans date de naissance ni sexe, la ligne ne se rattache à personne.",
            "Without a date of birth or a sex, the line belongs to nobody.",
        ),
        _TRANSAT,
        table,
        "person_id IS NULL",
    )


def _outside_period(table: str, start: str, end: str) -> Rule:
    return Rule(
        "care_outside_period",
        Text("Soins hors de la période de l'extraction", "Care outside the extract's period"),
        Text(
            "La période que dit l'extraction borne ce qu'elle peut montrer (SNDS : T5).",
            "The period that the extract says bounds what it can show (SNDS: T5).",
        ),
        _TRANSAT,
        table,
        f"{end} < (SELECT first_day FROM extract_period) "
        f"OR {start} > (SELECT last_day FROM extract_period)",
    )


def _unknown_stay(table: str) -> Rule:
    return Rule(
        "unknown_stay",
        Text("Séjour absent de l'extraction", "Stay absent from the extract"),
        Text(
            "La ligne n'a ni personne ni date sans son séjour.",
            "Without its stay, the line has neither a person nor a date.",
        ),
        _TRANSAT,
        table,
        "stay_id IS NULL",
    )


def _cancelled(table: str, amount: str, key: tuple[str, ...]) -> Rule:
    """A line and the one that takes it back (same key, opposite amount), matched one to one.

    Ranks are dense over all other columns and only first copies are counted: a repeated line and
    its single cancellation are both gone, whichever copy `exact_duplicate` keeps.
    """
    others = [
        f"abs({c.name})" if c.type in ("float", "integer") else c.name
        for c in declared()[table].columns
        if c.name not in (*key, amount, PERSON_OF[table])
    ]
    same = f"PARTITION BY person_id, {', '.join(key)}, abs({amount})"
    rank = f"dense_rank() OVER ({same}, {amount} < 0 ORDER BY {', '.join(others)})"
    negatives = f"count(*) FILTER (WHERE {amount} < 0 AND copy = 1) OVER ({same})"
    positives = f"count(*) FILTER (WHERE {amount} > 0 AND copy = 1) OVER ({same})"
    return Rule(
        "cancelled_pair",
        Text("Ligne annulée et son annulation", "Cancelled line and its cancellation"),
        Text(
            "Une ligne négative reprend une ligne payée : ni l'une ni l'autre n'a eu lieu.",
            "A negative line takes a paid line back: neither happened.",
        ),
        _TRANSAT,
        table,
        f"CASE WHEN {amount} < 0 THEN {rank} <= {positives} "
        f"WHEN {amount} > 0 THEN {rank} <= {negatives} END",
        contested=True,
    )


def _cancelled_elsewhere(table: str, amount: str) -> Rule:
    return Rule(
        "unmatched_cancellation",
        Text("Annulation sans la ligne annulée", "Cancellation without the cancelled line"),
        Text(
            "Une ligne négative n'est pas un service, même si la ligne qu'elle reprend manque.",
            "A negative line is no service, even where the line it takes back is missing.",
        ),
        _TRANSAT,
        table,
        f"{amount} < 0",
    )


_LUMP_SUM: Final = Rule(
    "lump_sum_act",
    Text("Acte forfaitaire", "Lump-sum act"),
    Text(
        "Un forfait est un supplément monétaire, non une consultation.",
        "A lump sum is a monetary supplement, not a consultation.",
    ),
    f"INESSS-QC/inesss1: groups {', '.join(map(str, LUMP_SUM_GROUPS))} of V_RPERT_COD_ACTE",
    "I_SMOD_SERV_MD_CM",
    "lump_sum",
)

_NOT_DISPENSED: Final = Rule(
    "service_not_dispensing",
    Text("Service qui n'est pas une remise de médicament", "Service that is not a dispensing"),
    Text(
        "Les codes de service 1 et AD désignent un acte du pharmacien, non un produit remis.",
        "Service codes 1 and AD are pharmacist services, not a product handed over.",
    ),
    "INESSS-QC/inesss1: SMED_COD_SERV_1",
    "V_DEM_PAIMT_MED_CM",
    f"SMED_COD_SERV_1 IN ({_values(SERVICES_SET_ASIDE)})",
)

_NO_DURATION: Final = Rule(
    "duration_not_positive",
    Text("Durée de traitement nulle ou négative", "Days of treatment zero or negative"),
    Text(
        "Sans jour de traitement il n'y a pas d'exposition à dater.",
        "Without a day of treatment there is no exposure to date.",
    ),
    "INESSS-QC/inesss1: SMED_NBR_JR_DUREE_TRAIT > 0",
    "V_DEM_PAIMT_MED_CM",
    "SMED_NBR_JR_DUREE_TRAIT <= 0",
)

_OUTSIDE: Final = Rule(
    "address_outside_quebec",
    Text("Adresse hors du Québec", "Address outside Québec"),
    Text(
        "Hors du Québec, les soins ne sont pas vus : ce temps n'est pas observé.",
        "Outside Québec care is not seen: this time is not observed.",
    ),
    "INESSS-QC/inesss1: BENF_IND_ADR_HQ = 'N'",
    "I_BENF_ADR_CM",
    "BENF_IND_ADR_HQ <> 'N'",
)

_NOT_HOME: Final = Rule(
    "address_not_residence",
    Text("Adresse qui n'est pas la résidence", "Address other than the residence"),
    Text(
        "Une adresse postale ne dit pas où la personne habite.",
        "A mailing address does not say where the person lives.",
    ),
    "INESSS-QC/inesss1: BENF_COD_TYP_ADR = 'R'",
    "I_BENF_ADR_CM",
    "BENF_COD_TYP_ADR <> 'R'",
)

_PERSON_TWICE: Final = Rule(
    "person_repeated",
    Text("Personne inscrite deux fois", "Person registered twice"),
    Text(
        "Une personne a une fiche ; la fiche qui porte un décès est gardée.",
        "A person has one record; the record that carries a death is kept.",
    ),
    _TRANSAT,
    "V_FICH_ID_BEN_CM",
    "row_number() OVER (PARTITION BY BENF_NO_INDIV_BEN_BANLS ORDER BY BENF_DAT_DECES "
    "NULLS LAST, BENF_DAT_NAISS, BENF_COD_SEXE, copy) > 1",
    contested=True,
)

_STAY_TWICE: Final = Rule(
    "stay_repeated",
    Text("Séjour livré deux fois", "Stay delivered twice"),
    Text(
        "Un numéro de séjour désigne un seul séjour ; la version au départ le plus tardif est "
        "gardée.",
        "A stay number names one stay; the version with the latest departure is kept.",
    ),
    _TRANSAT,
    "V_SEJ_HOSP_CM",
    "row_number() OVER (PARTITION BY SHOP_NO_SEQ_SEJ_HOSP ORDER BY SHOP_DAT_DEPAR_SEJ_HOSP "
    "DESC NULLS LAST, SHOP_DAT_ADMIS_SEJ_HOSP, person_id, "
    "SHOP_IND_NOUV_NE_SEJ_HOSP, SHOP_TYP_DECES_SEJ_HOSP, SHOP_NO_ETAB_MSSS, copy) > 1",
    contested=True,
)


_DEATH_TWICE: Final = Rule(
    "death_repeated",
    Text("Décès enregistré deux fois", "Death registered twice"),
    Text(
        "On meurt une fois ; l'acte qui porte une cause est gardé, puis le plus ancien.",
        "A person dies once; the record that bears a cause is kept, then the earliest.",
    ),
    _TRANSAT,
    "DECES_ISQ",
    "row_number() OVER (PARTITION BY person_id ORDER BY CAUSE_INITIALE IS NULL, DATE_DECES, "
    "CAUSE_INITIALE, SYSTEME_CLASSIFICATION, copy) > 1",
    contested=True,
)

_STILLBIRTH_KNOWN: Final = Rule(
    "stillbirth_known",
    Text("Mortinaissance déjà dans les naissances", "Stillbirth already among births"),
    Text(
        "Le même enfant mort-né (mère, jour, rang) est livré par deux fichiers.",
        "Two files deliver the same stillborn child (mother, day, rank).",
    ),
    _TRANSAT,
    "MORTINAISSANCES",
    "known",
)

_ABANDONED: Final = Rule(
    "intervention_abandoned",
    Text("Intervention abandonnée après son début", "Intervention abandoned after onset"),
    Text(
        "Une intervention abandonnée ne compte pas : une césarienne abandonnée n'en est pas une.",
        "An abandoned intervention does not count: an abandoned caesarean is none.",
    ),
    "CIHI, indicator library, obstetric indicators: Intervention Status Attribute = A excluded",
    "INTERVENTIONS",
    "ATTRIBUT_STATUT = 'A'",
)


def _unknown_classification(table: str) -> Rule:
    return Rule(
        "unknown_classification",
        Text("Classification inconnue", "Unknown classification"),
        Text(
            "Le système est lu dans sa colonne (SHOP_NO_SEQ_SYS_CLA), jamais déduit de la date.",
            "The system is read from its column (SHOP_NO_SEQ_SYS_CLA), never guessed from a date.",
        ),
        _INESSS,
        table,
        "vocabulary_id IS NULL",
    )


_NO_CLASS: Final = Rule(
    "product_without_atc",
    Text("Produit sans classe ATC", "Product without an ATC class"),
    Text(
        "La liste des produits ne sert qu'à donner sa classe à un DIN.",
        "The list of products serves only to give a DIN its class.",
    ),
    _TRANSAT,
    "V_PRODU_MED",
    "NMED_COD_ATC IS NULL",
    fixed=True,
)


def rules() -> tuple[Rule, ...]:
    """Every Québec rule, in the order in which they take lines; then those that set none aside."""
    return (
        _refused("V_DEM_PAIMT_MED_CM", "SMED_COD_STA_DECIS"),
        _refused("I_SMOD_SERV_MD_CM", "SMOD_COD_STA_DECIS"),
        *(_unknown_person(table) for table in PERSON_OF),
        *(_unknown_stay(table) for table in STAY_OF),
        *(_outside_period(table, *days) for table, days in _DAYS.items()),
        *(_repeated(table) for table in declared() if table not in LABELS),
        _PERSON_TWICE,
        _STAY_TWICE,
        _cancelled(
            "V_DEM_PAIMT_MED_CM",
            "SMED_QTE_MED",
            _CLAIM,
        ),
        _cancelled(
            "I_SMOD_SERV_MD_CM",
            "SMOD_MNT_PAIMT",
            _ACT,
        ),
        _cancelled_elsewhere("V_DEM_PAIMT_MED_CM", "SMED_QTE_MED"),
        _cancelled_elsewhere("I_SMOD_SERV_MD_CM", "SMOD_MNT_PAIMT"),
        _NOT_DISPENSED,
        _NO_DURATION,
        _LUMP_SUM,
        _OUTSIDE,
        _NOT_HOME,
        _STILLBIRTH_KNOWN,
        _DEATH_TWICE,
        _ABANDONED,
        _unknown_classification("V_DIAGN_SEJ_HOSP_CM"),
        _unknown_classification("INTERVENTIONS"),
        _NO_CLASS,
        _reversed("I_BENF_ADR_CM", "BENF_DD_ADR_BEN", "BENF_DF_ADR_BEN"),
        _reversed("ADMISSIBILITE_MEDICAMENTS", "DATE_DEBUT", "DATE_FIN"),
        _reversed("V_SEJ_HOSP_CM", "SHOP_DAT_ADMIS_SEJ_HOSP", "SHOP_DAT_DEPAR_SEJ_HOSP"),
        _reversed("V_EPISO_SOIN_DURG_CM", "SURG_JOUR_DEBUT", "SURG_JOUR_DEPART"),
        _reversed("V_SEJ_SERV_HOSP_CM", "DATE_DEBUT_SERVICE", "DATE_FIN_SERVICE"),
        *KEEPING,
        IMPOSSIBLE,
    )
