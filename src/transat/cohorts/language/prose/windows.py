"""Windows as words: `dans les 730 jours avant l'entrée, ou le jour même`."""

from __future__ import annotations

from collections.abc import Sequence

from transat.cohorts.language.days import FAR
from transat.cohorts.language.prose.voice import Voice
from transat.cohorts.query.model import Shift, Window
from transat.core.languages import Text

#: What a window counts its days from, by its edges (start, end).
Anchor = tuple[Text, Text]

ENTRY: Anchor = (Text("l'entrée", "entry"), Text("la fin de l'événement d'entrée",
                                                 "the end of the entry event"))  # fmt: skip
EVENT: Anchor = (Text("cet événement", "that event"),
                 Text("la fin de cet événement", "the end of that event"))  # fmt: skip
PERIOD: Anchor = (Text("le début de la période", "the start of the period"),
                  Text("la fin de la période", "the end of the period"))  # fmt: skip


def windows_words(windows: Sequence[Window], voice: Voice, anchor: Anchor) -> str:
    """All windows of a count, joined; an empty text when they bound nothing."""
    said = [_window(w, voice, anchor) for w in windows]
    return voice.listed([s for s in dict.fromkeys(said) if s])


def shift_words(shift: Shift, voice: Voice) -> str:
    """`14 jours après le début`."""
    edge = voice("la fin", "the end") if shift.edge == "end" else voice("le début", "the start")
    if shift.days == 0:
        return edge
    days = voice.days(abs(shift.days))
    after = shift.days > 0
    return voice(
        f"{days} {'après' if after else 'avant'} {edge}",
        f"{days} {'after' if after else 'before'} {edge}",
    )


def _window(window: Window, voice: Voice, anchor: Anchor) -> str:
    when = _when(window, voice, voice.text(anchor[window.index == "end"]))
    if window.event == "end" and when:
        return voice(f"avec une fin située {when}", f"ending {when}")
    return when


def _when(window: Window, voice: Voice, place: str) -> str:
    if window.low == "period_end" or window.high == "period_start":
        return _between_edges(window, voice, place)
    low, high = _number(window.low), _number(window.high)
    if low is None and high is None:
        return _always(window, voice)
    if low is None:
        return _until(high or 0, voice, place)
    if high is None:
        return _from(low, voice, place)
    return _between(low, high, voice, place)


def _always(window: Window, voice: Voice) -> str:
    if "period_start" in (window.low, window.high) or "period_end" in (window.low, window.high):
        return voice(
            "à tout moment de la même période d'observation",
            "at any time of the same observation period",
        )
    return voice("à tout moment", "at any time")


def _between_edges(window: Window, voice: Voice, place: str) -> str:
    """Bounds that few would write: from the period's end, or until its start."""
    first, last = (_bound(bound, voice, place) for bound in (window.low, window.high))
    return voice(f"à partir de : {first}, et jusqu'à : {last}", f"from {first} and until {last}")


def _bound(bound: int | str, voice: Voice, place: str) -> str:
    if bound == "period_start":
        return voice("le début de l'observation", "the start of observation")
    if bound == "period_end":
        return voice("la fin de l'observation", "the end of observation")
    days = int(bound)
    said = voice.days(abs(days))
    if days < 0:
        return voice(f"{said} avant {place}", f"{said} before {place}")
    return voice(f"{said} après {place}", f"{said} after {place}")


def _number(bound: int | str) -> int | None:
    """None for an edge of the observation period, or for what lies beyond any date."""
    return bound if isinstance(bound, int) and abs(bound) < FAR else None


def _until(high: int, voice: Voice, place: str) -> str:
    if high == 0:
        return voice(f"avant {place}, ou le jour même", f"before {place}, or on the day")
    if high == -1:
        return voice(f"avant {place}", f"before {place}")
    days = voice.days(abs(high))
    if high < 0:
        return voice(f"au moins {days} avant {place}", f"at least {days} before {place}")
    return voice(f"jusqu'à {days} après {place}", f"until {days} after {place}")


def _from(low: int, voice: Voice, place: str) -> str:
    if low == 0:
        return voice(f"après {place}, ou le jour même", f"after {place}, or on the day")
    if low == 1:
        return voice(f"après {place}", f"after {place}")
    days = voice.days(abs(low))
    if low > 0:
        return voice(f"au moins {days} après {place}", f"at least {days} after {place}")
    return voice(f"à partir de {days} avant {place}", f"from {days} before {place}")


def _between(low: int, high: int, voice: Voice, place: str) -> str:
    if low == high:
        return _exactly(low, voice, place)
    if high < 0:
        return voice(
            f"de {voice.days(-low)} à {voice.days(-high)} avant {place}",
            f"{voice.days(-low)} to {voice.days(-high)} before {place}",
        )
    if low > 0:
        return voice(
            f"de {voice.days(low)} à {voice.days(high)} après {place}",
            f"{voice.days(low)} to {voice.days(high)} after {place}",
        )
    if high == 0:
        return voice(
            f"dans les {voice.days(-low)} avant {place}, ou le jour même",
            f"in the {voice.days(-low)} before {place}, or on the day",
        )
    if low == 0:
        return voice(
            f"dans les {voice.days(high)} après {place}, ou le jour même",
            f"in the {voice.days(high)} after {place}, or on the day",
        )
    return voice(
        f"de {voice.days(-low)} avant à {voice.days(high)} après {place}",
        f"from {voice.days(-low)} before to {voice.days(high)} after {place}",
    )


def _exactly(day: int, voice: Voice, place: str) -> str:
    if day == 0:
        return voice(f"le jour même ({place})", f"on the same day ({place})")
    days = voice.days(abs(day))
    if day < 0:
        return voice(f"exactement {days} avant {place}", f"exactly {days} before {place}")
    return voice(f"exactement {days} après {place}", f"exactly {days} after {place}")
