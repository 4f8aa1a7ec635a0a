"""The vocabulary tables of a CDM, and the standard concepts of its events.

Without Athena a CDM carries its local concepts; with it, Athena's concepts for the codes that it
knows, their standard concepts and all their ancestors, so that a cohort engine works on it.
Either way CONCEPT_RELATIONSHIP ties each source concept to the ATC or ICD-10 code under which
studies read it (`Has study code`): a study gives the same result with and without Athena.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from transat.engines.engine import Engine, identifier, quoted
from transat.harmonise import athena, concepts, standard
from transat.harmonise.context import Context
from transat.tables.omop import HAS_STUDY_CODE, STUDY_CODE_OF, standard_concepts, tables

LOCAL: Final = "local concepts"

#: By table, the concept that an event carries and the source concept that it is mapped from.
CODED: Final = {
    "condition_occurrence": ("condition_concept_id", "condition_source_concept_id"),
    "procedure_occurrence": ("procedure_concept_id", "procedure_source_concept_id"),
    "drug_exposure": ("drug_concept_id", "drug_source_concept_id"),
    "device_exposure": ("device_concept_id", "device_source_concept_id"),
    "measurement": ("measurement_concept_id", "measurement_source_concept_id"),
    "observation": ("observation_concept_id", "observation_source_concept_id"),
    "death": ("cause_concept_id", "cause_source_concept_id"),
}

#: Small vocabularies that every CDM needs whole: kinds of visits, sexes, types of record...
_WHOLE: Final = (
    "None", "Gender", "Race", "Ethnicity", "Visit", "Type Concept", "Condition Status", "Domain",
    "Vocabulary", "Concept Class", "Relationship", "Episode", "CDM", "Metadata", "Cost", "Plan",
)  # fmt: skip

_ALWAYS: Final = "DATE '1970-01-01' AS valid_start_date, DATE '2099-12-31' AS valid_end_date"


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of one CDM.

    version: what VOCABULARY.csv says, or 'local concepts'; athena: whether it comes from Athena.
    """

    version: str
    athena: bool

    def standard(self, engine: Engine, table: str, query: str) -> str:
        """The query of an OMOP table with the concepts of this vocabulary.

        An event stays in its table even where its standard concept is of another domain: how many
        codes that concerns is the finding `standard_codes_other_domain`.
        """
        if not self.athena or table not in {*CODED, "cdm_source"}:
            return query
        view = f"local_{table}"
        engine.sql(f"CREATE OR REPLACE VIEW {view} AS {query}")
        columns = {c: f"q.{identifier(c)}" for c in engine.columns(view)}
        if table == "cdm_source":
            columns["vocabulary_version"] = quoted(self.version)
            return f"SELECT {_aliased(columns)} FROM {view} AS q"
        concept, source = CODED[table]
        if source not in columns:
            return query
        columns[concept] = f"CASE WHEN m.local_id IS NULL THEN q.{concept} ELSE m.standard_id END"
        columns[source] = f"coalesce(m.source_id, q.{source})"
        return (
            f"SELECT {_aliased(columns)} FROM {view} AS q "
            f"LEFT JOIN coded_concept AS m ON m.local_id = q.{source}"
        )

    def tables(self) -> dict[str, str]:
        """The query of each vocabulary table of the CDM."""
        own = {
            "concept": _concepts_sql(),
            "vocabulary": _named_sql("vocabulary"),
            "domain": _named_sql("domain"),
            "concept_class": _named_sql("concept_class"),
            "relationship": _RELATIONSHIPS,
            "concept_relationship": _study_relations(),
            "source_to_concept_map": _SOURCE_MAP,
        }
        if not self.athena:
            return own
        return {name: _joined(name, query) for name, query in own.items()} | {
            name: f"SELECT {', '.join(tables()[name].names)} FROM kept_athena_{name}"
            for name in ("concept_ancestor", "drug_strength")
        }


def prepare(engine: Engine, context: Context, path: Path | None) -> Words:
    """Make the views that `Words` reads, from the Athena vocabulary at `path` when one is given.

    Needs `local_concept`. Raises InputError for a path that is no vocabulary.
    """
    concepts.study_codes(engine, context)
    if path is None:
        engine.sql(
            "CREATE OR REPLACE VIEW final_concept AS "
            f"SELECT concept_id AS local_id, concept_id FROM {concepts.VIEW}"
        )
        engine.sql(
            "CREATE OR REPLACE VIEW standard_target AS SELECT local_id, concept_id, "
            "'' AS domain_id, '' AS vocabulary_id, '' AS how, 1 AS place "
            "FROM final_concept WHERE false"
        )
        return Words(LOCAL, athena=False)
    version = athena.open_views(engine, context, path)
    standard.map_concepts(engine, context)
    context.materialise(
        engine,
        "coded_concept",
        "SELECT f.local_id, f.concept_id AS source_id, coalesce(t.concept_id, 0) AS standard_id "
        "FROM final_concept AS f LEFT JOIN standard_target AS t "
        "ON t.local_id = f.local_id AND t.place = 1 "
        f"JOIN {concepts.VIEW} AS c ON c.concept_id = f.local_id "
        "WHERE c.vocabulary_id <> 'Transat'",
    )
    _keep(engine, context)
    return Words(version, athena=True)


def _keep(engine: Engine, context: Context) -> None:
    """What of Athena the CDM carries: the concepts in use, their ancestors, what relates them."""
    whole = ", ".join(quoted(v) for v in _WHOLE)
    context.materialise(
        engine,
        "athena_used",
        "SELECT concept_id FROM athena_concept WHERE concept_id IN ("
        "SELECT concept_id FROM final_concept UNION SELECT athena_id FROM athena_match "
        f"UNION SELECT concept_id FROM standard_target) OR vocabulary_id IN ({whole})",
    )
    context.materialise(
        engine,
        "athena_above",
        "SELECT concept_id FROM athena_used UNION SELECT ancestor_concept_id "
        "FROM athena_concept_ancestor "
        "WHERE descendant_concept_id IN (SELECT concept_id FROM athena_used)",
    )
    inside = "IN (SELECT concept_id FROM athena_above)"
    for name, condition in (
        ("concept", f"concept_id {inside}"),
        ("concept_relationship", f"concept_id_1 {inside} AND concept_id_2 {inside}"),
        ("concept_ancestor", f"descendant_concept_id {inside} AND ancestor_concept_id {inside}"),
        ("drug_strength", f"drug_concept_id {inside}"),
    ):
        context.materialise(
            engine, f"kept_athena_{name}", f"SELECT * FROM athena_{name} WHERE {condition}"
        )


def _joined(name: str, own: str) -> str:
    """Athena's rows of a table, then ours that it does not have."""
    columns = tables()[name].names
    listed = ", ".join(columns)
    if name == "source_to_concept_map":
        return own
    if name in ("concept", "concept_relationship"):
        known = f"WHERE concept_id NOT IN (SELECT concept_id FROM kept_athena_{name})"
        own = f"SELECT * FROM ({own}) AS ours {known if name == 'concept' else ''}"
        return f"SELECT {listed} FROM kept_athena_{name} UNION ALL {_padded(name, own)}"
    key = f"{name}_id"
    return (
        f"SELECT {listed} FROM athena_{name} UNION ALL SELECT * FROM ({_padded(name, own)}) AS own "
        f"WHERE {key} NOT IN (SELECT {key} FROM athena_{name} WHERE {key} IS NOT NULL)"
    )


def _padded(name: str, query: str) -> str:
    """`query` with the declared columns of a table in their order; those it lacks are NULL."""
    given = _GIVEN[name]
    columns = ", ".join(c if c in given else f"NULL AS {c}" for c in tables()[name].names)
    return f"SELECT {columns} FROM ({query}) AS given"


def _aliased(columns: dict[str, str]) -> str:
    return ", ".join(f"{value} AS {identifier(name)}" for name, value in columns.items())


def _concepts_sql() -> str:
    """Local concepts, but those that Athena has under the same code; the model's own concepts."""
    texts = ("concept_name", "domain_id", "vocabulary_id", "concept_class_id")
    model = " UNION ALL ".join(
        f"SELECT CAST({row['concept_id']} AS INTEGER) AS concept_id, "
        + ", ".join(f"{quoted(row[name])} AS {name}" for name in texts)
        + f", nullif({quoted(row['standard_concept'])}, '') AS standard_concept, "
        f"{quoted(row['concept_code'] or row['concept_name'])} AS concept_code, {_ALWAYS}"
        for row in standard_concepts()
    )
    return (
        f"SELECT c.* FROM ({concepts.table_sql()}) AS c JOIN final_concept AS f "
        f"ON f.local_id = c.concept_id AND f.concept_id = c.concept_id UNION ALL {model}"
    )


def _named_sql(kind: str) -> str:
    """Our rows of VOCABULARY, DOMAIN or CONCEPT_CLASS: what local concepts name."""
    reference = (
        ", 'Transat' AS vocabulary_reference, CAST(NULL AS VARCHAR) AS vocabulary_version"
        if kind == "vocabulary"
        else ""
    )
    return (
        f"SELECT DISTINCT {kind}_id, {kind}_id AS {kind}_name, 0 AS {kind}_concept_id{reference} "
        f"FROM ({_concepts_sql()}) AS local"
    )


def _study_relations() -> str:
    """Source concept to study code and back; local source concept to its standard concepts."""
    both = (
        ("f.concept_id", "g.concept_id", HAS_STUDY_CODE),
        ("g.concept_id", "f.concept_id", STUDY_CODE_OF),
    )
    study = [
        f"SELECT {one} AS concept_id_1, {two} AS concept_id_2, '{name}' AS relationship_id, "
        f"{_ALWAYS} FROM {concepts.STUDY} AS s JOIN final_concept AS f ON f.local_id = s.source_id "
        "JOIN final_concept AS g ON g.local_id = s.study_id"
        for one, two, name in both
    ]
    mapped = [
        f"SELECT {one}, {two}, '{name}', {_ALWAYS} FROM standard_target AS t "
        "JOIN final_concept AS f ON f.local_id = t.local_id AND f.concept_id = t.local_id"
        for one, two, name in (
            ("f.concept_id", "t.concept_id", "Maps to"),
            ("t.concept_id", "f.concept_id", "Mapped from"),
        )
    ]
    return " UNION ALL ".join(study + mapped)


_RELATIONSHIPS: Final = " UNION ALL ".join(
    f"SELECT '{name}' AS relationship_id, '{title}' AS relationship_name, "
    f"'0' AS is_hierarchical, '0' AS defines_ancestry, '{back}' AS reverse_relationship_id, "
    "0 AS relationship_concept_id"
    for name, title, back in (
        (HAS_STUDY_CODE, "Has the code under which studies read it (Transat)", STUDY_CODE_OF),
        (STUDY_CODE_OF, "Code under which studies read it (Transat)", HAS_STUDY_CODE),
    )
)

#: Each source code: its study code and how it was found, then its standard concepts.
_SOURCE_MAP: Final = (
    "SELECT c.concept_code AS source_code, f.concept_id AS source_concept_id, "
    "c.vocabulary_id AS source_vocabulary_id, s.how AS source_code_description, "
    "g.concept_id AS target_concept_id, t.vocabulary_id AS target_vocabulary_id, "
    f"{_ALWAYS} FROM {concepts.STUDY} AS s "
    f"JOIN {concepts.VIEW} AS c ON c.concept_id = s.source_id "
    f"JOIN {concepts.VIEW} AS t ON t.concept_id = s.study_id "
    "JOIN final_concept AS f ON f.local_id = s.source_id "
    "JOIN final_concept AS g ON g.local_id = s.study_id WHERE s.source_id <> s.study_id "
    "UNION ALL SELECT c.concept_code, f.concept_id, c.vocabulary_id, t.how, t.concept_id, "
    f"t.vocabulary_id, {_ALWAYS} FROM standard_target AS t "
    f"JOIN {concepts.VIEW} AS c ON c.concept_id = t.local_id "
    "JOIN final_concept AS f ON f.local_id = t.local_id "
    "WHERE c.vocabulary_id NOT IN ('ATC', 'ICD10', 'Transat')"
)

_GIVEN: Final[dict[str, frozenset[str]]] = {
    name: frozenset(tables()[name].names) - {"invalid_reason"}
    for name in (
        "concept", "vocabulary", "domain", "concept_class", "relationship", "concept_relationship",
    )
}  # fmt: skip
