"""Two women and their codes, written by hand for the tests of covariates."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from hand_cdm import Hand, day

from transat.cohorts.query.executor import COHORT_SCHEMA


def cohort(*rows: tuple[int, int, date, date]) -> pa.Table:
    names = COHORT_SCHEMA.names
    return pa.Table.from_pylist([dict(zip(names, r, strict=True)) for r in rows], COHORT_SCHEMA)


def mothers() -> Hand:
    hand = Hand()
    for person in (1, 2):
        hand.woman(person)
    hand.condition(1, "E119", day(-100))
    hand.condition(1, "E118", day(-50))
    hand.condition(1, "Q211", day(1))
    hand.condition(2, "G409", day(-366))
    hand.dispensing(1, "N03AG01", day(-20), 30)
    hand.dispensing(1, "N03AX09", day(85), 30)
    hand.dispensing(2, "N03AG01", day(-40), 30)
    hand.dispensing(2, "N03AG01", day(60), 30)
    return hand
