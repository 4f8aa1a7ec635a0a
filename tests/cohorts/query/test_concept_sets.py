"""Code sets as concept ids: by concept, code, descent, mapping; what is excluded goes."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transat.cohorts.query.concept_sets import resolve
from transat.cohorts.query.model import CodeItem, CodeSet, ConceptItem
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB

#: id, vocabulary, code, invalid_reason. 1 ⊃ 11 ⊃ 111, 1 ⊃ 12 (no longer valid); 91 maps to 11.
CONCEPTS = [
    (1, "SNOMED", "1", None),
    (11, "SNOMED", "11", None),
    (111, "SNOMED", "111", None),
    (12, "SNOMED", "12", "D"),
    (91, "CIM10", "I35.0", None),
    (92, "CIM10", "I35.2", None),
    (93, "CIM10", "I3", None),
    (94, "CIM10", "J10", None),
    (95, "ICD10", "I35", None),
    (96, "CIM10", "I35.8", "U"),
]
ANCESTORS = [(1, 1), (1, 11), (1, 111), (1, 12), (11, 11), (11, 111), (77, 111)]
RELATIONS = [
    (91, 11, "Maps to", None),
    (92, 11, "Maps to", "D"),
    (94, 111, "Maps to", None),
    (96, 95, "Has study code", None),
]


@pytest.fixture(scope="module")
def cdm(tmp_path_factory: pytest.TempPathFactory) -> Cdm:
    folder = tmp_path_factory.mktemp("cdm")

    def write(table: str, names: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), folder / f"{table}.parquet")

    write("person", ("person_id",), [(1,)])
    write("concept", ("concept_id", "vocabulary_id", "concept_code", "invalid_reason"), CONCEPTS)
    write("concept_ancestor", ("ancestor_concept_id", "descendant_concept_id"), ANCESTORS)
    write(
        "concept_relationship",
        ("concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"),
        RELATIONS,
    )
    return Cdm(folder)


def of(cdm: Cdm, *items: ConceptItem | CodeItem) -> list[int]:
    wanted = CodeSet(
        tuple(i for i in items if isinstance(i, ConceptItem)),
        tuple(i for i in items if isinstance(i, CodeItem)),
    )
    with DuckDB() as engine:
        cdm.attach(engine)
        return [int(n) for n in resolve(engine, [wanted])[wanted]]


CASES = {
    "a concept by itself": ([ConceptItem(1)], [1]),
    "one that CONCEPT lacks": ([ConceptItem(5)], []),
    "one no longer valid, named": ([ConceptItem(12)], [12]),
    "descendants, less those no longer valid": ([ConceptItem(1, descendants=True)], [1, 11, 111]),
    "descendants of one that CONCEPT lacks": ([ConceptItem(77, descendants=True)], [111]),
    "what maps to it": ([ConceptItem(11, mapped=True)], [11, 91]),
    "what maps to it and below": (
        [ConceptItem(11, descendants=True, mapped=True)],
        [11, 91, 94, 111],
    ),
    "less a concept": (
        [ConceptItem(1, descendants=True), ConceptItem(11, excluded=True)],
        [1, 111],
    ),
    "less a branch": (
        [ConceptItem(1, descendants=True), ConceptItem(11, descendants=True, excluded=True)],
        [1],
    ),
    "an exclusion alone": ([ConceptItem(1, excluded=True)], []),
    "codes by prefix, without dots": ([CodeItem("CIM10", "I35")], [91, 92, 96]),
    "a code itself": ([CodeItem("CIM10", "I3", prefix=False)], [93]),
    "codes less a code": (
        [CodeItem("CIM10", "I35"), CodeItem("CIM10", "I352", excluded=True)],
        [91, 96],
    ),
    "source concepts of a study code": ([CodeItem("ICD10", "I35")], [95, 96]),
    "another vocabulary": ([CodeItem("ICD9", "I35")], []),
}


@pytest.mark.parametrize(("items", "expected"), CASES.values(), ids=CASES.keys())
def test_what_a_set_names(
    cdm: Cdm, items: list[ConceptItem | CodeItem], expected: list[int]
) -> None:
    assert of(cdm, *items) == expected


def test_many_sets_at_once_and_an_empty_one(cdm: Cdm) -> None:
    sets = [CodeSet(), CodeSet((ConceptItem(1),)), CodeSet((ConceptItem(11, mapped=True),))]
    with DuckDB() as engine:
        cdm.attach(engine)
        found = resolve(engine, [*sets, *reversed(sets)])
    assert [found[s].tolist() for s in sets] == [[], [1], [11, 91]]


def test_a_name_is_no_part_of_a_set() -> None:
    assert CodeSet((ConceptItem(1),), name="a") == CodeSet((ConceptItem(1),), name="b")
    assert hash(CodeSet((ConceptItem(1),), name="a")) == hash(CodeSet((ConceptItem(1),)))
