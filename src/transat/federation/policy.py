"""What a data holder lets out: one YAML file per holder, read strictly.

A study or a permit may tighten a policy, never loosen it; where two shores meet, the stricter value
holds for both, because a joint total less one shore's published part gives the other's. No holder's
file is looser than Transat's own limits (`LIMITS`).
"""

from __future__ import annotations

import datetime
import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

import rfc8785
from pydantic import Field

from transat.core.counts import THRESHOLD
from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.federation.documents import Bilingual, Strict, read_document

Checked = Literal["yes", "partly", "no"]

#: The rules that the gate knows, with their numbers, in the order of the list G1–G15.
RULES: Final[Mapping[str, str]] = {
    "closed_list": "G1",
    "cell_floor": "G2",
    "complements": "G2",
    "nested_cells": "G2",
    "implied_tables": "G3",
    "few_events": "G4",
    "dominance": "G5",
    "time_grid": "G6",
    "trees": "G7",
    "overlap": "G8",
    "between_releases": "G8",
    "budget": "G9",
    "coefficients": "G10",
    "path": "G10",
    "rare_words": "G11",
    "rounding": "G12",
    "professionals": "G13",
    "refusals": "G14",
    "models": "G15",
}
CHECKS: Final[tuple[str, ...]] = tuple(RULES)


class Limit(NamedTuple):
    """A number of a rule. rule: its key. default: the loosest that may be. more: whether a higher
    value is stricter."""

    rule: str
    default: float
    more: bool


#: Every number of the rules but the threshold; head counts unless said.
LIMITS: Final[Mapping[str, Limit]] = {
    "parameters_share": Limit("few_events", 0.10, False),  # of events, columns of a model
    "residual_freedom": Limit("few_events", 10, True),  # rows less columns
    "top_two_share": Limit("dominance", 0.90, False),  # of a sum, its two largest parts
    "p_ratio": Limit("dominance", 0.10, True),  # all but the two largest, over the largest
    "quantile_tail": Limit("dominance", 0.01, True),  # share beyond the last quantile
    "leavers": Limit("time_grid", 11, True),  # per bin of time
    "node_patients": Limit("trees", 11, True),
    "node_class": Limit("trees", 5, True),  # of each outcome in a node or bin
    "leaf_patients": Limit("trees", 50, True),  # before a model leaves
    "functionals_share": Limit("budget", 0.05, False),  # of rows, numbers that may leave
    "model_rounds": Limit("budget", 400, False),
    "coefficient_box": Limit("coefficients", 10, False),  # |beta sd|
    "effective_rows": Limit("coefficients", 30, True),
    "word_patients": Limit("rare_words", 11, True),
    "rounding_base": Limit("rounding", 5, True),
    "professional_units": Limit("professionals", 3, True),
    "attack_auc": Limit("models", 0.55, False),
}


class _Threshold(Strict):
    value: int = Field(ge=THRESHOLD)
    source: str
    read_on: datetime.date
    checked: Checked
    note: Bilingual


class _Rule(Strict):
    key: str
    text: Bilingual
    values: dict[str, float] = Field(default_factory=dict)
    source: str
    read_on: datetime.date
    checked: Checked
    signed_by: Bilingual | None = None


class _Document(Strict):
    key: str
    holder: Bilingual
    threshold: _Threshold
    signed_by: Bilingual
    rules: tuple[_Rule, ...]


@dataclass(frozen=True, slots=True)
class HolderRule:
    """One rule of a holder; `checked` says whether its source was read: yes, partly, no.

    rule: its number, G1 to G15. values: its numbers (`LIMITS`), empty where it has none of its own.
    """

    key: str
    rule: str
    text: Text
    values: Mapping[str, float]
    source: str
    read_on: datetime.date
    checked: Checked
    signed_by: Text


@dataclass(frozen=True, slots=True)
class Policy:
    """A holder's export rule.

    threshold: smallest head count that may leave (0 may). It is never below 11. limits: the other
    numbers, every name of `LIMITS`.
    """

    key: str
    holder: Text
    threshold: int
    source: str
    read_on: datetime.date
    checked: Checked
    signed_by: Text
    rules: tuple[HolderRule, ...]
    limits: Mapping[str, float]

    def limit(self, name: str) -> float:
        """A number of the rules, by its name in `LIMITS`."""
        return self.limits[name]

    def tightened(self, threshold: int, limits: Mapping[str, float] | None = None) -> Policy:
        """The same policy with stricter numbers; a looser one changes nothing."""
        stricter = {
            name: _stricter(name, value, (limits or {}).get(name, value))
            for name, value in self.limits.items()
        }
        return replace(self, threshold=max(self.threshold, threshold), limits=stricter)

    def with_others(self, others: Iterable[Policy]) -> Policy:
        """This policy, each of its numbers the strictest of its own and the others'."""
        joint = self
        for other in others:
            joint = joint.tightened(other.threshold, other.limits)
        return joint

    def sha256(self) -> str:
        """SHA-256 of the policy's key and numbers: what a permit binds."""
        values = {name: float(self.limits[name]) for name in sorted(self.limits)}
        whole: Any = {"policy": self.key, "threshold": self.threshold, "limits": values}
        return hashlib.sha256(rfc8785.dumps(whole)).hexdigest()


def _stricter(name: str, one: float, other: float) -> float:
    return max(one, other) if LIMITS[name].more else min(one, other)


def load(path: Path) -> Policy:
    """Read a holder's file.

    Raises
    ------
    ConfigError: unreadable, misspelt, a number looser than Transat's, or an unknown rule; names
    file:line.
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
        rules=tuple(_rule(rule, document.signed_by) for rule in document.rules),
        limits=_limits(path, document.rules),
    )


def _rule(rule: _Rule, signed_by: Bilingual) -> HolderRule:
    return HolderRule(
        rule.key, RULES[rule.key], rule.text.text(), rule.values, rule.source, rule.read_on,
        rule.checked, (rule.signed_by or signed_by).text(),
    )  # fmt: skip


def _limits(path: Path, rules: tuple[_Rule, ...]) -> dict[str, float]:
    """Every limit, from the file where it gives one; none looser than Transat's own."""
    found = {name: limit.default for name, limit in LIMITS.items()}
    for rule in rules:
        for name, value in rule.values.items():
            if name not in LIMITS or LIMITS[name].rule != rule.key:
                raise _bad_value(path, rule.key, name)
            if _stricter(name, value, LIMITS[name].default) != value:
                raise _bad_value(path, rule.key, name)
            found[name] = value
    return found


def _bad_value(path: Path, rule: str, name: str) -> ConfigError:
    return ConfigError(
        Text(
            f"{rule}.{name} : inconnu, ou moins sévère que la valeur de Transat.",
            f"{rule}.{name}: unknown, or looser than Transat's value.",
        ),
        str(path),
        Text("Un détenteur peut seulement être plus sévère.", "A holder can only be stricter."),
    )


@functools.cache
def installed() -> Mapping[str, Policy]:
    """The policies that ship with Transat, by key."""
    folder = resources.files("transat.federation") / "policies"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            with resources.as_file(entry) as path:
                policy = load(path)
            found[policy.key] = policy
    return MappingProxyType(found)
