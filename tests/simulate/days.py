"""Truth tables as NumPy arrays, and an exposure rule of its own to check the simulator with."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transat.simulate.population import Population


def days(table: pa.Table, column: str) -> NDArray[np.int64]:
    """A date column as days since 1970."""
    return np.asarray(table[column].cast(pa.int32()).to_numpy(), dtype=np.int64)


def texts(table: pa.Table, column: str) -> NDArray[np.str_]:
    """A text column."""
    return np.array(table[column].to_pylist(), dtype=str)


def exposed(people: Population, prefixes: tuple[str, ...], window: tuple[int, int]) -> set[int]:
    """pregnancy_id of those with a day covered in [start, end) of the window, row by row."""
    pregnancies: dict[int, list[tuple[int, int]]] = {}
    for who, key, start in zip(
        people.pregnancies["person_id"].to_pylist(),
        people.pregnancies["pregnancy_id"].to_pylist(),
        days(people.pregnancies, "start").tolist(),
        strict=True,
    ):
        pregnancies.setdefault(who, []).append((key, start))
    taken = np.char.startswith(texts(people.exposures, "atc"), prefixes[0])
    for prefix in prefixes[1:]:
        taken |= np.char.startswith(texts(people.exposures, "atc"), prefix)
    table = people.exposures.filter(pa.array(taken))
    found: set[int] = set()
    for who, when, length in zip(
        table["person_id"].to_pylist(),
        days(table, "date").tolist(),
        table["days"].to_pylist(),
        strict=True,
    ):
        for key, start in pregnancies.get(who, []):
            if when - start < window[1] and when - start + length > window[0]:
                found.add(key)
    return found


def live_singletons(people: Population) -> set[int]:
    """pregnancy_id of live births of one child."""
    table = people.pregnancies
    kept = (texts(table, "outcome") == "live_birth") & (table["plurality"].to_numpy() == 1)
    return set(table["pregnancy_id"].to_numpy()[kept].tolist())
