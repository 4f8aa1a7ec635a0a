"""G11 and G13: no rare code in a model; no count that rests on one or two professionals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gated import Sites, births
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation.checks.professionals import IDENTIFIER, Professionals, distinct
from transat.federation.checks.rare_words import RareWords, carriers
from transat.federation.refusals import Refused
from transat.learners import bins, boosted_trees
from transat.learners.trees import Bins
from transat.statistics import logistic, mantel_haenszel, prevalence
from transat.statistics.design_matrix import Model

MODEL = logistic.Parameters(Model("m0", ("D0",), ("age", "rare")))
GRID = Bins(("age", "rare"), ((30.0,), (0.0,)))


def with_rare(carried_by: int, n: int = 2000) -> AnalysisTable:
    table = births(1, n)
    rare = (np.arange(n) < carried_by).astype(float)
    return replace(
        table,
        covariates=np.column_stack([table.covariates, rare]),
        covariate_names=(*table.covariate_names, "rare"),
    )


@pytest.mark.parametrize(
    "asked",
    [MODEL, bins.Parameters(GRID), boosted_trees.Parameters("m0", GRID)],
    ids=["logistic", "bins", "boosted_trees"],
)
def test_a_rare_code_is_refused_by_name(asked: Any) -> None:
    for few, refused in ((0, False), (10, True), (11, False)):
        sites = Sites([with_rare(few)], only=[RareWords()])
        if not refused:
            sites.ask([asked])
            continue
        with pytest.raises(Refused) as no:
            sites.ask([asked])
        assert (no.value.code, no.value.columns, no.value.merge) == (
            "rare_words", ("rare",), ("-rare",),
        )  # fmt: skip


def test_carriers_are_people_not_rows() -> None:
    assert carriers(np.array([1.0, 1.0, 1.0, 0.0]), np.array([7, 7, 8, 9])) == 2


def units(n: int = 2000) -> np.ndarray:
    """Hospital 0 has half of the births, 1 to 9 share the rest; of some it is not known."""
    found = np.random.default_rng(0).integers(1, 10, n)
    found[: n // 2] = 0
    found[n // 2 : n // 2 + 50] = -1
    return found


def test_a_model_whose_column_is_one_hospitals_is_refused() -> None:
    table = with_rare(400)  # the first rows: all of hospital 0
    sites = Sites([table], only=[Professionals()], professionals=units())
    with pytest.raises(Refused) as no:
        sites.ask([MODEL])
    assert (no.value.code, no.value.columns) == ("professionals", ("rare",))
    Sites([with_rare(1800)], only=[Professionals()], professionals=units()).ask([MODEL])
    Sites([table], only=[Professionals()]).ask([MODEL])  # where nobody knows, nothing is said


def test_cells_of_one_hospital_are_withheld() -> None:
    table = births(1, 2000)
    drug = (np.arange(2000) < 900).astype(np.uint8)
    outcome = np.asarray(table.outcomes.todense())[:, 0]
    both = replace(
        table,
        exposures=csc_array(np.column_stack([drug, table.exposure("D0")])),
        exposure_codes=("only", "D0"),
        exposure_parents=(-1, -1),
        outcomes=csc_array(np.column_stack([outcome, outcome & drug])),
        outcome_codes=("m0", "m1"),
        outcome_parents=(-1, 0),
    )
    sites = Sites([both], only=[Professionals()], professionals=units())
    (scan,) = sites.ask([mantel_haenszel.Parameters()])
    assert scan.exposed.tolist() == [-1, int(table.exposure("D0").sum())]
    assert scan.cases[1] == -1
    assert scan.exposed_cases[1, 0] > 0
    assert (scan.exposed_cases[0] == -1).all()
    (frequency,) = sites.ask([prevalence.Parameters()])
    assert frequency.cases[0] > 0
    assert frequency.cases[1] == -1


def test_unknown_professionals_count_for_none() -> None:
    assert distinct(np.array([-1, -1, 4, 4, 5])) == 2


@pytest.mark.parametrize("word", ["750712184", "2A0000014", "finess:750712184", "10003456789"])
def test_numbers_of_establishments_and_professionals_are_refused(word: str) -> None:
    assert IDENTIFIER.search(word)
    table = births(1, 500)
    named = replace(table, covariate_names=("age", "year", word))
    with pytest.raises(Refused) as no:
        Sites([named], only=[Professionals()]).ask([bins.Parameters(Bins((word,), ((0.0,),)))])
    assert (no.value.code, no.value.columns) == ("professionals", ())


@pytest.mark.parametrize("word", ["N03AG01", "02241497", "3400930000000", "Q05", "year=2012"])
def test_codes_of_medicines_and_years_are_not(word: str) -> None:
    assert not IDENTIFIER.search(word)
