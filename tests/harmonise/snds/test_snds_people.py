"""Persons, their periods and their deaths."""

from __future__ import annotations

from pathlib import Path

import pytest
from snds_extract import ANNA, NativeExtract, harmonised

from transat.core.errors import InputError

OBSERVED = (
    "SELECT person_source_value, CAST(observation_period_start_date AS VARCHAR), "
    "CAST(observation_period_end_date AS VARCHAR) FROM observation_period "
    "JOIN person USING (person_id) ORDER BY person_id"
)


def test_several_numbers_are_one_person_and_ids_are_dense(tmp_path: Path) -> None:
    extract = NativeExtract().person().person(BEN_NIR_PSA="Z" * 17)
    extract.person(BEN_NIR_PSA="P" * 17, BEN_NIR_ANO=None, BEN_RNG_GEM=None)
    extract.person(BEN_NIR_PSA="P" * 17, BEN_NIR_ANO=None, BEN_RNG_GEM=2, BEN_SEX_COD=1)
    found = harmonised(extract, tmp_path)
    rows = found.rows("SELECT person_id, person_source_value, gender_concept_id FROM person")
    assert rows == [(1, "ANOanna", 8532), (2, "P" * 17 + "|1", 8532), (3, "P" * 17 + "|2", 8507)]


def test_a_repeated_referential_counts_once(tmp_path: Path) -> None:
    extract = NativeExtract().person().person().person(BEN_NAI_ANN=1700, BEN_NIR_PSA="Y" * 17)
    found = harmonised(extract, tmp_path)
    assert found.ledger["IR_BEN_R", "same_beneficiary_twice"] == 1
    assert found.ledger["IR_BEN_R", "birth_year_impossible"] == 1


def test_observation_is_the_extract_bounded_by_entry_birth_and_death(tmp_path: Path) -> None:
    extract = NativeExtract().person(BEN_DTE_INS="01/05/2013")
    extract.person(BEN_NIR_PSA="B" * 17, BEN_NIR_ANO="Bea", BEN_DCD_DTE="03/02/2016")
    extract.person(BEN_NIR_PSA="C" * 17, BEN_NIR_ANO="Cleo", BEN_NAI_ANN=2014)
    extract.person(BEN_NIR_PSA="D" * 17, BEN_NIR_ANO="Dora", BEN_DCD_DTE="03/02/2009")
    extract.line("10/04/2013", PRS_NAT_REF=1111)
    found = harmonised(extract, tmp_path)
    assert found.rows(OBSERVED) == [
        ("ANOanna", "2013-04-10", "2019-12-31"),
        ("Bea", "2012-01-01", "2016-02-03"),
        ("Cleo", "2014-03-01", "2019-12-31"),
    ]
    assert found.rows("SELECT DISTINCT payer_source_value FROM payer_plan_period") == [("SNDS",)]


def test_without_a_description_the_care_tells_the_period(tmp_path: Path) -> None:
    extract = NativeExtract(period=None).person().line("10/03/2015").line("12/08/2016")
    found = harmonised(extract, tmp_path)
    assert found.rows(OBSERVED) == [("ANOanna", "2015-03-10", "2016-08-12")]
    assert found.report.cdm.metadata["period"] is None


def test_death_comes_from_the_first_source_that_knows_it(tmp_path: Path) -> None:
    extract = NativeExtract().person(BEN_DCD_DTE="03/02/2016", BEN_IDT_ANO="IDanna")
    extract.person(BEN_NIR_PSA="B" * 17, BEN_NIR_ANO="Bea")
    extract.person(BEN_NIR_PSA="C" * 17, BEN_NIR_ANO="Cleo")
    extract.add("KI_CCI_R", BEN_IDT_ANO="IDanna", BEN_DCD_DTE="04/02/2016", DCD_CIM_COD="I350")
    extract.add("KI_CCI_R", BEN_NIR_ANO="Bea", BEN_DCD_DTE="01/03/2017", DCD_CIM_COD="C50")
    extract.add("KI_CCI_R", BEN_IDT_ANO="nobody", BEN_DCD_DTE="01/03/2017")
    extract.stay("1", number="C" * 17, SOR_MOD="9")
    found = harmonised(extract, tmp_path)
    assert found.rows(
        "SELECT person_source_value, CAST(death_date AS VARCHAR), cause_source_value FROM death "
        "JOIN person USING (person_id) ORDER BY person_id"
    ) == [
        ("ANOanna", "2016-02-03", "I350"),
        ("Bea", "2017-03-01", "C50"),
        ("Cleo", "2015-03-10", None),
    ]
    assert found.ledger["KI_CCI_R", "unknown_person"] == 1


def test_project_extracts_use_other_names(tmp_path: Path) -> None:
    extract = NativeExtract().person().line("10/03/2015", PRS_NAT_REF=1111).stay("1")
    for table, old, new in (
        ("IR_BEN_R", "BEN_NIR_PSA", "NUM_ENQ"),
        ("IR_BEN_R", "BEN_NIR_ANO", "num_enq_ano"),
        ("ER_PRS_F", "BEN_NIR_PSA", "NUM_ENQ"),
        ("T_MCO15C", "NIR_ANO_17", "NUM_ENQ"),
    ):
        for row in extract.tables[table]:
            row[new] = row.pop(old)
    found = harmonised(extract, tmp_path)
    assert found.rows("SELECT DISTINCT person_source_value FROM person") == [("ANOanna",)]
    assert found.rows("SELECT count(*) FROM visit_occurrence") == [(2,)]


def test_nothing_is_left_when_the_extract_is_refused(tmp_path: Path) -> None:
    extract = NativeExtract().person().line()
    source = extract.write(tmp_path / "native")
    (source / "IR_BEN_R.csv").unlink()
    with pytest.raises(InputError, match="IR_BEN_R"):
        harmonised(NativeExtract().line(), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["native"]


@pytest.mark.parametrize(
    ("death", "end"),
    [("01/01/1600", "2020-01-31"), ("04/05/2016", "2016-05-04"), ("04/05/2014", "2020-01-31")],
)
def test_an_exemption_granted_for_years_ends_with_the_person(
    tmp_path: Path, death: str, end: str
) -> None:
    """A death before the exemption began (an error of the source) is left to the checks."""
    native = NativeExtract().person(BEN_DCD_DTE=death)
    native.add(
        "IR_IMB_R",
        **ANNA,
        IMB_ETM_NAT=41,
        MED_MTF_COD="I350",
        IMB_ALD_DTD="01/02/2015",
        IMB_ALD_DTF="31/01/2020",
    )
    found = harmonised(native, tmp_path)
    query = "SELECT CAST(condition_end_date AS VARCHAR) FROM condition_occurrence"
    assert found.rows(query) == [(end,)]
