"""An analysis as the language writes it: columns around each period, and a follow-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, cast

from transat.cohorts.language.attributes import kinds
from transat.cohorts.language.conditions import around
from transat.cohorts.language.context import Context
from transat.cohorts.language.days import bounds, from_start
from transat.cohorts.language.events import event, events
from transat.cohorts.language.grammar import COLUMN_KINDS
from transat.cohorts.language.place import Place
from transat.cohorts.language.study import Part, Population
from transat.cohorts.query.analysis import Analysis, FollowUp, Measure
from transat.core.languages import Text

What = Literal["any", "count", "days_to_first", "days_since_last", "days_covered", "last_value"]
Role = Literal["exposure", "outcome", "covariate"]

ROLES: Final[dict[str, Role]] = {
    "exposures": "exposure",
    "outcomes": "outcome",
    "covariates": "covariate",
}
#: Columns that every analysis table has.
RESERVED: Final = ("subject_id", "cohort_start_date", "cohort_end_date", "time", "status")
_WINDOW: Final = ("days", "by", "outside_observation")
_COVERED: Final = ("covered", "grace", "until_end", "outside_observation")
#: Which keywords go with each kind of column, besides id, fr, en, column and of.
_TAKES: Final = {
    "any": (*_WINDOW, *_COVERED, "at_least"),
    "count": _WINDOW,
    "days_to_first": _WINDOW,
    "days_since_last": _WINDOW,
    "days_covered": _COVERED,
    "last_value": (*_WINDOW, "value"),
}


def part(place: Place, context: Context, populations: Mapping[str, Population]) -> Part:
    """Read one analysis. Raises StudyError."""
    entries = place.shape("analysis")
    entries["title"].shape("text")
    name = entries["cohort"].word(tuple(populations))
    taken: set[str] = set(RESERVED)
    measures = tuple(
        _measure(each, context, role, taken)
        for word, role in ROLES.items()
        if word in entries
        for each in entries[word].each()
    )
    follow_up = _follow_up(entries["follow_up"], context) if "follow_up" in entries else None
    if not measures and follow_up is None:
        raise place.refused(
            Text("cette analyse ne mesure rien.", "this analysis measures nothing."),
            Text("Donnez des colonnes ou un suivi.", "Give columns or a follow-up."),
        )
    analysis = Analysis(populations[name].cohort, measures, follow_up)
    return Part(entries["id"].name(), entries["title"].said(), name, analysis, place.line)


def _measure(place: Place, context: Context, role: Role, taken: set[str]) -> Measure:
    entries = place.shape("column")
    key = entries["id"].name()
    if key in taken:
        raise entries["id"].refused(
            Text(f"la colonne « {key} » existe déjà.", f'column "{key}" exists already.')
        )
    taken.add(key)
    what = cast(What, entries["column"].word(COLUMN_KINDS))
    covered = _fits(place, entries, what)
    read = event(entries["of"], context)
    outside = "outside_observation" in entries and entries["outside_observation"].yes()
    value = None
    if what == "last_value":
        measured = [n for n, k in kinds(read.domain).items() if k in ("number", "concept")]
        value = entries["value"].word(measured)
    return Measure(
        key,
        what,
        read,
        () if covered else around(place, entries, context),
        from_start(entries["covered"], context.windows) if covered else None,
        entries["grace"].whole() if "grace" in entries else 0,
        entries["at_least"].whole(1) if "at_least" in entries else 1,
        value,
        outside,
        role,
        place.said(),
        "until_end" in entries and entries["until_end"].yes(),
    )


def _fits(place: Place, entries: dict[str, Place], what: str) -> bool:
    """Whether days are counted; refuses keywords that do not go with this kind of column."""
    for word, value in entries.items():
        if word not in ("id", "fr", "en", "column", "of", *_TAKES[what]):
            raise value.refused(
                Text(
                    f"« {word} » ne va pas avec « {what} ».", f'"{word}" does not go with "{what}".'
                )
            )
    covered = "covered" in entries
    if covered and ("days" in entries or "by" in entries):
        raise place.refused(
            Text("donnez days ou covered, et un seul.", "give days or covered, and one only.")
        )
    for wanted, word in ((what == "days_covered", "covered"), (what == "last_value", "value"),
                         (not covered and what != "days_covered", "days"),
                         ("grace" in entries, "covered")):  # fmt: skip
        if wanted and word not in entries:
            raise place.refused(Text(f"il manque « {word} ».", f'"{word}" is missing.'))
    return covered


def _follow_up(place: Place, context: Context) -> FollowUp:
    entries = place.shape("follow_up")
    first, last = 0, None
    if "days" in entries:
        low, high = bounds(entries["days"], context.windows)
        if low.days is None or low.days < 0 or "end" in (low.edge, high.edge):
            raise entries["days"].expected(
                "des jours comptés du début, à partir de 0", "days counted from the start, from 0"
            )
        first, last = low.days, high.days
    return FollowUp(
        event(entries["outcome"], context),
        events(entries["competing"], context) if "competing" in entries else (),
        events(entries["censor"], context) if "censor" in entries else (),
        first,
        last,
        place.said(),
    )
