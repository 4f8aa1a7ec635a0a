"""What differs between two definitions, as a reader of their prose sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, Literal

from transat.cohorts.language.hashes import logic_sha256
from transat.cohorts.language.prose import LISTS, NAME, READING, prose
from transat.cohorts.language.prose.lists import code_sets
from transat.cohorts.language.prose.voice import Voice
from transat.cohorts.query.model import CodeItem, CodeSet, Cohort, ConceptItem
from transat.core.languages import LANGUAGES, Language, Text

#: ' ': a line of both that a changed one depends on; '-': only in A; '+': only in B.
Mark = Literal[" ", "-", "+"]
Item = ConceptItem | CodeItem
UNNAMED: Final = Text("sans nom", "unnamed")
#: Items of a code set written out; the others are counted.
_MOST: Final = 40


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the difference, with the indentation of its prose."""

    mark: Mark
    line: str


@dataclass(frozen=True, slots=True)
class LogicDiff:
    """Two definitions: the names of their logic, and the lines that differ.

    a, b: SHA-256 of what each does (prose left aside). lines: by language, sections of (heading,
    lines); code sets are compared item by item.
    """

    a: str
    b: str
    lines: dict[Language, tuple[tuple[str, tuple[Said, ...]], ...]]

    @property
    def same(self) -> bool:
        """Whether both do the same, whatever they are called."""
        return self.a == self.b


def compare(a: Cohort, b: Cohort) -> LogicDiff:
    """What `b` changed of `a`; the lines of a text that changed with the same logic are there."""
    name = logic_sha256(a)
    if repr(a) == repr(b):  # unlike ==, with names and prose
        return LogicDiff(name, name, dict.fromkeys(LANGUAGES, ()))
    return LogicDiff(name, logic_sha256(b), {lang: _sections(a, b, lang) for lang in LANGUAGES})


def _sections(a: Cohort, b: Cohort, language: Language) -> tuple[tuple[str, tuple[Said, ...]], ...]:
    before, after = (_prose(cohort, language) for cohort in (a, b))
    found = [
        (heading, tuple(_changed(before.get(heading, []), after.get(heading, []))))
        for heading in dict.fromkeys((*before, *after))
    ]
    lists = tuple(_code_sets(code_sets(a), code_sets(b), Voice(language)))
    found.append((LISTS.in_(language), lists))
    return tuple((heading, lines) for heading, lines in found if lines)


def _prose(cohort: Cohort, language: Language) -> dict[str, list[str]]:
    """Lines by heading, which is underlined; not the code sets, nor what is said of every cohort.

    Code sets are compared by their items: prose stops after the first ones.
    """
    lines = prose(cohort, language).splitlines()
    sections: dict[str, list[str]] = {}
    for heading, line in pairwise(lines):
        if line and not line.strip("-"):
            sections[heading] = []
        elif line and sections:
            list(sections.values())[-1].append(line)
    for text in (LISTS, NAME, READING):
        sections.pop(text.in_(language), None)
    headings = set(sections)
    return {
        heading: [line for line in lines if line not in headings]
        for heading, lines in sections.items()
    }


def _changed(a: list[str], b: list[str]) -> Iterator[Said]:
    """Lines of one only, each after the lines of both under which it stands."""
    merged: list[Said] = []
    for kind, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            merged += [Said(" ", line) for line in a[i:j]]
            continue
        merged += [Said("-", line) for line in a[i:j]]
        merged += [Said("+", line) for line in b[k:m]]
    kept: set[int] = set()
    for place, said in enumerate(merged):
        if said.mark == " ":
            continue
        kept.add(place)
        depth = _depth(said.line)
        for above in range(place - 1, -1, -1):
            if _depth(merged[above].line) < depth:
                kept.add(above)
                depth = _depth(merged[above].line)
    yield from (merged[place] for place in sorted(kept))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _code_sets(a: tuple[CodeSet, ...], b: tuple[CodeSet, ...], voice: Voice) -> Iterator[Said]:
    """Sets of A without their equal in B, each beside the one of that name."""
    gone, new = ([s for s in one if s not in other] for one, other in ((a, b), (b, a)))
    for before in gone:
        after = next((s for s in new if s.name == before.name), None)
        if after is None:
            yield from _items("-", before, CodeSet(), voice)
            continue
        new.remove(after)
        yield Said(" ", _title(before, voice))
        yield from _items("-", before, after, voice, titled=False)
        yield from _items("+", after, before, voice, titled=False)
    for after in new:
        yield from _items("+", after, CodeSet(), voice)


def _items(
    mark: Mark, codes: CodeSet, other: CodeSet, voice: Voice, titled: bool = True
) -> Iterator[Said]:
    if titled:
        yield Said(mark, _title(codes, voice))
    known: set[Item] = {*other.concepts, *other.codes}
    own: list[Item] = [i for i in codes.concepts if i not in known]
    own += [i for i in codes.codes if i not in known]
    for item in own[:_MOST]:
        yield Said(mark, f"    {_item(item, voice)}")
    if len(own) > _MOST:
        more = voice.number(len(own) - _MOST)
        yield Said(mark, "    " + voice(f"… et {more} autres", f"… and {more} more"))


def _title(codes: CodeSet, voice: Voice) -> str:
    return f"- {voice.quoted(codes.name or voice.text(UNNAMED))}"


def _item(item: Item, voice: Voice) -> str:
    if isinstance(item, ConceptItem):
        said = voice(f"concept {item.concept_id}", f"concept {item.concept_id}")
    else:
        said = f"{item.vocabulary} {item.code}" + ("*" if item.prefix else "")
    if item.descendants:
        said += voice(" et ses descendants", " and its descendants")
    if isinstance(item, ConceptItem) and item.mapped:
        said += voice(" et les concepts rattachés", " and the concepts mapped to it")
    return said + (voice(", exclu", ", excluded") if item.excluded else "")
