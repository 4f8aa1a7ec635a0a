"""Which attributes a filter may ask of an event, and what kind of value each has."""

from __future__ import annotations

from functools import cache
from typing import Final, Literal

from transat.cohorts.episodes.parameters import UNKNOWN
from transat.cohorts.episodes.starts import CLASSES, DATINGS
from transat.cohorts.query.domains import DERIVED, DOMAINS, attributes
from transat.cohorts.specification import PREGNANCY_OUTCOMES
from transat.tables.omop import tables

Kind = Literal["number", "date", "concept", "text"]

#: Words of the language for an attribute of the model. Age is in calendar years.
ALIASES: Final = {"age": "age_at_start", "sex": "person.gender_concept_id"}
#: OHDSI's concepts of the two sexes.
SEXES: Final = {"female": 8532, "male": 8507}
#: A rule on the event that lets in asks only what every event has.
OF_ENTRY: Final = ("start_date", "end_date", "duration", "age_at_start", "age_at_end")
#: Attributes of text whose values are known.
VALUES: Final = {
    "outcome": (*PREGNANCY_OUTCOMES, UNKNOWN),
    "dating": DATINGS,
    "precision_class": CLASSES,
}
_DATES: Final = ("start_date", "end_date")
_TEXTS: Final = tuple(VALUES)


@cache
def kinds(domain: str | None) -> dict[str, Kind]:
    """Attribute and kind, for an event of `domain`; None: for the event that lets in."""
    if domain is None:
        person = tuple(f"person.{c.name}" for c in tables()["person"].columns)
        names: tuple[str, ...] = (*OF_ENTRY, *person)
    else:
        names = attributes(domain)
    found = {name: _kind(domain, name) for name in sorted(set(names))}
    return {name: kind for name, kind in found.items() if kind is not None}


def _kind(domain: str | None, name: str) -> Kind | None:
    """None for an instant: days are days here."""
    if name.endswith("_concept_id"):
        return "concept"
    if name in DERIVED:
        return "date" if name in _DATES else "number"
    if domain == "pregnancy" and "." not in name:
        return "text" if name in _TEXTS else "number"
    table, _, column = name.rpartition(".")
    declared = tables()[table or DOMAINS[domain or "person"].table].column(column).type
    if declared in ("integer", "bigint", "float"):
        return "number"
    return None if declared == "datetime" else "date" if declared == "date" else "text"
