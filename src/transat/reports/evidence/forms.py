"""What a prediction model's reader asks: TRIPOD+AI's items, PROBAST+AI's questions, in our words.

TRIPOD+AI: 27 items in 52 parts; PROBAST+AI: 16 questions on development, 18 on evaluation. A run
answers what its own artefacts can; what they cannot is flagged as empty, never guessed: judging a
model is for people, the run only lays before them what it knows.

Sources: Collins GS et al. (2024) BMJ 385:e078378, doi:10.1136/bmj-2023-078378; Moons KGM et al.
(2025) BMJ 388:e082505, doi:10.1136/bmj-2024-082505.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from transat.core.languages import Text

Form = Literal["tripod_ai", "probast_ai"]

#: TRIPOD+AI: D development, E evaluation, DE both. PROBAST+AI: its part.
Applies = Literal["D", "E", "DE", "development", "evaluation"]


@dataclass(frozen=True, slots=True)
class Item:
    """One part of an item, or one question. key: '12c', 'E4.7'; part: what it is about."""

    key: str
    part: str
    applies: str
    text: Text


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run says to an item. where: the artefact that it was taken from ('result.json')."""

    text: Text
    where: str


@dataclass(frozen=True, slots=True)
class Line:
    """An item with its answer; None where nobody has answered it yet."""

    item: Item
    answer: Answer | None


@cache
def items(form: Form) -> tuple[Item, ...]:
    """Every item of a form, in its order."""
    part = "part" if form == "tripod_ai" else "domain"
    applies = "applies" if form == "tripod_ai" else "part"
    with files(__package__).joinpath(f"{form}.csv").open(encoding="utf-8") as lines:
        return tuple(
            Item(row["item"], row[part], row[applies], Text(row["fr"], row["en"]))
            for row in csv.DictReader(lines)
        )


def filled(form: Form, answers: Mapping[str, Answer]) -> tuple[Line, ...]:
    """Every item of a form with its answer.

    Raises
    ------
    ValueError : an answer to an item that the form does not have.
    """
    unknown = sorted(set(answers) - {item.key for item in items(form)})
    if unknown:
        raise ValueError(f"{form}: no item {', '.join(unknown)}")
    return tuple(Line(item, answers.get(item.key)) for item in items(form))


def empty(lines: tuple[Line, ...]) -> tuple[str, ...]:
    """Keys of the items without an answer."""
    return tuple(line.item.key for line in lines if line.answer is None)
