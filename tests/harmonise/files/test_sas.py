"""SAS7BDAT becomes the text that our casts read; a damaged file is one clear error."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.core.errors import InputError
from transat.harmonise.files import sas
from transat.harmonise.files.source import Source

INVENTED = Path(__file__).with_name("invented_lines.sas7bdat")
ORIGIN = datetime(1960, 1, 1)


def test_every_kind_of_value_is_text() -> None:
    assert sas.header(Source(INVENTED)) == (("ID", "DAY", "QTY", "PRICE", "STAMP"), 4)
    (lines,) = sas.batches(Source(INVENTED))
    assert lines.to_pydict() == {
        "c0": ["a", "été", None, "0012"],
        "c1": ["2015-03-05", "1600-01-01", None, "2015-03-06"],
        "c2": ["7", "-1", None, "8"],
        "c3": ["1.5", None, "0.1", "3400935418487"],
        "c4": ["2015-03-05 12:34:56", "1959-12-31 23:59:59", None, "2015-01-01 00:00:00"],
    }


def test_lines_come_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pa.concat_tables(sas.batches(Source(INVENTED)))
    monkeypatch.setattr(sas, "LINES", 3)
    parts = list(sas.batches(Source(INVENTED)))
    assert [p.num_rows for p in parts] == [3, 1]
    assert pa.concat_tables(parts) == whole


@given(st.dates())
def test_days_are_told_exactly(day: date) -> None:
    number = float((day - ORIGIN.date()).days)
    for display in ("DATE", "DATE9.", "DDMMYYS10.", "YYMMDD10", "E8601DA10."):
        assert sas.as_text([number, None], display).to_pylist() == [day.isoformat(), None]


@given(st.datetimes())
def test_seconds_are_told_exactly(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    number = (moment - ORIGIN) / timedelta(seconds=1)
    for display in ("DATETIME20.", "E8601DT19.", "DTDATE9."):
        assert sas.as_text([number], display).to_pylist() == [moment.isoformat(" ")]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_value(value: float) -> None:
    (text,) = sas.as_text([value], "BEST12.").to_pylist()
    assert float(text) == value
    assert ("." in text or "e" in text) != value.is_integer()


def test_a_number_that_is_no_day_is_told_as_it_is() -> None:
    assert sas.as_text([1e12, -1e12, None], "DATE9.").to_pylist() == [
        "1000000000000", "-1000000000000", None,
    ]  # fmt: skip


@pytest.mark.parametrize("kept", [0, 100, 9000, 16_000])
def test_a_cut_file_is_refused(tmp_path: Path, kept: int) -> None:
    content = INVENTED.read_bytes()
    assert len(content) > kept
    (tmp_path / "cut.sas7bdat").write_bytes(content[:kept])
    with pytest.raises(InputError, match=r"cut\.sas7bdat"):
        sas.header(Source(tmp_path / "cut.sas7bdat"))
