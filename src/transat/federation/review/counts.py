"""The counts of people in a file, read from the file: by its author, and again by its reviewers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.federation.policy import LIMITS
from transat.federation.review.records import Counted

_BASE: Final = int(LIMITS["rounding_base"].default)
#: Columns of tables, and fields of JSON, whose numbers count people.
PEOPLE: Final = ("count", "births", "persons", "cases", "exposed", "exposed_cases", "at_risk")


def counts_of(name: str, content: bytes) -> tuple[Counted, ...]:
    """The columns of people in a CSV or JSON file; none in a file of another type.

    Raises
    ------
    InputError: the file is not of the type that its name says, or such a column holds no count.
    """
    try:
        if name.endswith(".csv"):
            return _counted(_of_csv(content.decode("utf-8")))
        if name.endswith(".json"):
            return _counted(_of_json(json.loads(content)))
    except (ValueError, RecursionError):
        raise InputError(
            Text("ses effectifs ne se lisent pas.", "its counts cannot be read."),
            name,
            Text(
                "Un effectif est un nombre entier, ou une case vide.",
                "A count is a whole number, or an empty cell.",
            ),
        ) from None
    return ()


def _counted(cells: Iterable[tuple[str, int | None]]) -> tuple[Counted, ...]:
    shown: dict[str, list[int]] = {}
    masked: dict[str, int] = {}
    for column, count in cells:
        values = shown.setdefault(column, [])
        if count is None:
            masked[column] = masked.get(column, 0) + 1
        else:
            values.append(count)
    return tuple(
        Counted(
            column=column,
            shown=len(values),
            masked=masked.get(column, 0),
            least=min(filter(None, values), default=None),
            rounded=all(value % _BASE == 0 for value in values),
        )
        for column, values in sorted(shown.items())
    )


def _of_csv(text: str) -> Iterator[tuple[str, int | None]]:
    for row in csv.DictReader(io.StringIO(text)):
        for column in PEOPLE:
            if column in row:
                yield column, int(row[column]) if row[column] else None


def _of_json(value: Any) -> Iterator[tuple[str, int | None]]:
    if isinstance(value, list):
        for one in value:
            yield from _of_json(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key in PEOPLE and (one is None or type(one) is int):
                yield key, one
            else:
                yield from _of_json(one)
