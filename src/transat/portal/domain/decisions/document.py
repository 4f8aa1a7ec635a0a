"""The decision of a committee as one document, which both funders countersign by its fingerprint.

The document is canonical JSON (RFC 8785), so that the same decision has the same SHA-256 wherever
it is computed. It names every dossier once, in order of rank, with its outcome and, where it is
funded, the amount in each currency as text. A countersignature is of one fingerprint: a word
changed afterwards is another document, which nobody has signed yet. It is decided when an officer
of each funder has signed the document that stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import rfc8785

from transat.portal.domain.decisions.envelopes import Demand, down_the_ranking

Outcome = Literal["funded", "reserve", "declined"]


@dataclass(frozen=True, slots=True)
class Line:
    """One dossier: its outcome; `amounts` by currency, empty unless it is funded."""

    dossier: str
    outcome: Outcome
    amounts: Mapping[str, Decimal]

    def __post_init__(self) -> None:
        for amount in self.amounts.values():
            # the document says two decimals: what they cannot say must not be signed
            if not amount.is_finite() or amount < 0 or amount * 100 % 1:
                raise ValueError("an amount is 0 or more, to the hundredth")


@dataclass(frozen=True, slots=True)
class Decision:
    """A call's decision: lines in order of rank, the SHA-256 of the minutes it rests on."""

    call: str
    call_version: int
    minutes_sha256: str
    lines: tuple[Line, ...]

    def canonical(self) -> bytes:
        """The bytes that are signed and kept."""
        lines: list[dict[str, str | dict[str, str]]] = [
            {
                "dossier": line.dossier,
                "outcome": line.outcome,
                "amounts": {c: f"{amount:.2f}" for c, amount in line.amounts.items()},
            }
            for line in self.lines
        ]
        return rfc8785.dumps(
            {
                "format": "transat-decision-1",
                "call": self.call,
                "call_version": self.call_version,
                "minutes_sha256": self.minutes_sha256,
                "lines": lines,
            }
        )

    def sha256(self) -> str:
        """The fingerprint that funders countersign."""
        return hashlib.sha256(self.canonical()).hexdigest()


@dataclass(frozen=True, slots=True)
class Countersignature:
    """An officer of one funder signed the document of this fingerprint."""

    funder: str
    officer: str
    sha256: str


def faults(
    decision: Decision, envelopes: Mapping[str, Decimal], dossiers: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """List (fault, dossier or currency) of a decision that cannot be countersigned.

    `twice`, `missing`, `unknown`: a dossier of the call (`dossiers`) stands once; `amounts`: they
    are there for the funded alone; `over`: the funded do not fit an envelope together.
    """
    names = [line.dossier for line in decision.lines]
    found = [("twice", name) for name in sorted({n for n in names if names.count(n) > 1})]
    found += [("missing", name) for name in sorted(set(dossiers) - set(names))]
    found += [("unknown", name) for name in sorted(set(names) - set(dossiers))]
    funded = [line for line in decision.lines if line.outcome == "funded"]
    for line in decision.lines:
        if bool(line.amounts) != (line.outcome == "funded"):
            found.append(("amounts", line.dossier))
    for currency in sorted({c for line in funded for c in line.amounts}):
        asked = [
            Demand(str(place), {currency: line.amounts.get(currency, Decimal(0))})
            for place, line in enumerate(funded)
        ]
        purse = {currency: envelopes.get(currency, Decimal(0))}
        if len(down_the_ranking(asked, purse).dossiers) < len(asked):
            found.append(("over", currency))
    return tuple(found)


def awaited(
    decision: Decision, funders: Sequence[str], signed: Collection[Countersignature]
) -> tuple[str, ...]:
    """Funders that have not signed this very document, in the call's order; none: it is decided."""
    fingerprint = decision.sha256()
    there = {one.funder for one in signed if one.sha256 == fingerprint}
    return tuple(funder for funder in funders if funder not in there)
