"""Which of many tests may be called, when a set share of false calls is accepted?

Question
    Given the p-values of a family fixed in advance, which pairs are signals if on average at most a
    share `level` of the signals may be false?

Formula
    q_(i) = min over j >= i of p_(j) m / j, with m the size of the family; a pair is called where
    q <= level. NaN marks a test that is not in the family; the family is fixed before any observed
    count is read.

Assumptions
    p-values valid (P(p <= t) <= t under the null), independent or positively dependent.

Reference
    Benjamini Y, Hochberg Y (1995) J R Stat Soc B 57:289-300,
    doi:10.1111/j.2517-6161.1995.tb02031.x.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def q_values(p: ArrayLike) -> Floats:
    """q-values of the family of the finite `p`.

    Parameters
    ----------
    p : p-values in [0, 1], any shape; NaN where no test is made.

    Returns
    -------
    float64 array of the same shape; NaN where p is NaN. The result does not depend on the order.
    """
    p_array = np.asarray(p, dtype=np.float64)
    q = np.full(p_array.shape, np.nan)
    tested = ~np.isnan(p_array)
    values = p_array[tested]
    if values.size == 0:
        return q
    order = np.argsort(values, kind="stable")
    ranked = values[order] * (values.size / np.arange(1, values.size + 1))
    adjusted = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    back = np.empty_like(values)
    back[order] = adjusted
    q[tested] = back
    return q


def next_threshold(q: ArrayLike, level: float) -> float:
    """The p-value that one more pair would need in order to be called too.

    With k pairs called out of m, a further pair is called once its p is at most level (k + 1) / m.
    It is the threshold against which what was *not* found must be judged. NaN for an empty family.
    """
    q_array = np.asarray(q, dtype=np.float64)
    tested = int(np.count_nonzero(~np.isnan(q_array)))
    if tested == 0:
        return float("nan")
    called = int(np.count_nonzero(q_array <= level))
    return min(level * min(called + 1, tested) / tested, 1.0)
