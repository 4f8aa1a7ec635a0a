"""What a reader of an OHDSI definition would not expect of it: Circe's own surprises, and slips.

A definition that is read can still say something else than its author meant. The slips are those of
OHDSI's own checks that do not hang on taste (what ATLAS calls warnings); contradictory and
impossible conditions are found on the cohort itself (language.checks).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import inf
from typing import Any, Final

from transat.cohorts.circe.criteria import CRITERIA
from transat.cohorts.circe.expression import read, unwrapped
from transat.cohorts.language.checks.finding import Finding
from transat.core.languages import Text

#: Of a type of criterion, or of demographic criteria (""): what Circe does with a key.
SURPRISES: Final[dict[tuple[str, str], Text]] = {
    ("DrugExposure", "OccurrenceEndDate"): Text(
        "Circe filtre le début de l'exposition, non sa fin.",
        "Circe filters the start of the exposure, not its end.",
    ),
    ("VisitDetail", "Age"): Text(
        "Circe prend l'âge à la fin du passage.", "Circe takes the age at the end of the visit."
    ),
    ("DrugEra", "GapDays"): Text(
        "Circe compare les jours sans médicament aux bornes d'EraLength.",
        "Circe compares the days without the drug with the range of EraLength.",
    ),
    ("Specimen", "DateAdjustment"): Text(
        "Circe ne déplace pas les dates d'un prélèvement.",
        "Circe does not move the dates of a specimen.",
    ),
    ("Specimen", "SpecimenSourceConcept"): Text(
        "Circe ne regarde pas le code source d'un prélèvement.",
        "Circe does not look at the source code of a specimen.",
    ),
    ("Death", "DateAdjustment"): Text(
        "Circe part du jour du décès et du lendemain, quoi que disent StartWith et EndWith.",
        "Circe starts from the day of death and the day after, whatever StartWith and EndWith say.",
    ),
    ("", "RaceCS"): Text("Circe compare le sexe.", "Circe compares the gender."),
    ("", "EthnicityCS"): Text("Circe compare le sexe.", "Circe compares the gender."),
}
_SETS: Final = frozenset(
    key
    for kind in CRITERIA.values()
    for key in (kind.source, *(a.key for a in kind.attributes if a.kind == "set"))
    if key is not None
) | {"CodesetId", "DrugCodesetId"}
_REVIEW: Final = Text("Relisez ce passage.", "Review this passage.")


def remarks(text: str, where: str) -> list[Finding]:
    """Remarks on a definition, in the order of its JSON. Raises as `read` does."""
    read(text, where)
    said, path, _ = unwrapped(json.loads(text), where)
    return [*_concept_sets(said, path), *_inside(said, path)]


def _remark(where: str, fr: str, en: str) -> Finding:
    return Finding("warning", "circe", where, Text(fr, en), _REVIEW)


def _concept_sets(said: dict[str, Any], path: str) -> Iterator[Finding]:
    """Sets that nothing uses, that hold nothing, that are the same."""
    used = set(_used(said))
    held: dict[str, int] = {}
    for n, one in enumerate(said.get("ConceptSets") or []):
        here, items = f"{path}.ConceptSets[{n}]", one["expression"]["items"] or []
        if int(one["id"]) not in used:
            yield _remark(
                here, "cet ensemble de concepts ne sert pas.", "this concept set is not used."
            )
        if all(item.get("isExcluded") for item in items):
            yield _remark(
                here, "cet ensemble de concepts est vide.", "this concept set holds nothing."
            )
            continue
        content = json.dumps(sorted(map(_plain, items)))
        if content in held:
            first = held[content]
            yield _remark(
                here,
                f"cet ensemble est le même que ConceptSets[{first}].",
                f"this set is the same as ConceptSets[{first}].",
            )
        held.setdefault(content, n)


def _plain(item: dict[str, Any]) -> tuple[int, bool, bool, bool]:
    flags = ("isExcluded", "includeDescendants", "includeMapped")
    excluded, descendants, mapped = (bool(item.get(flag)) for flag in flags)
    return int(item["concept"]["CONCEPT_ID"]), excluded, descendants, mapped


def _used(value: Any) -> Iterator[int]:
    """Ids of the concept sets that a part of a definition asks for."""
    if isinstance(value, list):
        for one in value:
            yield from _used(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key in _SETS and one is not None:
                yield int(one)
            elif key != "ConceptSets":
                yield from _used(one)


def _inside(value: Any, path: str) -> Iterator[Finding]:
    if isinstance(value, list):
        for n, one in enumerate(value):
            yield from _inside(one, f"{path}[{n}]")
    elif isinstance(value, dict):
        yield from _surprises(value, path)
        yield from _slips(value, path)
        for key, one in value.items():
            if key != "ConceptSets":
                yield from _inside(one, f"{path}.{key}")


def _surprises(said: dict[str, Any], path: str) -> Iterator[Finding]:
    """What Circe does other than the keys here say."""
    for (name, key), text in SURPRISES.items():
        body = said.get(name) if name else said
        if isinstance(body, dict) and body.get(key) is not None:
            here = f"{path}.{name}.{key}" if name else f"{path}.{key}"
            yield _remark(here, text.fr, text.en)


def _slips(said: dict[str, Any], path: str) -> Iterator[Finding]:
    if "Occurrence" in said and "Criteria" in said:
        yield from _correlated(said, path)
    low, high = said.get("Value"), said.get("Extent")
    if str(said.get("Op")).endswith("bt") and low is not None and high is not None and low > high:
        yield _remark(
            path, "la borne basse dépasse la borne haute.", "the low end is above the high end."
        )
    if "Start" in said and "End" in said:
        yield from _window(said, path)
    if isinstance(said.get("expression"), dict) and not _members(said["expression"]):
        yield _remark(path, "cette règle ne demande rien.", "this rule asks nothing.")


def _window(said: dict[str, Any], path: str) -> Iterator[Finding]:
    low, high = _days(said["Start"]), _days(said["End"])
    if low > high:
        yield _remark(
            path, "cette fenêtre finit avant de commencer.", "this window ends before it starts."
        )


def _days(endpoint: dict[str, Any]) -> float:
    """Days of an end of a window from its anchor; infinite when it is open."""
    days = endpoint.get("Days")
    return (inf if days is None else int(days)) * int(endpoint["Coeff"])


def _members(group: dict[str, Any]) -> int:
    """How many members a group has; 1 for what is not a group."""
    lists = ("CriteriaList", "DemographicCriteriaList", "Groups")
    return 1 if "items" in group else sum(len(group.get(key) or ()) for key in lists)


def _correlated(said: dict[str, Any], path: str) -> Iterator[Finding]:
    occurrence = said["Occurrence"]
    if int(occurrence["Type"]) == 2 and int(occurrence["Count"]) == 0:
        yield _remark(
            path,
            "« au moins 0 » est toujours vrai ; « exactement 0 » ?",
            '"at least 0" always holds; "exactly 0"?',
        )
    window = said["StartWindow"]
    before = int(window["Start"]["Coeff"]) < 0 and int(window["End"]["Coeff"]) < 0
    if before and "Death" in said["Criteria"]:
        yield _remark(
            path,
            "un décès est cherché avant l'événement.",
            "a death is looked for before the event.",
        )
