"""Prose of generated cohorts: every node can be said, and another logic has another text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from transat.cohorts.language.checks import check_cohort
from transat.cohorts.language.prose import prose
from transat.cohorts.query.analysis import Analysis, Measure
from transat.cohorts.query.model import Cohort, DateIs, Group, NumberIs, Window
from transat.core.languages import LANGUAGES, Language

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "query"))

from generated_queries import draw_analysis, draw_cohort

WORDS: Final = {
    "need": ("all", "any", "at_least", "at_most"),
    "limit": ("all", "first", "last"),
    "qualified_limit": ("all", "first", "last"),
    "edge": ("start", "end"),
    "index": ("start", "end"),
    "event": ("start", "end"),
    "comparison": ("at_least", "at_most", "exactly"),
}
#: Changed to something else they would no longer be well formed.
FIXED: Final = {"domain", "distinct", "attribute", "key", "role", "what", "vocabulary", "covered",
                "operator"}  # fmt: skip
Way = tuple[str | int, ...]


@pytest.mark.parametrize("seed", range(12))
def test_another_logic_is_said_otherwise(seed: int) -> None:
    """One field of one node is changed; both texts then differ, beside the name of the logic."""
    chance = Random(seed)
    thing: Cohort | Analysis = draw_analysis(chance) if seed % 2 else draw_cohort(chance)
    said = {language: body(thing, language) for language in LANGUAGES}
    every = list(paths(thing))
    for path in chance.sample(every, min(30, len(every))):
        old = at(thing, path)
        new = changed(old, str(path[-1]), chance)
        if new == old or idle(at(thing, path[:-1]), str(path[-1])):
            continue
        other = put(thing, path, new)
        for language in LANGUAGES:
            assert body(other, language) != said[language], (path, old, new)


@pytest.mark.parametrize("seed", range(20))
def test_every_cohort_is_said_and_checked(seed: int) -> None:
    chance = Random(1000 + seed)
    for _ in range(5):
        cohort = draw_cohort(chance)
        assert prose(cohort, "fr") != prose(cohort, "en")
        assert all(finding.message("fr") for finding in check_cohort(cohort, "drawn"))


def body(thing: Cohort | Analysis, language: Language) -> list[str]:
    """The text without the name of its logic, which always differs."""
    lines = prose(thing, language).splitlines()
    name = next(n for n, line in enumerate(lines) if "SHA-256" in line)
    return lines[:name] + lines[name + 3 :]


def paths(node: Any, here: Way = ()) -> Iterator[Way]:
    """Every field and member below a node that its equality looks at."""
    if is_dataclass(node):
        for field in fields(node):
            if field.compare:
                yield (*here, field.name)
                yield from paths(getattr(node, field.name), (*here, field.name))
    elif isinstance(node, tuple):
        for number, member in enumerate(node):
            yield from paths(member, (*here, number))


def at(node: Any, path: Way) -> Any:
    for key in path:
        node = node[key] if isinstance(key, int) else getattr(node, key)
    return node


def put(node: Any, path: Way, value: Any) -> Any:
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        return (*node[:key], put(node[key], rest, value), *node[key + 1 :])
    return replace(node, **{key: put(getattr(node, key), rest, value)})


def changed(value: Any, name: str, chance: Random) -> Any:
    """Another value of the same sort; the same one where there is none."""
    if name in FIXED:
        return value
    if name in WORDS:
        return chance.choice([word for word in WORDS[name] if word != value])
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, date):
        return value + timedelta(days=1)
    return value[:-1] if isinstance(value, tuple) and value else value


def idle(node: Any, name: str) -> bool:
    """Whether the field means nothing there."""
    match node, name:
        case Group(), "times":
            return node.need in ("all", "any") or not node.members
        case Group(), "need":
            return len(node.members) < 2
        case Cohort(), "qualified_limit":
            return node.qualified is None
        case ((NumberIs() | DateIs()), "extent"):
            return "between" not in node.operator
        case Measure(), ("grace" | "until_end"):
            return node.covered is None
        case Measure(), "at_least":
            return bool(node.what != "any")
        case Window(), "index":
            return isinstance(node.low, str) and isinstance(node.high, str)
        case _:
            return name == "comparison" and node.times == 0
