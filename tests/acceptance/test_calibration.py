"""With no effect planted, the scan calls what chance says, neither more nor less.

The whole way from a virtual population's own tables to the scan: births, medicines taken in the
first trimester, malformations, and strata of year and age nested in sites.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.simulate.design import Design
from transat.simulate.groups import groups
from transat.simulate.population import generate
from transat.statistics import mantel_haenszel

pytestmark = pytest.mark.slow

SEEDS = range(1, 13)
FIRST_TRIMESTER = 90


@cache
def medicines() -> tuple[str, ...]:
    from transat.tables.drug_codes import drug_codes

    return tuple(sorted({row.atc for row in drug_codes()}))


def table(seed: int, shore: str) -> AnalysisTable:
    """One site: live-born singletons of 20,000 women, medicines against malformation groups."""
    design = Design(seed=seed, persons=20_000, effects="none", exposure_multiplier=10.0)
    people = generate(design, shore, 0).tables()  # type: ignore[arg-type]
    pregnancies = people["pregnancies"].to_pydict()
    start = np.array(pregnancies["start"], dtype="datetime64[D]")
    single = np.array(pregnancies["plurality"]) == 1
    index = {number: i for i, number in enumerate(pregnancies["pregnancy_id"])}
    links = people["links"].to_pydict()
    born = [
        (index[p], infant)
        for p, infant in zip(links["pregnancy_id"], links["infant_id"], strict=True)
        if infant is not None and single[index[p]]
    ]
    at = np.array([i for i, _ in born])
    births = {infant: row for row, (_, infant) in enumerate(born)}
    persons = people["persons"].to_pydict()
    birth = dict(zip(persons["person_id"], persons["birth_date"], strict=True))
    mothers = np.array(pregnancies["person_id"])[at]
    year = start[at].astype("datetime64[Y]").astype(int) + 1970
    age = np.clip((year - np.array([birth[m].year for m in mothers])) // 5, 3, 8)
    _, strata = np.unique(year * 10 + age, return_inverse=True)
    return AnalysisTable(
        n=len(born),
        exposures=_exposures(people["exposures"].to_pydict(), mothers, start[at]),
        exposure_codes=medicines(),
        outcomes=_outcomes(people["malformations"].to_pydict(), births),
        outcome_codes=groups().names,
        strata=strata.astype(np.int32),
        stratum_labels=tuple(map(str, range(int(strata.max()) + 1))),
        covariates=np.zeros((len(born), 0)),
        covariate_names=(),
        cluster=np.arange(len(born), dtype=np.int32),
        exposure_parents=(-1,) * len(medicines()),
        outcome_parents=(-1,) * len(groups().names),
    )


def _exposures(taken: dict, mothers: np.ndarray, start: np.ndarray) -> csc_array:  # type: ignore[type-arg]
    column = {atc: i for i, atc in enumerate(medicines())}
    order = np.lexsort((start, mothers))
    marks = set()
    person, day = np.array(taken["person_id"]), np.array(taken["date"], dtype="datetime64[D]")
    first, last = (np.searchsorted(mothers[order], person, side) for side in ("left", "right"))
    for i in np.flatnonzero(last > first):
        for row in order[first[i] : last[i]]:
            if 0 <= (day[i] - start[row]).astype(int) < FIRST_TRIMESTER:
                marks.add((int(row), column[taken["atc"][i]]))
    return _flags(marks, len(mothers), len(column))


def _outcomes(found: dict, births: dict[int, int]) -> csc_array:  # type: ignore[type-arg]
    tree = groups()
    marks = set()
    for infant, leaf in zip(found["infant_id"], found["malformation"], strict=True):
        if infant in births:
            for group in np.flatnonzero(tree.member[tree.leaf(leaf)]):
                marks.add((births[infant], int(group)))
    return _flags(marks, len(births), len(tree.names))


def _flags(marks: set[tuple[int, int]], rows: int, columns: int) -> csc_array:  # type: ignore[type-arg]
    where = np.array(sorted(marks)).T
    ones = np.ones(where.shape[1], np.uint8)
    return csc_array((ones, (where[0], where[1])), shape=(rows, columns))


def test_share_of_small_p_values_without_any_effect() -> None:
    small = tested = 0
    for seed in SEEDS:
        releases = [mantel_haenszel.at_site(table(seed, shore)) for shore in ("france", "quebec")]
        result = mantel_haenszel.combine(releases)
        enough = result.expected >= 5
        tested += int(enough.sum())
        small += int((result.p[enough] < 0.05).sum())
    print(f"{tested} pairs with an expected count of 5 or more; {small / tested:.4f} below 0.05")
    assert tested > 1000
    assert 0.04 <= small / tested <= 0.06
