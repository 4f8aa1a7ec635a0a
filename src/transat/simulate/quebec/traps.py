"""The accounting of the source: lines that a reader must recognise and set aside.

Every function is vectorised over rows and takes its own random stream. Shares are of our choosing
(no published figure was found for Québec), large enough that a reader that forgets a rule is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.native import Flags, Integers


@dataclass(frozen=True, slots=True)
class Copies:
    """Lines made from true ones: `rows` (positions of the originals) moved to `days`."""

    rows: Integers
    days: Integers

    def __len__(self) -> int:
        return len(self.rows)

    def keep(self, which: Flags) -> Copies:
        """The copies that satisfy `which`."""
        return Copies(self.rows[which], self.days[which])

    def part(self, start: float, stop: float) -> Copies:
        """The copies between two fractions of their number."""
        cut = slice(int(start * len(self)), int(stop * len(self)))
        return Copies(self.rows[cut], self.days[cut])


def pick(random: np.random.Generator, rows: int, share: float) -> Integers:
    """About `share` of row positions, in increasing order."""
    return np.flatnonzero(random.random(rows) < share)


def moved(
    random: np.random.Generator,
    people: Integers,
    days: Integers,
    share: float,
    delay: tuple[int, int],
) -> Copies:
    """Copies of a share of lines, moved by some days to days when the person has no true line.

    Keeping clear of true lines (and of one another) leaves one reading only of each trap.

    Parameters
    ----------
    people, days: shape (n,), of the true lines.
    share: share of true lines copied.
    delay: fewest and most days between the original and its copy.
    """
    rows = pick(random, len(days), share)
    new_days = days[rows] + random.integers(delay[0], delay[1] + 1, len(rows))
    keys = person_days(people[rows], new_days)
    free = ~np.isin(keys, person_days(people, days))
    first = np.zeros(len(keys), dtype=np.bool_)
    first[np.unique(keys, return_index=True)[1]] = True
    copies = Copies(rows, new_days).keep(free & first)
    order = random.permutation(len(copies))
    return Copies(copies.rows[order], copies.days[order])


def person_days(people: Integers, days: Integers) -> Integers:
    """One number per (person, day): people below 2^32, days within +/- 2^19 of 1970."""
    return np.asarray(people * (1 << 20) + days + (1 << 19), dtype=np.int64)


def repeated(
    random: np.random.Generator, table: pa.Table, allowed: Flags, share: float
) -> pa.Table:
    """The table with about `share` of the allowed lines written twice, every column equal."""
    rows = np.flatnonzero(allowed & (random.random(table.num_rows) < share))
    return pa.concat_tables([table, table.take(pa.array(rows))])


def shuffled(random: np.random.Generator, table: pa.Table) -> pa.Table:
    """The lines in an order that says nothing."""
    return table.take(pa.array(random.permutation(table.num_rows)))
