"""An event as the language writes it: `{drug: valproate, where: {days_supply: [1, null]}}`."""

from __future__ import annotations

from transat.cohorts.language.context import Context
from transat.cohorts.language.days import shift
from transat.cohorts.language.filters import filters
from transat.cohorts.language.grammar import DOMAIN_WORDS
from transat.cohorts.language.place import Place
from transat.cohorts.query.domains import DOMAINS
from transat.cohorts.query.model import CodeSet, Group, Read, Shift
from transat.core.languages import Text


def event(place: Place, context: Context) -> Read:
    """The Read of an event. Raises StudyError."""
    entries = place.shape("event")
    words = [word for word in entries if word in DOMAIN_WORDS]
    if len(words) != 1:
        raise place.refused(
            Text("un événement est d'un domaine, et d'un seul.",
                 "an event is of one domain, and one only."),
            Text(f"Donnez l'un de : {', '.join(DOMAIN_WORDS)}.",
                 f"Give one of: {', '.join(DOMAIN_WORDS)}."),
        )  # fmt: skip
    domain = DOMAIN_WORDS[words[0]]
    named = entries[words[0]]
    codes = context.code_set(named)
    either, standard, source = _matched(place, entries, domain, codes, named)
    within = None
    if "having" in entries:
        from transat.cohorts.language.conditions import conditions

        within = Group("all", conditions(entries["having"], context))
    where = entries.get("where")
    return Read(
        domain,
        codes=standard,
        source_codes=source,
        any_codes=either,
        first="first" in entries and entries["first"].yes(),
        start=shift(entries["starts"]) if "starts" in entries else Shift("start"),
        end=shift(entries["ends"]) if "ends" in entries else Shift("end"),
        filters=filters(where, domain, context) if where else (),
        within=within,
        name=codes.name if codes else "",
    )


def events(place: Place, context: Context) -> tuple[Read, ...]:
    """A list of events."""
    return tuple(event(each, context) for each in place.each())


def _matched(
    place: Place, entries: dict[str, Place], domain: str, codes: CodeSet | None, named: Place
) -> tuple[CodeSet | None, CodeSet | None, CodeSet | None]:
    """The set as `any_codes`, `codes` or `source_codes`."""
    holds = DOMAINS[domain]
    match = entries["match"].word(("either", "standard", "source")) if "match" in entries else ""
    if codes is None:
        return None, None, None
    if holds.concept is None:
        raise named.refused(
            Text("ces événements n'ont pas de code : écrivez any.",
                 "these events have no code: write any.")
        )  # fmt: skip
    if match == "source" and holds.source_concept is None:
        raise entries["match"].refused(
            Text("ces événements n'ont pas de code source.", "these events have no source code.")
        )
    if match == "source":
        return None, None, codes
    if match == "standard" or holds.source_concept is None:
        return None, codes, None
    return codes, None, None
