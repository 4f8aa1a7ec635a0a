"""How much of each domain is mapped: by records, and by persons; and what is not.

Question
    Of a domain's records, how many reach the code that both shores share (ATC for medicines,
    ICD-10 for diagnoses) and how many a standard concept of OHDSI's vocabularies? Of the persons
    who have such records, how many have all of theirs mapped?

Method
    A record reaches ATC or ICD-10 by its concept, by its source concept, or by a relationship from
    its source concept. It reaches a standard concept when its concept is one (only said of a CDM
    whose vocabulary has standard concepts: made with an Athena vocabulary). Unmapped source codes
    are ranked by the persons who have them. What is returned may be shown: small counts are masked
    already, and with them what they could be had from.

Reference
    Reported by records and by persons because a frequent code weighs much in the first and a rare
    one hides there (data_sources.md §5.2 and G7).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from transat.core.counts import may_leave
from transat.engines.engine import quoted
from transat.quality.masking import Share, about, apart, hidden, single

if TYPE_CHECKING:
    from transat.quality.examined import Examined

#: Unmapped codes told for each domain, at most.
TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Domain:
    """A table of records: the columns of its codes, and the vocabulary both shores share for it."""

    table: str
    concept: str
    source_concept: str
    source_value: str
    shared: str = ""


def _domain(table: str, stem: str, shared: str = "") -> Domain:
    names = (f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value")
    return Domain(table, *names, shared)


DOMAINS: Final = (
    _domain("condition_occurrence", "condition", "ICD10"),
    _domain("drug_exposure", "drug", "ATC"),
    _domain("procedure_occurrence", "procedure"),
    _domain("device_exposure", "device"),
    _domain("measurement", "measurement"),
    _domain("observation", "observation"),
    _domain("visit_occurrence", "visit"),
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """Records mapped of all records; persons with all of theirs mapped of persons with any."""

    records: Share
    persons: Share


@dataclass(frozen=True, slots=True)
class UnmappedCode:
    """One source code without a mapping: at least 11 persons have it."""

    vocabulary: str
    code: str
    persons: int
    records: int


@dataclass(frozen=True, slots=True)
class DomainCoverage:
    """One domain of one CDM, as may be shown.

    records, persons: None is masked. shared: to `vocabulary`, None where the shores share none.
    standard: None without a vocabulary of standard concepts. unmapped: the codes that most persons
    have, without `target` ('standard', the shared vocabulary, or '' for any concept at all).
    """

    domain: str
    vocabulary: str
    records: int | None
    persons: int | None
    shared: Mapped | None
    standard: Mapped | None
    target: str
    unmapped: tuple[UnmappedCode, ...]


def has_standard(examined: Examined) -> bool:
    """Whether the CDM's vocabulary has standard concepts (an Athena vocabulary was used)."""
    return bool(examined.engine.scalar("SELECT count(*) FROM concept WHERE standard_concept = 'S'"))


def coverage(examined: Examined) -> tuple[DomainCoverage, ...]:
    """The mapping coverage of every domain that has records."""
    standard = has_standard(examined)
    return tuple(_measure(examined, d, standard) for d in DOMAINS if examined.rows(d.table))


def _measure(examined: Examined, domain: Domain, athena: bool) -> DomainCoverage:
    _classify(examined, domain)
    records, shared, standard, any_, persons, short, no_standard, none = map(
        int,
        examined.engine.rows("""
        SELECT count(*), count(*) FILTER (shared), count(*) FILTER (standard),
               count(*) FILTER (mapped), count(DISTINCT person_id),
               count(DISTINCT person_id) FILTER (NOT shared),
               count(DISTINCT person_id) FILTER (NOT standard),
               count(DISTINCT person_id) FILTER (NOT mapped) FROM coverage_record""")[0],
    )
    everybody = examined.rows("person")
    target = "standard" if athena else domain.shared
    chosen, lacking = {"standard": (standard, no_standard), "": (any_, none)}.get(
        target, (shared, short)
    )
    return DomainCoverage(
        domain=domain.table,
        vocabulary=domain.shared,
        records=records if may_leave(records) else None,
        persons=persons if apart(persons, [everybody]) else None,
        shared=_mapped(shared, records, short, persons, everybody) if domain.shared else None,
        standard=_mapped(standard, records, no_standard, persons, everybody) if athena else None,
        target=target,
        unmapped=_unmapped(examined, target, (chosen, records), (lacking, persons, everybody)),
    )


def _classify(examined: Examined, domain: Domain) -> None:
    """Make `coverage_record`: each record's person, codes, and what it reaches."""
    related = f"""
        SELECT r.concept_id_1 FROM concept_relationship AS r
        JOIN concept AS a ON a.concept_id = r.concept_id_1
        JOIN concept AS b ON b.concept_id = r.concept_id_2
        WHERE b.vocabulary_id = {quoted(domain.shared)} AND a.vocabulary_id <> b.vocabulary_id"""
    examined.engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE coverage_code AS
        SELECT k.concept, k.source, coalesce(s.vocabulary_id, '') AS vocabulary,
               coalesce(c.vocabulary_id = {quoted(domain.shared)}, false)
               OR coalesce(s.vocabulary_id = {quoted(domain.shared)}, false)
               OR k.source IN ({related}) AS shared,
               coalesce(c.standard_concept = 'S', false) AS standard,
               k.concept <> 0 AS mapped
        FROM (SELECT DISTINCT coalesce({domain.concept}, 0) AS concept,
                     coalesce({domain.source_concept}, 0) AS source FROM {domain.table}) AS k
        LEFT JOIN concept AS c ON c.concept_id = k.concept AND k.concept <> 0
        LEFT JOIN concept AS s ON s.concept_id = k.source AND k.source <> 0""")
    examined.engine.sql(f"""
        CREATE OR REPLACE VIEW coverage_record AS
        SELECT t.person_id, t.{domain.source_value} AS code, k.vocabulary, k.shared, k.standard,
               k.mapped
        FROM {domain.table} AS t JOIN coverage_code AS k
          ON k.concept = coalesce(t.{domain.concept}, 0)
         AND k.source = coalesce(t.{domain.source_concept}, 0)""")


def _mapped(mapped: int, records: int, lacking: int, persons: int, everybody: int) -> Mapped:
    of_persons = single(persons - lacking, persons)
    if not apart(persons, [everybody]):
        of_persons = Share(None, None)
    return Mapped(
        replace(single(mapped, records), about=about(mapped, records)),
        replace(of_persons, about=about(persons - lacking, persons)),
    )


def _unmapped(
    examined: Examined, target: str, records: tuple[int, int], persons: tuple[int, int, int]
) -> tuple[UnmappedCode, ...]:
    """The codes that most persons have, of those whose counts give away no small one."""
    column = {"standard": "standard", "": "mapped"}.get(target, "shared")
    rows = examined.engine.rows(f"""
        SELECT vocabulary, coalesce(code, ''), count(DISTINCT person_id), count(*)
        FROM coverage_record WHERE NOT {column} GROUP BY 1, 2
        ORDER BY 3 DESC, 4 DESC, 1, 2 LIMIT {TOLD}""")
    codes = [UnmappedCode(str(v), str(c), int(p), int(n)) for v, c, p, n in rows]
    mapped, every = records
    rest = every - mapped - sum(c.records for c in codes)
    start = [not apart(c.persons, persons) for c in codes]
    # What is not listed is never said: only the total and the mapped records are.
    flags = hidden([*(c.records for c in codes), rest, mapped], [*start, True, False])
    return tuple(c for c, flag in zip(codes, flags, strict=False) if not flag)
