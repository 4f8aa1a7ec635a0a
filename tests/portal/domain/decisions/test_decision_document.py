"""The decision document: one fingerprint, what bars it, who still has to countersign."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from transat.portal.domain.decisions.document import (
    Countersignature,
    Decision,
    Line,
    awaited,
    faults,
)

FULL = {"EUR": Decimal("100000"), "CAD": Decimal("75000")}
DECISION = Decision(
    "call",
    1,
    "0" * 64,
    (Line("a", "funded", FULL), Line("b", "reserve", {}), Line("c", "declined", {})),
)
FUNDERS = ("hdh", "frqs")


def test_the_same_decision_has_the_same_fingerprint_however_it_is_written() -> None:
    other = {"CAD": Decimal("75000.00"), "EUR": Decimal("1E+5")}
    again = replace(DECISION, lines=(Line("a", "funded", other), *DECISION.lines[1:]))
    assert again.sha256() == DECISION.sha256()
    first = json.loads(DECISION.canonical())["lines"][0]
    assert first["amounts"] == {"CAD": "75000.00", "EUR": "100000.00"}


def test_rank_outcome_amount_and_minutes_are_signed() -> None:
    changed = [
        replace(DECISION, lines=DECISION.lines[::-1]),
        replace(DECISION, minutes_sha256="1" * 64),
        replace(DECISION, call_version=2),
        replace(DECISION, lines=(replace(DECISION.lines[0], amounts={}), *DECISION.lines[1:])),
    ]
    assert len({one.sha256() for one in (DECISION, *changed)}) == 5


def test_decided_when_each_funder_signed_this_very_document() -> None:
    stale = Countersignature("frqs", "o2", replace(DECISION, call_version=2).sha256())
    signed = [Countersignature("hdh", "o1", DECISION.sha256()), stale]
    assert awaited(DECISION, FUNDERS, []) == FUNDERS
    assert awaited(DECISION, FUNDERS, signed) == ("frqs",)
    signed.append(Countersignature("frqs", "o2", DECISION.sha256()))
    assert awaited(DECISION, FUNDERS, signed) == ()


def test_two_officers_of_one_funder_are_not_two_funders() -> None:
    signed = [Countersignature("hdh", who, DECISION.sha256()) for who in ("o1", "o3")]
    assert awaited(DECISION, FUNDERS, signed) == ("frqs",)


def test_a_sound_decision_has_no_fault() -> None:
    assert faults(DECISION, FULL, {"a", "b", "c"}) == ()


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ((Line("a", "declined", {}),) * 2, ("twice", "a")),
        ((), ("missing", "a")),
        ((Line("z", "declined", {}),), ("unknown", "z")),
        ((Line("a", "funded", {}),), ("amounts", "a")),
        ((Line("a", "reserve", FULL),), ("amounts", "a")),
        ((Line("a", "funded", {"EUR": Decimal("100000.01")}),), ("over", "EUR")),
        ((Line("a", "funded", {"NIS": Decimal(1)}),), ("over", "NIS")),
    ],
)
def test_faults_of_a_decision_are_named(lines: tuple[Line, ...], fault: tuple[str, str]) -> None:
    assert faults(replace(DECISION, lines=lines), FULL, {"a"})[-1] == fault


def test_money_in_one_currency_does_not_pay_for_the_other() -> None:
    lines = (Line("a", "funded", {"CAD": Decimal(80_000)}),)
    rich = {"EUR": Decimal(10**9), "CAD": Decimal(75_000)}
    assert faults(replace(DECISION, lines=lines), rich, {"a"}) == (("over", "CAD"),)


@pytest.mark.parametrize("amount", ["0.001", "-1", "NaN"])
def test_an_amount_that_two_decimals_cannot_say_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="hundredth"):
        Line("a", "funded", {"EUR": Decimal(amount)})
