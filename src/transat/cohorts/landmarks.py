"""A prediction starts on a day: what is known of each person then, and what happens after.

One landmark per row: the first day of a period of a cohort. Features are measures around it
(`query.analysis.Measure`); with every value come the rows of the CDM that it is made of, and the
day on which each became known, so that `landmark_audit` can refuse what was known later. Follow-ups
begin on the landmark. Everything here stays at its site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.attrition import Attrition, AttritionStep
from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.attributes import attribute
from transat.cohorts.query.columns.cohort import periods, steps
from transat.cohorts.query.columns.counts import pairs
from transat.cohorts.query.columns.executor import ROWS
from transat.cohorts.query.columns.measures import followed, measured
from transat.cohorts.query.columns.parts import code_sets, reads_of
from transat.cohorts.query.columns.ranges import person_ranges
from transat.cohorts.query.columns.spells import Spells, observed
from transat.cohorts.query.columns.windows import spans
from transat.cohorts.query.columns.world import World
from transat.cohorts.query.concept_sets import resolve
from transat.core.languages import Text
from transat.engines.duckdb import DuckDB

if TYPE_CHECKING:
    from transat.cohorts.language.study import Population
    from transat.cohorts.query.analysis import Analysis, Measure
    from transat.cohorts.query.columns.events import Events
    from transat.engines.cdm import Cdm

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

MALE: Final = 8507
#: Columns that every landmark has without a measure, known since birth.
OF_PERSON: Final = ("age", "man")
_LIMIT = Text("une période par personne", "one period per person")
_PERIODS = Text("périodes de la cohorte", "periods of the cohort")


@dataclass(frozen=True, slots=True)
class Known:
    """When a row of the CDM became known: on its own day, or when the stay that it names ended
    (diagnoses are coded at discharge); then so many days later. later: what is done of a row that
    became known after the landmark; 'refuse' leaves it to `landmark_audit`, which refuses the
    feature; 'ignore' does not count it (of `any` and `count` only)."""

    when: Literal["day", "stay_end"] = "day"
    delay_days: int = 0
    later: Literal["refuse", "ignore"] = "refuse"


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One value per landmark, and the rows of the CDM behind it.

    values: (n,), of which `known` (n,) says whether there is one. row, available: (m,) landmark and
    the day (since 1970) on which the row of the CDM was known.
    """

    values: Floats
    known: Flags
    row: Integers
    available: Integers


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """(n,) days from the landmark, >= 0, and status: 0 censored, 1.. the kind of event; known:
    whether the period lasts until follow-up begins."""

    days: Integers
    status: Integers
    known: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """n landmarks, by person and day. people: (n,) person_id. day, end: (n,) days since 1970 of the
    landmark and of the end of the period. features: OF_PERSON and one per measure, by key. states:
    measures of what happens later, which strategies are made of and no prediction."""

    people: Integers
    day: Integers
    end: Integers
    features: Mapping[str, Feature]
    states: Mapping[str, Feature]
    follow_ups: Mapping[str, FollowUp]
    attrition: Attrition

    @property
    def n(self) -> int:
        """How many landmarks there are."""
        return len(self.people)


def landmarks(
    cdm: Cdm,
    population: Population,
    analyses: Mapping[str, Analysis],
    known: Mapping[str, Known],
    states: str = "",
    rows: int = ROWS,
) -> Landmarks:
    """The landmarks of a population, its features and its follow-ups.

    analyses: of that population's cohort; their measures are features, a follow-up is called by
    the name of its analysis. known: by measure key; on its own day where none is said. states: the
    analysis whose measures are states. rows: of clinical tables in memory at a time.

    Raises
    ------
    InputError: a CDM that cannot be read.
    """
    cohort = population.cohort
    sets = code_sets([cohort], [read for a in analyses.values() for read in reads_of(a)])
    with DuckDB() as engine:
        cdm.attach(engine, wide=True)
        concepts = resolve(engine, sets)
    parts, left = [], np.zeros((len(steps(cohort)), 2), np.int64)
    for wanted in person_ranges(cdm, rows):
        world = World(cdm, concepts, wanted)
        found = periods(world, cohort)
        left += np.array(found.steps, np.int64)
        spells = observed(found.start, found.end, world.periods)
        parts.append(_part(world, spells, analyses, known))
    return _together(parts, analyses, states, _attrition(population, left))


@dataclass(frozen=True, slots=True)
class _Part:
    """The landmarks of one range of persons."""

    people: Integers
    day: Integers
    end: Integers
    features: dict[str, Feature]
    follow_ups: dict[str, FollowUp]


def _part(
    world: World, spells: Spells, analyses: Mapping[str, Analysis], known: Mapping[str, Known]
) -> _Part:
    who = keys.person(spells.key)
    day = keys.days(spells.key) - keys.EPOCH
    features = _of_person(world, spells, who)
    follow_ups = {}
    for name, analysis in analyses.items():
        for measure in analysis.measures:
            said = known.get(measure.key, Known())
            features[measure.key] = _feature(world, spells, measure, said)
        if analysis.follow_up is not None:
            days, status = followed(world, spells, analysis.follow_up)
            follow_ups[name] = FollowUp(days.values, status.values, ~days.missing)
    end = keys.days(spells.end) - keys.EPOCH
    return _Part(world.people.ids[who], day, end, features, follow_ups)


def _of_person(world: World, spells: Spells, who: Integers) -> dict[str, Feature]:
    """Age in calendar years and sex, which no row of the CDM tells later."""
    none = np.empty(0, np.int64)
    start = (keys.days(spells.key) - keys.EPOCH).astype("datetime64[D]")
    year = start.astype("datetime64[Y]").astype(np.int64) + 1970
    born = world.person("year_of_birth", "integer").take(who)
    sex = world.person("gender_concept_id", "integer").take(who)
    age = np.where(born.missing, 0, year - born.values).astype(np.float64)
    man = np.where(sex.missing, 0, sex.values == MALE).astype(np.float64)
    return {
        "age": Feature(age, ~born.missing, none, none),
        "man": Feature(man, ~sex.missing, none, none),
    }


def _feature(world: World, spells: Spells, measure: Measure, known: Known) -> Feature:
    said = measured(world, spells, measure)
    values, there = np.where(said.missing, 0.0, said.values).astype(np.float64), ~said.missing
    events = world.events(measure.events)
    i, j = pairs(spells, events, spans(spells, measure.windows, measure.outside_period))
    available = _available(world, events.keep(j), known)
    if known.later == "ignore":
        in_time = available <= keys.days(spells.key)[i]
        i, available = i[in_time], available[in_time]
        values = np.bincount(i, minlength=len(spells)).astype(np.float64)
        if measure.what == "any":
            values = (values >= measure.at_least).astype(np.float64)
    return Feature(values, there, i, available - keys.EPOCH)


def _available(world: World, events: Events, known: Known) -> Integers:
    """The day on which each of the events was known, counted as keys count it."""
    day = keys.days(events.key)
    if known.when == "stay_end" and len(events):
        ends = attribute(world, events, "visit_occurrence.visit_end_date", "day")
        day = np.where(ends.missing, day, np.maximum(day, ends.values))
    return np.asarray(day + known.delay_days, dtype=np.int64)


def _together(
    parts: Sequence[_Part], analyses: Mapping[str, Analysis], states: str, attrition: Attrition
) -> Landmarks:
    kept = {name: a for name, a in analyses.items() if name != states}
    named = [*OF_PERSON, *(m.key for a in kept.values() for m in a.measures)]
    later = [m.key for m in analyses[states].measures] if states else []
    followed_up = [name for name, a in analyses.items() if a.follow_up is not None]
    sizes = np.cumsum([0, *(len(p.people) for p in parts)])
    return Landmarks(
        _joined([p.people for p in parts], np.int64),
        _joined([p.day for p in parts], np.int64),
        _joined([p.end for p in parts], np.int64),
        {key: _one_feature([p.features[key] for p in parts], sizes) for key in named},
        {key: _one_feature([p.features[key] for p in parts], sizes) for key in later},
        {name: _one_follow_up([p.follow_ups[name] for p in parts]) for name in followed_up},
        attrition,
    )


def _one_feature(found: Sequence[Feature], sizes: NDArray[Any]) -> Feature:
    return Feature(
        _joined([f.values for f in found], np.float64),
        _joined([f.known for f in found], np.bool_),
        _joined([f.row + at for f, at in zip(found, sizes, strict=False)], np.int64),
        _joined([f.available for f in found], np.int64),
    )


def _one_follow_up(found: Sequence[FollowUp]) -> FollowUp:
    return FollowUp(
        _joined([f.days for f in found], np.int64),
        _joined([f.status for f in found], np.int64),
        _joined([f.known for f in found], np.bool_),
    )


def _joined(arrays: Iterable[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate([np.empty(0, kind), *arrays]).astype(kind)


def step_texts(population: Population) -> dict[str, Text]:
    """The sentence of every step of a cohort's attrition, by its key, in order."""
    cohort = population.cohort
    entry = cohort.entry.text or population.title
    texts = {"entry": entry, "qualified": entry, "limit": _LIMIT, "cohort": _PERIODS}
    return {
        kind if rule is None else population.rules[rule]: (
            texts[kind] if rule is None else cohort.rules[rule].name
        )
        for kind, rule in steps(cohort)
    }


def _attrition(population: Population, left: NDArray[np.int64]) -> Attrition:
    told = zip(step_texts(population).items(), left.tolist(), strict=True)
    return Attrition(tuple(AttritionStep(k, text, e, p) for (k, text), (e, p) in told))
