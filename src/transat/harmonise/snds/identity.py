"""Who is who: one person per BEN_NIR_ANO, else per BEN_NIR_PSA and BEN_RNG_GEM.

One human has several BEN_NIR_PSA in a life (it hashes the insured person's number), and same-sex
twins share one. Documentation-SNDS (HDH, 2021), fiche_beneficiaire.md. Archived beneficiaries
(IR_BEN_R_ARC) count like the others; who is in both tables is read in IR_BEN_R.
"""

from __future__ import annotations

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds.native.people import IR_BEN_R


def current_beneficiaries(engine: Engine, context: Context) -> None:
    """View `current_beneficiary` (psa, gem): who is in IR_BEN_R, so archived a second time."""
    context.materialise(
        engine,
        "current_beneficiary",
        "SELECT BEN_NIR_PSA AS psa, coalesce(BEN_RNG_GEM, 1) AS gem FROM kept_IR_BEN_R",
    )


def number_persons(engine: Engine, context: Context) -> None:
    """Number persons densely, in the order of their native identifier.

    Views: `beneficiary` (kept lines of IR_BEN_R and IR_BEN_R_ARC), `person_source` (person_id,
    person_source_value), `person_key` (psa, gem, person_id, fictive, birth_months: year of birth
    times 12 plus month, null where the month is unknown), `hospital_key` (psa, persons, person_id
    when there is one, fictive) and `person_certificate` (BEN_IDT_ANO, person_id when it names one
    person).
    """
    _beneficiary(engine)
    source = "coalesce(BEN_NIR_ANO, BEN_NIR_PSA || '|' || coalesce(BEN_RNG_GEM, 1))"
    context.materialise(
        engine,
        "person_source",
        "SELECT person_source_value, CAST(row_number() OVER (ORDER BY person_source_value) "
        f"AS INTEGER) AS person_id FROM (SELECT DISTINCT {source} AS person_source_value "
        "FROM beneficiary)",
    )
    month = "CASE WHEN BEN_NAI_MOI BETWEEN 1 AND 12 THEN BEN_NAI_MOI END"
    fictive = " UNION ALL ".join(
        f"SELECT BEN_NIR_PSA, coalesce(BEN_RNG_GEM, 1) AS gem FROM {table} "
        "WHERE set_aside = 'fictive_number'"
        for table in ("IR_BEN_R", "IR_BEN_R_ARC")
    )
    context.materialise(
        engine,
        "person_key",
        "SELECT BEN_NIR_PSA AS psa, coalesce(BEN_RNG_GEM, 1) AS gem, person_id, false AS fictive, "
        f"BEN_NAI_ANN * 12 + {month} AS birth_months "
        f"FROM beneficiary JOIN person_source ON person_source_value = {source} UNION ALL "
        "SELECT DISTINCT f.BEN_NIR_PSA, f.gem, CAST(NULL AS INTEGER), true, "
        f"CAST(NULL AS BIGINT) FROM ({fictive}) AS f "
        "LEFT JOIN beneficiary AS b ON b.BEN_NIR_PSA = f.BEN_NIR_PSA "
        "AND coalesce(b.BEN_RNG_GEM, 1) = f.gem WHERE b.BEN_NIR_PSA IS NULL",
    )
    context.materialise(
        engine,
        "hospital_key",
        "SELECT psa, count(DISTINCT person_id) AS persons, CASE WHEN count(DISTINCT person_id) = 1 "
        "THEN min(person_id) END AS person_id, bool_and(fictive) AS fictive "
        "FROM person_key GROUP BY psa",
    )
    context.materialise(
        engine,
        "person_certificate",
        "SELECT BEN_IDT_ANO, min(person_id) AS person_id FROM beneficiary "
        f"JOIN person_source ON person_source_value = {source} WHERE BEN_IDT_ANO IS NOT NULL "
        "GROUP BY BEN_IDT_ANO HAVING count(DISTINCT person_id) = 1",
    )
    context.findings["persons"] = int(engine.scalar("SELECT count(*) FROM person_source") or 0)
    context.findings["persons_ambiguous_in_pmsi"] = int(
        engine.scalar(
            "SELECT count(DISTINCT person_id) FROM person_key WHERE psa IN "
            "(SELECT psa FROM hospital_key WHERE persons > 1)"
        )
        or 0
    )


def _beneficiary(engine: Engine) -> None:
    columns = ", ".join(column.name for column in IR_BEN_R.columns)
    engine.sql(
        f"CREATE OR REPLACE VIEW beneficiary AS SELECT {columns}, false AS archived "
        f"FROM kept_IR_BEN_R UNION ALL SELECT {columns}, true FROM kept_IR_BEN_R_ARC"
    )


def kept_rows_of_persons() -> str:
    """SQL: the lines of `beneficiary` with their person_id; a person may have several."""
    return (
        "SELECT b.*, k.person_id FROM beneficiary AS b JOIN person_key AS k "
        "ON k.psa = b.BEN_NIR_PSA AND k.gem = coalesce(b.BEN_RNG_GEM, 1)"
    )
