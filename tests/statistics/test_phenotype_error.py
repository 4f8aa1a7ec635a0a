"""Correction for errors of a code: by hand, coverage of the intervals, what cannot be corrected."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.core.errors import StudyError
from transat.statistics.phenotype_error import (
    Code,
    cohort_risk,
    hazard_ratio,
    incidence,
    predictive_values,
    share,
)

#: Strom 2022 (PMC9588616): I35.0 beside echocardiography; 5,497 persons, of whom a third are
#: taken here as ill, which the abstract does not tell.
STENOSIS = Code(0.531, 0.948, 1_800, 3_697)


def test_rogan_and_gladen_by_hand() -> None:
    """Se .8, Sp .9, 25 of 100 positive: (.25 - .1)/.7 = 3/14."""
    found = share(25, 100, Code(0.8, 0.9, 200, 400))
    p = 3 / 14
    spread = 0.25 * 0.75 / 100 + p**2 * 0.8 * 0.2 / 200 + (1 - p) ** 2 * 0.9 * 0.1 / 400
    assert found.observed == 0.25
    assert found.value == pytest.approx(p)
    assert found.standard_error == pytest.approx(np.sqrt(spread) / 0.7)
    assert found.low < p < found.high
    assert found.impossible == 0


@settings(max_examples=50, deadline=None)
@given(
    p=st.floats(0.01, 0.99), se=st.floats(0.55, 1), sp=st.floats(0.5, 1), ratio=st.floats(0.1, 8)
)
def test_what_a_code_does_is_undone(p: float, se: float, sp: float, ratio: float) -> None:
    """Share, predictive values, cohort and ratio of a population made by the model itself."""
    code = Code(se, sp, 10**9, 10**9)
    seen = se * p + (1 - sp) * (1 - p)
    assert incidence(seen, 0.0, code).value == pytest.approx(p, abs=1e-9)
    ppv, npv = predictive_values(p, code)
    assert ppv == pytest.approx(se * p / seen)
    assert npv == pytest.approx(sp * (1 - p) / (1 - seen))
    risk = ppv * 0.4 + (1 - ppv) * 0.1
    assert cohort_risk(risk, 0.0, 0.1, p, 10**9, code).value == pytest.approx(0.4)
    through = (ppv * ratio + 1 - ppv) / ((1 - npv) * ratio + npv)
    found = hazard_ratio(float(np.log(through)), 0.0, p, 10**9, code, draws=500)
    assert found.value == pytest.approx(ratio, rel=1e-6)
    assert found.low <= ratio * 1.01
    assert found.high >= ratio * 0.99


@pytest.mark.parametrize(("p", "n"), [(0.05, 2_000), (0.3, 300), (0.02, 400)])
def test_intervals_of_a_share_hold_the_truth(p: float, n: int) -> None:
    """Sensitivity and specificity found on samples of their own; 1,000 studies."""
    rng = np.random.default_rng(3)
    se, sp, ill, well = 0.531, 0.948, 300, 600
    held = 0
    for _ in range(1_000):
        code = Code(rng.binomial(ill, se) / ill, rng.binomial(well, sp) / well, ill, well)
        found = share(int(rng.binomial(n, se * p + (1 - sp) * (1 - p))), n, code)
        held += found.low <= p <= found.high
    assert held / 1_000 > 0.935


def test_intervals_of_a_ratio_hold_the_truth() -> None:
    """People with and without the disease, coded with error; rates seen by code, 300 studies."""
    rng = np.random.default_rng(5)
    se, sp, ill, well, p, n, truth = 0.6, 0.95, 400, 800, 0.3, 6_000, 2.5
    held = 0
    for _ in range(300):
        sick = rng.random(n) < p
        coded = rng.random(n) < np.where(sick, se, 1 - sp)
        time = rng.exponential(1 / (0.03 * np.where(sick, truth, 1.0)))
        event, seen = time <= 1, np.minimum(time, 1)
        a, b = event[coded].sum(), event[~coded].sum()
        log_ratio = np.log(a / seen[coded].sum()) - np.log(b / seen[~coded].sum())
        code = Code(rng.binomial(ill, se) / ill, rng.binomial(well, sp) / well, ill, well)
        corrected = share(int(coded.sum()), n, code)
        found = hazard_ratio(
            float(log_ratio), float(np.sqrt(1 / a + 1 / b)), corrected.value, ill + well, code,
            draws=2_000,
        )  # fmt: skip
        assert found.value > found.observed
        held += found.low <= truth <= found.high
    assert held / 300 > 0.92


def test_the_published_code_of_aortic_stenosis() -> None:
    """Seen 3 in 100, the true share is none: the false positives alone would be 5."""
    none = incidence(0.03, 0.001, STENOSIS)
    assert (none.value, none.impossible) == (0, 1)
    found = incidence(0.15, 0.002, STENOSIS)
    assert found.value == pytest.approx((0.15 - 0.052) / 0.479)
    assert found.low < found.value < found.high


def test_draws_are_the_same_each_time() -> None:
    one = hazard_ratio(0.4, 0.1, 0.3, 1_000, STENOSIS, draws=2_000)
    assert one == hazard_ratio(0.4, 0.1, 0.3, 1_000, STENOSIS, draws=2_000)


def test_what_cannot_be_corrected_is_said() -> None:
    with pytest.raises(StudyError, match="apprend rien"):
        Code(0.5, 0.5, 10, 10)
    with pytest.raises(ValueError, match="code"):
        Code(1.2, 0.5, 10, 10)
    with pytest.raises(ValueError, match="code"):
        Code(0.9, 0.9, 0, 10)
    with pytest.raises(StudyError, match="Aucun rapport"):
        hazard_ratio(3.0, 0.1, 0.1, 1_000, STENOSIS)
    with pytest.raises(StudyError, match="tirage"):
        cohort_risk(0.0, 0.0, 0.5, 0.3, 1_000, STENOSIS)
    for wrong in (
        lambda: share(5, 4, STENOSIS),
        lambda: incidence(1.2, 0.1, STENOSIS),
        lambda: hazard_ratio(0.1, 0.1, 1.0, 10, STENOSIS),
        lambda: cohort_risk(0.1, 0.1, 2.0, 0.5, 10, STENOSIS),
    ):
        with pytest.raises(ValueError, match=r"positive|observed|prevalence|risks"):
            wrong()
