"""A hospital drug found by its name: the longest name, one ATC, or nothing."""

from __future__ import annotations

import pytest

from transat.harmonise.snds.hospital_drugs import atc_by_name, gather_names, tokens

NAMES = gather_names(
    [
        ("THALIDOMIDE", "L04AX02"),
        ("REVLIMID", "L04AX04"),
        ("LAMIVUDINE", "J05AF05"),
        ("LAMIVUDINE, ZIDOVUDINE", "J05AR01"),
        ("METHOTREXATE", "L01BA01"),
        ("METHOTREXATE", "L04AX03"),
        ("FACTEUR VII LFB", "B02BD05"),
        ("ÉPOPROSTÉNOL", "B01AC09"),
        ("500", "A01AA01"),
        (None, "A01AA01"),
    ]
)


@pytest.mark.parametrize(
    ("label", "atc", "doubtful"),
    [
        ("THALIDOMIDE CELGENE 50 MG", "L04AX02", False),
        ("Revlimid 2,5 mg", "L04AX04", False),
        ("LAMIVUDINE/ZIDOVUDINE TEVA 150 MG/300 MG", "J05AR01", False),
        ("LAMIVUDINE TEVA 150 MG", "J05AF05", False),
        ("LAMIVUDINE/TENOFOVIR TVC 300 MG", None, True),  # a combination that no name tells
        ("METHOTREXATE TEVA 1 G", None, True),  # two ATC: never a guess
        ("EPOPROSTENOL PANPHARMA 0,5 MG", "B01AC09", False),
        ("FACTEUR VII LFB 500 UI", "B02BD05", False),
        ("FACTEUR IX", None, False),
        ("500 MG DE RIEN", None, False),
        ("THALIDOMIDEX 50 MG", None, False),  # whole words only
    ],
)
def test_longest_name(label: str, atc: str | None, doubtful: bool) -> None:
    assert atc_by_name(label, NAMES) == (atc, doubtful)


def test_a_joint_between_digits_is_a_strength() -> None:
    assert tokens("IMNOVID 2,5 mg/5 ml") == ("IMNOVID", "2", "5", "MG", "+", "5", "ML")
