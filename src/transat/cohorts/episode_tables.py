"""Writing pregnancies into a CDM folder: EPISODE, EPISODE_EVENT, their local concepts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transat.engines.cdm import METADATA, SQL_TYPES
from transat.tables.omop import LOCAL_CONCEPTS_ABOVE, tables

if TYPE_CHECKING:
    from transat.engines.cdm import Cdm
    from transat.engines.engine import Engine

#: Name of Transat's own table beside the OMOP ones.
EXTENSION = "pregnancy"
#: EPISODE type 'Standard algorithm' (id not checked against Athena here), and the fields that
#: EPISODE_EVENT may point to.
ALGORITHM = 32880
#: Domain and class of the concepts of pregnancies; the first is OMOP's, the second our own.
DOMAIN, CLASS = "Episode", "Pregnancy"
EVENT_FIELDS = {
    "condition_occurrence": 1147127,
    "procedure_occurrence": 1147082,
    "observation": 1147165,
}


def write_episodes(engine: Engine, cdm: Cdm, outcomes: Sequence[str]) -> None:
    """Write the engine's `pregnancy` into the folder of `cdm`.

    The concepts come first and `pregnancy` last, so a folder that has it is complete. Episodes of
    another kind that the CDM holds stay; ours are numbered after them.
    """
    _concepts(engine, cdm, ["pregnancy", *sorted(outcomes)])
    engine.sql("CREATE OR REPLACE TEMP TABLE pregnancy_concept AS " + _local_concepts())
    _keep_others(engine)
    fields = " ".join(f"WHEN '{table}' THEN {field}" for table, field in EVENT_FIELDS.items())
    named = ", ".join(f"'{table}'" for table in EVENT_FIELDS)
    _write(engine, cdm, "episode_event", f"""
        SELECT episode_id, event_id, CASE event_table {fields} END AS episode_event_field_concept_id
        FROM pregnancy WHERE event_table IN ({named})
        UNION ALL BY NAME SELECT * FROM other_event""")  # fmt: skip
    _write(engine, cdm, "episode", f"""
        SELECT g.episode_id, g.person_id,
               (SELECT concept_id FROM pregnancy_concept WHERE concept_code = 'pregnancy')
                   AS episode_concept_id,
               g.start_date AS episode_start_date, g.end_date AS episode_end_date,
               row_number() OVER (PARTITION BY g.person_id ORDER BY g.end_date) AS episode_number,
               c.concept_id AS episode_object_concept_id,
               {ALGORITHM} AS episode_type_concept_id, g.outcome AS episode_source_value
        FROM pregnancy g JOIN pregnancy_concept c ON c.concept_code = g.outcome
        UNION ALL BY NAME SELECT * FROM other_episode""")  # fmt: skip
    query = "SELECT * FROM pregnancy ORDER BY person_id, end_date"
    _replace(engine, query, cdm.path_of(EXTENSION))


def record_metadata(cdm: Cdm, pregnancies: dict[str, Any]) -> None:
    """Add the parameters to `transat.json`; a CDM that has none is left without."""
    file = cdm.path / METADATA
    if not file.is_file():
        return
    text = json.dumps(
        cdm.metadata | {"pregnancies": pregnancies}, ensure_ascii=False, indent=2, sort_keys=True
    )
    partial = file.with_name(file.name + ".partial")
    partial.write_text(text + "\n", "utf-8")
    partial.replace(file)


def _local_concepts() -> str:
    return f"""
        SELECT concept_id, concept_code FROM concept
        WHERE vocabulary_id = 'Transat' AND concept_id > {LOCAL_CONCEPTS_ABOVE}"""


def _concepts(engine: Engine, cdm: Cdm, codes: Sequence[str]) -> None:
    known = {str(code) for _, code in engine.rows(_local_concepts())}
    new = [code for code in codes if code not in known]
    if not new:
        return
    last = int(engine.scalar("SELECT max(concept_id) FROM concept") or 0)
    rows = ", ".join(
        f"({max(last, LOCAL_CONCEPTS_ABOVE) + i}, '{code}')" for i, code in enumerate(new, 1)
    )
    _write(engine, cdm, "concept", f"""
        SELECT * FROM concept UNION ALL BY NAME
        SELECT concept_id, concept_code, concept_code AS concept_name, 'Transat' AS vocabulary_id,
               '{DOMAIN}' AS domain_id, '{CLASS}' AS concept_class_id,
               DATE '1970-01-01' AS valid_start_date, DATE '2099-12-31' AS valid_end_date
        FROM (VALUES {rows}) v(concept_id, concept_code)""")  # fmt: skip
    for table, name in (("domain", DOMAIN), ("concept_class", CLASS)):
        if not cdm.path_of(table).is_file():
            continue
        _write(engine, cdm, table, f"""
            SELECT * FROM {table} UNION ALL BY NAME
            SELECT '{name}' AS {table}_id, '{name}' AS {table}_name, 0 AS {table}_concept_id
            WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {table}_id = '{name}')""")  # fmt: skip
    cdm.attach(engine)


def _keep_others(engine: Engine) -> None:
    engine.sql("""
        CREATE OR REPLACE TEMP TABLE other_episode AS
        SELECT * FROM episode WHERE episode_concept_id NOT IN
            (SELECT concept_id FROM pregnancy_concept WHERE concept_code = 'pregnancy')""")
    engine.sql("""
        CREATE OR REPLACE TEMP TABLE other_event AS
        SELECT v.* FROM episode_event v SEMI JOIN other_episode USING (episode_id)""")
    engine.sql("""
        UPDATE pregnancy SET episode_id = episode_id
            + (SELECT coalesce(max(episode_id), 0) FROM other_episode)""")


def _write(engine: Engine, cdm: Cdm, table: str, query: str) -> None:
    declared = tables()[table]
    engine.sql(f"CREATE OR REPLACE TEMP TABLE written AS {query}")
    present = set(engine.columns("written"))
    columns = ", ".join(
        f"CAST({c.name if c.name in present else 'NULL'} AS {SQL_TYPES[c.type]}) AS {c.name}"
        for c in declared.columns
    )
    order = ", ".join(declared.sort)
    _replace(engine, f"SELECT {columns} FROM written ORDER BY {order}", cdm.path_of(table))
    engine.sql("DROP TABLE written")


def _replace(engine: Engine, query: str, path: Path) -> None:
    partial = path.with_name(path.name + ".partial")
    engine.write_parquet(query, partial)
    partial.replace(path)
