"""The kept truth: hazards that rule what happens, curves that the tables' own estimates cover."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from elders_seen import MONTH, Seen, incidence, seen, seen_from_code
from numpy.typing import NDArray

from transat.simulate.design import Design, Shore, day
from transat.simulate.population import Population, generate
from transat.simulate.read_data import rows
from transat.simulate.valve import curves, hazards, patients
from transat.simulate.valve.course import EARLY, Strategy, follow

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
BOTH: tuple[Shore, ...] = ("france", "quebec")


def alike(n: int, vmax: float, **changed: Any) -> patients.Elders:
    """`n` women of 75 without disease whose valve has one velocity and hardly moves."""
    drawn = patients.draw(np.random.default_rng(1), n, "quebec")
    same: dict[str, Any] = {
        "age": np.full(n, 75.0),
        "man": np.zeros(n, bool),
        "frailty": np.zeros(n),
        "has": np.zeros_like(drawn.has),
        "bicuspid": np.zeros(n, bool),
        "breathless": np.zeros(n, bool),
        "vmax": np.full(n, vmax),
        "first_vmax": np.full(n, vmax),
        "growth": np.full(n, 1e-9),
        "lvef": np.full(n, 62.0),
        "symptoms": np.full(n, np.inf),
    }
    return replace(drawn, **(same | changed))


def rate(kind: str, **terms: float) -> float:
    """Rate per year from the lines of the truth file, read by a rule of this test's own."""
    found = 1.0
    for row in hazards.table("quebec").to_pylist():
        if row["kind"] != kind:
            continue
        if row["term"] == "base":
            found *= row["value"]
        elif row["low"] is None and row["high"] is None:
            found *= row["value"] ** terms.get(row["term"], 0.0)
        else:
            x = terms.get(row["term"], 0.0)
            low = float("-inf") if row["low"] is None else row["low"]
            high = float("inf") if row["high"] is None else row["high"]
            found *= row["value"] if low <= x < high else 1.0
    return found


def test_people_alike_die_at_the_rate_of_the_truth_file() -> None:
    n = 60_000
    course = follow(np.random.default_rng(2), alike(n, 1.5), np.full(n, np.inf), 12)
    expected = 1 - np.exp(-rate("death", vmax=1.5))
    spread = np.sqrt(expected * (1 - expected) / n)
    first_stays_matter_little = 0.05 * expected  # a stay raises the hazard that follows it
    dead = np.mean(course.death <= 365.25)
    assert abs(dead - expected) < 4 * spread + first_stays_matter_little


@pytest.mark.parametrize(("vmax", "disease"), [(3.2, None), (4.2, "copd"), (2.2, "diabetes")])
def test_symptoms_and_deaths_of_a_month_follow_the_file(vmax: float, disease: str | None) -> None:
    n = 200_000
    has = np.zeros((n, len(patients.CONDITIONS)), bool)
    terms = {"vmax": vmax}
    if disease:
        has[:, patients.CONDITIONS.index(disease)] = True
        terms[disease] = 1.0
    elders = alike(n, vmax, has=has)
    course = follow(np.random.default_rng(3), elders, np.full(n, np.inf), 1, "untreated")
    for kind, days in (("death", course.death), ("heart_failure", course.first_stay)):
        expected = 1 - np.exp(-rate(kind, **terms) / 12)
        spread = np.sqrt(expected / n)
        assert abs(np.mean(days < MONTH) - expected) < 4.5 * spread + 0.02 * expected, kind
    assert course.replacement.min() == np.inf


def test_after_a_replacement_the_second_clock_rules() -> None:
    n = 60_000
    elders = alike(n, 4.5, age=np.full(n, 85.0), entry=np.full(n, 16_436))  # January 2015
    course = follow(np.random.default_rng(4), elders, np.full(n, np.inf), 6, "early")
    done = np.isfinite(course.replacement) & course.tavi & np.isinf(course.referral)
    assert done.sum() > 10_000
    since = course.death - course.replacement
    hazard = rate("death_tavi", months=0, year=1, age=1.0)
    expected = 1 - np.exp(-hazard / 12)
    spread = np.sqrt(expected * (1 - expected) / done.sum())
    assert abs(np.mean(since[done] <= MONTH) - expected) < 4.5 * spread


def test_strategies_do_what_they_say() -> None:
    rng = np.random.default_rng(5)
    elders = curves.severe_asymptomatic(rng, curves.natural(rng, "france", 40_000))
    close = np.full(len(elders), np.inf)
    assert len(elders) > 2500

    def run(strategy: Strategy) -> dict[str, np.ndarray]:
        return curves.times(follow(np.random.default_rng(6), elders, close, 60, strategy))

    early, watchful, untreated = run("early"), run("watchful"), run("untreated")
    alive = np.minimum(early["death"], early["replacement"]) == early["replacement"]
    assert early["replacement"][alive].max() <= EARLY
    assert not (early["death_native"] > EARLY)[np.isfinite(early["death_native"])].any()
    uniform = run("early_uniform")["replacement"]
    thirds = np.searchsorted([EARLY / 3, 2 * EARLY / 3], uniform[np.isfinite(uniform)])
    assert np.bincount(thirds).min() > 0.3 * len(thirds)
    assert np.isinf(untreated["replacement"]).all()
    course = follow(np.random.default_rng(6), elders, close, 60, "watchful")
    replaced = np.isfinite(course.referral)
    rows = np.flatnonzero(replaced)
    trigger = course.symptoms[rows] <= course.referral[rows]
    trigger |= elders.velocity(rows, course.referral[rows]) >= 4.6
    trigger |= course.lvef(rows, course.referral[rows]) < 50
    assert trigger.all()
    died = [np.isfinite(run_["death"]).mean() for run_ in (early, watchful, untreated)]
    assert died[0] < died[1] < died[2]


def test_the_curves_are_those_of_the_present_figures() -> None:
    kept = rows("valve_curves")
    assert {row["figures"] for row in kept} == {curves.fingerprint()}
    for row in kept:
        curve = np.array([float(row[str(m)]) for m in range(curves.HORIZON + 1)])
        assert (np.diff(curve) >= 0).all()
        assert curve[-1] <= 1
        assert int(row["people"]) > 7_000


@pytest.mark.parametrize("shore", BOTH)
def test_another_run_gives_the_same_curves(shore: Shore) -> None:
    away, key = [], ("shore", "population", "strategy", "sex", "kind")
    kept = {tuple(row[k] for k in key): row for row in rows("valve_curves")}
    for line in curves.lines(shore, 30_000, seed=77):
        known = kept[tuple(line[:5])]
        for month in (12, 36, 60):
            p = float(known[str(month)])
            spread = np.sqrt(max(p * (1 - p), 1e-3) / int(line[5]))
            away.append((float(line[6 + month]) - p) / spread)
    assert np.abs(away).max() < 5
    assert 0.7 < np.std(away) < 1.4


def _populations(people: Population) -> dict[str, tuple[Seen, Flags]]:
    """The populations of the curves, from the tables: who is at the clock, and who is kept."""
    any_, high = seen(people, 2.0), seen(people, 4.0)
    quiet = (high.nyha == 1) & (high.lvef >= 50) & ~high.failed
    coded, true = seen_from_code(people)
    return {
        "stenosis": (any_, any_.vmax < 3.9999),
        "severe_asymptomatic": (high, quiet),
        "coded": (coded, np.ones(len(coded.row), bool)),
        "coded_stenosis": (coded, true),
    }


def _events(known: Seen) -> dict[str, tuple[Numbers, Numbers]]:
    """Kind -> (days to it, days to what competes)."""
    native = np.minimum(known.replacement, known.death)
    return {
        "severe_seen": (known.severe_seen, native),
        "replacement": (known.replacement, known.death),
        "death_native": (known.death, known.replacement),
        "heart_failure": (known.heart_failure, known.death),
        "heart_failure_native": (known.heart_failure, native),
        "death_or_heart_failure": (
            np.minimum(known.heart_failure, known.death),
            np.full(len(native), np.inf),
        ),
    }


@pytest.mark.parametrize("shore", BOTH)
def test_estimates_from_the_tables_cover_the_truth(shore: Shore) -> None:
    truth = {
        (row["population"], row["kind"], row["sex"], row["month"]): row["incidence"]
        for row in curves.table(shore).to_pylist()
        if row["strategy"] == "natural"
    }
    people = generate(Design(seed=8, persons=1, elders=20_000), shore, 0)
    away = []
    for population, (known, kept) in _populations(people).items():
        for sex, of in (("all", kept), ("F", kept & ~known.man), ("M", kept & known.man)):
            for kind, (event, competing) in _events(known).items():
                if (population, kind, sex, 24) not in truth:
                    continue
                for month in (12, 24, 48):
                    found, spread = incidence(event[of], competing[of], known.close[of], month)
                    away.append((found - truth[population, kind, sex, month]) / spread)
    assert len(away) > 180
    assert np.mean(np.abs(away) < 1.96) > 0.85
    assert np.abs(away).max() < 4.5


@pytest.mark.parametrize("shore", BOTH)
def test_deaths_after_a_replacement_cover_the_truth(shore: Shore) -> None:
    truth = {
        (row["population"], row["month"]): row["incidence"]
        for row in curves.table(shore).to_pylist()
        if (row["kind"], row["sex"]) == ("death", "all")
    }
    known = seen(generate(Design(seed=9, persons=1, elders=20_000), shore, 0))
    early_enough = known.entry + known.replacement < day(date(2019, 1, 1))
    nobody = np.full(len(known.entry), np.inf)
    for kind, of in (("tavi", known.tavi), ("savr", ~known.tavi)):
        kept = of & early_enough
        assert kept.sum() > 200
        for month in (1, 12, 24):
            since = (known.death - np.where(kept, known.replacement, 0))[kept]
            left = (known.close - np.where(kept, known.replacement, 0))[kept]
            found, spread = incidence(since, nobody[kept], left, month)
            assert abs(found - truth[kind, month]) < 4 * spread, (kind, month)
