"""Conditions around an event: counts in windows, what the person is, and groups of these."""

from __future__ import annotations

from typing import Final, Literal, cast

from transat.cohorts.language.attributes import kinds
from transat.cohorts.language.context import Context
from transat.cohorts.language.days import Bound, bounds, windows
from transat.cohorts.language.events import event
from transat.cohorts.language.filters import filters
from transat.cohorts.language.place import Place
from transat.cohorts.query.model import Count, Demographic, Group, Window
from transat.core.errors import StudyError
from transat.core.languages import Text

Member = Count | Demographic | Group
Comparison = Literal["at_least", "at_most", "exactly"]

KINDS: Final = ("has", "has_not", "where", "all", "any", "of")
COMPARISONS: Final = ("at_least", "at_most", "exactly")
_COUNTED: Final = (*COMPARISONS, "days", "by", "outside_observation", "same_visit", "distinct")
#: Which other keywords each kind of condition takes.
_TAKES: Final = {
    "has": _COUNTED,
    "has_not": ("days", "by", "outside_observation", "same_visit"),
    "where": (),
    "all": (),
    "any": (),
    "of": ("at_least", "at_most"),
}


def conditions(place: Place, context: Context) -> tuple[Member, ...]:
    """A list of conditions."""
    return tuple(condition(each, context) for each in place.each())


def condition(place: Place, context: Context, shape: str = "condition") -> Member:
    """One condition, with its text when it has one. Raises StudyError."""
    entries = place.shape(shape)
    kind = _kind(place, entries)
    text = _text(place, entries)
    if kind in ("has", "has_not"):
        return _count(place, entries, context, kind, text)
    if kind == "where":
        return Demographic(filters(entries["where"], None, context), text)
    members = conditions(entries[kind], context)
    if kind == "of":
        need, times = _times(place, entries, ("at_least", "at_most"))
        _possible(place, need, times, len(members))
        return Group(cast(Literal["at_least", "at_most"], need), members, times, text)
    return Group(cast(Literal["all", "any"], kind), members, text=text)


def around(place: Place, entries: dict[str, Place], context: Context) -> tuple[Window, ...]:
    """The windows of `days` and `by`; without `days`, the whole observation period."""
    by = entries["by"].word(("start", "end", "overlap")) if "by" in entries else "start"
    if "days" not in entries:
        return windows(Bound("start", None), Bound("start", None), by)
    return windows(*bounds(entries["days"], context.windows), by)


def _count(
    place: Place, entries: dict[str, Place], context: Context, kind: str, text: Text | None
) -> Count:
    read = event(entries[kind], context)
    comparison, times = ("at_most", 0)
    if kind == "has":
        comparison, times = _times(place, entries, COMPARISONS, default=True)
    distinct = None
    if "distinct" in entries:
        distinct = entries["distinct"].word(tuple(kinds(read.domain)))
    return Count(
        read,
        around(place, entries, context),
        cast(Comparison, comparison),
        times,
        distinct,
        same_visit="same_visit" in entries and entries["same_visit"].yes(),
        outside_period=_outside(entries),
        text=text,
    )


def _outside(entries: dict[str, Place]) -> bool:
    return "outside_observation" in entries and entries["outside_observation"].yes()


def _kind(place: Place, entries: dict[str, Place]) -> str:
    kinds_given = [kind for kind in KINDS if kind in entries]
    if len(kinds_given) != 1:
        raise place.refused(
            Text("une condition est d'une sorte, et d'une seule.",
                 "a condition is of one kind, and one only."),
            Text(f"Donnez l'un de : {', '.join(KINDS)}.", f"Give one of: {', '.join(KINDS)}."),
        )  # fmt: skip
    kind = kinds_given[0]
    for word, value in entries.items():
        if word not in (kind, "id", "fr", "en", *_TAKES[kind]):
            raise value.refused(
                Text(
                    f"« {word} » ne va pas avec « {kind} ».", f'"{word}" does not go with "{kind}".'
                )
            )
    return kind


def _times(
    place: Place, entries: dict[str, Place], words: tuple[str, ...], default: bool = False
) -> tuple[str, int]:
    given = [word for word in words if word in entries]
    if not given and default:
        return "at_least", 1
    if len(given) != 1:
        raise _one_of(place, words)
    word = given[0]
    times = entries[word].whole()
    if word == "at_least" and times == 0:
        raise entries[word].refused(
            Text("« au moins 0 » est toujours vrai.", '"at least 0" always holds.')
        )
    return word, times


def _possible(place: Place, need: str, times: int, members: int) -> None:
    if need == "at_least" and times > members:
        raise place.refused(
            Text(f"{times} conditions sont demandées sur {members}.",
                 f"{times} conditions are wanted of {members}.")
        )  # fmt: skip


def _one_of(place: Place, words: tuple[str, ...]) -> StudyError:
    listed = ", ".join(words)
    return place.refused(
        Text(f"donnez l'un de : {listed}, et un seul.", f"give one of: {listed}, and one only.")
    )


def _text(place: Place, entries: dict[str, Place]) -> Text | None:
    if ("fr" in entries) != ("en" in entries):
        raise place.refused(
            Text("un texte s'écrit en français et en anglais (fr, en).",
                 "a text is written in French and in English (fr, en).")
        )  # fmt: skip
    if "fr" not in entries:
        return None
    return Text(entries["fr"].sentence(), entries["en"].sentence())
