"""Code sets that hold nothing, hold a code twice, or share codes; vocabularies that none knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from transat.cohorts.language.checks.finding import Finding
from transat.cohorts.language.code_lists import KNOWN, CodeList
from transat.cohorts.language.study import Study
from transat.cohorts.query.model import CodeItem, CodeSet, ConceptItem
from transat.core.errors import close_match
from transat.core.languages import Text

Item = CodeItem | ConceptItem
_REVIEW = Text("Relisez la liste.", "Review the list.")


def list_findings(study: Study) -> Iterator[Finding]:
    """Every finding on the code sets of a study."""
    for codes in study.codes.values():
        yield from _one(codes)
        if codes.name not in study.used:
            yield _warning(codes, "rien ne lit cet ensemble.", "nothing reads this set.")
    used = [codes for name, codes in study.codes.items() if name in study.used]
    for first, second in combinations(used, 2):
        shared = _shared(first.codes, second.codes)
        if shared is not None:
            yield _warning(
                second,
                f"« {first.name} » et « {second.name} » ont des codes en commun ({shared}).",
                f'"{first.name}" and "{second.name}" share codes ({shared}).',
            )


def is_empty(codes: CodeSet) -> bool:
    """Whether nothing is taken, or everything that is taken is taken out again."""
    items = _items(codes)
    out = Index(item for item in items if item.excluded)
    return all(out.covering(item) for item in items if not item.excluded)


class Index:
    """Items by what they begin with, so that a list of thousands is compared at once."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_key: dict[tuple[str, str] | int, list[Item]] = {}
        for item in items:
            self._by_key.setdefault(_key(item), []).append(item)

    def covering(self, item: Item) -> list[Item]:
        """The items that hold every code of `item`, itself included when it is one of them."""
        if isinstance(item, ConceptItem):
            found = self._by_key.get(item.concept_id, [])
        else:
            sizes = range(1, len(item.code) + 1)
            keys = ((item.vocabulary, item.code[:size]) for size in sizes)
            found = [each for key in keys for each in self._by_key.get(key, [])]
        return [each for each in found if covers(each, item)]


def _key(item: Item) -> tuple[str, str] | int:
    return item.concept_id if isinstance(item, ConceptItem) else (item.vocabulary, item.code)


def covers(wide: Item, narrow: Item) -> bool:
    """Whether every code of `narrow` is one of `wide`, as far as the lists alone can say."""
    if isinstance(wide, ConceptItem) and isinstance(narrow, ConceptItem):
        below = wide.descendants or not narrow.descendants
        return wide.concept_id == narrow.concept_id and below and wide.mapped >= narrow.mapped
    if not isinstance(wide, CodeItem) or not isinstance(narrow, CodeItem):
        return False
    if wide.vocabulary != narrow.vocabulary or (narrow.descendants and not wide.descendants):
        return False
    if wide.prefix:
        return narrow.code.startswith(wide.code)
    return narrow.code == wide.code and not narrow.prefix


def _items(codes: CodeSet) -> tuple[Item, ...]:
    return (*codes.concepts, *codes.codes)


def _one(codes: CodeList) -> Iterator[Finding]:
    if is_empty(codes.codes):
        yield Finding(
            "error",
            "code_list",
            f"{codes.where} {codes.name}",
            Text("cet ensemble de codes est vide.", "this code set is empty."),
            Text("Ajoutez des codes, ou ôtez une exclusion.", "Add codes, or drop an exclusion."),
        )
    lines = [line for line in codes.lines if not line.item.excluded]
    taken = Index(line.item for line in lines)
    seen: set[Item] = set()
    for line in lines:
        wider = [item for item in taken.covering(line.item) if item != line.item]
        if wider or line.item in seen:
            wide = _said(wider[0] if wider else line.item)
            yield _warning(
                codes,
                f"« {_said(line.item)} » est déjà dans « {wide} ».",
                f'"{_said(line.item)}" is already in "{wide}".',
                line.line,
            )
        seen.add(line.item)
    yield from _exclusions(codes)
    yield from _vocabularies(codes)


def _exclusions(codes: CodeList) -> Iterator[Finding]:
    """An exclusion that touches no code taken; one of concepts may act through descendants."""
    lines = [line for line in codes.lines if isinstance(line.item, CodeItem)]
    out = Index(line.item for line in lines if line.item.excluded)
    hit = {o for line in lines if not line.item.excluded for o in out.covering(line.item)}
    taken = Index(line.item for line in codes.lines if not line.item.excluded)
    loose = any(
        not isinstance(line.item, CodeItem) or line.item.descendants for line in codes.lines
    )
    for line in lines:
        idle = line.item.excluded and line.item not in hit and not taken.covering(line.item)
        if idle and not loose:
            yield _warning(
                codes,
                f"exclure « {_said(line.item)} » ne retire rien.",
                f'excluding "{_said(line.item)}" takes nothing out.',
                line.line,
            )


def _vocabularies(codes: CodeList) -> Iterator[Finding]:
    named = {line.item.vocabulary: line.line for line in codes.lines[::-1]
             if isinstance(line.item, CodeItem)}  # fmt: skip
    for vocabulary, line in sorted(named.items()):
        if vocabulary not in KNOWN:
            near = close_match(vocabulary, KNOWN)
            yield _warning(
                codes,
                f"vocabulaire « {vocabulary} » inconnu ici"
                + (f" ; vouliez-vous « {near} » ?" if near else "."),
                f'vocabulary "{vocabulary}" is not known here'
                + (f'; did you mean "{near}"?' if near else "."),
                line,
            )


def _shared(first: CodeSet, second: CodeSet) -> str | None:
    """A code that both sets hold, by the lists alone; the smallest, so that the answer is one."""
    found = []
    for one, other in ((first, second), (second, first)):
        out = Index(item for item in _items(one) if item.excluded)
        taken = Index(item for item in _items(one) if not item.excluded)
        for item in _items(other):
            if not item.excluded and taken.covering(item) and not out.covering(item):
                found.append(_said(item))
    return min(found, default=None)


def _said(item: Item) -> str:
    if isinstance(item, ConceptItem):
        return f"OMOP {item.concept_id}"
    return f"{item.vocabulary} {item.code}{'*' if item.prefix else ''}"


def _warning(codes: CodeList, fr: str, en: str, line: int | None = None) -> Finding:
    at = codes.where if line is None else f"{codes.where}:{line}"
    return Finding("warning", "code_list", f"{at} {codes.name}", Text(fr, en), _REVIEW)
