"""From local concepts to those of an Athena vocabulary: the same code, and its standard concepts.

Three ways, the surest first: the code itself in its own system; a diagnosis by its longest prefix
that is known there or in the WHO's ICD-10 (ICD-9-CM for ICD-9); a medicine by its ATC. 'Maps to'
leads to standard concepts. Done once for each distinct code: no event line is touched.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import CIM10, CIP13, DIN, ICD9, ICD10, ICD10CA
from transat.engines.engine import Engine, quoted
from transat.harmonise.concepts import STUDY, VIEW, domain_sql
from transat.harmonise.context import Context
from transat.harmonise.icd import longest_prefix_sql

#: Our vocabulary, Athena's name of the same codes. The others have one name.
SAME: Final = {CIP13: "BDPM", DIN: "DPD"}

#: (our vocabulary, Athena's, place): where a diagnosis is looked for by prefix.
PREFIXES: Final = (
    (CIM10, "CIM10", 2),
    (CIM10, "ICD10", 3),
    (ICD10CA, "ICD10", 3),
    (ICD10, "ICD10", 3),
    (ICD9, "ICD9CM", 3),
)
BY_ATC: Final = 4

_KEY: Final = "regexp_replace(upper({0}), '[^A-Z0-9]', '', 'g')"


def map_concepts(engine: Engine, context: Context) -> None:
    """Make the views that say what each local concept becomes. Needs the views `athena_*`.

    `final_concept` (local_id, concept_id): Athena's concept of the same code, else the local one.
    `standard_target` (local_id, concept_id, domain_id, vocabulary_id, how, place): every standard
    concept of a code; place 1 is the one that an event carries, of the event's own domain first.
    Findings: codes mapped, without a standard concept, mapped to another domain, to several
    concepts, and by how many characters cut.
    """
    context.materialise(engine, "athena_code", _codes_sql())
    context.materialise(engine, "athena_match", _matches_sql())
    context.materialise(
        engine,
        "final_concept",
        f"SELECT c.concept_id AS local_id, coalesce(m.athena_id, c.concept_id) AS concept_id "
        f"FROM {VIEW} AS c LEFT JOIN athena_match AS m "
        "ON m.local_id = c.concept_id AND m.place = 1",
    )
    context.materialise(engine, "standard_target", _targets_sql())
    _count(engine, context)


def _same_name() -> str:
    """SQL of Athena's name of the vocabulary of ``c``."""
    renamed = " ".join(f"WHEN {quoted(o)} THEN {quoted(a)}" for o, a in SAME.items())
    return f"CASE c.vocabulary_id {renamed} ELSE c.vocabulary_id END"


def _codes_sql() -> str:
    """Athena's codes in the vocabularies that may be met: vocabulary_id, key, athena_id.

    The key has no punctuation and, for DIN, no leading zeros (older DPD files strip them).
    """
    wanted = ", ".join(quoted(a) for a in sorted({*SAME.values(), *(a for _, a, _ in PREFIXES)}))
    key = _KEY.format("concept_code")
    return (
        "SELECT vocabulary_id, key, athena_id FROM (SELECT vocabulary_id, key, "
        "concept_id AS athena_id, row_number() OVER (PARTITION BY vocabulary_id, key "
        "ORDER BY invalid_reason IS NULL DESC, concept_id) AS place FROM ("
        "SELECT *, CASE WHEN vocabulary_id = 'DPD' THEN ltrim("
        f"{key}, '0') ELSE {key} END AS key FROM athena_concept "
        f"WHERE vocabulary_id IN ({wanted}) OR vocabulary_id IN "
        f"(SELECT vocabulary_id FROM {VIEW})) AS keyed) AS ranked WHERE place = 1"
    )


def _matches_sql() -> str:
    """Query (local_id, athena_id, place, cut): where a local concept is found in Athena."""
    key = (
        f"CASE c.vocabulary_id WHEN '{CIP13}' THEN substring(c.concept_code, 6, 7) "
        f"WHEN '{DIN}' THEN ltrim(c.concept_code, '0') ELSE {_KEY.format('c.concept_code')} END"
    )
    parts = [
        "SELECT c.concept_id AS local_id, a.athena_id, 1 AS place, 0 AS cut "
        f"FROM {VIEW} AS c JOIN athena_code AS a "
        f"ON a.vocabulary_id = {_same_name()} AND a.key = {key}"
    ]
    for ours, theirs, place in PREFIXES:
        found = longest_prefix_sql(
            f"SELECT {_KEY.format('concept_code')} AS code FROM {VIEW} "
            f"WHERE vocabulary_id = '{ours}'",
            f"SELECT key AS known FROM athena_code WHERE vocabulary_id = '{theirs}'",
        )
        parts.append(
            f"SELECT c.concept_id, a.athena_id, {place}, CAST(p.cut AS INTEGER) FROM {VIEW} AS c "
            f"JOIN ({found}) AS p ON p.code = {_KEY.format('c.concept_code')} "
            f"JOIN athena_code AS a ON a.vocabulary_id = '{theirs}' AND a.key = p.known "
            f"WHERE c.vocabulary_id = '{ours}'"
        )
    parts.append(
        f"SELECT s.source_id, a.athena_id, {BY_ATC}, 0 FROM {STUDY} AS s "
        f"JOIN {VIEW} AS c ON c.concept_id = s.study_id AND c.vocabulary_id = 'ATC' "
        "JOIN athena_code AS a ON a.vocabulary_id = 'ATC' "
        f"AND a.key = {_KEY.format('c.concept_code')}"
    )
    return " UNION ALL ".join(parts)


def _targets_sql() -> str:
    how = (
        "CASE place WHEN 1 THEN 'same code' WHEN 4 THEN 'by ATC' "
        "ELSE 'cut by ' || CAST(cut AS VARCHAR) END"
    )
    reached = (
        "SELECT m.local_id, m.place, m.cut, r.concept_id_2 AS concept_id FROM athena_match AS m "
        "JOIN athena_concept_relationship AS r ON r.concept_id_1 = m.athena_id "
        "AND r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL "
        "UNION SELECT local_id, place, cut, athena_id FROM athena_match"
    )
    return (
        "SELECT local_id, concept_id, domain_id, vocabulary_id, how, CAST(row_number() OVER ("
        "PARTITION BY local_id ORDER BY domain_id = own_domain DESC, concept_id) AS INTEGER) "
        f"AS place FROM (SELECT x.local_id, x.concept_id, t.domain_id, t.vocabulary_id, {how} "
        f"AS how, {domain_sql('c.vocabulary_id')} AS own_domain, "
        "rank() OVER (PARTITION BY x.local_id ORDER BY x.place = 1 DESC, x.cut, x.place) AS way "
        f"FROM ({reached}) AS x JOIN athena_concept AS t ON t.concept_id = x.concept_id "
        "AND t.standard_concept = 'S' AND t.invalid_reason IS NULL "
        f"JOIN {VIEW} AS c ON c.concept_id = x.local_id) AS led WHERE way = 1"
    )


def _count(engine: Engine, context: Context) -> None:
    """Of the codes of the extract itself: how many are mapped, how, and what is lost on the way."""
    source = "c.vocabulary_id NOT IN ('Transat', 'ATC', 'ICD10')"
    own = f"FROM standard_target AS t JOIN {VIEW} AS c ON c.concept_id = t.local_id WHERE {source}"
    elsewhere = f"t.domain_id <> {domain_sql('c.vocabulary_id')}"
    for name, query in {
        "source_codes": f"SELECT count(*) FROM {VIEW} AS c WHERE {source}",
        "standard_codes": f"SELECT count(*) {own} AND t.place = 1",
        "standard_codes_several": f"SELECT count(*) {own} AND t.place = 2",
        "standard_codes_other_domain": f"SELECT count(*) {own} AND t.place = 1 AND {elsewhere}",
    }.items():
        context.findings[name] = int(engine.scalar(query) or 0)
    for how, number in engine.rows(
        f"SELECT t.how, count(*) {own} AND t.place = 1 GROUP BY t.how ORDER BY t.how"
    ):
        context.findings[f"standard_{how}".replace(" ", "_").lower()] = int(number)
