"""A whole cohort as words, part by part, in the order in which it runs."""

from __future__ import annotations

from typing import Final

from transat.cohorts.language.prose.events import event_line, group_line
from transat.cohorts.language.prose.filters import code_set
from transat.cohorts.language.prose.left import Key, Left
from transat.cohorts.language.prose.voice import Line, Voice
from transat.cohorts.language.prose.windows import ENTRY
from transat.cohorts.query.model import (
    Cohort,
    Entry,
    FixedOffset,
    Group,
    ObservationEnd,
    Persistence,
)
from transat.core.languages import Text

#: A heading and what stands under it.
Part = tuple[Text, list[Line]]

WHO: Final = Text("Qui entre", "Who enters")
RULES: Final = Text("Règles, dans l'ordre", "Rules, in order")
UNTIL: Final = Text("Jusqu'à quand", "Until when")
_LIMITS: Final = {
    "all": Text("de chaque personne, tous ces événements sont gardés",
                "all these events of each person are kept"),
    "first": Text("de chaque personne, seul le premier de ces événements est gardé",
                  "only the first of these events of each person is kept"),
    "last": Text("de chaque personne, seul le dernier de ces événements est gardé",
                 "only the last of these events of each person is kept"),
}  # fmt: skip


def cohort_parts(cohort: Cohort, voice: Voice, left: dict[Key, Left]) -> list[Part]:
    """Entry, rules and end."""
    return [
        (WHO, _entry(cohort, voice, left)),
        (RULES, _rules(cohort, voice, left)),
        (UNTIL, _until(cohort, voice, left)),
    ]


def _entry(cohort: Cohort, voice: Voice, left: dict[Key, Left]) -> list[Line]:
    entry = cohort.entry
    events = tuple(event_line(read, voice) for read in entry.reads)
    lines = [Line(voice.text(entry.text))] if entry.text else []
    if len(events) == 1:
        lines.append(events[0])
    else:
        lines.append(Line(voice("l'un de ces événements :", "any of these events:"), events))
    lines += [*_observed(entry, voice), Line(voice.text(_LIMITS[entry.limit]))]
    lines += _counted(left, ("entry", None), voice)
    if cohort.qualified is not None:
        lines.append(_such_that(cohort.qualified, voice))
        if cohort.qualified_limit != "all":
            lines.append(Line(voice.text(_LIMITS[cohort.qualified_limit])))
        lines += _counted(left, ("qualified", None), voice)
    return lines


def _such_that(group: Group, voice: Voice) -> Line:
    held = group_line(group, voice, ENTRY)
    return Line(voice("parmi ces événements, ceux tels que", "of these events, those such that")
                + voice.colon + held.text, held.under)  # fmt: skip


def _observed(entry: Entry, voice: Voice) -> list[Line]:
    if not entry.prior_days and not entry.post_days:
        return [Line(voice("pendant une période d'observation", "in an observation period"))]
    said = []
    if entry.prior_days:
        days = voice.days(entry.prior_days)
        said.append(voice(f"au moins {days} avant", f"at least {days} before"))
    if entry.post_days:
        days = voice.days(entry.post_days)
        said.append(voice(f"au moins {days} après", f"at least {days} after"))
    both = voice.listed(said)
    return [Line(voice(f"observation continue {both}", f"continuous observation {both}"))]


def _rules(cohort: Cohort, voice: Voice, left: dict[Key, Left]) -> list[Line]:
    lines = []
    for number, rule in enumerate(cohort.rules):
        formal = group_line(rule.group, voice, ENTRY)
        counted = tuple(_counted(left, ("rule", number), voice))
        lines.append(Line(voice.text(rule.name), (formal, *counted), f"{number + 1}."))
    if not lines:
        lines.append(Line(voice("aucune règle de plus", "no further rule")))
    if cohort.limit != "all":
        lines.append(Line(voice.text(_LIMITS[cohort.limit])))
    return lines + _counted(left, ("limit", None), voice)


def _until(cohort: Cohort, voice: Voice, left: dict[Key, Left]) -> list[Line]:
    lines = [Line(_exit(cohort, voice))]
    if cohort.censoring:
        lines.append(
            Line(voice("au plus tôt, au premier de :", "or earlier, at the first of:"),
                 tuple(event_line(read, voice) for read in cohort.censoring))
        )  # fmt: skip
    if cohort.gap:
        gap = voice.days(cohort.gap)
        lines.append(
            Line(voice(f"les périodes d'une personne que {gap} au plus séparent n'en font qu'une",
                       f"periods of a person that at most {gap} separate are one"))
        )  # fmt: skip
    if cohort.from_date or cohort.to_date:
        lines.append(Line(_dates(cohort, voice)))
    return lines + _counted(left, ("cohort", None), voice)


def _exit(cohort: Cohort, voice: Voice) -> str:
    ends = cohort.exit
    if isinstance(ends, ObservationEnd):
        return voice("jusqu'à la fin de l'observation", "until the end of observation")
    if isinstance(ends, FixedOffset):
        edge = voice("la fin", "the end") if ends.edge == "end" else voice("le début", "the start")
        when = voice(f"{edge} de l'événement d'entrée", f"{edge} of the entry event")
        if ends.days:
            days = voice.days(abs(ends.days))
            side = ends.days > 0
            when = voice(f"{days} {'après' if side else 'avant'} {when}",
                         f"{days} {'after' if side else 'before'} {when}")  # fmt: skip
        return voice(
            f"jusqu'à : {when}, au plus tard à la fin de l'observation",
            f"until {when}, at the latest until observation ends",
        )
    return _persistence(ends, voice)


def _persistence(ends: Persistence, voice: Voice) -> str:
    named, gap = code_set(ends.codes, voice), voice.days(ends.gap)
    said = voice(
        f"tant que dure l'exposition à {named}, avec {gap} au plus entre deux expositions",
        f"as long as exposure to {named} lasts, with at most {gap} between two exposures",
    )
    if ends.days_supply is not None:
        days = voice.days(ends.days_supply)
        said += voice(f", chacune de {days}", f", each of {days}")
    if ends.offset:
        days = voice.days(ends.offset)
        said += voice(f", prolongée de {days}", f", prolonged by {days}")
    return said


def _dates(cohort: Cohort, voice: Voice) -> str:
    said = []
    if cohort.from_date:
        day = voice.day(cohort.from_date)
        said.append(voice(f"avant le {day}", f"before {day}"))
    if cohort.to_date:
        day = voice.day(cohort.to_date)
        said.append(voice(f"après le {day}", f"after {day}"))
    what = voice.listed(said, voice("ou", "or"))
    return voice(f"ce qui tombe {what} est coupé", f"what lies {what} is cut off")


def _counted(left: dict[Key, Left], key: Key, voice: Voice) -> list[Line]:
    return [Line(left[key].words(voice))] if key in left else []
