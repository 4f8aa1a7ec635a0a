"""The rows behind the tables: order, tree, what may be said of silence, EUROCAT beside."""

from __future__ import annotations

from dataclasses import replace

from transat.reports import rows
from transat.reports.eurocat import published
from transat.reports.truth import truth_view


def test_groups_follow_the_tree(result):
    got = [(row.outcome, row.depth) for row in rows.prevalences(result)]
    assert got == [
        ("any_major", 0),
        ("nervous_system", 1),
        ("spina_bifida", 2),
        ("congenital_heart_defects", 1),
        ("oro_facial_clefts", 1),
    ]


def test_eurocat_is_as_published():
    """Dolk 2010 (239 per 10 000 births); Khoshnood 2015 as quoted (4.6 for spina bifida)."""
    assert published()["any_major"].per_10000 == 239
    assert published()["spina_bifida"].per_10000 == 4.6
    assert all(p.source and p.basis for p in published().values())


def test_signals_by_q(result):
    assert [row.signal.q for row in rows.signals(result)] == [2e-11, 0.0021, 0.08]
    first = rows.signals(result)[0]
    assert [site.en for site in first.masked_sites] == ["Québec (RAMQ)"]


def test_what_adjustment_leaves(result):
    """Firth without epilepsy: partial; refused or masked: unadjusted; an interval with 1: fades."""
    signals = rows.signals(result)
    assert [row.standing for row in signals] == ["partial", "unadjusted", "unadjusted"]
    adjusted = signals[0].signal.adjusted
    whole = replace(adjusted, columns_refused=("age_band=<20",))
    assert (
        replace(signals[0], signal=replace(signals[0].signal, adjusted=whole)).standing == "holds"
    )
    weak = replace(adjusted, odds_ratio=replace(adjusted.odds_ratio, low=0.9))
    assert replace(signals[0], signal=replace(signals[0].signal, adjusted=weak)).standing == "fades"


def test_silence_is_read_by_what_could_be_seen(result):
    silent = {(r.pair.exposure, r.pair.outcome): r for r in rows.silent(result)}
    paracetamol = silent["N02BE01", "any_major"]
    assert paracetamol.reading == "tested_bounded"
    assert paracetamol.visible_per_1000 == paracetamol.baseline_per_1000 * 1.21
    assert silent["J02AC01", "congenital_heart_defects"].reading == "inconclusive"
    assert silent["N03AX11", "spina_bifida"].reading == "too_few_expected"
    few = replace(paracetamol, pair=replace(paracetamol.pair, exposed=999))
    assert few.reading == "inconclusive"


def test_attrition_keeps_the_order_of_the_rules(result):
    steps = rows.attrition(result)
    assert steps[0].text.en == "All pregnancies"
    assert steps[2].counts[0].count is None


def test_truth(result):
    view = truth_view(result, result.truth)
    assert (view.planted, view.found, view.missed, view.not_testable) == (3, 1, 1, 1)
    assert [row.verdict for row in view.rows] == ["missed", "found", "not_testable"]
    assert view.false_signals[0][0].en == "topiramate"
    assert view.false_faded == 0
