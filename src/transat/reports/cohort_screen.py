"""What `transat cohort` says of the cohorts it made; small counts are masked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from transat.cohorts.attrition import masked_steps
from transat.core.languages import Language, Text
from transat.reports.numbers import Numbers

if TYPE_CHECKING:
    from transat.cohorts.definitions import Batch, Source
    from transat.cohorts.generation import Generated

KINDS = {
    "entry": Text("Événements d'entrée", "Entry events"),
    "qualified": Text("Événements qualifiés", "Qualified events"),
    "limit": Text("Événements retenus", "Events kept"),
    "cohort": Text("Périodes de la cohorte", "Cohort periods"),
}
FOUND = {
    "periods": Text("avec des périodes", "with periods"),
    "nobody": Text("sans personne", "with nobody"),
    "no_table": Text(
        "sans personne : le CDM n'a pas la table d'entrée",
        "with nobody: the CDM lacks the entry table",
    ),
    "no_concept": Text(
        "sans personne : le CDM ne connaît aucun des concepts d'entrée",
        "with nobody: the CDM knows none of the entry concepts",
    ),
}
#: A batch names its empty definitions up to this many.
NAMED = 40


def screen(batch: Batch, made: Generated, language: Language) -> Iterator[str]:
    """The attrition of one definition, or the summary of several."""
    if len(batch.sources) == 1:
        yield from _one(batch.sources[0], made, language)
        return
    total = len(batch.sources)
    yield Text(f"{total} définitions exécutées", f"{total} definitions run").in_(language)
    for found, number in made.counts.items():
        if number:
            yield f"  {number:>6}  {FOUND[found].in_(language)}{_which(found, batch, made)}"


def _which(found: str, batch: Batch, made: Generated) -> str:
    """The ids of the definitions that found nobody, the first ones."""
    if found == "periods":
        return ""
    ids = [
        str(s.definition.cohort_definition_id)
        for s, f in zip(batch.sources, made.found, strict=True)
        if f == found
    ]
    return f" ({', '.join(ids[:NAMED])}{' …' if len(ids) > NAMED else ''})"


def _one(source: Source, made: Generated, language: Language) -> Iterator[str]:
    yield source.title.in_(language)
    steps = _steps(source, made)
    named = [(Text(*s["text"]).in_(language), s["events"], s["persons"]) for s in steps]
    width = max(len(name) for name, _, _ in named)
    events, persons = Text("événements", "events"), Text("personnes", "persons")
    head = (events.in_(language), persons.in_(language))
    yield f"  {'':<{width}}  {head[0]:>12}  {head[1]:>12}"
    for name, *numbers in named:
        shown = [Numbers(language).count(n) for n in numbers]
        yield f"  {name:<{width}}  {shown[0]:>12}  {shown[1]:>12}"
    if made.found[0] != "periods":
        yield f"  {FOUND[made.found[0]].in_(language)}"


def _steps(source: Source, made: Generated) -> list[dict[str, Any]]:
    """Kind, text and masked counts of each step of one definition."""
    number = source.definition.cohort_definition_id
    rows = [
        row for row in made.executed.attrition.to_pylist() if row["cohort_definition_id"] == number
    ]
    rules = source.definition.cohort.rules
    left = masked_steps([row["events"] for row in rows], [row["persons"] for row in rows])
    texts = [KINDS[r["kind"]] if r["rule"] is None else rules[r["rule"]].name for r in rows]
    return [
        {"kind": r["kind"], "text": (t.fr, t.en), "events": e, "persons": p}
        for r, t, (e, p) in zip(rows, texts, left, strict=True)
    ]


def answer(batch: Batch, made: Generated) -> dict[str, object]:
    """The same for a machine; a masked count is null."""
    several = {
        "definitions": [
            {
                "cohort_definition_id": s.definition.cohort_definition_id,
                "name": {"fr": s.title.fr, "en": s.title.en},
                "file": s.name,
                "found": found,
            }
            for s, found in zip(batch.sources, made.found, strict=True)
        ],
        "refused": [{"file": e.where, "why": e.what.en} for e in batch.refused],
    }
    if len(batch.sources) != 1:
        return several
    steps = [
        s | {"text": {"fr": s["text"][0], "en": s["text"][1]}}
        for s in _steps(batch.sources[0], made)
    ]
    return several | {"attrition": steps}
