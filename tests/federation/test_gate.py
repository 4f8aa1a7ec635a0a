"""Whatever the table, nothing small leaves the gate; twice is once; the limit is the holder's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition
from transat.federation.checks.check import Asked
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.gate import Gate, Passed, checks
from transat.federation.policy import installed
from transat.federation.questions import RELEASES, STEPS
from transat.federation.refusals import Refused
from transat.statistics import mantel_haenszel, prevalence


def nested(rng: np.random.Generator, n: int, k: int) -> tuple[NDArray[np.uint8], tuple[int, ...]]:
    """Random groups with their parents, -1 where none."""
    columns, parents = np.zeros((n, k), np.uint8), []
    for j in range(k):
        parent = int(rng.integers(-1, j)) if j else -1
        inside = columns[:, parent] if parent >= 0 else np.ones(n, np.uint8)
        columns[:, j] = inside * (rng.random(n) < rng.choice([0.03, 0.3, 0.9]))
        parents.append(parent)
    return columns, tuple(parents)


def table(seed: int, n: int) -> AnalysisTable:
    rng = np.random.default_rng(seed)
    x, drugs = nested(rng, n, 5)
    y, groups = nested(rng, n, 4)
    return AnalysisTable(
        n=n,
        exposures=csc_array(x),
        exposure_codes=tuple(f"D{i}" for i in range(5)),
        outcomes=csc_array(y),
        outcome_codes=tuple(f"m{i}" for i in range(4)),
        strata=rng.integers(0, 2, n).astype(np.int32),
        stratum_labels=("a", "b"),
        covariates=(rng.random((n, 2)) < 0.3).astype(np.float64),
        covariate_names=("x0", "x1"),
        cluster=np.arange(n, dtype=np.int32),
        exposure_parents=drugs,
        outcome_parents=groups,
    )


class Made:
    """A gate in front of one table, asked about its scan and its prevalence."""

    def __init__(self, rows: AnalysisTable, threshold: int = 11) -> None:
        self.policy = installed()["snds"].tightened(threshold)
        people = np.arange(rows.n, dtype=np.int64)
        self.data = SiteData(rows, Attrition(()), facts(rows, (), threshold), people)
        self.gate = Gate(checks(without=("path",)), self.policy)

    def asked(self, step: str) -> Asked:
        parameters = STEPS[step].parameters()
        return Asked("a" * 64, "b" * 64, step, parameters, self.data, self.policy)

    def let_out(self, step: str, release: object) -> Passed:
        asked = self.asked(step)
        self.gate.before(asked)
        passed = self.gate.let_out(asked, release)
        self.gate.recall(passed.left)
        return passed


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 300), threshold=st.sampled_from([11, 20]))
def test_no_stated_or_derived_count_is_small_and_twice_is_once(
    seed: int, n: int, threshold: int
) -> None:
    rows = table(seed, n)
    made = Made(rows, threshold)
    for step in ("mantel_haenszel", "prevalence"):
        release = STEPS[step].compute(made.data, None)
        if 0 < n < threshold:
            with pytest.raises(Refused):
                made.let_out(step, release)
            continue
        once = made.let_out(step, release)
        for counts in once.release.counts().values():
            assert not ((counts > 0) & (counts < threshold)).any()
        payload = RELEASES.encode(once.release)
        assert RELEASES.encode(made.let_out(step, once.release).release) == payload
        assert RELEASES.encode(RELEASES.decode(payload)) == payload


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(20, 300))
def test_a_margin_is_never_masked_because_of_a_cell(seed: int, n: int) -> None:
    """The scan's test needs it: which pairs are tested may not depend on what was observed."""
    rows = table(seed, n)
    shuffled_cases = csc_array(rows.outcomes.tocsr()[np.random.default_rng(seed).permutation(n)])
    other = AnalysisTable(
        **{f: getattr(rows, f) for f in rows.__slots__} | {"outcomes": shuffled_cases}
    )
    one, two = facts(rows, (), 11), facts(other, (), 11)
    assert np.array_equal(one.exposures.hidden, two.exposures.hidden)
    assert np.array_equal(one.outcomes.hidden, two.outcomes.hidden)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(20, 300))
def test_a_higher_threshold_never_shows_more(seed: int, n: int) -> None:
    rows = table(seed, n)
    low, high = facts(rows, (), 11), facts(rows, (), 25)
    small = np.asarray((rows.exposures.T.astype(int) @ rows.outcomes.astype(int)).todense())
    assert not ((small > 0) & (small < 25) & ~high.exposure_outcome).any()
    assert not ((small > 0) & (small < 11) & ~low.exposure_outcome).any()


def test_a_release_of_another_statistic_does_not_pass() -> None:
    rows = table(1, 100)
    with pytest.raises(Refused) as refused:
        Made(rows).let_out("prevalence", mantel_haenszel.at_site(rows))
    assert refused.value.code == "closed_list"


def test_a_release_with_a_code_of_another_study_does_not_pass() -> None:
    rows = table(1, 100)
    other = AnalysisTable(
        **{f: getattr(rows, f) for f in rows.__slots__} | {"outcome_codes": ("a", "b", "c", "d")}
    )
    with pytest.raises(Refused):
        Made(rows).let_out("prevalence", prevalence.at_site(other))
