"""What every table writer is given: the people of one chunk, their numbers, a random stream."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.design import EXTRACT_END, EXTRACT_START, Design, day
from transat.simulate.quebec.native import Flags, Integers, padded

if TYPE_CHECKING:
    from transat.simulate.population import Population

#: The extract holds what happened on these days (closed-open).
FIRST_DAY: Final = day(EXTRACT_START)
LAST_DAY: Final = day(EXTRACT_END)

#: A prime above every masked number: multiplication modulo a prime never maps two people on one.
_PRIME: Final = 1_000_000_000_039
_LARGEST_FACTOR: Final = 2_000_000_000


@dataclass(frozen=True, slots=True)
class World:
    """One chunk of the population, to be written as Québec sees it."""

    population: Population
    design: Design
    chunk: int

    def stream(self, purpose: str) -> np.random.Generator:
        """A random stream of its own for one purpose of this chunk."""
        return _stream(self.design.seed, self.chunk, purpose)

    def person_numbers(self, person_ids: Integers) -> pa.Array:
        """Masked numbers (BENF_NO_INDIV_BEN_BANLS) of people."""
        return person_numbers(self.design.seed, person_ids)


def _stream(seed: int, *purpose: int | str) -> np.random.Generator:
    words = [p if isinstance(p, int) else zlib.crc32(p.encode()) for p in ("quebec", *purpose)]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def person_numbers(seed: int, person_ids: Integers) -> pa.Array:
    """Thirteen digits per person, different for different people, the same in every chunk.

    Parameters
    ----------
    seed: seed of the design.
    person_ids: shape (n,), between 0 and 4 * 10^9.
    """
    random = _stream(seed, "person numbers")
    factor = int(random.integers(_LARGEST_FACTOR // 2, _LARGEST_FACTOR))
    shift = int(random.integers(0, _PRIME))
    return padded((person_ids * factor + shift) % _PRIME, 13)


def identifiers(population: Population, design: Design, chunk: int) -> pa.Table:
    """The numbers by which Québec knows the people of a chunk.

    Returns a table (person_id int32, quebec_person text), one row per person, by person_id. The
    number of a person does not depend on the chunk; `chunk` is there because the French side,
    whose numbers do, is called in the same way.
    """
    del chunk
    people = np.sort(np.asarray(population.persons["person_id"].to_numpy(), dtype=np.int64))
    numbers = person_numbers(design.seed, people)
    return pa.table({"person_id": pa.array(people.astype(np.int32)), "quebec_person": numbers})


def inside_the_extract(days: Integers) -> Flags:
    """Which day numbers fall inside the period of the extract."""
    return np.asarray((days >= FIRST_DAY) & (days < LAST_DAY))


def positions(keys: Integers, wanted: Integers) -> Integers:
    """Position in `keys` (all different) of each wanted key. Raises KeyError when one is absent."""
    order = np.argsort(keys, kind="stable")
    found = np.searchsorted(keys[order], wanted)
    if np.any(found >= len(keys)) or np.any(keys[order[found % max(len(keys), 1)]] != wanted):
        raise KeyError("a row points to another that is not in the population")
    return np.asarray(order[found], dtype=np.int64)


def unseen(kind: str, ids: Integers, reason: str) -> pa.Table:
    """Rows of truth that Québec cannot know, all for one reason."""
    ids = np.sort(np.asarray(ids, dtype=np.int64))
    texts = pa.repeat(pa.scalar(kind), len(ids)), pa.repeat(pa.scalar(reason), len(ids))
    return pa.table({"kind": texts[0], "id": pa.array(ids.astype(np.int32)), "reason": texts[1]})


def equal(column: pa.Array | pa.ChunkedArray, *values: str) -> Flags:
    """Which rows of a text column hold one of `values` (a null does not)."""
    return np.asarray(pc.is_in(column, pa.array(values)), dtype=np.bool_)
