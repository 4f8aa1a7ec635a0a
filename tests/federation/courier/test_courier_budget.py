"""Fits that go on together, as by courier, get what they would get one after another (rule G9)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from made_sites import COHORT, STUDY, attrition, draw, policy, site_data

from transat.federation.checks.budget import USUAL, Budget
from transat.federation.checks.check import Asked
from transat.federation.data import SiteData
from transat.federation.refusals import Refused
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

MODELS = tuple(
    Model(outcome, ("N03A",), ("age", "epilepsy"))
    for outcome in ("any_major", "nervous_system", "spina_bifida", "hypospadias")
)
ROUNDS = range(USUAL + 1)


def granted(data: SiteData, order: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """The rounds, as (model, round), that the budget lets out when asked in this order; a fit that
    was refused asks no more."""
    check, given, over = Budget(), set[tuple[int, int]](), set[int]()
    for model, number in order:
        point = tuple(0.01 * number * (j + 1) for j in range(len(MODELS[model].terms)))
        parameters = logistic.Parameters(MODELS[model], coefficients=point)
        asked = Asked(STUDY, COHORT, "logistic", parameters, data, policy("france"))
        if model in over:
            continue
        try:
            check.before(asked)
        except Refused:
            over.add(model)
            continue
        check.recall(json.loads(json.dumps(check.left(asked, None))))
        given.add((model, number))
    return given


def test_neither_order_cuts_a_fit_short() -> None:
    """6,000 people: 300 numbers, which are enough for three of four fits."""
    rows = draw(1, 6000)
    data = site_data(rows, attrition(rows.n))
    one_by_one = granted(data, [(m, k) for m in range(4) for k in ROUNDS])
    together = granted(data, [(m, k) for k in ROUNDS for m in range(4)])
    assert together == one_by_one == {(m, k) for m in range(3) for k in ROUNDS}
