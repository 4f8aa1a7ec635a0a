"""Cohorts, analyses and studies as plain French or English, from the same nodes that run.

Any Cohort can be said, also one read from an OHDSI definition. Beside each author's sentence
stands the formal one: a reader sees when the two disagree.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from transat.cohorts.language.hashes import logic_sha256
from transat.cohorts.language.prose.analyses import analysis_parts
from transat.cohorts.language.prose.cohorts import Part, cohort_parts
from transat.cohorts.language.prose.left import left
from transat.cohorts.language.prose.lists import list_lines, names
from transat.cohorts.language.prose.voice import Line, Voice
from transat.cohorts.language.study import Study
from transat.cohorts.query.analysis import Analysis
from transat.cohorts.query.model import Cohort
from transat.core.languages import Language, Text

__all__ = ["prose"]

LISTS = Text("Ensembles de codes", "Code sets")
NAME = Text("Nom de cette logique (SHA-256)", "Name of this logic (SHA-256)")
NAMES = Text("Noms de cette étude (SHA-256)", "Names of this study (SHA-256)")
PURPOSE = Text("But", "Purpose")
READING = Text("Pour lire", "How to read")
UNTITLED = Text("Cohorte sans titre", "Untitled cohort")
_CONVENTIONS = (
    Text("les fenêtres comptent des jours, leurs deux bouts compris",
         "windows count days, both ends included"),
    Text("sauf mention contraire, un événement compté commence dans la même période d'observation",
         "unless said otherwise, an event that is counted starts in the same observation period"),
    Text("d'un code, * : tout code qui commence ainsi, + : avec ses descendants, ~ : avec ce qui "
         "s'y rattache (Maps to)",
         "of a code, *: every code that starts so, +: with its descendants, ~: with what maps to "
         "it (Maps to)"),
    Text("une valeur inconnue ne satisfait aucune condition",
         "an unknown value satisfies no condition"),
    Text("l'âge est l'année de l'événement moins l'année de naissance",
         "age is the event's year less the year of birth"),
)  # fmt: skip


def prose(
    thing: Cohort | Analysis | Study,
    language: Language,
    attrition: pa.Table | None = None,
    labels: Mapping[str, Text] | None = None,
) -> str:
    """The text of a cohort, an analysis or a study; lines ending with a newline.

    attrition: that of the definition (query.executor.ATTRITION_SCHEMA), shown beside each rule
    with small counts masked; for a study, of its `definitions`, by their numbers. labels: what
    code sets are called, by their names; a study brings its own. Raises ValueError for the
    attrition of several definitions where one is said.
    """
    if isinstance(thing, Study):
        return _study(
            thing, Voice(language, names(_nodes(thing), language, thing.labels)), attrition
        )
    voice = Voice(language, names(thing, language, labels or {}))
    cohort = thing.cohort if isinstance(thing, Analysis) else thing
    title = cohort.name or UNTITLED
    parts = cohort_parts(cohort, voice, left(attrition))
    if isinstance(thing, Analysis):
        parts += analysis_parts(thing, voice)
    parts.append((LISTS, list_lines(thing, voice) or [_none(voice)]))
    parts.append((NAME, [Line(logic_sha256(thing))]))
    parts.append((READING, [Line(voice.text(each)) for each in _CONVENTIONS]))
    return _page([voice.text(title)], parts, voice)


def _study(study: Study, voice: Voice, attrition: pa.Table | None) -> str:
    heading = [voice.text(study.title), f"{study.id} {study.version}"]
    parts: list[Part] = []
    if study.purpose is not None:
        parts.append((PURPOSE, [Line(voice.text(study.purpose))]))
    pages = [_page(heading, parts, voice)]
    for definition, population in zip(study.definitions, study.populations, strict=True):
        number = definition.cohort_definition_id
        own = attrition.filter(pc.field("cohort_definition_id") == number) if attrition else None
        title = f"{voice.text(population.title)} [{population.id}]"
        pages.append(_page([title], cohort_parts(population.cohort, voice, left(own)), voice))
    for part in study.analyses:
        title = f"{voice.text(part.title)} [{part.id} : {part.cohort}]"
        pages.append(_page([title], analysis_parts(part.analysis, voice), voice))
    both = (f"{voice('logique', 'logic')} {study.hashes.logic}",
            f"document {study.hashes.document}")  # fmt: skip
    pages.append(
        _page([], [(LISTS, list_lines(_nodes(study), voice) or [_none(voice)]),
                   (NAMES, [Line(each) for each in both]),
                   (READING, [Line(voice.text(each)) for each in _CONVENTIONS])], voice)
    )  # fmt: skip
    return "\n".join(pages)


def _nodes(study: Study) -> tuple[Cohort | Analysis, ...]:
    return (*(p.cohort for p in study.populations), *(p.analysis for p in study.analyses))


def _none(voice: Voice) -> Line:
    return Line(voice("aucun", "none"))


def _page(titles: list[str], parts: list[Part], voice: Voice) -> str:
    lines = [titles[0], "=" * len(titles[0]), *titles[1:]] if titles else []
    for heading, said in parts:
        title = voice.text(heading)
        lines += ["", title, "-" * len(title), *(row for line in said for row in line.written())]
    return "\n".join(lines).lstrip("\n") + "\n"
