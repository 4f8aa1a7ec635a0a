"""What each step of a cohort left, as it may be shown beside the rule that left it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from transat.cohorts.attrition import masked_steps
from transat.cohorts.language.prose.voice import Voice
from transat.core.counts import MASKED

#: A step's kind, and the index of its rule.
Key = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Left:
    """Events and persons that a step left; None where a count may not be shown."""

    events: int | None
    persons: int | None

    def words(self, voice: Voice) -> str:
        """`→ 1 234 événements, 1 200 personnes`."""
        if self.persons is None and self.events is None:
            return f"→ {voice.text(MASKED)}"
        return "→ " + ", ".join(
            (
                _said(self.events, voice, voice("événement", "event"),
                      voice("événements", "events")),
                _said(self.persons, voice, voice("personne", "person"),
                      voice("personnes", "persons")),
            )
        )  # fmt: skip


def _said(count: int | None, voice: Voice, one: str, many: str) -> str:
    return f"{many} : {voice.text(MASKED)}" if count is None else voice.count(count, one, many)


def left(attrition: pa.Table | None) -> dict[Key, Left]:
    """What may be shown of one definition's attrition (query.executor.ATTRITION_SCHEMA).

    A count from 1 to 10 is masked, and so is one that differs by so little from the last shown.
    Events are masked with their persons. Raises ValueError when several definitions are given.
    """
    if attrition is None:
        return {}
    rows = sorted(attrition.to_pylist(), key=lambda row: int(row["step"]))
    if len({row["cohort_definition_id"] for row in rows}) > 1:
        raise ValueError("attrition of more than one definition")
    shown = masked_steps([row["events"] for row in rows], [row["persons"] for row in rows])
    keys = ((row["kind"], row["rule"]) for row in rows)
    return {key: Left(*each) for key, each in zip(keys, shown, strict=True)}
