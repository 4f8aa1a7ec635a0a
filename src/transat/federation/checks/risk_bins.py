"""Bins of a predicted risk, made one until each is large (part of rule G6).

In every bin, those of each group who left in each interval, by kind, and those who remain, are 0 or
at least the threshold. The coordinator sends the model, so a bin's end could be moved by one person
from one model to the next: the ends are those of the first question about a population, and an end
above which there are the people of an earlier one, but for a few, or whose people hold those or lie
in them but for a few, is taken out. So are all ends of more than `MODELS` models.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from transat.federation import predicted
from transat.federation.checks import groups
from transat.federation.checks.check import Asked
from transat.federation.predicted import Parameters
from transat.federation.refusals import Refused
from transat.statistics.risk_histogram import Release

Flags = NDArray[np.bool_]

#: Models, kinds and horizons whose risks may be told of a population.
MODELS: Final = 40


def before(asked: Asked, earlier: tuple[Parameters, ...]) -> None:
    """Raises Refused: bins, for other ends than the first's; time_grid, for too many models."""
    if not earlier:
        return
    if not set(asked.parameters.bins) <= set(earlier[0].bins):
        raise Refused("bins", ("bins",))
    if asked.parameters not in earlier and len(earlier) >= MODELS:
        raise Refused("time_grid", ("model",))


def merged(asked: Asked, release: Release, earlier: tuple[Parameters, ...]) -> Release:
    """The release on fewer bins. Raises Refused: bins, where not even all together may leave."""
    table, floor = asked.data.survival, np.array([asked.policy.threshold])
    if table is None:
        raise Refused("closed_list", ("survival",))
    allowed = np.ones(release.bins.size + 1, dtype=np.bool_)
    risk = predicted.risks(table, asked.parameters)
    told = [
        upper
        for one in earlier
        if one != asked.parameters
        for upper in predicted.above(predicted.risks(table, one), np.asarray(one.bins))
    ]
    for at, upper in enumerate(predicted.above(risk, release.bins)):
        allowed[at] = not any(_near(upper, other, asked.policy.threshold) for other in told)
    found = predicted.cells(release)
    kept = groups.whole(found, floor, allowed)
    small = release.coarser(kept[:-1])
    if not groups.fits(predicted.cells(small), floor):
        raise Refused("bins", ("bins",))
    return small


def _near(one: Flags, other: Flags, threshold: int) -> bool:
    """Whether two groups differ by a few, or one holds the other but for a few."""
    more, less = int((one & ~other).sum()), int((other & ~one).sum())
    if not more or not less:
        return 0 < more + less < threshold
    return more + less < threshold
