"""Look-ahead and immortal time: what is known at the start, and what only later days tell."""

from __future__ import annotations

import math
from collections.abc import Iterator

from transat.cohorts.language.checks.finding import Finding, Level
from transat.cohorts.language.checks.reach import counts, latest
from transat.cohorts.query.analysis import Analysis, FollowUp, Measure
from transat.cohorts.query.model import Cohort
from transat.core.languages import Text

_LANDMARK = Text(
    "Ne regardez que jusqu'au début du suivi, ou commencez le suivi plus tard (days).",
    "Look no later than the start of follow-up, or start follow-up later (days).",
)
_KNOWN = Text(
    "Vérifiez que c'est voulu ; un suivi devrait commencer après ces jours.",
    "Check that it is meant; a follow-up should start after these days.",
)


def cohort_time(cohort: Cohort, where: str, rules: tuple[str, ...]) -> Iterator[Finding]:
    """Rules that days after entry decide: warnings, since a cohort alone follows nobody."""
    for name, day, positive in selected(cohort, rules):
        yield _selection(where, name, day, positive, "warning", _KNOWN)


def analysis_time(analysis: Analysis, where: str, rules: tuple[str, ...]) -> Iterator[Finding]:
    """The same where somebody is followed, and columns that see the future."""
    follow_up = analysis.follow_up
    if follow_up is not None:
        for name, day, positive in selected(analysis.cohort, rules):
            if day > follow_up.from_day:
                yield _selection(where, name, day, positive, "error", _LANDMARK)
    for measure in analysis.measures:
        yield from _column(measure, follow_up, where)
    yield from _outcomes(analysis, where)


def selected(cohort: Cohort, rules: tuple[str, ...]) -> Iterator[tuple[str, float, bool]]:
    """(what, the last day after entry that decides it, whether by an event or by its absence)."""
    if cohort.entry.post_days:
        yield "entry", float(cohort.entry.post_days), True
    groups = [] if cohort.qualified is None else [("entry", cohort.qualified)]
    named = rules or tuple(f"rule {n}" for n in range(1, len(cohort.rules) + 1))
    groups += [(n, rule.group) for n, rule in zip(named, cohort.rules, strict=True)]
    for name, group in groups:
        after = [(latest(a.count.windows), a.positive) for a in counts(group)]
        for positive in (True, False):
            days = [day for day, helps in after if helps == positive and day > 0]
            if days:
                yield name, max(days), positive


def _selection(
    where: str, name: str, day: float, positive: bool, level: Level, next_step: Text
) -> Finding:
    until = _until(day)
    if positive:
        return Finding(
            level,
            "immortal_time",
            f"{where}.{name}",
            Text(
                f"temps immortel : la règle retient par ce qui arrive {until.fr} l'entrée ; "
                "qui meurt ou part avant ne peut pas y satisfaire.",
                f"immortal time: the rule keeps by what happens {until.en} entry; whoever dies or "
                "leaves before cannot satisfy it.",
            ),
            next_step,
        )
    return Finding(
        level,
        "look_ahead",
        f"{where}.{name}",
        Text(
            f"regard en avant : la règle écarte par ce qui arrive {until.fr} l'entrée.",
            f"look-ahead: the rule drops by what happens {until.en} entry.",
        ),
        next_step,
    )


def _column(measure: Measure, follow_up: FollowUp | None, where: str) -> Iterator[Finding]:
    """A covariate or exposure is known when follow-up starts (day 0 when nobody is followed)."""
    if measure.role == "outcome" or (measure.role == "exposure" and follow_up is None):
        return
    start = follow_up.from_day if follow_up else 0
    day = float(measure.covered[1]) if measure.covered else latest(measure.windows)
    if day <= start:
        return
    until = _until(day)
    if measure.role == "exposure":
        kind = Text("temps immortel : l'exposition", "immortal time: the exposure")
    else:
        kind = Text("regard en avant : la covariable", "look-ahead: the covariate")
    yield Finding(
        "error" if follow_up else "warning",
        "immortal_time" if measure.role == "exposure" else "look_ahead",
        f"{where}.{measure.key}",
        Text(
            f"{kind.fr} est lue {until.fr} le début, le suivi commence au jour {start}.",
            f"{kind.en} is read {until.en} the start, follow-up starts on day {start}.",
        ),
        _LANDMARK,
    )


def _outcomes(analysis: Analysis, where: str) -> Iterator[Finding]:
    """Without follow-up: an outcome that may come before the exposure that should explain it."""
    if analysis.follow_up is not None:
        return
    ends = [
        float(m.covered[1]) if m.covered else latest(m.windows)
        for m in analysis.measures
        if m.role == "exposure"
    ]
    last = max(ends, default=-math.inf)
    for measure in analysis.measures:
        starts = [w.low for w in measure.windows if w.index == "start" and w.event == "start"]
        if measure.role == "outcome" and any(isinstance(s, int) and s <= last for s in starts):
            yield Finding(
                "warning",
                "look_ahead",
                f"{where}.{measure.key}",
                Text(
                    "regard en avant : cette issue peut précéder une exposition.",
                    "look-ahead: this outcome may come before an exposure.",
                ),
                Text(
                    "Comptez l'issue après la fenêtre d'exposition, ou suivez dans le temps.",
                    "Count the outcome after the exposure window, or follow over time.",
                ),
            )


def _until(day: float) -> Text:
    if math.isinf(day):
        return Text("à tout moment après", "at any time after")
    many = "s" if day > 1 else ""
    return Text(f"jusqu'à {int(day)} jour{many} après", f"until {int(day)} day{many} after")
