"""What a data holder lets out: one YAML file per holder, read strictly.

A study or a permit may tighten a policy, never loosen it; where two shores meet, the stricter value
holds for both, because a joint total less one shore's published part gives the other's.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from transat.core.counts import THRESHOLD
from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.federation.documents import Bilingual, Strict, read_document

Checked = Literal["yes", "partly", "no"]

#: The checks that the gate knows, in the order it makes them.
CHECKS: Final[tuple[str, ...]] = (
    "closed_list",
    "cell_floor",
    "complements",
    "nested_cells",
    "between_releases",
    "implied_tables",
)


class _Threshold(Strict):
    value: int = Field(ge=THRESHOLD)
    source: str
    read_on: datetime.date
    checked: Checked
    note: Bilingual


class _Rule(Strict):
    key: str
    text: Bilingual
    source: str
    checked: Checked


class _Document(Strict):
    key: str
    holder: Bilingual
    threshold: _Threshold
    signed_by: Bilingual
    rules: tuple[_Rule, ...]


@dataclass(frozen=True, slots=True)
class HolderRule:
    """One rule of a holder; `checked` says whether its source was read: yes, partly, no."""

    key: str
    text: Text
    source: str
    checked: Checked


@dataclass(frozen=True, slots=True)
class Policy:
    """A holder's export rule.

    threshold: smallest head count that may leave (0 may). It is never below 11.
    """

    key: str
    holder: Text
    threshold: int
    source: str
    read_on: datetime.date
    checked: Checked
    signed_by: Text
    rules: tuple[HolderRule, ...]

    def tightened(self, threshold: int) -> Policy:
        """The same policy with a higher threshold; a lower one changes nothing."""
        if threshold <= self.threshold:
            return self
        return Policy(
            self.key, self.holder, threshold, self.source, self.read_on, self.checked,
            self.signed_by, self.rules,
        )  # fmt: skip


def load(path: Path) -> Policy:
    """Read a holder's file.

    Raises
    ------
    ConfigError: unreadable, misspelt, a threshold below 11, or an unknown rule; names file:line.
    """
    document = read_document(path, _Document, ConfigError)
    unknown = sorted({r.key for r in document.rules} - set(CHECKS))
    missing = sorted(set(CHECKS) - {r.key for r in document.rules})
    if unknown or missing:
        named = ", ".join(unknown + missing)
        raise ConfigError(
            Text(f"règles inconnues ou absentes : {named}.", f"unknown or missing rules: {named}."),
            str(path),
            Text("Écrivez chaque règle une fois.", "Write every rule once."),
        )
    return Policy(
        key=document.key,
        holder=document.holder.text(),
        threshold=document.threshold.value,
        source=document.threshold.source,
        read_on=document.threshold.read_on,
        checked=document.threshold.checked,
        signed_by=document.signed_by.text(),
        rules=tuple(HolderRule(r.key, r.text.text(), r.source, r.checked) for r in document.rules),
    )


def installed() -> Mapping[str, Policy]:
    """The policies that ship with Transat, by key: snds, ramq."""
    folder = resources.files("transat.federation") / "policies"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            with resources.as_file(entry) as path:
                policy = load(path)
            found[policy.key] = policy
    return found


def strictest(policies: Iterable[Policy]) -> int:
    """The highest threshold of several holders; it holds for all of them in a joint study."""
    return max((p.threshold for p in policies), default=THRESHOLD)
