"""What drugs and diseases do to the risks: the planted ratios.

`data/effects.csv` holds every checked row of the reference set with its citation and says whether
it is planted and why. A ratio multiplies the risk of every leaf of its group when a day in its
window is covered. Where a drug has rows for a group and for parts of it, the narrower row wins for
its leaves, and the wider one gives the others what remains, so that the group as a whole has the
published ratio where that needs no protection (at least 1). A row with a shore (site conflict) acts
on that shore only, so never on people written on both. Dose tiers (data/dose_tiers.csv)
stretch the excess ratio, with mean 1 over the tiers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from transat.simulate.conditions import CHRONIC
from transat.simulate.design import Design, Shore
from transat.simulate.exposures import drugs, tiers
from transat.simulate.groups import baseline, groups
from transat.simulate.pregnancies import Numbers
from transat.simulate.read_data import rows


@dataclass(frozen=True, slots=True)
class Rule:
    """One planted effect: the drugs (indices), the window in days from LMP, closed-open, the ratio
    of each leaf, and the stretch of the excess ratio by dose tier (index 0: no tier)."""

    atc: str
    drugs: tuple[int, ...]
    window: tuple[int, int]
    ratio: Numbers
    stretch: Numbers

    def ratios(self, tier: NDArray[np.int8]) -> Numbers:
        """(pregnancies, leaves) ratios for the tiers of the exposed pregnancies."""
        return np.asarray(1 + (self.ratio - 1) * self.stretch[tier][:, None])


@cache
def matching(atc: str, shore: Shore) -> tuple[int, ...]:
    """Indices of the drugs under any of the ATC prefixes joined by '|'."""
    prefixes = tuple(atc.split("|"))
    return tuple(d.index for d in drugs(shore) if d.atc.startswith(prefixes))


def reference_rows() -> tuple[dict[str, str], ...]:
    """All rows of data/effects.csv."""
    return rows("effects")


def _applies(row: dict[str, str], shore: Shore) -> bool:
    if row["planted"] not in ("yes", "negative") or (row["shore"] and row["shore"] != shore):
        return False
    return int(row["window_end"]) > 0  # before LMP: a negative pair, nothing to plant


def _stretch(atc: str) -> Numbers:
    """Excess ratio of tier 0 (none), 1, 2, 3 over the mean excess ratio."""
    table = [row for row in rows("dose_tiers") if row["atc"] == atc]
    if not table:
        return np.ones(4)
    excess = np.array([float(row["value"]) - float(row["reference"]) for row in table])
    return np.concatenate([[1.0], excess / (excess * tiers()[atc]).sum()])


def _remainder(total: float, members: NDArray[np.bool_], ratio: Numbers, weight: Numbers) -> float:
    """Ratio of the leaves without a row of their own, so that the group's ratio is `total`."""
    free = members & np.isnan(ratio)
    if total < 1 or not (members & ~free).any():
        return total
    taken = members & ~free
    wanted = total * weight[members].sum() - (ratio[taken] * weight[taken]).sum()
    return float(max(1.0, wanted / weight[free].sum()))


def _of_drug(atc: str, table: Iterable[dict[str, str]], shore: Shore) -> list[Rule]:
    """The rules of one planted ATC: narrow groups first, one rule per window."""
    tree = groups()
    weight = baseline(shore) * (1 - tree.lost)
    ratio = np.full(len(tree.leaves), np.nan)
    windows: dict[tuple[int, int], Numbers] = {}
    ordered = sorted(table, key=lambda row: (tree.members(row["group"]).sum(), int(row["row"])))
    for row in ordered:
        members = tree.members(row["group"])
        free = members & np.isnan(ratio)
        total = 1.0 if row["planted"] == "negative" else float(row["estimate"])
        value = _remainder(total, members, ratio, weight)
        window = (int(row["window_start"]), int(row["window_end"]))
        windows.setdefault(window, np.ones(len(ratio)))[free] = value
        ratio[free] = value
    indices = matching(atc, shore)
    return [
        Rule(atc, indices, window, values, _stretch(atc))
        for window, values in windows.items()
        if (values != 1).any()
    ]


def rules(shore: Shore, design: Design) -> tuple[Rule, ...]:
    """Every planted effect on a shore; none in the null population."""
    if design.effects == "none":
        return ()
    by_atc: dict[str, list[dict[str, str]]] = {}
    for row in reference_rows():
        if _applies(row, shore):
            by_atc.setdefault(row["planted_atc"], []).append(row)
    return tuple(rule for atc in sorted(by_atc) for rule in _of_drug(atc, by_atc[atc], shore))


def condition_ratios(design: Design) -> Numbers:
    """(CHRONIC, leaves) ratios of the diseases; all 1 in the null population."""
    tree = groups()
    ratio = np.ones((len(CHRONIC), len(tree.leaves)))
    if design.effects == "none":
        return ratio
    table = sorted(
        rows("condition_effects"), key=lambda row: -int(tree.members(row["group"]).sum())
    )
    for row in table:  # wide groups first: a narrower one then overrides
        ratio[CHRONIC.index(row["condition"]), tree.members(row["group"])] = float(row["rr"])
    return ratio
