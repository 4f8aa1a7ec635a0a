"""True marginal curves: what becomes of whole populations, with nobody lost and no error.

The model is run on many people (PEOPLE elders of each shore, SEED), everybody followed to the end:
the share of them with an event by each month is the cumulative incidence, death being a competing
event where the event is not death. Its standard error is sqrt(p (1 - p) / people). The curves
depend on the model alone, never on a simulation's seed or size, so they are kept in
data/valve_curves.csv, with a fingerprint of the figures that they come from; write() makes that
file anew:

    python -c "from transat.simulate.valve.curves import write; write()"

Populations and clocks (months of 30.4375 days):
    stenosis             the first echo of a person with Vmax >= 2.00 m/s, if below 4.00; from it
    severe_asymptomatic  the first echo with Vmax >= 4.00 m/s, if it also finds NYHA I and
                         LVEF >= 50 %, and no heart-failure stay came in the six months before;
                         from it
    coded                the first diagnosis of a stenosis in the extract, true or false, with the
                         native valve; from it
    coded_stenosis       the same, of those who do have a stenosis on that day
    tavi, savr           replaced before 2019; from the replacement
Strategies (course.follow): natural everywhere; early, early_uniform, watchful and untreated in
severe_asymptomatic.
Kinds:
    severe                true Vmax reaches 4.0 m/s before replacement and death
    severe_seen           an echo shows 4.00 m/s or more before replacement and death
    replacement           before death
    death_native          death without replacement
    death                 death, replaced or not
    heart_failure         first heart-failure stay, replaced or not
    heart_failure_native  the same before replacement
    death_or_heart_failure
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa

from transat.simulate.design import EXTRACT_END, SHORES, Shore, day
from transat.simulate.read_data import rows
from transat.simulate.valve import diagnoses, patients
from transat.simulate.valve.course import Course, Strategy, follow
from transat.simulate.valve.parameters import MONTH, SEVERE, STENOSIS, Numbers, of
from transat.simulate.valve.patients import Elders, Mask, Rows

PEOPLE = 600_000
SEED = 20_260_101
HORIZON = 60  # months
_BATCH = 50_000
_LAST_REPLACEMENT = date(2019, 1, 1)
_LONG = 96 + HORIZON  # months from the first echo to the end of everybody's
_LVEF_ERROR = 2.0  # %
_SIX_MONTHS = 183.0  # days
SEXES = ("all", "F", "M")
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
ALWAYS = ("death", "heart_failure", "death_or_heart_failure")
NATIVE = ("replacement", "death_native", "heart_failure_native", *ALWAYS)
KINDS: dict[str, tuple[str, ...]] = {
    "stenosis": ("severe", "severe_seen", *NATIVE),
    "severe_asymptomatic": NATIVE,
    "coded": NATIVE,
    "coded_stenosis": NATIVE,
    "tavi": ALWAYS,
    "savr": ALWAYS,
}
_KEY = ("shore", "population", "strategy", "sex", "kind", "people")
_FIGURES = "figures"  # the fingerprint of what the curves come from
_SOURCES = ("valve_hazards", "valve_parameters", "valve_conditions")
SCHEMA = pa.schema(
    [
        ("shore", pa.string()),
        ("population", pa.string()),
        ("strategy", pa.string()),
        ("sex", pa.string()),
        ("kind", pa.string()),
        ("people", pa.int32()),
        ("month", pa.int16()),
        ("incidence", pa.float64()),
    ]
)


def fingerprint() -> str:
    """The figures that the curves come from: the first 16 digits of their SHA-256."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        for row in rows(name):
            digest.update("\t".join(v for k, v in row.items() if k != "source").encode() + b"\n")
    return digest.hexdigest()[:16]


def natural(rng: np.random.Generator, shore: Shore, people: int) -> Course:
    """The course of elders from their first echo to five years after the end of the extract."""
    elders = patients.draw(rng, people, shore)
    return follow(rng, elders, np.full(people, np.inf), _LONG)


def stenoses(course: Course) -> Elders:
    """Everybody at the first echo with 2.00 m/s or more in the extract, if below 4.00 m/s."""
    who, days, vmax = _first_echo(course, STENOSIS)
    kept = vmax < SEVERE
    return course.at(who[kept], days[kept], vmax[kept])


def severe_asymptomatic(rng: np.random.Generator, course: Course) -> Elders:
    """Everybody at the first echo with 4.00 m/s or more in the extract, if eligible for a trial."""
    who, days, vmax = _first_echo(course, SEVERE)
    e = course.at(who, days, vmax)
    quiet = np.isinf(e.symptoms) & ~e.breathless
    strong = np.round(e.lvef + rng.normal(0, _LVEF_ERROR, len(e))) >= 50
    row, day_ = course.stays
    last = np.full(len(course.elders), -np.inf)
    begin = np.full(len(course.elders), -np.inf)
    begin[who] = days
    before = day_ <= begin[row]
    np.maximum.at(last, row[before], day_[before])
    return e.take(np.flatnonzero(quiet & strong & (days - last[who] > _SIX_MONTHS)))


def _first_echo(course: Course, velocity: float) -> tuple[Rows, Numbers, Numbers]:
    """People, day and measure of the first echo of the native valve with a velocity or more."""
    rows_, days, vmax = course.echos
    e = course.elders
    shown = (vmax >= velocity) & (days < course.replacement[rows_])
    shown &= np.floor(days) + e.entry[rows_] < day(EXTRACT_END)
    at = np.flatnonzero(shown)
    who, first = np.unique(rows_[at], return_index=True)
    return who, days[at][first], vmax[at][first]


def times(course: Course) -> dict[str, Numbers]:
    """Kind -> (n,) days from the first echo to the event, inf when another comes before it."""
    severe = np.where(course.elders.vmax < SEVERE, course.elders.reaches(SEVERE), 0.0)
    native = np.minimum(course.replacement, course.death)
    who, when, vmax = course.echos
    shown = np.full(len(severe), np.inf)
    high = (vmax >= SEVERE) & (when < native[who])
    np.minimum.at(shown, who[high], when[high])
    stay = course.first_stay
    return {
        "severe": np.where(severe < native, severe, np.inf),
        "severe_seen": shown,
        "replacement": course.replacement,
        "death_native": np.where(course.death < course.replacement, course.death, np.inf),
        "death": course.death,
        "heart_failure": stay,
        "heart_failure_native": np.where(stay < native, stay, np.inf),
        "death_or_heart_failure": np.minimum(stay, course.death),
    }


def after_replacement(course: Course) -> dict[str, tuple[dict[str, Numbers], Mask]]:
    """For TAVI and surgery before 2019: kind -> days from the replacement; who is a man."""
    done = course.elders.entry + course.replacement < day(_LAST_REPLACEMENT)
    return {
        name: _from(course, course.replacement, np.flatnonzero(done & chosen))
        for name, chosen in (("tavi", course.tavi), ("savr", ~course.tavi))
    }


def after_code(
    rng: np.random.Generator, course: Course
) -> dict[str, tuple[dict[str, Numbers], Mask]]:
    """For the coded and the coded who have a stenosis: kind -> days from the first code; men."""
    extract = course.until((day(EXTRACT_END) - course.elders.entry).astype(float))
    said = diagnoses.draw(rng, extract)
    who, at = np.unique(said.rows, return_index=True)
    clock = np.full(len(course.elders), np.inf)
    clock[who] = said.days[at]
    kept = clock[who] < course.replacement[who]
    return {
        "coded": _from(course, clock, who[kept]),
        "coded_stenosis": _from(course, clock, who[kept & said.true[at]]),
    }


def _from(course: Course, clock: Numbers, row: Rows) -> tuple[dict[str, Numbers], Mask]:
    """Kind -> days from a clock (n,), of the people in `row`; who is a man."""
    who, when = course.stays
    later = when >= clock[who]
    failure = np.full(len(clock), np.inf)
    np.minimum.at(failure, who[later], when[later])
    native = np.minimum(course.replacement, course.death)
    days = {
        "replacement": course.replacement,
        "death_native": np.where(course.death < course.replacement, course.death, np.inf),
        "heart_failure_native": np.where(failure < native, failure, np.inf),
        "death": course.death,
        "heart_failure": failure,
        "death_or_heart_failure": np.minimum(course.death, failure),
    }
    return {k: v[row] - clock[row] for k, v in days.items()}, course.elders.man[row]


def incidence(days: Numbers, kept: Mask) -> Numbers:
    """(HORIZON + 1,) share of the kept with the event by months 0, 1, ..., HORIZON."""
    edges = MONTH * np.arange(HORIZON + 1)
    return np.asarray(np.searchsorted(np.sort(days[kept]), edges, side="right") / kept.sum())


def lines(shore: Shore, people: int, seed: int) -> Iterator[list[str]]:
    """The lines of a shore: population, strategy, sex, kind, people, curve."""
    found: dict[tuple[str, Strategy], list[tuple[dict[str, Numbers], Mask]]] = {}
    for batch in range(-(-people // _BATCH)):
        rng = np.random.default_rng([seed, SHORES.index(shore), batch])
        course = natural(rng, shore, min(_BATCH, people))
        for kind, one in (after_replacement(course) | after_code(rng, course)).items():
            found.setdefault((kind, "natural"), []).append(one)
        for name, elders in (
            ("stenosis", stenoses(course)),
            ("severe_asymptomatic", severe_asymptomatic(rng, course)),
        ):
            close = np.full(len(elders), np.inf)
            for strategy in STRATEGIES if name == "severe_asymptomatic" else STRATEGIES[:1]:
                then = times(follow(rng, elders, close, HORIZON, strategy))
                found.setdefault((name, strategy), []).append((then, elders.man))
    for (name, lived), parts in found.items():
        man = np.concatenate([part[1] for part in parts])
        for sex in SEXES:
            kept = np.ones(len(man), bool) if sex == "all" else man == (sex == "M")
            for kind in KINDS[name]:
                curve = incidence(np.concatenate([part[0][kind] for part in parts]), kept)
                yield [shore, name, lived, sex, kind, str(int(kept.sum()))] + [
                    f"{p:.5f}" for p in curve
                ]


def write(path: Path | None = None, people: int = PEOPLE, seed: int = SEED) -> Path:
    """Computes every curve and writes them; minutes at full size."""
    target = path or Path(str(files("transat.simulate").joinpath("data", "valve_curves.csv")))
    with target.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*_KEY, *range(HORIZON + 1), _FIGURES])
        for shore in SHORES[:2]:
            out.writerows([*line, fingerprint()] for line in lines(shore, people, seed))
    return target


def table(shore: Shore) -> pa.Table:
    """truth/valve_curves.parquet of a shore: one row per curve and month."""
    columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for row in rows("valve_curves"):
        if row["shore"] != of(shore):
            continue
        for month in range(HORIZON + 1):
            for name in _KEY:
                columns[name].append(int(row[name]) if name == "people" else row[name])
            columns["month"].append(month)
            columns["incidence"].append(float(row[str(month)]))
    columns["shore"] = [shore] * len(columns["shore"])
    return pa.table(columns, schema=SCHEMA)
