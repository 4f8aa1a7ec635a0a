"""Which DIN a dispensing carries: codes of `transat.tables.drug_codes`, by ATC and dose tier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.native import Integers
from transat.tables.drug_codes import drug_codes

_ANY_TIER = 0


@dataclass(frozen=True, slots=True)
class Dins:
    """DINs of the study, grouped by ATC and dose tier (0: every DIN of the ATC).

    `groups[(atc, tier)]` is (position of the first code, number of codes) in `codes`.
    """

    codes: Integers
    groups: dict[tuple[str, int], tuple[int, int]]

    @staticmethod
    @cache
    def of_the_study() -> Dins:
        """The DINs shipped with Transat."""
        rows = [
            (c.atc, c.dose_tier or _ANY_TIER, int(c.code))
            for c in drug_codes()
            if c.vocabulary == "DIN"
        ]
        every = sorted({(atc, tier, code) for a, t, code in rows for atc, tier in ((a, t), (a, 0))})
        groups: dict[tuple[str, int], tuple[int, int]] = {}
        for place, (atc, tier, _) in enumerate(every):
            first, count = groups.get((atc, tier), (place, 0))
            groups[atc, tier] = (first, count + 1)
        return Dins(np.array([code for *_, code in every], dtype=np.int64), groups)

    def choose(
        self, random: np.random.Generator, atc: pa.ChunkedArray, tiers: Integers
    ) -> Integers:
        """A DIN for each dispensing, as a number; 0 where this shore has no code for the ATC.

        Parameters
        ----------
        atc: ATC of each dispensing, text, shape (n,).
        tiers: dose tier of each dispensing, 0 when it has none.
        """
        encoded = atc.combine_chunks().dictionary_encode()
        names = encoded.dictionary.to_pylist()
        which = np.asarray(encoded.indices, dtype=np.int64)
        draws = random.random(len(which))
        chosen = np.zeros(len(which), dtype=np.int64)
        pairs = np.stack([which, tiers], axis=1)
        for name, tier in np.unique(pairs, axis=0):
            group = self.groups.get((names[name], int(tier)), self.groups.get((names[name], 0)))
            if group is None:
                continue
            rows = np.flatnonzero((which == name) & (tiers == tier))
            offset = np.floor(draws[rows] * group[1]).astype(np.int64)
            chosen[rows] = self.codes[group[0] + offset]
        return chosen
