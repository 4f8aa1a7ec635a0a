"""Elders at their first echo: who they are, their valve, their other diseases.

Half of them have a stenosis (an enriched sample), in the published mix of severities. The peak
velocity then grows as V(t) = 1 + (V(0) - 1) exp(growth * t), t in years: faster in severe disease,
as mean gradients do, with a growth of its own for each person.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from transat.simulate.design import EXTRACT_END, EXTRACT_START, Shore, day
from transat.simulate.valve.parameters import STENOSIS, YEAR, Numbers, conditions, value
from transat.simulate.women import REGIONS

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
CONDITIONS: tuple[str, ...] = tuple(c.name for c in conditions())
BEFORE, AFTER = 183, 731  # days of the extract before and after the first echo, at least
_CLASSES = ("mild", "mild_moderate", "moderate", "moderate_severe", "severe")
_FROM = np.array([2.0, 2.8, 3.0, 3.8, 4.0])  # m/s
_WIDTH = np.array([0.8, 0.2, 0.8, 0.2, 0.0])
_SYMPTOMATIC = np.array([0.05, 0.12, 0.25, 0.4, 0.55])  # from 2.0, 3.0, 3.5, 4.0, 4.5 m/s
YOUNGEST, OLDEST = 50.0, 98.0
_ONSET = 35.0  # no stenosis is older than that age
_FASTEST = 6.5  # m/s: no velocity is above


@dataclass(frozen=True, slots=True)
class Elders:
    """One row per elder; every array (n,) but `has`, (n, diseases in the order of CONDITIONS).

    entry: day of the first echo. age: years, then. vmax: m/s, then, without error; first_vmax: as
    that echo measures it. growth: per year. gradient: mmHg per (m/s)². area, calcium: own ratios
    to the mean of their velocity and sex. symptoms, stay: days from entry to symptoms already
    there, to a heart-failure stay already had (negative), inf without. lvef: %. breathless:
    dyspnoea of another cause. choice: where the person falls between surgery (1) and TAVI (0).
    """

    shore: Shore
    entry: NDArray[np.int64]
    age: Numbers
    man: Mask
    region: NDArray[np.int16]
    deprivation: NDArray[np.int8]
    bicuspid: Mask
    registry: Mask
    breathless: Mask
    frailty: Numbers
    has: Mask
    vmax: Numbers
    first_vmax: Numbers
    growth: Numbers
    gradient: Numbers
    area: Numbers
    calcium: Numbers
    lvef: Numbers
    symptoms: Numbers
    stay: Numbers
    choice: Numbers

    def __len__(self) -> int:
        return len(self.entry)

    def take(self, rows: Rows) -> Elders:
        """The elders of some rows."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        return Elders(**{k: v if k == "shore" else v[rows] for k, v in kept.items()})

    def velocity(self, rows: Rows, days: Numbers) -> Numbers:
        """True peak velocity of the native valve (m/s), `days` after the first echo."""
        grown = (self.vmax[rows] - 1) * np.exp(self.growth[rows] * days / YEAR)
        return np.minimum(1 + grown, _FASTEST)

    def reaches(self, velocity: float) -> Numbers:
        """Days from the first echo to the day that the native valve reaches a velocity; (n,)."""
        return np.asarray(YEAR * np.log((velocity - 1) / (self.vmax - 1)) / self.growth)


def _velocity(rng: np.random.Generator, stenosis: Mask) -> Numbers:
    """Peak velocity at the first echo, m/s."""
    n = len(stenosis)
    mix = np.array([value(f"mix_{name}") for name in _CLASSES])
    which = rng.choice(len(mix), n, p=mix / mix.sum())
    sick = _FROM[which] + _WIDTH[which] * rng.random(n)
    sick += np.where(which == len(mix) - 1, rng.exponential(value("vmax_severe_excess"), n), 0)
    sound = rng.normal(value("vmax_none_mean"), value("vmax_none_sd"), n)
    sound = np.where((sound > 1.05) & (sound < 1.75), sound, rng.uniform(1.1, 1.5, n))
    return np.minimum(np.where(stenosis, sick, sound), 6.0)


def _age(rng: np.random.Generator, vmax: Numbers) -> Numbers:
    means = np.array([value(f"age_{name}") for name in ("none", "mild", "moderate", "severe")])
    severity = np.searchsorted([STENOSIS, 3.0, 4.0], vmax, side="right")
    age = rng.normal(means[severity], value("age_sd"))
    inside = (age > YOUNGEST) & (age < OLDEST)
    return np.where(inside, age, rng.uniform(65, 90, len(vmax)))


def _growth(rng: np.random.Generator, age: Numbers, man: Mask, vmax: Numbers) -> Numbers:
    """Own growth; quick enough for a stenosis not to be older than the adult."""
    own = value("growth_median") * np.exp(value("growth_log_sd") * rng.standard_normal(len(age)))
    own *= np.where(man, value("growth_man"), 1.0)
    return np.maximum(own, np.log(np.maximum(vmax - 1, 1)) / (age - _ONSET))


def _diseases(rng: np.random.Generator, age: Numbers, man: Mask) -> Mask:
    """(n, diseases): independent given age and sex."""
    decades = (age - 75) / 10
    odds = np.stack(
        [
            c.share / (1 - c.share) * c.decade**decades * np.where(man, c.man, 1)
            for c in conditions()
        ],
        axis=1,
    )
    return np.asarray(rng.random(odds.shape) < odds / (1 + odds))


def _bicuspid(rng: np.random.Generator, age: Numbers, stenosis: Mask) -> Mask:
    shares = np.array([value(f"bicuspid_{name}") for name in ("under_60", "under_70", "older")])
    chance = shares[np.searchsorted([60.0, 70.0], age, side="right")]
    chance = np.where(stenosis, chance, value("bicuspid_none"))
    return np.asarray(rng.random(len(age)) < chance)


def _symptoms(rng: np.random.Generator, vmax: Numbers) -> Numbers:
    """Days to symptoms that were there at the first echo (negative); inf for the others."""
    chance = np.append(0, _SYMPTOMATIC)[np.searchsorted([2, 3, 3.5, 4, 4.5], vmax, side="right")]
    there = rng.random(len(vmax)) < chance
    return np.where(there, -np.ceil(180 * rng.random(len(vmax))), np.inf)


def _ejection(rng: np.random.Generator, has: Mask) -> Numbers:
    """LVEF, %: lower with an earlier heart failure or a coronary disease."""
    own = rng.normal(value("lvef_mean"), value("lvef_sd"), len(has))
    reduced = rng.random(len(has)) < 0.5
    own -= np.where(has[:, CONDITIONS.index("heart_failure")] & reduced, 16, 0)
    own -= np.where(has[:, CONDITIONS.index("coronary_disease")], 3, 0)
    return np.clip(own, 20, 78)


def measured(rng: np.random.Generator, true: Numbers) -> Numbers:
    """Peak velocities as an echo gives them, m/s."""
    return np.asarray(np.round(true + rng.normal(0, value("vmax_error"), len(true)), 2), np.float64)


def draw(rng: np.random.Generator, n: int, shore: Shore) -> Elders:
    """`n` elders at their first echo, which falls anywhere in the extract but its edges."""
    first, last = day(EXTRACT_START) + BEFORE, day(EXTRACT_END) - AFTER
    stenosis = rng.random(n) < value("stenosis_share")
    man = rng.random(n) < np.where(stenosis, value("men_stenosis"), value("men_none"))
    vmax = _velocity(rng, stenosis)
    age = _age(rng, vmax)
    has = _diseases(rng, age, man)
    return Elders(
        shore=shore,
        entry=rng.integers(first, last, n),
        age=age,
        man=man,
        region=(rng.integers(0, REGIONS[shore], n) + 1).astype(np.int16),
        deprivation=rng.integers(1, 6, n).astype(np.int8),
        bicuspid=_bicuspid(rng, age, stenosis),
        registry=rng.random(n) < value("registry"),
        breathless=rng.random(n) < value("breathless"),
        frailty=rng.normal(0, value("frailty_sd"), n),
        has=has,
        vmax=vmax,
        first_vmax=measured(rng, vmax),
        growth=_growth(rng, age, man, vmax),
        gradient=rng.uniform(value("gradient_low"), value("gradient_high"), n),
        area=np.exp(rng.normal(0, value("area_sd"), n)),
        calcium=np.exp(rng.normal(0, value("calcium_log_sd"), n)),
        lvef=_ejection(rng, has),
        symptoms=_symptoms(rng, vmax),
        stay=np.full(n, np.inf),
        choice=rng.random(n),
    )
