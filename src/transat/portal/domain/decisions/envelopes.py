"""Which sets of dossiers both envelopes can pay, each in its own currency.

A dossier asks for an amount in each currency; each funder has one envelope in its own. A set fits
when, currency by currency, its demands stay within the envelope. Currencies are never added.

Answers, all exact (amounts are counted in hundredths, as integers):

- `down_the_ranking`: what a committee does by hand, in order of rank, with the first dossier
  that does not fit ending the list or being passed over;
- `maximal_sets`: every set that fits and to which no other dossier can be added, best first
  (the set that holds the better-ranked dossiers at the first place where two sets differ);
  by enumeration, up to `ENUMERATED` dossiers;
- `best_set`: the first of these, of any number of dossiers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

ENUMERATED = 18

Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Demand:
    """What one dossier asks for: an amount (≥ 0, in hundredths at the finest) per currency."""

    dossier: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class FundedSet:
    """A set that fits: its dossiers in order of rank, what it spends and leaves per currency."""

    dossiers: tuple[str, ...]
    spent: Amounts
    left: Amounts


def down_the_ranking(
    ranked: Sequence[Demand], envelopes: Amounts, *, pass_over: bool = False
) -> FundedSet:
    """Take dossiers in order of rank while they fit.

    `pass_over` False: the first that does not fit ends the list. True: it is passed over, and a
    later one that asks less may be taken. Both are customs of committees: the call says which.
    """
    _checked(ranked, envelopes)
    left = {currency: _hundredths(value) for currency, value in envelopes.items()}
    taken: list[Demand] = []
    for demand in ranked:
        asks = {currency: _hundredths(value) for currency, value in demand.amounts.items()}
        if all(asks[currency] <= left[currency] for currency in asks):
            taken.append(demand)
            left = {c: left[c] - asks.get(c, 0) for c in left}
        elif not pass_over:
            break
    return _funded(taken, envelopes)


def best_set(ranked: Sequence[Demand], envelopes: Amounts) -> FundedSet:
    """Return the set that fits and whose dossiers come first in the ranking.

    Between two sets the better holds the better-ranked dossier at the first rank where they differ.
    That order is lexicographic, so taking each dossier that still fits, in order of rank, finds it.
    """
    return down_the_ranking(ranked, envelopes, pass_over=True)


def maximal_sets(
    ranked: Sequence[Demand], envelopes: Amounts, *, at_most: int = 50
) -> tuple[FundedSet, ...]:
    """Every set that fits and that no other dossier can join, in the order of `best_set`.

    Raises ValueError beyond `ENUMERATED` dossiers: shorten the list by the pass mark first.
    """
    _checked(ranked, envelopes)
    if len(ranked) > ENUMERATED:
        raise ValueError(f"at most {ENUMERATED} dossiers are enumerated, not {len(ranked)}")
    fits = _fitting(ranked, envelopes)
    maximal = fits.copy()
    count = len(ranked)
    numbers = np.arange(fits.size)
    for place in range(count):
        bit = 1 << (count - 1 - place)
        without = (numbers & bit) == 0
        maximal &= ~(without & fits[numbers | bit])
    chosen = np.flatnonzero(maximal)[::-1][:at_most]
    return tuple(
        _funded([d for i, d in enumerate(ranked) if n >> (count - 1 - i) & 1], envelopes)
        for n in chosen.tolist()
    )


def reserve(ranked: Sequence[Demand], funded: FundedSet) -> tuple[str, ...]:
    """Dossiers of the ranking that are not funded, in order of rank: who comes next."""
    taken = set(funded.dossiers)
    return tuple(d.dossier for d in ranked if d.dossier not in taken)


def _fitting(ranked: Sequence[Demand], envelopes: Amounts) -> NDArray[np.bool_]:
    """(2^n,) whether each set fits; the best-ranked dossier is the highest bit."""
    fits = np.ones(1 << len(ranked), dtype=np.bool_)
    for currency, envelope in envelopes.items():
        totals = np.zeros(1, dtype=np.int64)
        for demand in reversed(ranked):
            asks = _hundredths(demand.amounts.get(currency, Decimal(0)))
            totals = np.concatenate([totals, totals + asks])
        fits &= totals <= _hundredths(envelope)
    return fits


def _hundredths(amount: Decimal) -> int:
    scaled = amount * 100
    if not amount.is_finite() or amount < 0 or scaled != scaled.to_integral_value():
        raise ValueError("an amount is 0 or more, to the hundredth")
    return int(scaled)


def _checked(ranked: Sequence[Demand], envelopes: Amounts) -> None:
    names = [demand.dossier for demand in ranked]
    if len(set(names)) != len(names):
        raise ValueError("a dossier stands twice in the ranking")
    asked = {currency for demand in ranked for currency in demand.amounts}
    if unknown := sorted(asked - envelopes.keys()):
        raise ValueError(f"no envelope in {', '.join(unknown)}")


def _funded(taken: Sequence[Demand], envelopes: Amounts) -> FundedSet:
    spent = {
        currency: sum((d.amounts.get(currency, Decimal(0)) for d in taken), Decimal(0))
        for currency in envelopes
    }
    left = {currency: envelopes[currency] - spent[currency] for currency in envelopes}
    return FundedSet(tuple(d.dossier for d in taken), spent, left)
