"""Rules on the stays of the PMSI and on the tables that hang on them, field by field."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from transat.core.languages import Text
from transat.harmonise.rules import Rule
from transat.harmonise.snds.fields import FIELDS, MCO, Field
from transat.harmonise.snds.rules.dcir import SAME_LINE, T5
from transat.harmonise.snds.rules.identity import DOC, FICTIVE, UNKNOWN, at, inherited

_SPENDING: Final = f"{DOC}, depenses_hopital_public.md"
T8: Final = Rule(
    "T8",
    Text("groupes d'erreur du PMSI", "PMSI error groups"),
    Text(
        "Le groupe est une erreur : GRG_GHM ou GRG_GME commence par 90, PAP_GRP_GHPC par 99.",
        "The group is an error: GRG_GHM or GRG_GME begins with 90, PAP_GRP_GHPC with 99.",
    ),
    f"{DOC}, concepts_PMSI.md; {_SPENDING}",
    "T_MCOaaB",
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
        "Mode d'entrée ou de sortie 0 ; en MCO aussi SEJ_TYP = B hors groupe 28 et les résumés "
        "générés (TYP_GEN_RSA).",
        "Entry or exit mode 0; in MCO also SEJ_TYP = B outside group 28 and generated records "
        "(TYP_GEN_RSA).",
    ),
    f"{DOC}, requete_type_pmsi_mco.md; {_SPENDING}",
    "T_MCOaaB",
)
T11: Final = Rule(
    "T11",
    Text("doubles FINESS de l'AP-HP, l'AP-HM et des HCL", "AP-HP, AP-HM and HCL FINESS doubles"),
    Text(
        "Jusqu'en 2017, ces hôpitaux sont aussi transmis sous leur FINESS géographique.",
        "Up to 2017 these hospitals are also sent under their geographic FINESS.",
    ),
    f"{_SPENDING}; sndsTools 34a3fa4",
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
    Text("séjours sans jour, colonnes renommées", "stays without a day, renamed columns"),
    Text(
        "Avant 2009 le chaînage ne donne que le mois de sortie : aucune date à écrire.",
        "Before 2009 the chaining gives the month of exit only: there is no date to write.",
    ),
    "schema-snds, T_MCOaaC.EXE_SOI_DTD created 2009",
    "T_MCOaaC",
    "start_date IS NULL",
    fixed=True,
)
T19_UNITS: Final = replace(
    T19,
    why=Text(
        "UM_TYP et PAR_NBR_SEJ sont devenues AUT_TYP1_UM et PAR_DUR_SEJ en 2010 : les deux sont "
        "lues, rien n'est écarté ; le registre note les lignes lues sous l'ancien nom.",
        "UM_TYP and PAR_NBR_SEJ became AUT_TYP1_UM and PAR_DUR_SEJ in 2010: both are read, nothing "
        "is set aside; the ledger notes the lines read under the older name.",
    ),
    source=f"{DOC}, requete_type_pmsi_mco.md; schema-snds",
    table="T_MCOaaUM",
    predicate_sql="",
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
        "Une seule ligne par année, établissement et numéro (et semaine ou séquence) compte.",
        "Only one line by year, establishment and number (and week or sequence) counts.",
    ),
    "schema-snds, primary key",
    "T_MCOaaC",
    fixed=True,
    contested=True,
)
T12: Final = Rule(
    "T12",
    Text(
        "diagnostics associés répétés, diagnostics d'unité",
        "associated diagnoses repeated, diagnoses of units",
    ),
    Text(
        "Le même code plusieurs fois dans un séjour (ou une semaine, une séquence) compte une "
        "fois.",
        "The same code several times in one stay (or week, or sequence) counts once.",
    ),
    f"{DOC}, requete_type_pmsi_mco.md",
    "T_MCOaaD",
    contested=True,
)
T12_UNITS: Final = replace(
    T12,
    why=Text(
        "Les diagnostics des unités médicales sont lus aussi ; le registre note ceux qu'elles "
        "seules portent. Coupée, ils ne sont pas lus.",
        "The diagnoses of medical units are read too; the ledger notes those that they alone "
        "hold. Off, they are not read.",
    ),
    table="T_MCOaaUM",
    contested=False,
)
NO_CHAINING: Final = Rule(
    "no_chaining",
    Text("séjour sans chaînage", "stay without chaining"),
    Text("La table de chaînage n'a pas ce séjour.", "The chaining does not have this stay."),
    "schema-snds, foreign key",
    "T_MCOaaB",
    "chaining_fate IS NULL",
    fixed=True,
)
CHAINING_REJECTED: Final = Rule(
    "chaining_rejected",
    Text("chaînage rejeté", "chaining rejected"),
    Text("Sa ligne de chaînage a été rejetée.", "Its line of chaining was rejected."),
    "Transat",
    "T_MCOaaB",
    "chaining_fate LIKE 'reject:%'",
    fixed=True,
)
NO_STAY: Final = Rule(
    "no_stay",
    Text("sans séjour", "without a stay"),
    Text("La table des séjours n'a pas celui-ci.", "The table of stays does not have it."),
    "schema-snds, foreign key",
    "T_MCOaaD",
    "stay_fate IS NULL",
    fixed=True,
)
STAY_REJECTED: Final = Rule(
    "stay_rejected",
    Text("séjour rejeté", "stay rejected"),
    Text("La ligne de son séjour a été rejetée.", "The line of its stay was rejected."),
    "Transat",
    "T_MCOaaD",
    "stay_fate LIKE 'reject:%'",
    fixed=True,
)
OUTSIDE: Final = (
    "end_date < (SELECT first_day FROM extract_period) "
    "OR start_date > (SELECT last_day FROM extract_period)"
)


def chaining_rules(table: str, contested_key: str, order: str) -> tuple[Rule, ...]:
    """Rules on a table that says whose a stay is and from which day to which."""
    return (
        at(SAME_STAY, table, _repeated(contested_key, order)),
        at(T9, table, "badly_chained"),
        at(FICTIVE, table, "fictive"),
        at(TWINS, table, TWINS.predicate_sql),
        at(UNKNOWN, table, "person_id IS NULL"),
        at(T19, table, T19.predicate_sql),
        at(REVERSED, table, REVERSED.predicate_sql),
        at(T5, table, OUTSIDE),
    )


def hanging_rules(
    table: str, parents: tuple[Rule, ...], fate: str = "stay_fate"
) -> tuple[Rule, ...]:
    """Rules on a table whose lines follow the fate of the stay that they belong to."""
    return (
        at(NO_STAY, table, f"{fate} IS NULL"),
        *inherited(parents, table, fate),
        at(STAY_REJECTED, table, f"{fate} LIKE 'reject:%'"),
    )


def repeated_line(table: str, columns: str) -> Rule:
    """A line of `table` that another delivery brings again, everything alike."""
    return replace(at(SAME_LINE, table, _repeated(columns, "stay_fate")), contested=True)


def _repeated(key: str, order: str) -> str:
    return f"row_number() OVER (PARTITION BY {key} ORDER BY {order}) > 1"


def _on_stays(field: Field) -> tuple[Rule, ...]:
    rules = [at(T8, field.stays, field.error)] if field.error else []
    rules += [at(T10, field.stays, field.elsewhere)] if field.elsewhere else []
    rules += [at(T11, field.stays, T11.predicate_sql)]
    return (*rules, T13) if field is MCO else tuple(rules)


def _field_rules(field: Field) -> tuple[Rule, ...]:
    stay = "year_key, eta_key, rsa_key"
    on_chaining = chaining_rules(field.chaining, stay, "start_date, end_date, person_id")
    on_stays = _on_stays(field)
    told_by = [name for name, _ in field.diagnoses] + [c.name for c in field.columns]
    same = at(
        SAME_STAY,
        field.stays,
        _repeated(f"{stay}, line_no", ", ".join([*told_by, "ENT_MOD", "SOR_MOD"])),
    )
    parents = (*on_stays, SAME_STAY, *on_chaining[1:], NO_CHAINING, CHAINING_REJECTED)
    number = f"ltrim({field.establishment}, '0'), ltrim({field.number}, '0'), file_year, line_no"
    rules: list[Rule] = [
        *on_chaining,
        same,
        *on_stays,
        at(NO_CHAINING, field.stays, NO_CHAINING.predicate_sql),
        *inherited(on_chaining[1:], field.stays, "chaining_fate"),
        at(CHAINING_REJECTED, field.stays, CHAINING_REJECTED.predicate_sql),
    ]
    for table in field.dependents:
        rules += hanging_rules(table, parents)
    for beside in field.beside:
        rules += [at(T12, beside.table, _repeated(f"{number}, {beside.code}", "stay_fate"))]
    if field is MCO:
        rules += _of_mco(number, parents)
    return tuple(rules)


def _of_mco(number: str, parents: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Rules on units, drugs and abortions."""
    unit = "UM_ORD_NUM, DGN_PAL, DGN_REL, AUT_TYP1_UM, UM_TYP, PAR_DUR_SEJ, PAR_NBR_SEJ"
    drug = "UCD_UCD_COD, ADM_NBR, DELAI, DAT_ADM_ANN, ADM_MOIS, PRS_TYP"
    return (
        *hanging_rules("T_MCOaaUM", parents),
        repeated_line("T_MCOaaUM", f"{number}, {unit}"),
        T12_UNITS,
        T19_UNITS,
        *hanging_rules("T_MCOaaMED", parents),
        repeated_line("T_MCOaaMED", f"{number}, {drug}"),
        *hanging_rules("T_MCOaaIVG", parents),
        repeated_line("T_MCOaaIVG", number),
    )


PMSI: Final[tuple[Rule, ...]] = tuple(rule for field in FIELDS for rule in _field_rules(field))
