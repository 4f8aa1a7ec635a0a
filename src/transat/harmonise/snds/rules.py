"""The accounting rules of the SNDS, T1 to T20 of the project's reference, as data.

Rules that are not here set no line aside: T7 (size of a box: only a duration could use it, and ours
is 30 days a box), T16 (short ATC codes are kept as they are), T17 (age is computed from the birth
year), T18 (a break in social cover), T19's renamed columns (aliases) and T20 (T2 decides).
Documentation-SNDS is indsante/Documentation-SNDS at a2910d5 (12 July 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from transat.core.languages import Text
from transat.harmonise.rules import Rule

_DOC: Final = "Documentation-SNDS (HDH, 2021)"

#: BEN_CDI_NIR of numbers shared by many people (TOP_NIR_SNI = 1 in IR_NIR_V).
FICTIVE_NUMBERS: Final = ("01", "05", "06", "08", "09", "11", "12", "13", "14", "15")

#: Three kinds of exemption that are long-term illnesses (IMB_ETM_NAT).
ALD_KINDS: Final = (41, 43, 45)


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
    f"{_DOC}, fiche_beneficiaire.md",
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
    f"IR_NIR_V; {_DOC}, ivg.md",
    "ER_PRS_F",
    f"fictive OR {fictive_sql('BEN_CDI_NIR')}",
)
T1: Final = Rule(
    "T1",
    Text("lignes pour information", "information-only lines"),
    Text(
        "DPN_QLF ou PRS_DPN_QLP vaut 71 : rien n'a été remboursé à ce titre ; le vide est gardé.",
        "DPN_QLF or PRS_DPN_QLP is 71: nothing was reimbursed on it; an empty value is kept.",
    ),
    f"{_DOC}, sas_prestation_dcir.md",
    "ER_PRS_F",
    "DPN_QLF = 71 OR PRS_DPN_QLP = 71",
)
T2: Final = Rule(
    "T2",
    Text("actes d'hôpital public, déjà au PMSI", "public-hospital lines, already in the PMSI"),
    Text(
        "ETE_IND_TAA = 1 : facturation directe d'un séjour ou acte que le PMSI porte aussi.",
        "ETE_IND_TAA = 1: direct billing of a stay or act that the PMSI also holds.",
    ),
    f"{_DOC}, sas_prestation_dcir.md",
    "ER_PRS_F",
    "in_pmsi",
)
T3: Final = Rule(
    "T3",
    Text("majorations", "surcharges"),
    Text(
        "CPL_MAJ_TOP >= 2 : la ligne majore une autre ligne, ce n'est pas un soin de plus.",
        "CPL_MAJ_TOP >= 2: the line adds to another's price, it is not one more care.",
    ),
    f"{_DOC}, sas_prestation_dcir.md",
    "ER_PRS_F",
    "CPL_MAJ_TOP >= 2",
)
T5: Final = Rule(
    "T5",
    Text("soins hors de la période d'extraction", "care outside the extract's period"),
    Text(
        "La date du soin (non le mois de flux) doit être dans la période ; un flux tardif reste.",
        "The date of care (not the flow month) must be in the period; a late flow stays.",
    ),
    f"{_DOC}; Santé publique France",
    "ER_PRS_F",
    "EXE_SOI_DTD NOT BETWEEN (SELECT first_day FROM extract_period) "
    "AND (SELECT last_day FROM extract_period)",
)
_T4_TITLE: Final = Text(
    "régularisations compensées et lignes réunies", "reversals netted and lines merged"
)
_T4_WHY: Final = Text(
    "La somme signée par personne, date, code et prescription est gardée si elle est positive.",
    "The signed sum by person, date, code and prescription is kept when it is positive.",
)
T8: Final = Rule(
    "T8",
    Text("groupes d'erreur du PMSI", "PMSI error groups"),
    Text("GRG_GHM commence par 90.", "GRG_GHM begins with 90."),
    f"{_DOC}, concepts_PMSI.md",
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
    f"{_DOC}, concepts_PMSI.md; schema-snds",
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
    f"{_DOC}, requete_type_pmsi_mco.md",
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
    f"{_DOC}, depenses_hopital_public.md; sndsTools 34a3fa4",
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
    f"{_DOC}, fiche_beneficiaire.md; Santé publique France",
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
    _DOC,
    "T_MCOaaD",
    "row_number() OVER (PARTITION BY ltrim(ETA_NUM, '0'), ltrim(RSA_NUM, '0'), file_year, ASS_DGN) "
    "> 1",
    contested=True,
)
SAME_ALD: Final = Rule(
    "same_illness_twice",
    Text("exonération répétée", "exemption repeated"),
    Text(
        "Même personne, même motif médical, même début : une seule maladie.",
        "Same person, same medical reason, same start: one illness.",
    ),
    _DOC,
    "IR_IMB_R",
    "row_number() OVER (PARTITION BY person_id, MED_MTF_COD, IMB_ALD_DTD "
    "ORDER BY IMB_ETM_NAT NOT IN (41, 43, 45), IMB_ALD_DTF DESC NULLS LAST) > 1",
    contested=True,
)
T14: Final = Rule(
    "T14",
    Text("dates de grossesse du DCIR", "pregnancy dates of the DCIR"),
    Text(
        "Peu fiables (grossesses de cinq ans, pères compris) : le PMSI date les grossesses.",
        "Unreliable (pregnancies of five years, fathers included): the PMSI dates pregnancies.",
    ),
    _DOC,
    "IR_MAT_R",
    "true",
)
T15: Final = Rule(
    "T15",
    Text("exonérations qui ne sont pas des ALD", "exemptions that are not long-term illnesses"),
    Text(
        "IMB_ETM_NAT hors 41, 43, 45, ou sans motif médical : l'ALD se lit dans MED_MTF_COD.",
        "IMB_ETM_NAT not 41, 43, 45, or no medical reason: the illness is in MED_MTF_COD.",
    ),
    f"{_DOC}, beneficiaires_ald.md",
    "IR_IMB_R",
    f"IMB_ETM_NAT NOT IN ({', '.join(map(str, ALD_KINDS))}) OR MED_MTF_COD IS NULL "
    "OR IMB_ALD_DTD IS NULL OR year(IMB_ALD_DTD) <= 1600",
)
NO_LINE: Final = Rule(
    "no_prestation",
    Text("sans ligne de prestation", "without a prestation line"),
    Text("La clé à neuf colonnes manque dans ER_PRS_F.", "The nine-column key is not in ER_PRS_F."),
    "schema-snds, foreign key",
    "ER_PHA_F",
    "line_fate IS NULL",
    fixed=True,
)
LINE_REJECTED: Final = Rule(
    "prestation_rejected",
    Text("ligne de prestation rejetée", "prestation line rejected"),
    Text("ER_PRS_F a été rejetée.", "Its line of ER_PRS_F was rejected."),
    "Transat",
    "ER_PHA_F",
    "line_fate LIKE 'reject:%'",
    fixed=True,
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
SAME_BENEFICIARY: Final = Rule(
    "same_beneficiary_twice",
    Text("bénéficiaire fourni deux fois", "beneficiary delivered twice"),
    Text(
        "Un couple BEN_NIR_PSA, BEN_RNG_GEM ne désigne qu'une personne ; la première ligne compte.",
        "A pair BEN_NIR_PSA, BEN_RNG_GEM names one person; the first line counts.",
    ),
    "schema-snds, primary key",
    "IR_BEN_R",
    "row_number() OVER (PARTITION BY BEN_NIR_PSA, coalesce(BEN_RNG_GEM, 1) ORDER BY "
    "BEN_NAI_ANN NOT BETWEEN 1850 AND 2100, BEN_NIR_ANO, BEN_IDT_ANO, BEN_NAI_ANN, "
    "BEN_NAI_MOI, BEN_SEX_COD, BEN_DCD_DTE, BEN_DTE_INS) > 1",
    fixed=True,
    contested=True,
)

_ON_LINES: Final = (T1, T2, T3, FICTIVE, UNKNOWN, T5)
_ON_CHAINING: Final = (SAME_STAY, T9, FICTIVE, TWINS, UNKNOWN, T19, REVERSED, T5)
_ON_STAYS: Final = (T8, T10, T11, T13)


def _at(rule: Rule, table: str, predicate: str) -> Rule:
    return replace(rule, table=table, predicate_sql=predicate)


def _inherited(rules: Sequence[Rule], table: str, fate: str) -> tuple[Rule, ...]:
    """The same rules on a dependent table: a line follows the line that it belongs to."""
    return tuple(_at(r, table, f"{fate} = '{r.key}'") for r in rules)


def _netted(table: str) -> Rule:
    return Rule("T4", _T4_TITLE, _T4_WHY, f"{_DOC}, sas_prestation_dcir.md", table)


def _line_tables() -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for table in ("ER_PHA_F", "ER_UCD_F", "ER_CAM_F"):
        rules += [_at(NO_LINE, table, NO_LINE.predicate_sql)]
        rules += _inherited((*_ON_LINES, SAME_LINE), table, "line_fate")
        rules += [_at(LINE_REJECTED, table, LINE_REJECTED.predicate_sql), _netted(table)]
        rules += [_at(NOT_POSITIVE, table, "")]
    return tuple(rules)


def _stay_tables() -> tuple[Rule, ...]:
    parents = (*_ON_STAYS, SAME_STAY, *_ON_CHAINING[1:], NO_CHAINING, CHAINING_REJECTED)
    rules: list[Rule] = []
    for table in ("T_MCOaaD", "T_MCOaaUM", "T_MCOaaA", "T_MCOaaMED"):
        rules += [_at(NO_STAY, table, NO_STAY.predicate_sql)]
        rules += _inherited(parents, table, "stay_fate")
        rules += [_at(STAY_REJECTED, table, STAY_REJECTED.predicate_sql)]
    return (*rules, T12)


SAME_LINE: Final = Rule(
    "same_line_twice",
    Text("ligne de prestation fournie deux fois", "prestation line delivered twice"),
    Text(
        "La clé à neuf colonnes est unique : la seconde livraison de la ligne ne compte pas.",
        "The nine-column key is unique: a second delivery of the line does not count.",
    ),
    "schema-snds, primary key",
    "ER_PRS_F",
    fixed=True,
)
NOT_POSITIVE: Final = Rule(
    "not_positive",
    Text("quantité nulle ou négative", "quantity zero or negative"),
    Text(
        "Quand T4 est coupée, une ligne négative ne peut pas être une exposition.",
        "When T4 is off, a negative line cannot be an exposure.",
    ),
    "Transat",
    "ER_PHA_F",
    fixed=True,
)

T6: Final = Rule(
    "T6",
    Text("boîtes fractionnées", "split boxes"),
    Text(
        "PHA_DEC_TOP = D : PHA_DEC_QSU compte des unités, ramenées en boîtes.",
        "PHA_DEC_TOP = D: PHA_DEC_QSU counts units, brought back to boxes.",
    ),
    "schema-snds, ER_PHA_F.PHA_DEC_QSU",
    "ER_PHA_F",
)
BIRTH_YEAR: Final = Rule(
    "birth_year_impossible",
    Text("année de naissance impossible", "impossible birth year"),
    Text("OMOP exige une année de naissance.", "OMOP requires a year of birth."),
    "OMOP CDM 5.4",
    "IR_BEN_R",
    "BEN_NAI_ANN NOT BETWEEN 1850 AND 2100",
    fixed=True,
)

RULES: Final[tuple[Rule, ...]] = (
    _at(FICTIVE, "IR_BEN_R", fictive_sql("BEN_CDI_NIR")),
    BIRTH_YEAR,
    SAME_BENEFICIARY,
    *_ON_LINES,
    SAME_LINE,
    _netted("ER_PRS_F"),
    _at(NOT_POSITIVE, "ER_PRS_F", ""),
    T6,
    *_line_tables(),
    _at(UNKNOWN, "IR_IMB_R", "person_id IS NULL"),
    T15,
    SAME_ALD,
    T14,
    _at(UNKNOWN, "KI_CCI_R", "person_id IS NULL"),
    SAME_STAY,
    T9,
    _at(FICTIVE, "T_MCOaaC", "fictive"),
    TWINS,
    _at(UNKNOWN, "T_MCOaaC", "person_id IS NULL"),
    T19,
    REVERSED,
    _at(
        T5,
        "T_MCOaaC",
        "end_date < (SELECT first_day FROM extract_period) "
        "OR start_date > (SELECT last_day FROM extract_period)",
    ),
    _at(SAME_STAY, "T_MCOaaB", "row_number() OVER (PARTITION BY year_key, eta_key, rsa_key "
        "ORDER BY DGN_PAL, GRG_GHM, AGE_ANN, DEL_REG_ENT, POI_NAI) > 1"),
    *_ON_STAYS,
    NO_CHAINING,
    *_inherited(_ON_CHAINING[1:], "T_MCOaaB", "chaining_fate"),
    CHAINING_REJECTED,
    *_stay_tables(),
)  # fmt: skip
