"""Who is who: one person per BEN_NIR_ANO, else per BEN_NIR_PSA and BEN_RNG_GEM.

One human has several BEN_NIR_PSA in a life (it hashes the insured person's number), and same-sex
twins share one. Documentation-SNDS (HDH, 2021), fiche_beneficiaire.md.
"""

from __future__ import annotations

from transat.engines.engine import Engine
from transat.harmonise.context import Context


def extract_period(engine: Engine, context: Context) -> None:
    """View `extract_period`: first_day, last_day as the extract says; NULL when it does not."""
    said = context.extract.period
    first = f"DATE '{said.start}'" if said else "CAST(NULL AS DATE)"
    last = f"DATE '{said.last_day}'" if said else "CAST(NULL AS DATE)"
    engine.sql(
        f"CREATE OR REPLACE VIEW extract_period AS SELECT {first} AS first_day, {last} AS last_day"
    )


def number_persons(engine: Engine, context: Context) -> None:
    """Number persons densely, in the order of their native identifier.

    Views: `person_source` (person_id, person_source_value), `person_key` (psa, gem, person_id,
    fictive), `hospital_key` (psa, persons, person_id when there is one, fictive) and
    `person_certificate` (BEN_IDT_ANO, person_id when it names one person).
    """
    source = "coalesce(BEN_NIR_ANO, BEN_NIR_PSA || '|' || coalesce(BEN_RNG_GEM, 1))"
    context.materialise(
        engine,
        "person_source",
        "SELECT person_source_value, CAST(row_number() OVER (ORDER BY person_source_value) "
        f"AS INTEGER) AS person_id FROM (SELECT DISTINCT {source} AS person_source_value "
        "FROM kept_IR_BEN_R)",
    )
    context.materialise(
        engine,
        "person_key",
        "SELECT BEN_NIR_PSA AS psa, coalesce(BEN_RNG_GEM, 1) AS gem, person_id, false AS fictive "
        f"FROM kept_IR_BEN_R JOIN person_source ON person_source_value = {source} UNION ALL "
        "SELECT BEN_NIR_PSA, coalesce(BEN_RNG_GEM, 1), CAST(NULL AS INTEGER), true FROM IR_BEN_R "
        "WHERE set_aside = 'fictive_number' AND (BEN_NIR_PSA, coalesce(BEN_RNG_GEM, 1)) NOT IN "
        "(SELECT (BEN_NIR_PSA, coalesce(BEN_RNG_GEM, 1)) FROM kept_IR_BEN_R) GROUP BY ALL",
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
        "SELECT BEN_IDT_ANO, min(person_id) AS person_id FROM kept_IR_BEN_R "
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


def kept_rows_of_persons() -> str:
    """SQL: the kept lines of IR_BEN_R with their person_id; a person may have several."""
    return (
        "SELECT b.*, k.person_id FROM kept_IR_BEN_R AS b JOIN person_key AS k "
        "ON k.psa = b.BEN_NIR_PSA AND k.gem = coalesce(b.BEN_RNG_GEM, 1)"
    )
