"""Dispensings: which drug, when, how long, in and around every pregnancy.

Every pregnancy is an anchor (a woman without any gets one imaginary anchor, so that drugs are also
seen outside pregnancy). For a chronic drug an anchor is, at random, *exposed early* (with the
prevalence of data/exposures.csv over the window given there), a *discontinuer* (stopped more than
a month before that window), a *late starter*, or nothing. For an acute drug, courses fall at random
days; some women take more of everything (gamma heterogeneity, `FRAILTY`).
A drug with an indication is taken mostly by women who have the disease.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from transat.simulate.conditions import CHRONIC, NAUSEA, Conditions, prevalence
from transat.simulate.design import EXTRACT_END, EXTRACT_START, Design, Shore, day
from transat.simulate.pregnancies import SPACING_DAYS, Days, Numbers, Pregnancies
from transat.simulate.read_data import per_shore, rows
from transat.simulate.women import Women
from transat.tables.drug_codes import codes_of

FRAILTY = 2.0  # gamma shape of the women's propensity to short treatments
CAP = 0.9  # no more than this share of those with the disease take a drug
MULTIPLIED_CAP = 0.03  # the multiplier lifts no drug above this share of pregnancies
BEFORE, AFTER = -210, 280  # days around the LMP in which dispensings are drawn
MONTH = 30
LATEST_START = 180


@dataclass(frozen=True, slots=True)
class Drug:
    """One line of data/exposures.csv for one shore; prevalences are shares of pregnancies."""

    index: int
    atc: str
    chronic: bool
    window: tuple[int, int]
    prevalence: float
    condition: str
    condition_share: float
    study: bool
    stop_early: float
    discontinuer: float
    late: float
    days: int
    hospital: bool


@dataclass(frozen=True, slots=True)
class Anchors:
    """woman (row), start (LMP or imaginary day), length (days until the provisional end).

    served: day from which this anchor draws short treatments; the days before belong to the
    woman's previous anchor, so that no day is served twice. opened: day from which it draws long
    treatments, after the previous pregnancy.
    """

    woman: NDArray[np.int64]
    start: Days
    length: Days
    nausea: NDArray[np.bool_]
    served: NDArray[np.int64]
    opened: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Exposures:
    """One row per dispensing, ordered by woman, date, drug; unique in these three.

    drug: index in `drugs(shore)`. tier: 0 none, 1-3. days: treated days of the dispensing.
    """

    woman: NDArray[np.int64]
    date: Days
    drug: NDArray[np.int16]
    tier: NDArray[np.int8]
    packs: NDArray[np.int16]
    days: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.woman)


@cache
def drugs(shore: Shore) -> tuple[Drug, ...]:
    """All drugs, ordered by ATC; a drug that a shore has not keeps its place, prevalence 0."""
    return tuple(
        Drug(
            index=index,
            atc=row["atc"],
            chronic=row["pattern"] == "chronic",
            window=(int(row["window_start"]), int(row["window_end"])),
            prevalence=per_shore(row, "per_1000", shore) / 1000,
            condition=row["condition"],
            condition_share=float(row["condition_share"]),
            study=row["study"] == "yes",
            stop_early=float(row["stop_early"]),
            discontinuer=float(row["discontinuer_ratio"]),
            late=float(row["late_ratio"]),
            days=int(row["days"]),
            hospital=_hospital_only(row["atc"]),
        )
        for index, row in enumerate(rows("exposures"))
    )


def _hospital_only(atc: str) -> bool:
    """True for drugs that French hospitals retrocede: no community code, a UCD code."""
    return bool(codes_of("UCD7", atc)) and not codes_of("CIP13", atc)


@cache
def tiers() -> dict[str, Numbers]:
    """ATC -> shares of dose tiers 1, 2, 3 (data/dose_tiers.csv)."""
    found: dict[str, list[float]] = {}
    for row in rows("dose_tiers"):
        found.setdefault(row["atc"], []).append(float(row["share"]))
    return {atc: np.array(shares) / sum(shares) for atc, shares in found.items()}


def target(drug: Drug, design: Design) -> float:
    """Share of pregnancies to expose in the drug's window. The multiplier acts on studied drugs,
    up to MULTIPLIED_CAP: it makes rare drugs visible, not common ones universal."""
    if not drug.study:
        return drug.prevalence
    wanted = drug.prevalence * design.exposure_multiplier
    return min(wanted, max(drug.prevalence, MULTIPLIED_CAP))


def chances(
    drug: Drug, design: Design, shore: Shore, conditions: Conditions, anchors: Anchors
) -> Numbers:
    """Chance of each anchor to be exposed in the drug's window, given the woman's diseases."""
    wanted = target(drug, design)
    if not drug.condition:
        return np.full(len(anchors.woman), min(wanted, CAP))
    if drug.condition == NAUSEA:
        has = anchors.nausea
    else:
        has = conditions.has[anchors.woman, CHRONIC.index(drug.condition)]
    sick = prevalence(drug.condition, shore, design)
    with_it = min(CAP, drug.condition_share * wanted / sick)
    without = min(CAP, (1 - drug.condition_share) * wanted / (1 - sick))
    return np.where(has, with_it, without)


def _spells(
    rng: np.random.Generator, drug: Drug, chance: Numbers, anchors: Anchors
) -> tuple[NDArray[np.int64], Numbers, Numbers]:
    """(anchor, first day, last day) relative to the LMP, for one chronic drug."""
    opens, closes = drug.window
    u = rng.random(len(chance)) / np.maximum(chance, 1e-12)
    early = np.flatnonzero(u < 1)
    stopped = np.flatnonzero((u >= 1) & (u < 1 + drug.discontinuer))
    late = np.flatnonzero((u >= 1 + drug.discontinuer) & (u < 1 + drug.discontinuer + drug.late))
    late = late[anchors.length[late] > LATEST_START]
    n = len(early)
    starts_within = rng.random(n) < 0.15
    first = np.where(
        starts_within, rng.uniform(opens, closes - 1, n), rng.uniform(BEFORE, opens - 10, n)
    )
    stops = rng.random(n) < drug.stop_early
    recognition = np.maximum(first + 1, rng.uniform(max(opens, 0) + 14, 70, n))
    last = np.where(stops, recognition, anchors.length[early] - 1.0)
    last = np.maximum(last, first + 1)
    m = len(stopped)
    off_first = rng.uniform(BEFORE, opens - 100, m)
    off_last = rng.uniform(opens - 99, opens - 36, m)
    late_first = rng.uniform(100, LATEST_START, len(late))
    late_last = np.maximum(late_first + 1, anchors.length[late] - 1.0)
    return (
        np.concatenate([early, stopped, late]),
        np.concatenate([first, off_first, late_first]),
        np.concatenate([last, off_last, late_last]),
    )


def _chronic_days(
    rng: np.random.Generator,
    spells: tuple[NDArray[np.int64], Numbers, Numbers],
    anchors: Anchors,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One dispensing about every 30 days from the first to the last day of each spell."""
    anchor, first, last = spells
    counts = np.maximum(1, np.ceil((last - first) / MONTH)).astype(np.int64)
    row = np.repeat(np.arange(len(anchor)), counts)
    step = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    jitter = np.where(step > 0, np.clip(np.rint(rng.normal(0, 1.5, len(row))), -3, 3), 0)
    rel = np.floor(first[row] + MONTH * step + jitter).astype(np.int64)
    kept = anchors.start[anchor[row]] + rel >= anchors.opened[anchor[row]]
    return anchor[row][kept], rel[kept]


def _acute_days(
    rng: np.random.Generator, drug: Drug, chance: Numbers, anchors: Anchors, frailty: Numbers
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Courses at random days; their rate gives the wanted share of women with one in the window,
    counting courses that began just before it, given the gamma heterogeneity."""
    opens, closes = drug.window
    reach = closes - opens + drug.days - 1
    rate = FRAILTY * ((1 - np.minimum(chance, CAP)) ** (-1 / FRAILTY) - 1) / reach
    count = rng.poisson(rate * frailty[anchors.woman] * (AFTER - BEFORE))
    anchor = np.repeat(np.arange(len(count)), count)
    rel = rng.integers(BEFORE, AFTER, len(anchor))
    kept = anchors.start[anchor] + rel >= anchors.served[anchor]
    return anchor[kept], rel[kept]


def _anchors(
    rng: np.random.Generator, women: int, pregnancies: Pregnancies, conditions: Conditions
) -> Anchors:
    childless = np.setdiff1d(np.arange(women), pregnancies.woman)
    imaginary = rng.integers(day(EXTRACT_START) + 300, day(EXTRACT_END) - 300, len(childless))
    served = np.zeros(len(pregnancies) + len(childless), np.int64)
    again = np.flatnonzero(np.diff(pregnancies.woman) == 0) + 1
    served[again] = pregnancies.start[again - 1] + AFTER
    opened = np.zeros(len(served), np.int64)
    opened[again] = pregnancies.end[again - 1] + SPACING_DAYS - MONTH
    return Anchors(
        woman=np.concatenate([pregnancies.woman, childless]),
        start=np.concatenate([pregnancies.start, imaginary.astype(np.int32)]),
        length=np.concatenate([pregnancies.gestation, np.full(len(childless), 280, np.int32)]),
        nausea=np.concatenate([conditions.nausea, np.zeros(len(childless), bool)]),
        served=served,
        opened=opened,
    )


def draw(
    rng: np.random.Generator,
    design: Design,
    shore: Shore,
    women: Women,
    pregnancies: Pregnancies,
    conditions: Conditions,
) -> Exposures:
    """All dispensings of the chunk, inside the extract and the woman's life."""
    anchors = _anchors(rng, len(women), pregnancies, conditions)
    frailty = rng.gamma(FRAILTY, 1 / FRAILTY, len(women))
    catalogue = drugs(shore)
    who: list[NDArray[np.int64]] = []
    when: list[NDArray[np.int64]] = []
    what: list[NDArray[np.int64]] = []
    for drug in catalogue:
        if drug.prevalence <= 0:
            continue
        chance = chances(drug, design, shore, conditions, anchors)
        if drug.chronic:
            anchor, rel = _chronic_days(rng, _spells(rng, drug, chance, anchors), anchors)
        else:
            anchor, rel = _acute_days(rng, drug, chance, anchors, frailty)
        who.append(anchors.woman[anchor])
        when.append(anchors.start[anchor] + rel)
        what.append(np.full(len(anchor), drug.index))
    rows_ = (np.concatenate(who), np.concatenate(when), np.concatenate(what))
    return _finish(rng, women, catalogue, rows_)


def _finish(
    rng: np.random.Generator,
    women: Women,
    catalogue: tuple[Drug, ...],
    found: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> Exposures:
    """Keeps the days of the extract before death, one row per woman, day and drug; dose tiers."""
    woman, when, drug = found
    opens, closes = day(EXTRACT_START), day(EXTRACT_END)
    kept = (when >= opens) & (when < closes) & (when < women.death[woman])
    span = closes - opens
    key = (woman[kept] * span + (when[kept] - opens)) * len(catalogue) + drug[kept]
    key.sort()
    key = key[np.diff(key, prepend=-1) > 0]
    drug = key % len(catalogue)
    woman, offset = np.divmod(key // len(catalogue), span)
    tier = np.zeros(len(key), np.int8)
    for item in catalogue:
        if item.atc in tiers():
            own = rng.choice(3, len(women), p=tiers()[item.atc]) + 1
            mine = drug == item.index
            tier[mine] = own[woman[mine]]
    days = np.array([item.days for item in catalogue], np.int16)[drug]
    return Exposures(
        woman=woman,
        date=(offset + opens).astype(np.int32),
        drug=drug.astype(np.int16),
        tier=tier,
        packs=np.ones(len(key), np.int16),
        days=days,
    )
