"""Children: weight, birth, death; one row per live-born fetus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.design import EXTRACT_END, day
from transat.simulate.groups import groups
from transat.simulate.malformations import Anomalies, Fetuses
from transat.simulate.pregnancies import LIVE, Days, Mask, Pregnancies
from transat.simulate.women import NEVER

DEATH, DEATH_WITH_ANOMALY, DEATH_WITH_SEVERE = 0.0028, 0.012, 0.09
SEVERE = 0.2  # leaves that end at least this share of pregnancies count as severe


@dataclass(frozen=True, slots=True)
class Children:
    """fetus: row of the fetus of each child, in order. row_of: child of each fetus, -1 if none.

    mother: row of the woman. birth, death: days since 1970. weight: grams, of every fetus.
    """

    fetus: NDArray[np.int64]
    row_of: NDArray[np.int64]
    mother: NDArray[np.int64]
    boy: Mask
    birth: Days
    death: Days
    weight: NDArray[np.int16]


def _weight(
    rng: np.random.Generator, fetuses: Fetuses, pregnancies: Pregnancies
) -> NDArray[np.int16]:
    """Grams, by gestation (about 3 350 at 40 weeks), sex and plurality; at least 300."""
    weeks = pregnancies.gestation[fetuses.pregnancy] / 7
    mean = 3350 * np.exp(-(((weeks - 42.5) / 13.3) ** 2) + (2.5 / 13.3) ** 2)
    mean = mean + np.where(fetuses.boy, 60, -60)
    mean = mean * np.where(pregnancies.plurality[fetuses.pregnancy] == 2, 0.9, 1.0)
    drawn = mean * np.exp(rng.normal(0, 0.12, len(fetuses)))
    return np.asarray(np.clip(np.rint(drawn / 5) * 5, 300, 5900), dtype=np.int16)


def draw(
    rng: np.random.Generator, fetuses: Fetuses, anomalies: Anomalies, pregnancies: Pregnancies
) -> Children:
    """The live-born; deaths are more frequent with an anomaly, and come mostly early."""
    weight = _weight(rng, fetuses, pregnancies)
    live = pregnancies.outcome[fetuses.pregnancy] == LIVE
    fetus = np.flatnonzero(live)
    row_of = np.full(len(fetuses), -1)
    row_of[fetus] = np.arange(len(fetus))
    chance = np.full(len(fetuses), DEATH)
    chance[anomalies.fetus] = DEATH_WITH_ANOMALY
    severe = groups().terminated[anomalies.leaf] >= SEVERE
    chance[anomalies.fetus[severe]] = DEATH_WITH_SEVERE
    birth = pregnancies.end[fetuses.pregnancy[fetus]]
    dies = rng.random(len(fetus)) < chance[fetus]
    when = birth + np.floor(rng.exponential(60.0, len(fetus)))
    when = np.minimum(when, day(EXTRACT_END) - 1)
    return Children(
        fetus=fetus,
        row_of=row_of,
        mother=pregnancies.woman[fetuses.pregnancy[fetus]],
        boy=fetuses.boy[fetus],
        birth=birth,
        death=np.where(dies, when, NEVER).astype(np.int32),
        weight=weight,
    )
