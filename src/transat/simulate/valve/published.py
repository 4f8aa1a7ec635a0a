"""The simulated figures beside the published ones (data/valve_published.csv).

from transat.simulate.valve.published import check
for line in check(): print(line.quantity, line.stratum, line.simulated, line.published, line.ok)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transat.simulate.design import EXTRACT_END, Shore, day
from transat.simulate.read_data import rows
from transat.simulate.valve import curves, diagnoses, echos, patients
from transat.simulate.valve.course import Course, follow
from transat.simulate.valve.parameters import SEVERE, STENOSIS, YEAR, Numbers, value
from transat.simulate.valve.patients import Mask

MONTHS = 96
CLASSES = {
    "none": (1.0, 2.0),
    "mild": (2.0, 2.8),
    "mild_moderate": (2.8, 3.0),
    "moderate": (3.0, 3.8),
    "moderate_severe": (3.8, 4.0),
    "severe": (4.0, 9.0),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: what the simulator gives, what was published, and the interval allowed."""

    quantity: str
    stratum: str
    simulated: float
    published: float
    low: float
    high: float
    unit: str
    source: str

    @property
    def ok(self) -> bool:
        """Whether the simulated figure is in the interval."""
        return self.low <= self.simulated <= self.high


def check(people: int = 100_000, seed: int = 1) -> list[Line]:
    """Every published figure beside the simulated one, of `people` elders of each shore."""
    found: dict[tuple[str, str], float] = {}
    for shore in ("france", "quebec"):
        rng = np.random.default_rng([seed, shore == "quebec"])
        elders = patients.draw(rng, people, shore)
        close = (day(EXTRACT_END) - elders.entry).astype(float)
        course = follow(rng, elders, close, MONTHS)
        found |= _after_replacement(course, shore)
        if shore == "quebec":
            found |= _waits(course)
        else:
            found |= {**_severity(course), **_progress(course), **_scans(rng, course)}
            found |= _codes(rng, course)
    found |= _trial()
    return [
        Line(
            row["quantity"],
            row["stratum"],
            found[row["quantity"], row["stratum"]],
            float(row["published"]),
            float(row["low"]),
            float(row["high"]),
            row["unit"],
            row["source"],
        )
        for row in rows("valve_published")
    ]


def kaplan_meier(days: Numbers, event: Mask, at: float) -> float:
    """100 (1 - S(at)) by product limit; days without ties."""
    order = np.argsort(days)
    here = event[order] & (days[order] <= at)
    at_risk = len(days) - np.arange(len(days))
    return float(100 * (1 - np.prod(1 - 1 / at_risk[here])))


def _severity(c: Course) -> dict[tuple[str, str], float]:
    """Four-year deaths without replacement, and replacements, by severity at the first echo."""
    found = {}
    end = c.native_end
    for name, (low, high) in CLASSES.items():
        kept = (c.elders.vmax >= low) & (c.elders.vmax < high)
        for quantity, when in (("untreated_death_4y", c.death), ("replacement_4y", c.replacement)):
            event = (when <= end)[kept]
            found[quantity, name] = kaplan_meier(end[kept], event, 4 * YEAR)
    return found


def _progress(c: Course) -> dict[tuple[str, str], float]:
    """Changes in a year, and steps of severity, of the native valve."""
    e = c.elders
    every = np.arange(len(e))
    later = e.velocity(every, np.full(len(e), YEAR))
    sick = e.vmax >= STENOSIS
    found = {
        ("vmax_per_year", "stenosis"): float(np.mean((later - e.vmax)[sick])),
        ("vmax_per_year_median", "stenosis"): float(np.median((later - e.vmax)[sick])),
    }
    gradient = e.gradient * (later**2 - e.vmax**2)
    for name, low, high in (("mild", 2, 3), ("moderate", 3, 4), ("severe", 4, 9)):
        kept = (e.vmax >= low) & (e.vmax < high)
        found["gradient_per_year", name] = float(gradient[kept].mean())
        found["gradient_per_year_sd", name] = float(gradient[kept].std())
    area = (4 / later) ** value("area_power") - (4 / e.vmax) ** value("area_power")
    found["area_per_year", "stenosis"] = float((area * e.area)[sick].mean())
    power = value("calcium_power")
    score = ((later - 1) / 3) ** power - ((e.vmax - 1) / 3) ** power
    score *= np.where(e.man, value("calcium_man"), value("calcium_woman")) * e.calcium
    found["calcium_per_year", "stenosis"] = float(score[sick].mean())
    for stratum, start, to, years in (
        ("mild to moderate in 5 y", 2.0, 3.0, 5.0),
        ("moderate to severe in 2 y", 3.0, 4.0, 2.0),
    ):
        kept = (e.vmax >= start) & (e.vmax < to) & (c.close > years * YEAR)
        steps = np.minimum(e.reaches(to), c.replacement) <= np.minimum(years * YEAR, c.death)
        found["progression", stratum] = float(100 * steps[kept].mean())
    return found


def _scans(rng: np.random.Generator, c: Course) -> dict[tuple[str, str], float]:
    """Calcium scores."""
    seen = echos.measure(rng, c)
    scored = ~np.isnan(seen.calcium)
    man = c.elders.man[seen.rows]
    found = {}
    for sex, here in (("F", ~man), ("M", man)):
        high = scored & here & (seen.vmax >= SEVERE)
        found["calcium_severe_median", sex] = float(np.median(seen.calcium[high]))
    near = scored & (seen.gradient > 11) & (seen.gradient < 33)
    found["calcium_at_gradient_22", "all"] = float(seen.calcium[near].mean())
    return found


def _after_replacement(c: Course, shore: Shore) -> dict[tuple[str, str], float]:
    """Deaths after replacement."""
    days, died = c.end - c.replacement, c.death <= c.end
    done = np.isfinite(c.replacement)
    year = 1970 + (c.elders.entry + np.where(done, c.replacement, 0)) / YEAR

    def dead(kept: Mask, at: float) -> float:
        return kaplan_meier(days[kept], died[kept], at)

    found = {}
    periods = {"quebec 2013-14": (2012.5, 2015), "quebec 2017-18": (2017, 2019)}
    strata = {shore: (2012, 2020)} if shore == "france" else periods
    for stratum, (first, last) in strata.items():
        kept = done & c.tavi & (year >= first) & (year < last)
        found["tavi_death_1y", stratum] = dead(kept, YEAR)
        found["tavi_death_30d", stratum] = dead(kept, 30)
    age = c.elders.age + np.where(done, c.replacement, 0) / YEAR
    found["savr_death_30d_75", shore] = dead(done & ~c.tavi & (age >= 75), 30)
    found["tavi_age_median", shore] = float(np.median(age[done & c.tavi]))
    return found


def _waits(c: Course) -> dict[tuple[str, str], float]:
    """Days from referral to decision and from decision to TAVI."""
    done = np.isfinite(c.replacement) & c.tavi
    waits = {
        "wait_decision_median": c.decision[done] - c.referral[done],
        "wait_procedure_median": c.replacement[done] - c.decision[done],
    }
    return {(name, "quebec tavi"): float(np.median(days)) for name, days in waits.items()}


def _codes(rng: np.random.Generator, c: Course) -> dict[tuple[str, str], float]:
    """What codes see."""
    sick = diagnoses.stenosis(c)
    said = np.zeros(len(sick), bool)
    said[diagnoses.draw(rng, c).rows] = True
    severe = c.elders.reaches(SEVERE) < c.native_end
    return {
        ("sensitivity", "all"): float(100 * said[sick].mean()),
        ("specificity", "all"): float(100 * (1 - said[~sick].mean())),
        ("severe_among_coded", "all"): float(100 * severe[said].mean()),
    }


def _trial() -> dict[tuple[str, str], float]:
    """Early against watchful in five years, from the true curves: ratios of cumulative hazards."""
    shores: tuple[Shore, ...] = ("france", "quebec")
    at: dict[tuple[str, str], list[float]] = {}
    for shore in shores:
        for row in curves.table(shore).to_pylist():
            here = row["population"] == "severe_asymptomatic" and row["sex"] == "all"
            if here and row["month"] == curves.HORIZON:
                at.setdefault((row["strategy"], row["kind"]), []).append(row["incidence"])
    hazard = {key: -np.log1p(-np.mean(incidences)) for key, incidences in at.items()}
    return {
        ("early_death_ratio", "both"): float(
            hazard["early", "death"] / hazard["watchful", "death"]
        ),
        ("early_heart_failure_ratio", "both"): float(
            hazard["early", "heart_failure"] / hazard["watchful", "heart_failure"]
        ),
        ("conservative_heart_failure_5y", "both"): float(
            100 * np.mean(at["watchful", "heart_failure"])
        ),
    }
