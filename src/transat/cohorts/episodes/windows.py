"""Windows of gestation, as parameters: named days from the first day of the last period.

A signal may hold in one window and not in the next (PPIs: four weeks earlier, another estimate), so
a window is chosen by name or by days, printed, and given to the query model like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from transat.cohorts.code_sets import read_csv
from transat.cohorts.query.analysis import Measure
from transat.cohorts.query.model import CodeSet, Read, Window
from transat.core.errors import StudyError, close_match
from transat.core.languages import Text

FILE: Final = "gestational_windows.csv"
#: Further behind the end of a pregnancy than any of its days.
_ALWAYS: Final = -1_000


@dataclass(frozen=True, slots=True)
class GestationalWindow:
    """Days [first_day, last_day] from the start of a pregnancy (day 0, the last period).

    checked: 'yes', 'partly', 'recalled' (from the literature, not read here).
    """

    key: str
    first_day: int
    last_day: int
    text: Text
    source: str
    checked: str


@lru_cache
def published() -> tuple[GestationalWindow, ...]:
    """The windows of cohorts/data/gestational_windows.csv."""
    return tuple(
        GestationalWindow(
            row["window"],
            int(row["first_day"]),
            int(row["last_day"]),
            Text(row["label_fr"], row["label_en"]),
            row["source"],
            row["checked"],
        )
        for row in read_csv(FILE)
    )


def window(key: str) -> GestationalWindow:
    """The published window of that name. Raises StudyError."""
    known = {w.key: w for w in published()}
    if key in known:
        return known[key]
    near = close_match(key, tuple(known)) or ", ".join(known)
    raise StudyError(
        what=Text(f"la fenêtre « {key} » n'existe pas.", f"the window '{key}' does not exist."),
        where="windows",
        next_step=Text(f"Choisissez : {near}.", f"Choose: {near}."),
    )


def covered(
    key: str, drugs: CodeSet, when: GestationalWindow, *, days: int = 1, grace: int = 0
) -> Measure:
    """Exposed: at least `days` days of `when` covered by a dispensing, prolonged by `grace` days.

    Days after the end of the pregnancy expose nobody. `grace` carries over what stays in the body.
    """
    return Measure(
        key=key,
        what="any",
        events=Read("drug_exposure", codes=drugs, name=drugs.name),
        covered=(when.first_day, when.last_day),
        until_end=True,
        grace=grace,
        at_least=days,
        role="exposure",
        text=when.text,
    )


def dispensed(key: str, drugs: CodeSet, when: GestationalWindow, *, times: int = 1) -> Measure:
    """Exposed: at least `times` dispensings that start in `when` and before the pregnancy ends."""
    return Measure(
        key=key,
        what="any",
        events=Read("drug_exposure", codes=drugs, name=drugs.name),
        windows=(Window(when.first_day, when.last_day), Window(_ALWAYS, 0, index="end")),
        at_least=times,
        role="exposure",
        text=when.text,
    )
