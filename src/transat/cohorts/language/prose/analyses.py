"""Columns and follow-up of an analysis as words."""

from __future__ import annotations

from typing import Final

from transat.cohorts.language.prose.cohorts import Part
from transat.cohorts.language.prose.events import described, event_line, inside
from transat.cohorts.language.prose.voice import Line, Voice
from transat.cohorts.language.prose.windows import PERIOD, windows_words
from transat.cohorts.language.prose.words import attribute
from transat.cohorts.query.analysis import Analysis, FollowUp, Measure
from transat.core.languages import Text

ROLES: Final = {
    "exposure": Text("Expositions", "Exposures"),
    "outcome": Text("Issues", "Outcomes"),
    "covariate": Text("Covariables", "Covariates"),
}
FOLLOW_UP: Final = Text("Suivi", "Follow-up")
_WHAT: Final = {
    "any": Text("1 ou 0", "1 or 0"),
    "count": Text("nombre", "number"),
    "days_to_first": Text("jours jusqu'au premier", "days to the first"),
    "days_since_last": Text("jours depuis le dernier", "days since the last"),
    "days_covered": Text("jours couverts", "days covered"),
    "last_value": Text("dernière valeur", "last value"),
}


def analysis_parts(analysis: Analysis, voice: Voice) -> list[Part]:
    """Columns by role, and the follow-up."""
    parts: list[Part] = []
    for role, title in ROLES.items():
        lines = [_column(m, voice) for m in analysis.measures if m.role == role]
        if lines:
            parts.append((title, lines))
    if analysis.follow_up is not None:
        parts.append((FOLLOW_UP, _follow_up(analysis.follow_up, voice)))
    return parts


def _column(measure: Measure, voice: Voice) -> Line:
    formal = Line(_formal(measure, voice), inside(measure.events, voice))
    name = f"[{measure.key}]"
    if measure.text is None:
        return Line(f"{name} {formal.text}", formal.under)
    return Line(f"{voice.text(measure.text)} {name}", (formal,))


def _formal(measure: Measure, voice: Voice) -> str:
    what = voice.text(_WHAT[measure.what])
    if measure.attribute is not None:
        named = voice.quoted(voice.text(attribute(measure.attribute)))
        what = voice(f"dernière valeur de {named}", f"last value of {named}")
    words = [what + voice.colon + described(measure.events, voice, 2)]
    if measure.covered is not None:
        low, high = measure.covered
        words.append(
            voice(f"jours {low} à {high} depuis le début de la période",
                  f"days {low} to {high} from the start of the period")
        )  # fmt: skip
        if measure.until_end:
            words.append(voice("et pas après sa fin", "and not after its end"))
        if measure.grace:
            grace = voice.days(measure.grace)
            words.append(voice(f"chacun prolongé de {grace}", f"each prolonged by {grace}"))
    else:
        words.append(windows_words(measure.windows, voice, PERIOD))
    if measure.what == "any" and (measure.at_least > 1 or measure.covered is not None):
        least = voice.number(measure.at_least)
        covered = voice.days(measure.at_least)
        words.append(
            voice(f"au moins {covered} couverts" if measure.covered else f"au moins {least}",
                  f"at least {covered} covered" if measure.covered else f"at least {least}")
        )  # fmt: skip
    if measure.outside_period:
        words.append(voice("même hors de la période d'observation",
                           "even outside the observation period"))  # fmt: skip
    return ", ".join(word for word in words if word)


def _follow_up(follow_up: FollowUp, voice: Voice) -> list[Line]:
    lines = [Line(voice.text(follow_up.text))] if follow_up.text else []
    lines.append(Line(_span(follow_up, voice)))
    outcome = event_line(follow_up.outcome, voice)
    lines.append(Line(voice("jusqu'à : ", "until: ") + outcome.text, outcome.under))
    if follow_up.competing:
        lines.append(
            Line(voice("ou, avant lui, un événement concurrent :",
                       "or, before it, a competing event:"),
                 tuple(event_line(read, voice) for read in follow_up.competing))
        )  # fmt: skip
    if follow_up.censoring:
        lines.append(
            Line(voice("le suivi s'arrête aussi à :", "follow-up also stops at:"),
                 tuple(event_line(read, voice) for read in follow_up.censoring))
        )  # fmt: skip
    return lines


def _span(follow_up: FollowUp, voice: Voice) -> str:
    first = voice.days(follow_up.from_day)
    said = (
        voice(f"à partir de {first} après le début de la période",
              f"from {first} after the start of the period")
        if follow_up.from_day
        else voice("à partir du début de la période", "from the start of the period")
    )  # fmt: skip
    if follow_up.to_day is None:
        return said + voice(", jusqu'à sa fin au plus tard", ", until its end at the latest")
    last = voice.days(follow_up.to_day)
    return said + voice(f", {last} après lui ou jusqu'à la fin de la période au plus tard",
                        f", until {last} after it or the period's end at the latest")  # fmt: skip
