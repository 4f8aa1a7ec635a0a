"""True marginal curves: what becomes of whole populations, with nobody lost and no error.

The model is run on many people (PEOPLE of each population and shore, SEED), everybody followed to
the end: the share of them with an event by each month is the cumulative incidence, death being a
competing event where the event is not death. Its standard error is sqrt(p (1 - p) / people), below
0.0013. The curves depend on the model alone, never on a simulation's seed or size, so they are kept
in data/valve_curves.csv, with a fingerprint of the figures that they come from; write() makes
that file anew:

    python -c "from transat.simulate.valve.curves import write; write()"

Populations and clocks (months of 30.4375 days):
    stenosis             first echo with Vmax 2.00 to 3.99 m/s; from that echo
    severe_asymptomatic  first echo with Vmax >= 4.00 m/s, no symptoms (NYHA I), LVEF >= 50 %; idem
    tavi, savr           replaced before 2019; from the replacement
Strategies (course.follow): natural everywhere; early, early_uniform, watchful and untreated in
severe_asymptomatic.
Kinds:
    severe          true Vmax reaches 4.0 m/s before replacement and death
    severe_seen     an echo shows 4.00 m/s or more before replacement and death
    replacement     before death
    death_native    death without replacement
    death           death, replaced or not
    heart_failure   first heart-failure stay
    death_or_heart_failure
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa

from transat.simulate.design import SHORES, Shore, day
from transat.simulate.read_data import rows
from transat.simulate.valve import patients
from transat.simulate.valve.course import Course, Strategy, follow
from transat.simulate.valve.parameters import MONTH, SEVERE, STENOSIS, Numbers, of
from transat.simulate.valve.patients import Elders, Mask

PEOPLE = 150_000
SEED = 20_260_101
HORIZON = 60  # months
_BATCH = 50_000
_LAST_REPLACEMENT = date(2019, 1, 1)
_REPLACEABLE = 1.7  # m/s at the first echo: below, nobody is replaced in the extract
SEXES = ("all", "F", "M")
STRATEGIES: dict[str, tuple[Strategy, ...]] = {
    "stenosis": ("natural",),
    "severe_asymptomatic": ("natural", "early", "early_uniform", "watchful", "untreated"),
}
ALWAYS = ("death", "heart_failure", "death_or_heart_failure")
AFTER: dict[str, tuple[str, ...]] = {
    "stenosis": ("severe", "severe_seen", "replacement", "death_native", *ALWAYS),
    "severe_asymptomatic": ("replacement", "death_native", *ALWAYS),
    "replaced": ALWAYS,
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


def member(population: str, elders: Elders) -> Mask:
    """(n,) who is of a population at the first echo."""
    seen = elders.first_vmax
    if population == "stenosis":
        return np.asarray((seen >= STENOSIS) & (seen < SEVERE))
    quiet = ~np.isfinite(elders.symptoms) & ~elders.breathless & (elders.lvef >= 50)
    return np.asarray((seen >= SEVERE) & quiet)


def recruit(rng: np.random.Generator, population: str, shore: Shore, people: int) -> Elders:
    """Draws elders until `people` of them are of the population; they come first to last."""
    found: list[Elders] = []
    while sum(map(len, found)) < people:
        drawn = patients.draw(rng, _BATCH, shore)
        found.append(drawn.take(np.flatnonzero(member(population, drawn))))
    return patients.joined(found).take(np.arange(people))


def first_stay(course: Course) -> Numbers:
    """(n,) days to the first heart-failure stay; inf without one."""
    found = np.full(len(course.elders), np.inf)
    np.minimum.at(found, *course.stays)
    return found


def times(course: Course) -> dict[str, Numbers]:
    """Kind -> (n,) days from the first echo to the event, inf when another comes before it."""
    severe = np.where(course.elders.vmax < SEVERE, course.elders.reaches(SEVERE), 0.0)
    native = np.minimum(course.replacement, course.death)
    who, when, vmax = course.echos
    shown = np.full(len(severe), np.inf)
    high = (vmax >= SEVERE) & (when < native[who])
    np.minimum.at(shown, who[high], when[high])
    stay = first_stay(course)
    return {
        "severe": np.where(severe < native, severe, np.inf),
        "severe_seen": shown,
        "replacement": course.replacement,
        "death_native": np.where(course.death < course.replacement, course.death, np.inf),
        "death": course.death,
        "heart_failure": stay,
        "death_or_heart_failure": np.minimum(stay, course.death),
    }


def incidence(days: Numbers, kept: Mask) -> Numbers:
    """(HORIZON + 1,) share of the kept with the event by months 0, 1, ..., HORIZON."""
    edges = MONTH * np.arange(HORIZON + 1)
    return np.asarray(np.searchsorted(np.sort(days[kept]), edges, side="right") / kept.sum())


def _by_sex(days: dict[str, Numbers], kinds: tuple[str, ...], man: Mask) -> Iterator[list[str]]:
    for sex in SEXES:
        kept = np.ones(len(man), bool) if sex == "all" else man == (sex == "M")
        for kind in kinds:
            curve = incidence(days[kind], kept)
            yield [sex, kind, str(int(kept.sum())), *(f"{p:.5f}" for p in curve)]


def from_first_echo(shore: Shore, people: int, seed: int) -> Iterator[list[str]]:
    """Lines of the curves whose clock is the first echo."""
    for position, (population, strategies) in enumerate(STRATEGIES.items()):
        key = [seed, SHORES.index(shore), position]
        elders = recruit(np.random.default_rng(key), population, shore, people)
        close = np.full(people, np.inf)
        for number, strategy in enumerate(strategies):
            rng = np.random.default_rng([*key, number])
            found = times(follow(rng, elders, close, HORIZON, strategy))
            for line in _by_sex(found, AFTER[population], elders.man):
                yield [shore, population, strategy, *line]


def from_replacement(shore: Shore, people: int, seed: int) -> Iterator[list[str]]:
    """Lines of the curves whose clock is the replacement, of twelve times as many elders."""
    latest = day(_LAST_REPLACEMENT)
    parts: dict[str, list[tuple[Mask, Numbers, Numbers]]] = {"tavi": [], "savr": []}
    for batch in range(-(-12 * people // _BATCH)):
        rng = np.random.default_rng([seed, SHORES.index(shore), 9, batch])
        elders = patients.draw(rng, _BATCH, shore)
        elders = elders.take(np.flatnonzero(elders.vmax >= _REPLACEABLE))
        close = (latest - elders.entry + HORIZON * MONTH).astype(float)
        course = follow(rng, elders, close, 84 + HORIZON)
        before = elders.entry + course.replacement < latest
        for kind, chosen in (("tavi", course.tavi), ("savr", ~course.tavi)):
            row = np.flatnonzero(before & chosen)
            stay = _stay_after(course)[row]
            since = course.replacement[row]
            parts[kind].append((elders.man[row], course.death[row] - since, stay - since))
    for kind, found in parts.items():
        man, death, stay = (np.concatenate(column) for column in zip(*found, strict=True))
        days = {"death": death, "heart_failure": stay}
        days["death_or_heart_failure"] = np.minimum(death, stay)
        for line in _by_sex(days, AFTER["replaced"], man):
            yield [shore, kind, "natural", *line]


def _stay_after(course: Course) -> Numbers:
    who, when = course.stays
    later = when >= course.replacement[who]
    found = np.full(len(course.elders), np.inf)
    np.minimum.at(found, who[later], when[later])
    return found


def write(path: Path | None = None, people: int = PEOPLE, seed: int = SEED) -> Path:
    """Computes every curve and writes them; minutes at full size."""
    target = path or Path(str(files("transat.simulate").joinpath("data", "valve_curves.csv")))
    with target.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*_KEY, *range(HORIZON + 1), _FIGURES])
        for shore in SHORES[:2]:
            for curves in (from_first_echo, from_replacement):
                out.writerows([*line, fingerprint()] for line in curves(shore, people, seed))
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
