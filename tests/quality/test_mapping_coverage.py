"""Mapping coverage: counted by hand, by records and by persons; small counts never told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from quality_by_hand import (
    ATC,
    CIP,
    WOMEN,
    Row,
    Tables,
    dispensing,
    numbers_in,
    sound,
    write,
)

from transat.engines.cdm import Cdm
from transat.quality.as_json import coverage as as_json
from transat.quality.examined import examined
from transat.quality.mapping_coverage import DomainCoverage, UnmappedCode, coverage
from transat.quality.masking import Share


def measured(folder: Path, tables: Tables) -> dict[str, DomainCoverage]:
    with examined(Cdm(write(folder, tables))) as site:
        return {d.domain: d for d in coverage(site)}


def drugs(rows: list[Row]) -> Tables:
    return sound() | {"drug_exposure": rows}


def unmapped(number: int, person: int, code: str = "9999999999999") -> Row:
    return dispensing(number, person, date(2015, 5, 1), concept=0, code=code)


def half_mapped() -> list[Row]:
    """40 women with a mapped medicine; 15 of them have another that is not, twice."""
    rows = [dispensing(w, w, date(2015, 1, 10)) for w in WOMEN]
    return rows + [unmapped(100 * n + w, w) for n in (1, 2) for w in range(1, 16)]


def test_shares_by_records_and_by_persons(tmp_path: Path) -> None:
    found = measured(tmp_path / "cdm", drugs(half_mapped()))["drug_exposure"]
    assert found.shared is not None
    assert (found.shared.records.numerator, found.shared.records.denominator) == (40, 70)
    assert (found.shared.persons.numerator, found.shared.persons.denominator) == (25, 40)
    assert found.standard is None


def test_unmapped_codes_are_ranked_by_persons(tmp_path: Path) -> None:
    rows = half_mapped()
    rows += [unmapped(500 + w, w, "8888888888888") for w in range(1, 27)]
    found = measured(tmp_path / "cdm", drugs(rows))["drug_exposure"]
    assert found.unmapped == (
        UnmappedCode("CIP13", "8888888888888", 26, 26),
        UnmappedCode("CIP13", "9999999999999", 15, 30),
    )
    assert found.target == "ATC"


def test_a_code_of_few_people_is_not_named(tmp_path: Path) -> None:
    rows = [dispensing(w, w, date(2015, 1, 10)) for w in WOMEN]
    rows += [unmapped(100 + w, w) for w in range(1, 11)]
    found = measured(tmp_path / "cdm", drugs(rows))["drug_exposure"]
    assert found.shared is not None
    assert found.unmapped == ()
    assert found.shared.records.numerator is None
    assert found.shared.persons.numerator is None


def test_a_code_that_tells_the_rest_is_not_named(tmp_path: Path) -> None:
    """20 persons have one unmapped code, 3 another: the first's count would tell the second's."""
    rows = [dispensing(w, w, date(2015, 1, 10)) for w in WOMEN]
    rows += [unmapped(100 + w, w) for w in range(1, 21)]
    rows += [unmapped(200 + w, w, "7777777777777") for w in range(21, 24)]
    found = measured(tmp_path / "cdm", drugs(rows))["drug_exposure"]
    assert found.unmapped == ()


def test_a_relationship_reaches_the_shared_vocabulary(tmp_path: Path) -> None:
    tables = drugs([dispensing(w, w, date(2015, 1, 10), concept=0) for w in WOMEN])
    tables["concept_relationship"] = [
        {"concept_id_1": CIP, "concept_id_2": ATC, "relationship_id": "Maps to",
         "valid_start_date": date(1970, 1, 1), "valid_end_date": date(2099, 12, 31)}
    ]  # fmt: skip
    found = measured(tmp_path / "cdm", tables)["drug_exposure"]
    assert found.shared is not None
    assert found.shared.records.numerator == 40
    assert found.unmapped == ()


def test_standard_concepts_are_told_where_there_is_a_vocabulary(tmp_path: Path) -> None:
    tables = drugs(half_mapped())
    standard = dict(tables["concept"][0], concept_id=1_125_315, standard_concept="S",
                    vocabulary_id="RxNorm")  # fmt: skip
    tables["concept"].append(standard)
    for row in tables["drug_exposure"][:20]:
        row["drug_concept_id"] = 1_125_315
    found = measured(tmp_path / "cdm", tables)["drug_exposure"]
    assert found.standard is not None
    assert (found.standard.records.numerator, found.standard.persons.numerator) == (20, None)
    assert found.target == "standard"


def test_persons_nearly_everybody_are_masked(tmp_path: Path) -> None:
    """115 of 120 persons have a dispensing: the other 5 would be told."""
    tables = sound()
    people = [row["person_id"] for row in tables["person"]][:115]
    found = measured(
        tmp_path / "cdm", drugs([dispensing(p, p, date(2017, 1, 10)) for p in people])
    )["drug_exposure"]
    assert found.persons is None
    assert found.shared is not None
    assert (found.shared.persons.numerator, found.shared.persons.denominator) == (None, None)


def test_no_small_count_in_the_json(tmp_path: Path) -> None:
    rows = half_mapped() + [unmapped(900 + w, w, f"{w:013d}") for w in range(1, 10)]
    found = measured(tmp_path / "cdm", drugs(rows))
    numbers = numbers_in(as_json(tuple(found.values())))
    assert len(numbers) > 6
    assert not [n for n in numbers if 1 <= n <= 10]
    assert Share(None, None).value is None
