"""Leak audit: a feature is what was known on the landmark, or it is refused by name.

Twice. `declared` looks at a protocol: no window of a feature may reach beyond the landmark, and a
diagnosis is known when the stay that it names ends. `late` looks at the rows of a site: a value
made of a row that became known after the landmark (kidney failure coded at the end of the very stay
in which the valve was replaced) is a leak, however its window is written.

References
    Published models that use the future: acute kidney injury after the procedure to predict
    in-hospital death (Hernandez-Suarez 2019, pubmed 31320027); tertiles of later progression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from transat.cohorts.landmarks import Known, Landmarks
from transat.cohorts.query.analysis import Measure
from transat.cohorts.query.model import Window
from transat.core.errors import StudyError
from transat.core.languages import Text

#: Tables whose rows are written when the stay that they name ends.
AT_DISCHARGE = ("condition_occurrence", "condition_era")


@dataclass(frozen=True, slots=True)
class Audited:
    """One feature that passed: its rows, if any, were known by the landmark."""

    feature: str
    available: Known


class LeakFound(StudyError):
    """Features known after the landmark; `names` are theirs."""

    title = Text("Fuite d'information", "Information leak")

    def __init__(self, names: tuple[str, ...], where: str) -> None:
        self.names, self.from_where = names, where
        said = ", ".join(names)
        super().__init__(
            Text(
                f"ces variables n'étaient pas encore connues au jour de référence : {said}.",
                f"these features were not yet known on the landmark: {said}.",
            ),
            where,
            Text(
                "Retirez-les, ou ne gardez que ce qui était connu ce jour-là.",
                "Drop them, or keep only what was known by that day.",
            ),
        )

    def __reduce__(self) -> tuple[type[LeakFound], tuple[tuple[str, ...], str]]:  # type: ignore[override]
        return type(self), (self.names, self.from_where)


def declared(measures: Iterable[Measure], known: Mapping[str, Known], where: str) -> None:
    """Look at features as a protocol declares them.

    where: of the protocol, for the message.

    Raises
    ------
    LeakFound: a window reaches beyond the landmark's own day, or a diagnosis is said to be known
    before the stay that it names ends.
    """
    found = tuple(
        m.key
        for m in measures
        if m.covered is not None or not _before(m.windows) or _too_soon(m, known)
    )
    if found:
        raise LeakFound(found, where)


def late(landmarks: Landmarks, where: str) -> None:
    """Look at the rows that values are made of.

    where: which population, for the message; nothing of a person is in it.

    Raises
    ------
    LeakFound: a row of a feature became known after its landmark.
    """
    found = tuple(
        name
        for name, feature in landmarks.features.items()
        if bool((feature.available > landmarks.day[feature.row]).any())
    )
    if found:
        raise LeakFound(found, where)


def _before(windows: tuple[Window, ...]) -> bool:
    """Whether a window bounds an edge of the event at the latest by the landmark."""
    return any(w.index == "start" and isinstance(w.high, int) and w.high <= 0 for w in windows)


def _too_soon(measure: Measure, known: Mapping[str, Known]) -> bool:
    said = known.get(measure.key, Known())
    return measure.events.domain in AT_DISCHARGE and said.when != "stay_end"
