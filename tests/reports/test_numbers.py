"""Numbers in both languages: the same digits, each in its own writing."""

from __future__ import annotations

import math

import pytest
from babel.numbers import parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from transat.reports.numbers import LOCALES, Numbers, digits_for
from transat.studies.results import Estimate

FR, EN = Numbers("fr"), Numbers("en")


def test_written_as_readers_write():
    assert FR.count(61040) == "61\u202f040"
    assert EN.count(61040) == "61,040"
    assert (FR.count(None), EN.count(None)) == ("masqué", "masked")
    assert FR.decimal(6.54, 2) == "6,54"
    assert FR.percent(0.1) == "10\u00a0%"
    assert EN.percent(0.1) == "10%"
    assert FR.p(1e-9) == "<\u00a00,0001"
    assert EN.p(0.0021) == "0.0021"
    assert (FR.size(184_220), EN.size(812)) == ("184\u00a0ko", "812\u00a0B")
    assert FR.day("2012-01-01") == "1er janvier 2012"
    assert EN.last_day("2020-01-01") == "December 31, 2019"
    assert FR.decimal(-0.001, 1) == "0,0"


def test_what_is_absent_is_a_dash():
    for nothing in (None, math.nan, math.inf):
        assert FR.short(nothing) == EN.ratio(nothing) == FR.p(nothing) == "–"
    assert EN.rate(None) == EN.ratio_interval(Estimate(None, None, None, "wilson")) == "–"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0042, "0.0042"),
        (0.46, "0.46"),
        (6.54, "6.5"),
        (23.94, "23.9"),
        (239.2, "239"),
        (0, "0.0"),
    ],
)
def test_two_significant_digits(value, written):
    assert EN.short(value) == written
    assert digits_for(value) == len(written.partition(".")[2])


def test_intervals():
    risk = Estimate(112.0, 66.0, 187.0, "wilson")
    assert FR.rate(risk, 0.1) == "11,2 (6,6\u00a0à\u00a018,7)"
    assert (
        EN.ratio_interval(Estimate(6.5, 2.1, 18.14, "logistic")) == "6.50 (2.10\u00a0to\u00a018.1)"
    )


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_both_languages_say_the_same_number(value, digits):
    french, english = (
        parse_decimal(n.decimal(value, digits), locale=LOCALES[n.language]) for n in (FR, EN)
    )
    assert french == english
