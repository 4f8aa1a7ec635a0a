"""The mapping file: renamed columns are found; a fault is one error that says where and what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from transat.core.errors import InputError, MappingError
from transat.harmonise.quebec.columns import load
from transat.harmonise.run import harmonise
from transat.tables.quebec import MAPPED
from transat.tables.quebec import tables as declared

if TYPE_CHECKING:
    from quebec_by_hand import HandMade

RENAMED = """\
tables:
  ADMISSIBILITE_MEDICAMENTS:
    file: ADMIS_REGIME
    columns:
      NO_INDIV: ID
      DATE_DEBUT: DEBUT
      DATE_FIN: FIN
"""


def mapping(folder: Path, text: str) -> Path:
    path = folder / "columns.yaml"
    path.write_text(text, "utf-8")
    return path


def test_the_default_names_every_column_of_the_mapped_tables() -> None:
    default = load()
    for name, table in default.tables.items():
        assert set(table.columns) == set(declared()[name].names)
    assert set(default.tables) == MAPPED
    assert default.values == {
        "classifications": {"1": "ICD10CA", "4": "ICD9"},
        "intervention_classifications": {"1": "CCI", "4": "CCA"},
        "death_classifications": {"9": "ICD9", "10": "ICD10"},
    }
    assert default.choices == {
        "emergency_classification": "ICD10CA",
        "gestational_age_unit": "days",
    }


def test_capitals_and_blanks_in_a_header_do_not_count(extract: HandMade) -> None:
    extract.write()
    for file in extract.root.rglob("*.csv"):
        head, _, lines = file.read_text("utf-8").partition("\n")
        lowered = ",".join(f" {name.lower()} " for name in head.split(","))
        file.write_text(f"{lowered}\n{lines}", "utf-8")
    (extract.root / "admissibilite_medicaments.csv").write_text(
        "no_indiv, Date_Debut ,DATE_FIN\n100,2014-01-01,2014-12-31\n", "utf-8"
    )
    assert extract.rows("SELECT person_id FROM payer_plan_period") == [(1,)]


def test_a_holders_own_names_are_read(extract: HandMade) -> None:
    extract.write()
    (extract.root / "ADMIS_REGIME.csv").write_text(
        "ID,DEBUT,FIN,NO_INDIV\n100,2014-01-01,2014-12-31,404\n", "utf-8"
    )
    columns = mapping(extract.root.parent, RENAMED)
    found = extract.rows("SELECT person_id FROM payer_plan_period", columns=columns)
    assert found == [(1,)]


FAULTS = [
    ("tabels:\n  NAISSANCES:\n", 1, "tables"),
    ("tables:\n  NAISANCES:\n    file: X\n", 2, "NAISSANCES"),
    ("tables:\n  NAISSANCES:\n    columns:\n      NO_INDIV_MER: A\n", 4, "NO_INDIV_MERE"),
    ("tables:\n  NAISSANCES:\n    fiel: X\n", 3, "file"),
    ('classifications:\n  "1": ICD10AC\n', 2, "ICD10CA"),
    ("emergency_classification: ICD_9\n", 1, "ICD9"),
    ('intervention_classifications:\n  "1": CCJ\n', 2, "CCI"),
    ("gestational_age_unit: week\n", 1, "weeks"),
    ("tables:\n  V_SEJ_HOSP:\n    file: X\n", 2, "V_SEJ_HOSP_CM"),
]


@pytest.mark.parametrize(("text", "line", "suggestion"), FAULTS)
def test_a_misspelt_field_is_named_with_its_line_and_the_close_match(
    tmp_path: Path, text: str, line: int, suggestion: str
) -> None:
    with pytest.raises(MappingError) as raised:
        load(mapping(tmp_path, text))
    error = raised.value
    assert error.where.endswith(f"columns.yaml:{line}")
    assert f"« {suggestion} »" in error.message("fr")
    assert f'Did you mean "{suggestion}"?' in error.message("en")


OTHER_FAULTS = [
    ("", 1, "vide"),
    ("tables: [a, b\n", 2, "YAML"),
    ("tables: NAISSANCES\n", 1, "nom : valeur"),
    ("tables:\n  NAISSANCES:\n    file:\n", 3, "valeur manque"),
    ("tables:\n  NAISSANCES:\n    file: A\n    file: B\n", 4, "deux fois"),
    (
        "tables:\n  GROSSESSES_HOSP:\n    columns:\n      NO_SEQ_SEJ_HOSP: A\n"
        "      AGE_GESTATIONNEL_JOURS: A\n",
        5,
        "à la fois",
    ),
]


@pytest.mark.parametrize(("text", "line", "said"), OTHER_FAULTS)
def test_a_malformed_file_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(MappingError) as raised:
        load(mapping(tmp_path, text))
    assert raised.value.where.endswith(f"columns.yaml:{line}")
    assert said in raised.value.message("fr")


def test_an_absent_mapping_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"absent\.yaml"):
        load(tmp_path / "absent.yaml")


def test_a_column_that_the_extract_lacks_is_named_at_its_line(extract: HandMade) -> None:
    extract.write()
    (extract.root / "ADMIS_REGIME.csv").write_text("ID,DEBUTT,FIN\n100,2014-01-01,\n", "utf-8")
    with pytest.raises(MappingError) as raised:
        extract.cdm(columns=mapping(extract.root.parent, RENAMED))
    assert raised.value.where.endswith("columns.yaml:6")
    assert "« DEBUTT »" in raised.value.message("fr")
    assert "ADMIS_REGIME" in raised.value.message("en")


def test_an_optional_column_renamed_wrongly_is_refused_too(extract: HandMade) -> None:
    extract.write()
    (extract.root / "ADMIS_REGIME.csv").write_text("ID,DEBUT,FINN\n100,2014-01-01,\n", "utf-8")
    with pytest.raises(MappingError, match="FIN"):
        extract.cdm(columns=mapping(extract.root.parent, RENAMED))


def test_a_wrong_column_in_a_public_view_is_one_clear_error(extract: HandMade) -> None:
    extract.line("V_DEM_PAIMT_MED_CM").write()
    path = extract.root / "V_DEM_PAIMT_MED_CM.csv"
    path.write_text(path.read_text("utf-8").replace("SMED_COD_DIN", "SMED_COD_DINN"), "utf-8")
    to = extract.root.with_name("cdm")
    with pytest.raises(InputError) as raised:
        harmonise("quebec", extract.root, to)
    assert raised.value.where.endswith("V_DEM_PAIMT_MED_CM.csv")
    assert "SMED_COD_DINN" in raised.value.message("fr")
    assert not to.exists()


def test_an_empty_file_is_one_clear_error(extract: HandMade) -> None:
    extract.write()
    (extract.root / "V_SEJ_HOSP_CM.csv").write_text("", "utf-8")
    with pytest.raises(InputError, match=r"V_SEJ_HOSP_CM\.csv"):
        harmonise("quebec", extract.root, extract.root.with_name("cdm"))
