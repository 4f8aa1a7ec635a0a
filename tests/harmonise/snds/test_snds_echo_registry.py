"""The echocardiography registry beside an SNDS extract becomes measurements of its people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snds_extract import ANNA, Harmonised, NativeExtract, harmonised

TABLE = "REGISTRE_ECHO"
ECHO: dict[str, Any] = {
    **ANNA,
    "DATE_ECHO": "05/06/2014",
    "VMAX_M_S": "4,1",
    "GRADIENT_MOYEN_MMHG": "41.5",
    "SURFACE_CM2": "0.85",
    "FEVG_PCT": "60",
    "NYHA": "2",
    "SCORE_CALCIQUE_UA": "",
}


def echos(found: Harmonised) -> list[tuple[Any, ...]]:
    return found.rows(
        "SELECT p.person_source_value, concept_code, value_as_number, unit_source_value, "
        "measurement_date::VARCHAR, measurement_type_concept_id FROM measurement "
        "JOIN person AS p USING (person_id) "
        "JOIN concept ON concept_id = measurement_source_concept_id "
        "WHERE vocabulary_id = 'TRANSAT_ECHO' ORDER BY ALL"
    )


def test_each_value_is_a_measurement_of_the_registry(tmp_path: Path) -> None:
    found = harmonised(NativeExtract().person().add(TABLE, **ECHO), tmp_path)
    assert echos(found) == [
        ("ANOanna", "ava", 0.85, "cm2", "2014-06-05", 32879),
        ("ANOanna", "lvef", 60.0, "%", "2014-06-05", 32879),
        ("ANOanna", "mean_gradient", 41.5, "mm[Hg]", "2014-06-05", 32879),
        ("ANOanna", "nyha", 2.0, "{class}", "2014-06-05", 32879),
        ("ANOanna", "vmax", 4.1, "m/s", "2014-06-05", 32879),
    ]


def test_two_numbers_of_one_person_are_one_person(tmp_path: Path) -> None:
    second = {"BEN_NIR_PSA": "AnnaAnnaAnnaAnna2", "BEN_RNG_GEM": 1}
    native = NativeExtract().person().person(**second)
    native.add(TABLE, **ECHO).add(TABLE, **{**ECHO, **second, "DATE_ECHO": "05/06/2015"})
    found = echos(harmonised(native, tmp_path))
    assert {(who, day) for who, _, _, _, day, _ in found} == {
        ("ANOanna", "2014-06-05"),
        ("ANOanna", "2015-06-05"),
    }


def test_strangers_repeats_and_impossible_values_are_accounted_for(tmp_path: Path) -> None:
    native = NativeExtract().person().add(TABLE, **ECHO).add(TABLE, **ECHO)
    native.add(TABLE, **{**ECHO, "BEN_NIR_PSA": "nobody"})
    native.add(TABLE, **{**ECHO, "DATE_ECHO": "06/06/2014", "SURFACE_CM2": "85"})
    found = harmonised(native, tmp_path)
    ledger = {rule: rows for (table, rule), rows in found.ledger.items() if table == TABLE}
    assert ledger == {
        "read": 4,
        "kept": 2,
        "unknown_person": 1,
        "echo_repeated": 1,
        "note:echo_value_impossible": 1,
    }
    assert len(echos(found)) == 5 + 4


def test_without_the_registry_there_is_none_of_its_concepts(tmp_path: Path) -> None:
    found = harmonised(NativeExtract().person().stay(DEL_REG_ENT=270), tmp_path)
    assert echos(found) == []
    assert found.rows("SELECT count(*) FROM measurement") == [(1,)]
    assert found.rows("SELECT count(*) FROM concept WHERE vocabulary_id = 'TRANSAT_ECHO'") == [(0,)]
