"""The code sets that a definition reads, with what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from transat.cohorts.language.prose.filters import code_set
from transat.cohorts.language.prose.voice import Line, Voice
from transat.cohorts.query.model import CodeItem, CodeSet, ConceptItem
from transat.core.languages import Language, Text

#: More lines than a reader follows are counted; the study's files hold them all.
_SHOWN: Final = 24


def code_sets(node: Any) -> tuple[CodeSet, ...]:
    """Every code set below a node of the model, once, in the order in which it is met."""
    return tuple(dict.fromkeys(_below(node)))


def names(node: Any, language: Language, labels: Mapping[str, Text]) -> dict[CodeSet, str]:
    """What each set is called: its label, else its name; sets of one name are told apart."""
    called: dict[CodeSet, str] = {}
    for codes in code_sets(node):
        label = labels.get(codes.name)
        unnamed = Text("ensemble sans nom", "unnamed set").in_(language)
        name = label.in_(language) if label else " ".join(codes.name.split()) or unnamed
        alike = sum(
            1 for other in called.values() if re.fullmatch(rf"{re.escape(name)}( \(\d+\))?", other)
        )
        called[codes] = f"{name} ({alike + 1})" if alike else name
    return called


def list_lines(node: Any, voice: Voice) -> list[Line]:
    """One line per code set of a node."""
    return [_line(codes, voice) for codes in code_sets(node)]


def _below(node: Any) -> Iterator[CodeSet]:
    if isinstance(node, CodeSet):
        yield node
    elif is_dataclass(node):
        for field in fields(node):
            yield from _below(getattr(node, field.name))
    elif isinstance(node, tuple):
        for member in node:
            yield from _below(member)


def _line(codes: CodeSet, voice: Voice) -> Line:
    taken = _items(codes, False, voice)
    out = _items(codes, True, voice)
    said = code_set(codes, voice) + voice.colon + (", ".join(taken) or voice("rien", "nothing"))
    if out:
        said += voice(" ; sauf ", "; except ") + ", ".join(out)
    return Line(said)


def _items(codes: CodeSet, excluded: bool, voice: Voice) -> list[str]:
    held: list[str] = []
    by_vocabulary: dict[str, list[str]] = {}
    for item in codes.codes:
        if item.excluded == excluded:
            by_vocabulary.setdefault(item.vocabulary, []).append(_code(item))
    for vocabulary, written in by_vocabulary.items():
        held.append(f"{vocabulary} " + " ".join(_shown(written, voice)))
    concepts = [_concept(i) for i in codes.concepts if i.excluded == excluded]
    if concepts:
        held.append("concepts OMOP " + " ".join(_shown(concepts, voice))
                    if voice.language == "fr"
                    else "OMOP concepts " + " ".join(_shown(concepts, voice)))  # fmt: skip
    return held


def _shown(written: list[str], voice: Voice) -> list[str]:
    if len(written) <= _SHOWN:
        return written
    more = len(written) - _SHOWN
    return [*written[:_SHOWN], voice(f"… et {more} autres", f"… and {more} more")]


def _code(item: CodeItem) -> str:
    return item.code + ("*" if item.prefix else "") + ("+" if item.descendants else "")


def _concept(item: ConceptItem) -> str:
    return f"{item.concept_id}{'+' if item.descendants else ''}{'~' if item.mapped else ''}"
