"""The planted effect of an early replacement: the emulated trial finds it from what the record
shows, and a comparison of the treated with the others does not."""

from __future__ import annotations

import numpy as np
import pytest

from transat.cohorts.survival_table import SurvivalTable
from transat.simulate.design import EXTRACT_END, Shore, day
from transat.simulate.valve import curves, echos
from transat.simulate.valve.course import Course, follow
from transat.simulate.valve.patients import CONDITIONS
from transat.statistics.clone_censor_weight import Parameters, Release, Result, at_site, combine
from transat.statistics.clones import Strategy

MONTH = 30.4375
BASE = ("age", "man", "chronic_kidney_disease", "copd", "vmax")
GRID = tuple(float(m) for m in range(3, 61, 3))


def record(shore: Shore, people: int, seed: int) -> Course:
    """What the extract sees of the severe stenoses without symptoms among `people` elders."""
    rng = np.random.default_rng(seed)
    elders = curves.severe_asymptomatic(rng, curves.natural(rng, shore, people))
    close = (day(EXTRACT_END) - elders.entry).astype(float)
    return follow(rng, elders, close, 96)


def spells(course: Course, seed: int) -> SurvivalTable:
    """Spells cut where the trigger is seen and where the valve is replaced, in months."""
    seen = echos.measure(np.random.default_rng(seed), course)
    asks = (seen.nyha >= 2) | (seen.lvef < 50) | (seen.vmax >= 5)
    asks &= (seen.days > 0) & (seen.days < course.replacement[seen.rows])
    trigger = course.first_stay
    np.minimum.at(trigger, seen.rows[asks], seen.days[asks])
    end = np.ceil(np.minimum(course.end, 60 * MONTH) + 1e-9)
    died = course.death <= end
    rows = []
    for number in range(len(end)):
        cuts = sorted(
            {t for t in (trigger[number], course.replacement[number]) if 0 < t < end[number]}
        )
        for begin, until in zip([0.0, *cuts], [*cuts, end[number]], strict=True):
            after = begin + 1e-9
            rows.append(
                (
                    number,
                    begin / MONTH,
                    until / MONTH,
                    int(died[number] and until == end[number]),
                    float(trigger[number] <= after),
                    float(course.replacement[number] <= after),
                )
            )
    table = np.array(rows)
    who = table[:, 0].astype(np.int64)
    e = course.elders
    base = np.column_stack(
        [
            (e.age - 75) / 10,
            e.man,
            e.has[:, CONDITIONS.index("chronic_kidney_disease")],
            e.has[:, CONDITIONS.index("copd")],
            e.first_vmax - 4.4,
        ]
    ).astype(float)
    return SurvivalTable(
        n=len(table),
        time=table[:, 2],
        entry=table[:, 1],
        event=table[:, 3].astype(np.int8),
        columns=np.column_stack([base[who], table[:, 4:]]),
        column_names=(*BASE, "trigger", "treated"),
        strata=np.zeros(len(table), np.int32),
        stratum_labels=("all",),
        people=who,
    )


def emulated(tables: list[SurvivalTable], columns: tuple[str, ...], draws: int) -> Result:
    """Early, any day of three months alike, against waiting for the trigger."""
    parameters = Parameters(
        strategy=Strategy(treated="treated", grace=3.0, trigger="trigger", step=0.5),
        columns=columns,
        grid=GRID,
        event=1,
        draws=draws,
    )
    releases: list[Release] = [at_site(table, parameters) for table in tables]
    return combine(releases, parameters)


def truth(shore: Shore, strategy: str, month: int) -> float:
    """True risk of death."""
    for row in curves.table(shore).to_pylist():
        key = (row["population"], row["strategy"], row["kind"], row["sex"], row["month"])
        if key == ("severe_asymptomatic", strategy, "death", "all", month):
            return float(row["incidence"])
    raise KeyError(strategy)


@pytest.mark.slow
@pytest.mark.parametrize("shore", ["france", "quebec"])
def test_the_emulated_trial_finds_the_planted_effect(shore: Shore) -> None:
    table = spells(record(shore, 90_000, seed=12), seed=13)
    found = emulated([table], (*BASE, "trigger"), draws=60)
    for month in (24, 48, 60):
        at = GRID.index(month)
        early, watchful = (truth(shore, s, month) for s in ("early_uniform", "watchful"))
        for arm, true in ((found.early, early), (found.waiting, watchful)):
            assert abs(arm.risk[at] - true) < 4 * arm.standard_errors[at] + 0.005
        away = found.difference[at] - (early - watchful)
        assert abs(away) < 4 * found.difference_errors[at] + 0.005
    assert found.hazard_ratio is not None
    assert 0.4 < found.hazard_ratio < 0.95
