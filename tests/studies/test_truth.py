"""The evaluation against the simulator's truth: found, missed, explained, false."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transat.core.errors import InputError
from transat.studies.truth import Effects, effects, evaluate, judged

ROW = {"window_start": 0, "window_end": 90, "n_exposed": 100, "planted": "no"}
EVEN = {"sum_p1": 1.0, "sum_p0": 1.0}


def _write(folder: Path, *rows: dict[str, object]) -> None:
    pq.write_table(pa.Table.from_pylist([ROW | EVEN | r for r in rows]), folder / "effects.parquet")


def test_shores_are_added_up_and_other_windows_are_left_out(tmp_path: Path) -> None:
    one = {"atc": "N03AG01", "group": "spina_bifida", "planted": "yes"}
    _write(
        tmp_path,
        one | {"sum_p1": 20.0, "sum_p0": 10.0},
        one | {"sum_p1": 40.0, "sum_p0": 10.0, "n_exposed": 300},
        one | {"sum_p1": 99.0, "window_start": -30, "window_end": 60},
    )
    found = effects(tmp_path)
    expected = (60 / 340) / (20 / 380)
    assert found.odds_ratio(("N03AG01",), "spina_bifida") == pytest.approx(expected)
    assert found.odds_ratio(("N03A",), "spina_bifida") == pytest.approx(expected)
    assert found.odds_ratio(("B01AA",), "spina_bifida") is None
    assert found.planted == {("N03AG01", "spina_bifida")}


def test_signals_are_sorted_into_found_explained_and_false(ran: Any) -> None:
    pairs = {(p.exposure, p.outcome): p for p in ran.result.pairs}
    called = [("N03AG01", "spina_bifida"), ("N03A", "spina_bifida"), ("N02BE01", "hypospadias")]
    chosen = tuple(replace(p, signal=key in called) for key, p in pairs.items())
    true = Effects(
        {
            ("N03AG01", "spina_bifida"): (1000.0, 40.0, 10.0),
            ("N03AG01", "nervous_system"): (1000.0, 25.0, 10.0),
            ("N02BE01", "hypospadias"): (1000.0, 10.0, 10.0),
        },
        frozenset({("N03AG01", "spina_bifida"), ("N03AG01", "nervous_system"), ("X", "y")}),
    )  # fmt: skip
    truth = evaluate(replace(ran.result, pairs=chosen), true)
    assert truth.found == (("N03AG01", "spina_bifida"),)
    assert truth.missed == (("N03AG01", "nervous_system"),)
    assert truth.explained == (("N03A", "spina_bifida"),)
    assert truth.false_signals == (("N02BE01", "hypospadias"),)
    assert 0 <= truth.covered <= truth.coverage_of <= 2


def test_a_folder_without_truth_is_refused(ran: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        judged(ran.result, tmp_path)
    assert ran.result.truth is None
