"""A world in which the effect of early replacement is known: severity drives symptoms, the choice
of treatment and death; symptoms bring treatment; treatment multiplies the hazard of death."""

from __future__ import annotations

import numpy as np

from transat.cohorts.survival_table import SurvivalTable

MONTHS, GRACE, EFFECT = 36, 3, 0.5
NAMES = ("severity", "symptoms", "replaced")
Drawn = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def drawn(seed: int, n: int, strategy: str = "") -> Drawn:
    """Severity, month of symptoms, of replacement, of the end, and kind: 1 death, 0 none.

    strategy: 'early' or 'waiting' as ordered, without loss to follow-up; '' as people choose.
    """
    rng = np.random.default_rng(seed)
    severity = rng.normal(size=n)
    ill, done, here = np.zeros(n, bool), np.zeros(n, bool), np.ones(n, bool)
    since, replaced = np.full(n, np.inf), np.full(n, np.inf)
    end, kind = np.full(n, MONTHS + 0.5), np.zeros(n, np.int8)
    lost = np.where(rng.random(n) < 0.3, rng.integers(6, MONTHS, n) + 0.4, np.inf)
    if strategy:
        lost[:] = np.inf
    for month in range(MONTHS):
        new = here & ~ill & (rng.random(n) < 0.02 * np.exp(0.5 * severity))
        ill |= new
        since[new] = month + 0.1
        chance = np.clip(np.where(ill, 0.15, 0.04) * np.exp(0.5 * severity), 0, 0.9)
        if strategy == "early":
            chance = np.full(n, 1 / (GRACE - month) if month < GRACE else 0.0)
        if strategy == "waiting":
            chance = np.where(ill, chance, 0.0)
        go = here & ~done & (rng.random(n) < chance)
        done |= go
        replaced[go] = month + 0.3
        hazard = 0.01 * np.exp(0.8 * severity + 0.9 * (ill & ~done))
        dead = here & (rng.random(n) < hazard * np.where(done, EFFECT, 1.0))
        end[dead], kind[dead] = month + 0.6, 1
        here &= ~dead
        gone = here & (lost < month + 1)
        end[gone] = lost[gone]
        here &= ~gone
    return severity, since, replaced, end, kind


def spells(of: Drawn, people: np.ndarray | None = None, site: np.ndarray | None = None):
    """One row per person and spell; `site` is the stratum."""
    severity, since, replaced, end, kind = of
    n = len(severity)
    named = np.arange(n) if people is None else people
    placed = np.zeros(n, np.int32) if site is None else site
    rows = []
    for i in range(n):
        starts = sorted({0.0, *(float(t) for t in (since[i], replaced[i]) if t < end[i])})
        for begin, stop in zip(starts, [*starts[1:], float(end[i])], strict=True):
            last = kind[i] if stop == end[i] else 0
            state = severity[i], since[i] <= begin, replaced[i] <= begin
            rows.append((named[i], begin, stop, last, placed[i], *state))
    cells = np.array(rows, dtype=np.float64)
    return SurvivalTable(
        n=len(cells), time=cells[:, 2], entry=cells[:, 1], event=cells[:, 3].astype(np.int8),
        columns=cells[:, 5:], column_names=NAMES, strata=cells[:, 4].astype(np.int32),
        stratum_labels=tuple(str(k) for k in range(int(placed.max(initial=0)) + 1)),
        people=cells[:, 0].astype(np.int64),
    )  # fmt: skip
