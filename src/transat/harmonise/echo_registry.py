"""The echocardiography registry of a shore (registre_echo): one line an examination of a person.

Neither the SNDS nor the Québec warehouse holds what an echocardiogram measures, so a registry comes
beside them, under the key that ties the other tables to a person. Its layout is ours: the person,
the day, and the columns of `MEASURES`. Each value becomes one MEASUREMENT of type Registry (32879),
its code in the vocabulary `TRANSAT_ECHO`, its unit in UCUM. An extract without this file gives the
CDM that it always gave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from transat.core.codes import TRANSAT_ECHO
from transat.core.languages import Text
from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE
from transat.harmonise.rules import Rule
from transat.tables.omop import REGISTRY_RECORD

TABLE: Final = "REGISTRE_ECHO"
DAY: Final = "DATE_ECHO"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measured quantity: its code, its column, its UCUM unit, and the values that can be."""

    code: str
    column: str
    unit: str
    lowest: float
    highest: float

    @property
    def possible_sql(self) -> str:
        """SQL: the value can be one of a person's."""
        return f"{self.column} BETWEEN {self.lowest} AND {self.highest}"


#: Bounds are wide: they catch a unit mistaken (cm/s, mm²) or a misplaced decimal, not a rarity.
MEASURES: Final = (
    Measure("vmax", "VMAX_M_S", "m/s", 0.2, 9.0),
    Measure("mean_gradient", "GRADIENT_MOYEN_MMHG", "mm[Hg]", 0.1, 200.0),
    Measure("ava", "SURFACE_CM2", "cm2", 0.1, 9.0),
    Measure("lvef", "FEVG_PCT", "%", 5.0, 90.0),
    Measure("nyha", "NYHA", "{class}", 1.0, 4.0),
    Measure("calcium_score", "SCORE_CALCIQUE_UA", "{Agatston}", 0.0, 30000.0),
)

#: Of a step that writes measurements: the codes that the registry uses.
CODES: Final = (f"SELECT DISTINCT '{TRANSAT_ECHO}', code FROM echo",)

IMPOSSIBLE: Final = Rule(
    "echo_value_impossible",
    Text("Valeur d'échographie impossible", "Impossible echocardiographic value"),
    Text(
        "L'examen est gardé ; une valeur hors des bornes (une unité prise pour une autre) ne "
        "devient pas une mesure.",
        "The examination is kept; a value outside the bounds (one unit taken for another) is not "
        "made a measurement.",
    ),
    "Transat convention",
    TABLE,
)


def echos(engine: Engine, context: Context) -> None:
    """View `echo`: person_id, day, code, native, unit, value; one row a value that can be."""
    checked = context.applies(IMPOSSIBLE.key)
    filled = [f"SELECT person_id, {DAY} AS day, '{m.code}' AS code, '{m.column}' AS native, "
              f"'{m.unit}' AS unit, CAST({m.column} AS DOUBLE) AS value FROM kept_{TABLE} "
              f"WHERE {m.possible_sql if checked else f'{m.column} IS NOT NULL'}"
              for m in MEASURES]  # fmt: skip
    context.materialise(engine, "echo", " UNION ALL ".join(filled))
    if not checked or TABLE not in context.extract.files:
        return
    wrong = " OR ".join(f"NOT {m.possible_sql}" for m in MEASURES)
    lines = int(engine.scalar(f"SELECT count(*) FROM kept_{TABLE} WHERE {wrong}") or 0)
    if lines:
        context.ledger.record(TABLE, f"{NOTE}{IMPOSSIBLE.key}", lines)


def with_echos(query: str, *texts: str) -> str:
    """The query of MEASUREMENT, followed by the registry's values.

    `query` gives the columns that are written here and the `texts`, which the registry leaves
    empty; its identifiers run from 1.
    """
    columns = {
        "measurement_id": "CAST((SELECT count(*) FROM others) + row_number() OVER (ORDER BY "
        "e.person_id, e.day, e.code, e.value) AS INTEGER)",
        "person_id": "e.person_id",
        "measurement_concept_id": "coalesce(c.concept_id, 0)",
        "measurement_date": "e.day",
        "measurement_type_concept_id": str(REGISTRY_RECORD),
        "value_as_number": "e.value",
        "unit_source_value": "e.unit",
        "visit_occurrence_id": "CAST(NULL AS INTEGER)",
        "measurement_source_value": "e.native",
        "measurement_source_concept_id": "coalesce(c.concept_id, 0)",
        **dict.fromkeys(texts, "CAST(NULL AS VARCHAR)"),
    }
    return (
        f"WITH others AS ({query}) SELECT {', '.join(columns)} FROM others UNION ALL "
        f"SELECT {', '.join(columns.values())} FROM echo AS e "
        f"{concept_sql(TRANSAT_ECHO, 'e.code', 'c')}"
    )
