"""Codes brought to one form, as reference rules and real examples state them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.core import codes


@pytest.mark.parametrize(
    ("native", "who"), [("Z3711", "Z37.1"), ("q05.4", "Q05.4"), ("I10", "I10"), ("O800", "O80.0")]
)
def test_icd10_is_cut_back_to_who(native: str, who: str) -> None:
    assert codes.icd10_who(native) == who


@pytest.mark.parametrize("code", ["N", "N03", "N03A", "N03AG", "n03ag01 "])
def test_atc_levels(code: str) -> None:
    assert codes.atc(code) == code.strip().upper()


def test_atc_of_six_characters_is_refused() -> None:
    with pytest.raises(ValueError, match="ATC"):
        codes.atc("N03AG0")


@given(st.text())
def test_undotted_is_idempotent(code: str) -> None:
    assert codes.undotted(codes.undotted(code)) == codes.undotted(code)
