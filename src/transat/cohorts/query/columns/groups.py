"""Which index events satisfy a group: all, any, at least or at most so many of its members."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns.counts import counted
from transat.cohorts.query.columns.filters import satisfied
from transat.cohorts.query.model import Count, Demographic, Group

if TYPE_CHECKING:
    from transat.cohorts.query.columns.index import Index
    from transat.cohorts.query.columns.keys import Mask
    from transat.cohorts.query.columns.world import World


def holds(world: World, group: Group, index: Index) -> Mask:
    """Whether each index event satisfies the group; an empty group holds."""
    masks = [_member(world, member, index) for member in group.members]
    if not masks:
        return np.ones(len(index), np.bool_)
    if group.need in ("all", "any"):
        combine = np.logical_and if group.need == "all" else np.logical_or
        return reduce(combine, masks)
    held = np.add.reduce(masks, dtype=np.int64)
    return np.asarray(held >= group.times if group.need == "at_least" else held <= group.times)


def _member(world: World, member: Count | Demographic | Group, index: Index) -> Mask:
    if isinstance(member, Count):
        return counted(world, index, member)
    if isinstance(member, Group):
        return holds(world, member, index)
    held = np.ones(len(index), np.bool_)
    for condition in member.filters:
        held &= satisfied(world, index, condition)
    return held
