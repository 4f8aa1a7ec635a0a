"""The native Québec tables as they are staged: types, what each line must hold, what it joins.

Columns and their types are those declared in `tables.quebec`; names in the extract come from the
mapping file. Person and stay numbers are looked up here once, so that no later step joins text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from transat.engines.engine import quoted
from transat.harmonise.casts import Cast
from transat.harmonise.native import Demand, NativeColumn, NativeTable
from transat.harmonise.quebec.columns import QuebecColumns
from transat.harmonise.quebec.rules import CONTESTED, PERSON_OF, STAY_OF
from transat.tables.column import Column, ColumnType
from transat.tables.quebec import AMBULATORY, LUMP_SUM_GROUPS
from transat.tables.quebec import tables as declared

_CASTS: Final[dict[ColumnType, Cast]] = {
    "text": "text",
    "integer": "integer",
    "bigint": "integer",
    "float": "number",
    "date": "date",
    "datetime": "date",
}

#: Short codes: capitals, and no '.0' from a spreadsheet. Codes of diagnoses stay as written.
_CODES: Final = frozenset(
    {
        "BENF_COD_SEXE",
        "BENF_IND_ADR_HQ",
        "BENF_COD_TYP_ADR",
        "SMED_COD_DIN",
        "NMED_COD_DIN",
        "NMED_COD_ATC",
        "SMED_COD_STA_DECIS",
        "SMOD_COD_STA_DECIS",
        "SMED_COD_SERV_1",
        "SMOD_COD_ACTE",
        "NMOD_COD_ACTE",
        "SMOD_COD_ROLE",
        "SHOP_NO_SEQ_SYS_CLA",
        "SHOP_TYP_DIAGN_SEJ_HOSP",
        "SHOP_IND_NOUV_NE_SEJ_HOSP",
        "VIVANT",
        "SYSTEME_CLASSIFICATION",
        "ATTRIBUT_STATUT",
        "LGEO_COD_RSS",
        "LGEO_COD_TERRI_RLS",
        "SMOD_NO_ETAB_USUEL",
        "ETAB_NO_ETAB_USUEL",
        "ETAB_COD_CATG_ETAB_EI",
        "SMOD_COD_SPEC",
        "SURG_COD_PRIOR_TRIAG_DURG",
        "SHOP_TYP_DECES_SEJ_HOSP",
    }
)

#: Holders that deliver accepted claims only leave these out.
_MAY_BE_ABSENT: Final = frozenset({"SMED_COD_STA_DECIS", "SMOD_COD_STA_DECIS"})

#: Numbers that the file must have, and a line need not.
_MAY_BE_EMPTY: Final = frozenset(
    {"SMED_QTE_MED", "SMED_NBR_JR_DUREE_TRAIT", "SHOP_DAT_DEPAR_SEJ_HOSP"}
)

#: Where a line's code belongs: section of the mapping file, and the column that says the system.
#: An intervention or a service without one of its own has that of its stay.
CLASSIFIED: Final = {
    "V_DIAGN_SEJ_HOSP_CM": ("classifications", "n.SHOP_NO_SEQ_SYS_CLA"),
    "V_SEJ_SERV_HOSP_CM": ("classifications", "coalesce(n.SHOP_NO_SEQ_SYS_CLA, s.system)"),
    "V_EPISO_SOIN_DURG_CM": ("emergency_classification", ""),
    "INTERVENTIONS": (
        "intervention_classifications",
        "coalesce(n.SYSTEME_CLASSIFICATION, s.system)",
    ),
    "DECES_ISQ": ("death_classifications", "n.SYSTEME_CLASSIFICATION"),
}

#: The hours of an emergency episode tell two episodes of a day apart; its days are read besides.
EMERGENCY_DAYS: Final = {
    "SURG_JOUR_DEBUT": "SURG_DHD_EPISO_SOIN_DURG",
    "SURG_JOUR_DEPART": "SURG_DH_DEPAR_USAG_DURG",
}


#: What stands for a person's or a stay's number once it is looked up: the text is not kept.
_KEYS: Final = dict.fromkeys(PERSON_OF, ("person_id",)) | dict.fromkeys(STAY_OF, ("stay_id",))


class MappedColumn(NativeColumn):
    """A column that the mapping file names: only that name is accepted."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name given by the mapping file."""
        return self.aliases


class MappedTable(NativeTable):
    """A table whose file the mapping file names: only that file is accepted."""

    def match(self, stem: str) -> tuple[int, int | None] | None:
        """Whether a file called `stem` holds this table."""
        return NativeTable(self.aliases[0], self.columns).match(stem)


def native_table(name: str, mapping: QuebecColumns) -> NativeTable:
    """The staged form of one declared table, under the names that `mapping` gives."""
    table = declared()[name]
    columns = tuple(_column(name, column, mapping) for column in table.columns)
    if name == "V_EPISO_SOIN_DURG_CM":
        columns = (*_days(columns), *(_as_written(c) for c in columns))
    joins, extra = _joins(name, mapping)
    spent = tuple(of[name] for of in (PERSON_OF, STAY_OF) if name in of)
    every = (*_KEYS.get(name, ()), *(c.name for c in columns if c.name not in spent))
    copies = f"row_number() OVER (PARTITION BY {', '.join(every)}) AS copy"
    kind = MappedTable if name in mapping.tables else NativeTable
    return kind(
        name,
        columns,
        required=name == "V_FICH_ID_BEN_CM",
        aliases=(mapping.file_of(name),) if name in mapping.tables else (),
        joins=joins,
        extra=extra,
        spent=spent,
        contested=CONTESTED.get(name, every),
        ranks=(copies,),
    )


def _column(table: str, column: Column, mapping: QuebecColumns) -> NativeColumn:
    cast: Cast = "code" if column.name in _CODES else _CASTS[column.type]
    demand = _demand(column)
    required = column.required and column.name not in _MAY_BE_ABSENT
    if table in mapping.tables:
        # The mapping file's own check refuses an absent column, and names the line at fault.
        named = mapping.name_of(table, column.name)
        return MappedColumn(column.name, cast, demand, aliases=(named,))
    return NativeColumn(column.name, cast, demand, required)


def _demand(column: Column) -> Demand:
    if column.required and column.name not in _MAY_BE_ABSENT | _MAY_BE_EMPTY:
        return "needed"
    return "free" if column.type == "text" else "checked"


def _as_written(column: NativeColumn) -> NativeColumn:
    if column.name not in EMERGENCY_DAYS.values():
        return column
    return type(column)(column.name, "text", "free", column.required, column.aliases)


def _days(columns: Sequence[NativeColumn]) -> list[NativeColumn]:
    """The same physical columns a second time, as days."""
    by_name = {c.name: c for c in columns}
    return [
        MappedColumn(day, "date", by_name[source].demand, aliases=by_name[source].names)
        for day, source in EMERGENCY_DAYS.items()
    ]


def _joins(table: str, mapping: QuebecColumns) -> tuple[str, tuple[str, ...]]:
    joins: list[str] = []
    extra: list[str] = []
    if table in PERSON_OF:
        joins.append(f"LEFT JOIN person_number AS p ON p.number = n.{PERSON_OF[table]}")
        extra.append("p.person_id AS person_id")
    if table in STAY_OF:
        joins.append(f"LEFT JOIN stay AS s ON s.number = n.{STAY_OF[table]}")
        extra += ["s.stay_id AS stay_id", "s.person_id AS person_id"]
    if table in CLASSIFIED:
        extra.append(f"{_vocabulary(table, mapping)} AS vocabulary_id")
    if table == "I_SMOD_SERV_MD_CM":
        joins.append(f"LEFT JOIN ({_lump_sums()}) AS l ON l.act = {padded('n.SMOD_COD_ACTE', 5)}")
        joins.append(f"LEFT JOIN ({_settings()}) AS e ON e.number = n.SMOD_NO_ETAB_USUEL")
        extra += ["l.act IS NOT NULL AS lump_sum", "coalesce(e.ambulatory, true) AS ambulatory"]
    if table == "MORTINAISSANCES":
        joins += [
            "LEFT JOIN stay AS s ON s.number = n.NO_SEQ_SEJ_HOSP_MERE "
            "AND s.person_id = p.person_id",
            f"LEFT JOIN ({_known_stillbirths()}) AS k ON k.person_id = p.person_id "
            "AND k.day = n.DATE_ACCOUCHEMENT AND k.rank = coalesce(n.RANG_NAISSANCE, 1)",
        ]
        extra += ["s.stay_id AS stay_id", "k.person_id IS NOT NULL AS known"]
    if table == "NAISSANCES":
        joins += [
            "LEFT JOIN person_number AS c ON c.number = n.NO_INDIV_ENFANT",
            "LEFT JOIN stay AS s ON s.number = n.NO_SEQ_SEJ_HOSP_MERE "
            "AND s.person_id = p.person_id",
        ]
        extra += ["c.person_id AS child_id", "s.stay_id AS stay_id"]
    return " ".join(joins), tuple(extra)


def padded(code: str, width: int) -> str:
    """SQL of a numeric code with the leading zeros that spreadsheets drop; other text as it is."""
    digits = f"regexp_full_match({code}, '[0-9]+')"
    return (
        f"CASE WHEN length({code}) < {width} AND {digits} THEN lpad({code}, {width}, '0') "
        f"ELSE {code} END"
    )


def _vocabulary(table: str, mapping: QuebecColumns) -> str:
    """SQL of the vocabulary of a line's code; NULL where its system is not one that is mapped."""
    section, system = CLASSIFIED[table]
    if section in mapping.choices:
        return quoted(mapping.choices[section])
    branches = " ".join(
        f"WHEN {quoted(value)} THEN {quoted(vocabulary)}"
        for value, vocabulary in sorted(mapping.values[section].items())
    )
    return f"CASE {system} {branches} END" if branches else "CAST(NULL AS VARCHAR)"


def _lump_sums() -> str:
    groups = ", ".join(str(g) for g in LUMP_SUM_GROUPS)
    act = padded("NMOD_COD_ACTE", 5)
    return (
        f"SELECT DISTINCT {act} AS act FROM kept_V_RPERT_COD_ACTE "
        f"WHERE NMOD_COD_GRP_ACTE IN ({groups})"
    )


def _settings() -> str:
    """Establishments and whether their category is ambulatory; the latest period tells."""
    categories = ", ".join(quoted(c) for c in AMBULATORY)
    return (
        "SELECT ETAB_NO_ETAB_USUEL AS number, "
        f"ETAB_COD_CATG_ETAB_EI IN ({categories}) AS ambulatory FROM kept_V_ETAB_USUEL "
        "QUALIFY row_number() OVER (PARTITION BY ETAB_NO_ETAB_USUEL ORDER BY "
        "ETAB_DD_ETAB_USUEL DESC NULLS LAST, ETAB_COD_CATG_ETAB_EI) = 1"
    )


def _known_stillbirths() -> str:
    return (
        "SELECT DISTINCT person_id, DATE_NAISSANCE AS day, coalesce(RANG_NAISSANCE, 1) AS rank "
        "FROM kept_NAISSANCES WHERE VIVANT = '0' AND person_id IS NOT NULL"
    )
