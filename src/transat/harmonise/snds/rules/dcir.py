"""Rules on prestation lines and the tables joined to them."""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.harmonise.rules import Rule
from transat.harmonise.snds.rules.identity import DOC, FICTIVE, UNKNOWN, at, inherited
from transat.harmonise.snds.rules.people import T18

T1: Final = Rule(
    "T1",
    Text("lignes pour information", "information-only lines"),
    Text(
        "DPN_QLF ou PRS_DPN_QLP vaut 71 : rien n'a été remboursé à ce titre ; le vide est gardé.",
        "DPN_QLF or PRS_DPN_QLP is 71: nothing was reimbursed on it; an empty value is kept.",
    ),
    f"{DOC}, sas_prestation_dcir.md",
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
    f"{DOC}, sas_prestation_dcir.md",
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
    f"{DOC}, sas_prestation_dcir.md",
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
    f"{DOC}; Santé publique France",
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
T7: Final = Rule(
    "T7",
    Text("boîtes de trois mois", "boxes of three months"),
    Text(
        "Une boîte qui contient trois fois les unités d'une boîte d'un mois du même ATC, dans les "
        "classes qui en ont, vaut 90 jours. Coupée, toute boîte vaut 30 jours.",
        "A box that holds three times the units of a one-month box of the same ATC, in the classes "
        "that have such boxes, stands for 90 days. Off, every box stands for 30 days.",
    ),
    "IR_PHA_R; CNAMTS, Points de repère n° 30 (2010)",
    "ER_PHA_F",
)
T16: Final = Rule(
    "T16",
    Text("ATC court ou absent", "short or missing ATC"),
    Text(
        "Un ATC de moins de sept caractères est gardé tel quel (fluindione : B01AA) ; sans ATC, la "
        "délivrance reste sous son code. Coupée, un ATC court ne compte pas.",
        "An ATC shorter than seven characters is kept as it is (fluindione: B01AA); without one a "
        "dispensing stays under its code. Off, a short ATC does not count.",
    ),
    "IR_PHA_R; Santé publique France",
    "ER_PHA_F",
)
T17: Final = Rule(
    "T17",
    Text("âge du DCIR", "age of the DCIR"),
    Text(
        "L'âge se calcule par l'année et le mois de naissance du référentiel ; BEN_AMA_COD, faux "
        "sur des lignes d'avant novembre 2014, n'est que comparé.",
        "Age is computed from the referential's year and month of birth; BEN_AMA_COD, wrong on "
        "lines from before November 2014, is only compared.",
    ),
    "Santé publique France",
    "ER_PRS_F",
)
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
_ON_LINES: Final = (T1, T2, T3, FICTIVE, UNKNOWN, T5)


def _netted(table: str) -> Rule:
    return Rule("T4", _T4_TITLE, _T4_WHY, f"{DOC}, sas_prestation_dcir.md", table)


def _line_tables() -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for table in ("ER_PHA_F", "ER_UCD_F", "ER_CAM_F", "ER_BIO_F", "ER_TIP_F"):
        rules += [at(NO_LINE, table, NO_LINE.predicate_sql)]
        rules += inherited((*_ON_LINES, SAME_LINE), table, "line_fate")
        rules += [at(LINE_REJECTED, table, LINE_REJECTED.predicate_sql), _netted(table)]
        rules += [at(NOT_POSITIVE, table, "")]
    return tuple(rules)


DCIR: Final[tuple[Rule, ...]] = (
    *_ON_LINES,
    SAME_LINE,
    _netted("ER_PRS_F"),
    at(NOT_POSITIVE, "ER_PRS_F", ""),
    T17,
    at(T18, "ER_PRS_F", ""),
    T6,
    T7,
    T16,
    at(T16, "ER_UCD_F", ""),
    *_line_tables(),
)
