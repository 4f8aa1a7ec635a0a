"""Rules on the stays of the PMSI-MCO and the tables that hang on them."""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.harmonise.rules import Rule
from transat.harmonise.snds.rules.dcir import T5
from transat.harmonise.snds.rules.identity import DOC, FICTIVE, UNKNOWN, at, inherited

T8: Final = Rule(
    "T8",
    Text("groupes d'erreur du PMSI", "PMSI error groups"),
    Text("GRG_GHM commence par 90.", "GRG_GHM begins with 90."),
    f"{DOC}, concepts_PMSI.md",
    "T_MCOaaB",
    "GRG_GHM LIKE '90%'",
)
T9: Final = Rule(
    "T9",
    Text("mauvais chaînage", "bad chaining"),
    Text(
        "Un des neuf codes retour n'est pas 0 (sept depuis 2005-2006, deux de plus en 2013).",
        "One of the nine return codes is not 0 (seven from 2005-2006, two more in 2013).",
    ),
    f"{DOC}, concepts_PMSI.md; schema-snds",
    "T_MCOaaC",
    "badly_chained",
)
T10: Final = Rule(
    "T10",
    Text(
        "prestations faites pour un autre établissement", "services done for another establishment"
    ),
    Text(
        "SEJ_TYP = B hors groupe 28, mode d'entrée ou de sortie 0, ou résumé généré (TYP_GEN_RSA).",
        "SEJ_TYP = B outside group 28, entry or exit mode 0, or a generated record (TYP_GEN_RSA).",
    ),
    f"{DOC}, requete_type_pmsi_mco.md",
    "T_MCOaaB",
    "(SEJ_TYP = 'B' AND coalesce(GRG_GHM, '') NOT LIKE '28%') OR ENT_MOD = '0' OR SOR_MOD = '0' "
    "OR TYP_GEN_RSA <> 0",
)
T11: Final = Rule(
    "T11",
    Text("doubles FINESS de l'AP-HP, l'AP-HM et des HCL", "AP-HP, AP-HM and HCL FINESS doubles"),
    Text(
        "Jusqu'en 2017, ces hôpitaux sont aussi transmis sous leur FINESS géographique.",
        "Up to 2017 these hospitals are also sent under their geographic FINESS.",
    ),
    f"{DOC}, depenses_hopital_public.md; sndsTools 34a3fa4",
    "T_MCOaaB",
    "finess_double",
)
T13: Final = Rule(
    "T13",
    Text("séjours d'interruption volontaire de grossesse", "elective abortion stays"),
    Text(
        "GRG_GHM 14Z08Z : d'autres chaînes les effacent ; jamais dans une étude de grossesses.",
        "GRG_GHM 14Z08Z: other pipelines erase them; never in a study of pregnancies.",
    ),
    "SCALPEL-Flattening e88ef8a",
    "T_MCOaaB",
    "GRG_GHM = '14Z08Z'",
    default_on=False,
)
T19: Final = Rule(
    "T19",
    Text("séjours sans jour", "stays without a day"),
    Text(
        "Avant 2009 le chaînage ne donne que le mois de sortie : aucune date à écrire.",
        "Before 2009 the chaining gives the month of exit only: there is no date to write.",
    ),
    "schema-snds, T_MCOaaC.EXE_SOI_DTD created 2009",
    "T_MCOaaC",
    "start_date IS NULL",
    fixed=True,
)
TWINS: Final = Rule(
    "twins_ambiguous",
    Text("jumeaux indistincts au PMSI", "twins not told apart in the PMSI"),
    Text(
        "Plusieurs personnes partagent ce BEN_NIR_PSA et le séjour n'a pas de RNG_NAI (2015).",
        "Several people share this BEN_NIR_PSA and the stay has no RNG_NAI (2015).",
    ),
    f"{DOC}, fiche_beneficiaire.md; Santé publique France",
    "T_MCOaaC",
    "person_id IS NULL AND persons > 1",
)
REVERSED: Final = Rule(
    "end_before_start",
    Text("séjours qui finissent avant de commencer", "stays that end before they start"),
    Text("Dates incohérentes.", "Inconsistent dates."),
    "OMOP CDM 5.4",
    "T_MCOaaC",
    "end_date < start_date",
)
SAME_STAY: Final = Rule(
    "same_stay_twice",
    Text("séjour fourni deux fois", "stay delivered twice"),
    Text(
        "Une seule ligne par année, ETA_NUM et RSA_NUM peut être jointe.",
        "Only one line by year, ETA_NUM and RSA_NUM can be joined.",
    ),
    "schema-snds, primary key",
    "T_MCOaaC",
    "row_number() OVER (PARTITION BY year_key, eta_key, rsa_key "
    "ORDER BY start_date, end_date, person_id) > 1",
    fixed=True,
    contested=True,
)
T12: Final = Rule(
    "T12",
    Text("diagnostics associés répétés", "associated diagnoses repeated"),
    Text(
        "Le même code plusieurs fois dans un séjour ; les diagnostics d'unité sont lus aussi.",
        "The same code several times in one stay; the diagnoses of units are read too.",
    ),
    DOC,
    "T_MCOaaD",
    "row_number() OVER (PARTITION BY ltrim(ETA_NUM, '0'), ltrim(RSA_NUM, '0'), file_year, ASS_DGN) "
    "> 1",
    contested=True,
)
NO_CHAINING: Final = Rule(
    "no_chaining",
    Text("séjour sans chaînage", "stay without chaining"),
    Text("T_MCOaaC n'a pas ce séjour.", "T_MCOaaC does not have this stay."),
    "schema-snds, foreign key",
    "T_MCOaaB",
    "chaining_fate IS NULL",
    fixed=True,
)
CHAINING_REJECTED: Final = Rule(
    "chaining_rejected",
    Text("chaînage rejeté", "chaining rejected"),
    Text("La ligne de T_MCOaaC a été rejetée.", "Its line of T_MCOaaC was rejected."),
    "Transat",
    "T_MCOaaB",
    "chaining_fate LIKE 'reject:%'",
    fixed=True,
)
NO_STAY: Final = Rule(
    "no_stay",
    Text("sans séjour", "without a stay"),
    Text("T_MCOaaB n'a pas ce séjour.", "T_MCOaaB does not have this stay."),
    "schema-snds, foreign key",
    "T_MCOaaD",
    "stay_fate IS NULL",
    fixed=True,
)
STAY_REJECTED: Final = Rule(
    "stay_rejected",
    Text("séjour rejeté", "stay rejected"),
    Text("La ligne de T_MCOaaB a été rejetée.", "Its line of T_MCOaaB was rejected."),
    "Transat",
    "T_MCOaaD",
    "stay_fate LIKE 'reject:%'",
    fixed=True,
)
_ON_CHAINING: Final = (SAME_STAY, T9, FICTIVE, TWINS, UNKNOWN, T19, REVERSED, T5)
_ON_STAYS: Final = (T8, T10, T11, T13)


def _stay_tables() -> tuple[Rule, ...]:
    parents = (*_ON_STAYS, SAME_STAY, *_ON_CHAINING[1:], NO_CHAINING, CHAINING_REJECTED)
    rules: list[Rule] = []
    for table in ("T_MCOaaD", "T_MCOaaUM", "T_MCOaaA", "T_MCOaaMED"):
        rules += [at(NO_STAY, table, NO_STAY.predicate_sql)]
        rules += inherited(parents, table, "stay_fate")
        rules += [at(STAY_REJECTED, table, STAY_REJECTED.predicate_sql)]
    return (*rules, T12)


MCO: Final[tuple[Rule, ...]] = (
    SAME_STAY,
    T9,
    at(FICTIVE, "T_MCOaaC", "fictive"),
    TWINS,
    at(UNKNOWN, "T_MCOaaC", "person_id IS NULL"),
    T19,
    REVERSED,
    at(
        T5,
        "T_MCOaaC",
        "end_date < (SELECT first_day FROM extract_period) "
        "OR start_date > (SELECT last_day FROM extract_period)",
    ),
    at(SAME_STAY, "T_MCOaaB", "row_number() OVER (PARTITION BY year_key, eta_key, rsa_key "
        "ORDER BY DGN_PAL, GRG_GHM, AGE_ANN, DEL_REG_ENT, POI_NAI) > 1"),
    *_ON_STAYS,
    NO_CHAINING,
    *inherited(_ON_CHAINING[1:], "T_MCOaaB", "chaining_fate"),
    CHAINING_REJECTED,
    *_stay_tables(),
)  # fmt: skip
