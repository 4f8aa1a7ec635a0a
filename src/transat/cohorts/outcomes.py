"""Which malformation groups each infant has, from its hospital codes up to a day from birth.

Hospital diagnoses decide (contract with the sources: ICD-9 of physician claims is too coarse).
Every group is a subset of its parent: a child's case that its parent refuses (a preterm ductus, a
cleft with holoprosencephaly) is refused too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat.cohorts.eurocat import (
    ANY_MAJOR,
    CHROMOSOMAL_OR_GENETIC,
    Group,
    groups,
    minor_codes,
    nearest_listed,
)
from transat.cohorts.specification import PREGNANCY_OUTCOMES, PopulationSpecification, known
from transat.cohorts.study_codes import StudyCodes, icd10_codes
from transat.tables.omop import EHR_RECORD

if TYPE_CHECKING:
    from transat.engines.engine import Engine

TERM_DAYS = 37 * 7

Rows = NDArray[np.int64]


def outcome_matrix(
    engine: Engine, size: int, specification: PopulationSpecification
) -> csc_array[np.uint8]:
    """The (n, M) 0/1 matrix of the outcomes of `unit_row`, in the specification's order.

    Raises StudyError for an outcome that is neither a group nor a pregnancy outcome.
    """
    known("outcomes", specification.outcomes, (*groups(), *PREGNANCY_OUTCOMES))
    cases = _group_cases(engine, size, specification)
    for key in set(specification.outcomes) & set(PREGNANCY_OUTCOMES):
        found = engine.arrow(
            "SELECT row FROM unit_row JOIN cohort USING (preg) WHERE outcome = ?", [key]
        )
        cases[key] = np.sort(found["row"].to_numpy().astype(np.int64))
    return _columns([cases[key] for key in specification.outcomes], size)


def outcome_parents(specification: PopulationSpecification) -> tuple[int, ...]:
    """For each outcome, the index of the nearest listed group around it, -1 where none."""
    listed = specification.outcomes
    return tuple(nearest_listed(key, listed, specification.excluded_causes) for key in listed)


def _group_cases(
    engine: Engine, size: int, specification: PopulationSpecification
) -> dict[str, Rows]:
    codes, diagnoses, preterm = _diagnoses(engine, size, specification)
    cases: dict[str, Rows] = {}
    for group in groups().values():
        if group.key != ANY_MAJOR:
            rows = _cases(group, codes, diagnoses, preterm)
            if group.parent and group.parent != ANY_MAJOR:
                rows = np.intersect1d(rows, cases[group.parent], assume_unique=True)
            cases[group.key] = rows
    _without_causes(cases, specification.excluded_causes)
    tops = [g.key for g in groups().values() if g.parent == ANY_MAJOR]
    cases[ANY_MAJOR] = _union([cases[key] for key in tops])
    return cases


def _without_causes(cases: dict[str, Rows], causes: tuple[str, ...]) -> None:
    for cause in causes:
        syndromic = _union([cases[g.key] for g in groups().values() if g.cause == cause])
        for group in groups().values():
            own = group.cause == cause or group.cause in CHROMOSOMAL_OR_GENETIC
            if group.key in cases and not own:
                cases[group.key] = np.setdiff1d(cases[group.key], syndromic, assume_unique=True)


def _diagnoses(
    engine: Engine, size: int, specification: PopulationSpecification
) -> tuple[list[str], csc_array[np.uint8], NDArray[np.bool_]]:
    """Codes found, the (n, C) matrix of who has which, and who was born before 37 weeks."""
    icd10 = icd10_codes(engine)
    names, wanted = _wanted(icd10)
    engine.register("malformation_code", wanted)
    hospital = (
        f"AND c.condition_type_concept_id = {EHR_RECORD}"
        if specification.hospital_codes_only
        else ""
    )
    found = engine.arrow(f"""
        SELECT DISTINCT u.row, m.code
        FROM condition_occurrence c
        JOIN malformation_code m ON m.concept_id = c.{icd10.column}
        JOIN pregnancy_infant i ON i.infant_id = c.person_id
        JOIN cohort g USING (episode_id)
        JOIN unit_row u ON u.preg = g.preg AND (u.infant_id = i.infant_id OR u.infant_id IS NULL)
        WHERE c.condition_start_date < g.end_date + {specification.follow_up_days} {hospital}""")
    early = engine.arrow(
        f"SELECT row FROM unit_row JOIN cohort USING (preg) WHERE gestation_days < {TERM_DAYS}"
    )
    engine.unregister("malformation_code")
    rows, columns = found["row"].to_numpy(), found["code"].to_numpy()
    matrix = csc_array((np.ones(len(rows), np.uint8), (rows, columns)), shape=(size, len(names)))
    preterm = np.zeros(size, np.bool_)
    preterm[early["row"].to_numpy()] = True
    return names, matrix, preterm


def _wanted(icd10: StudyCodes) -> tuple[list[str], pa.Table]:
    """ICD-10 codes that some group holds or refuses but minor anomalies, sorted; their concepts."""
    minor = set(minor_codes())
    prefixes = tuple(p for g in groups().values() for p in (*g.include, *g.not_with))
    kept = [(c, n) for c, n in icd10.codes if n.startswith(prefixes) and n not in minor]
    names = sorted({n for _, n in kept})
    place = {name: number for number, name in enumerate(names)}
    return names, pa.table(
        {
            "concept_id": pa.array([c for c, _ in kept], pa.int64()),
            "code": pa.array([place[n] for _, n in kept], pa.int32()),
        }
    )


def _cases(
    group: Group, codes: list[str], diagnoses: csc_array[np.uint8], preterm: NDArray[np.bool_]
) -> Rows:
    inside = [i for i, code in enumerate(codes) if group.holds(code)]
    late = [i for i in inside if group.term_only and codes[i].startswith(group.term_only)]
    always = _union([_having(diagnoses, i) for i in inside if i not in late])
    at_term = _union([_having(diagnoses, i) for i in late])
    rows = _union([always, at_term[~preterm[at_term]]])
    against = [i for i, c in enumerate(codes) if group.not_with and c.startswith(group.not_with)]
    refused = _union([_having(diagnoses, i) for i in against])
    return np.setdiff1d(rows, refused, assume_unique=True)


def _having(diagnoses: csc_array[np.uint8], code: int) -> Rows:
    column = diagnoses.indices[diagnoses.indptr[code] : diagnoses.indptr[code + 1]]
    return column.astype(np.int64)


def _union(parts: list[Rows]) -> Rows:
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)


def _columns(cases: list[Rows], size: int) -> csc_array[np.uint8]:
    rows = np.concatenate(cases) if cases else np.empty(0, np.int64)
    pointers = np.cumsum([0, *(len(c) for c in cases)])
    ones = np.ones(len(rows), np.uint8)
    return csc_array((ones, rows.astype(np.int32), pointers.astype(np.int32)),
                     shape=(size, len(cases)))  # fmt: skip
