"""Codes as groups, and groups as numbers that are the same everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.covariates.code_groups import LONGEST, code_of, group_of, label, number


@pytest.mark.parametrize(
    ("code", "level", "group"),
    [
        ("Q21.1", "category", "Q21"),
        ("q211", "chapter", "Q00"),
        ("D49", "chapter", None),
        ("C349", "chapter", "C00"),
        ("T98", "chapter", "S00"),
        ("U071", "chapter", "U00"),
        ("Q2", "category", None),
        ("N03AG01", "atc1", "N"),
        ("N03AG01", "atc3", "N03A"),
        ("N03AG01", "atc4", "N03AG"),
        ("N03AG", "atc5", None),
        ("JQGD010", "code", "JQGD010"),
        ("", "code", None),
    ],
)
def test_groups(code: str, level: str, group: str | None) -> None:
    assert group_of(code, level) == group


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=LONGEST))
def test_a_number_is_one_code(code: str) -> None:
    assert code_of(number(code)) == code
    assert number(code) * 1000 + 999 < 2**63


def test_labels() -> None:
    assert label("ICD10", "chapter", "Q00").fr.endswith("(Q00–Q99)")
    assert label("ICD10", "category", "Q21").fr == "CIM-10 Q21"
    assert label("ATC", "atc1", "N").en == "Nervous system (N)"
    assert label("ATC", "atc5", "N03AG01").en == "ATC N03AG01"
