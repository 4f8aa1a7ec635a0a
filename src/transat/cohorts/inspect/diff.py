"""Two versions of a cohort side by side: what changed in its logic, or whose periods changed.

A and B are both definitions (files, folders or zips of them), or both folders that `transat cohort`
wrote. What is printed may be shown: counts of persons are masked where they are small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transat.cohorts import definitions
from transat.cohorts.inspect import logic, periods
from transat.cohorts.inspect.logic import LogicDiff
from transat.cohorts.inspect.periods import PeriodChanges
from transat.cohorts.language.prose.voice import Voice
from transat.cohorts.query.model import Cohort
from transat.core.counts import MASKED
from transat.core.errors import InputError
from transat.core.languages import Language, Text

COHORTS: Final = "cohort.parquet"
NAMES: Final = "cohort_definition.parquet"
_ID: Final = "cohort_definition_id"
_PERSONS: Final = {
    "both": Text("dans les deux", "in both"),
    "same": Text("  mêmes périodes", "  same periods"),
    "changed": Text("  autres périodes", "  other periods"),
    "left": Text("seulement dans A", "only in A"),
    "entered": Text("seulement dans B", "only in B"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One definition in A and in B: its logic, or the periods that it gave."""

    cohort_definition_id: int
    name: Text
    logic: LogicDiff | None = None
    periods: PeriodChanges | None = None

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return self.logic.same if self.logic else not (self.periods and self.periods.any)


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed from A to B; `text` says it in both languages.

    only_a, only_b: definitions of one side alone, by their names.
    """

    compared: tuple[Compared, ...]
    only_a: tuple[Text, ...]
    only_b: tuple[Text, ...]

    @property
    def same(self) -> bool:
        """Whether B is A."""
        return not (self.only_a or self.only_b) and all(c.same for c in self.compared)

    @property
    def text(self) -> Text:
        """The whole difference, lines ending with a newline."""
        return Text(*("".join(f"{line}\n" for line in _said(self, v)) for v in _VOICES))

    def as_dict(self) -> dict[str, Any]:
        """The same for a machine; a masked count is null."""
        return {
            "same": self.same,
            "only_a": [{"fr": t.fr, "en": t.en} for t in self.only_a],
            "only_b": [{"fr": t.fr, "en": t.en} for t in self.only_b],
            "compared": [_plain(c) for c in self.compared],
        }


_VOICES: Final = (Voice("fr"), Voice("en"))


def diff(a: Path, b: Path) -> Diff:
    """Compare two definitions, or two folders of cohorts.

    When each side has one definition, these are compared whatever their numbers; else those of one
    number. Raises InputError when one side is a definition and the other a folder of cohorts, or
    when a file cannot be read; StudyError for a definition that is refused.
    """
    a, b = Path(a), Path(b)
    made = [(path / COHORTS).is_file() for path in (a, b)]
    if any(made):
        if not all(made):
            raise _not_alike(b if made[0] else a)
        return _diff(_periods(a), _periods(b), _compare_periods)
    return _diff(_definitions(a), _definitions(b), _compare_logic)


def changed_persons(a: Path, b: Path) -> pa.Table:
    """Whose periods changed, for the site alone: definition (A's number), subject_id, change.

    a, b: folders of cohorts. 'changed', 'left' or 'entered' as in PeriodChanges.
    """
    before, after = _periods(a), _periods(b)
    tables = []
    for number, one, other in _pairs(before, after):
        moved = periods.changes(one[1], other[1])
        tables.append(moved.add_column(0, _ID, pa.array([number] * moved.num_rows, pa.int64())))
    return pa.concat_tables(tables) if tables else pa.table({_ID: pa.array([], pa.int64())})


def _diff(a: Mapping[int, Any], b: Mapping[int, Any], compare: Any) -> Diff:
    pairs = list(_pairs(a, b))
    alone = len(a) == len(b) == 1
    return Diff(
        tuple(compare(number, one, other) for number, one, other in pairs),
        () if alone else tuple(a[n][0] for n in sorted(a) if n not in b),
        () if alone else tuple(b[n][0] for n in sorted(b) if n not in a),
    )


def _pairs(a: Mapping[int, Any], b: Mapping[int, Any]) -> Iterator[tuple[int, Any, Any]]:
    if len(a) == len(b) == 1:
        (number, one), (_, other) = *a.items(), *b.items()
        yield number, one, other
        return
    yield from ((n, a[n], b[n]) for n in sorted(a) if n in b)


def _compare_logic(number: int, a: tuple[Text, Cohort], b: tuple[Text, Cohort]) -> Compared:
    return Compared(number, b[0], logic=logic.compare(a[1], b[1]))


def _compare_periods(number: int, a: tuple[Text, pa.Table], b: tuple[Text, pa.Table]) -> Compared:
    return Compared(number, b[0], periods=periods.compare(a[1], b[1]))


def _definitions(path: Path) -> dict[int, tuple[Text, Cohort]]:
    batch = definitions.read(path)
    for error in batch.refused:
        raise error
    return {
        s.definition.cohort_definition_id: (s.title, s.definition.cohort) for s in batch.sources
    }


def _periods(folder: Path) -> dict[int, tuple[Text, pa.Table]]:
    """Name and rows of each definition; one that found nobody is there when its name is."""
    rows = _read(folder / COHORTS)
    names: dict[int, Text] = {}
    if (folder / NAMES).is_file():
        for row in _read(folder / NAMES).to_pylist():
            names[row[_ID]] = Text(row["name_fr"], row["name_en"])
    present = {*names, *rows[_ID].unique().to_pylist()}
    unnamed = {n: Text(f"cohorte {n}", f"cohort {n}") for n in present}
    return {n: (names.get(n, unnamed[n]), rows.filter(pc.field(_ID) == n)) for n in sorted(present)}


def _read(file: Path) -> pa.Table:
    try:
        return pq.read_table(file)
    except (OSError, pa.ArrowInvalid):
        raise InputError(
            Text("ce fichier n'est pas lisible.", "this file cannot be read."),
            str(file),
            Text("Refaites la cohorte.", "Make the cohort again."),
        ) from None


def _not_alike(path: Path) -> InputError:
    return InputError(
        Text(
            "ce n'est pas un dossier de cohortes, et l'autre côté en est un.",
            "this is not a folder of cohorts, and the other side is one.",
        ),
        str(path),
        Text(
            "Comparez deux définitions, ou deux dossiers écrits par « transat cohort ».",
            'Compare two definitions, or two folders that "transat cohort" wrote.',
        ),
    )


def _said(found: Diff, voice: Voice) -> Iterator[str]:
    if found.same:
        yield voice("A et B sont identiques.", "A and B are the same.")
        if not any(c.logic and c.logic.lines[voice.language] for c in found.compared):
            return
    for mark, names in (("-", found.only_a), ("+", found.only_b)):
        for name in names:
            yield f"{mark} {voice.text(name)}"
    several = len(found.compared) > 1
    for each in found.compared:
        if several and each.same:
            continue
        yield voice.text(each.name)
        yield from _logic(each.logic, voice) if each.logic else _changes(each.periods, voice)


def _logic(found: LogicDiff, voice: Voice) -> Iterator[str]:
    if found.same:
        yield voice(
            f"Même logique ({found.a[:12]}) ; seuls des textes diffèrent :",
            f"Same logic ({found.a[:12]}); only texts differ:",
        )
    else:
        yield voice(
            f"La logique diffère : {found.a[:12]} → {found.b[:12]}",
            f"The logic differs: {found.a[:12]} → {found.b[:12]}",
        )
    sections = found.lines[voice.language]
    for heading, lines in sections:
        yield ""
        yield heading
        yield from (f"{said.mark} {said.line}" for said in lines)
    if not sections and not found.same:
        yield voice(
            "La différence ne se lit pas dans la prose ; comparez les fichiers.",
            "The difference does not show in the prose; compare the files.",
        )


def _changes(found: PeriodChanges | None, voice: Voice) -> Iterator[str]:
    if found is None:
        return
    shown = found.shown()
    texts = {key: voice.text(text) for key, text in _PERSONS.items()}
    width = max(map(len, texts.values()))
    yield voice("Personnes", "Persons")
    for key, text in texts.items():
        count = getattr(shown, key)
        said = voice.text(MASKED) if count is None else voice.number(count)
        yield f"  {text:<{width}}  {said:>10}"


def _plain(compared: Compared) -> dict[str, Any]:
    said: dict[str, Any] = {
        _ID: compared.cohort_definition_id,
        "name": {"fr": compared.name.fr, "en": compared.name.en},
        "same": compared.same,
    }
    if compared.logic is not None:
        languages: tuple[Language, ...] = ("fr", "en")
        said["logic"] = {"a": compared.logic.a, "b": compared.logic.b} | {
            name: [
                {"section": heading, "lines": [f"{s.mark} {s.line}" for s in lines]}
                for heading, lines in compared.logic.lines[name]
            ]
            for name in languages
        }
    if compared.periods is not None:
        shown = compared.periods.shown()
        said["persons"] = {key: getattr(shown, key) for key in _PERSONS}
    return said
