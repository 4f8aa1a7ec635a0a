"""The planted ratios: complete, as published, recovered in the data, absent from the null."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from days import exposed, live_singletons, texts
from scipy.stats import poisson

from transat.simulate import truth
from transat.simulate.design import Design, Shore
from transat.simulate.effects import condition_ratios, reference_rows, rules
from transat.simulate.groups import groups
from transat.simulate.population import Population, generate

RICH = Design(seed=31, persons=60_000, exposure_multiplier=1000)


def read(people: list[Population], shore: Shore) -> dict[tuple[str, str, str], dict[str, object]]:
    total: pa.Table | None = None
    for each in people:
        total = truth.add(total, each.effect_sums)
    table = truth.effects(shore, total)
    return {(r["atc"], r["group"], r["window"]): r for r in table.to_pylist()}


@pytest.fixture(scope="module")
def rich() -> list[Population]:
    return [generate(RICH, "france", chunk) for chunk in range(3)]


def test_every_checked_reference_row_is_there_unchanged(shared: Path) -> None:
    path = shared / "data" / "inutero" / "reference_set.csv"
    with path.open(encoding="utf8") as file:
        checked = [row for row in csv.DictReader(file) if row["checked"] == "yes"]
    ours = [{key: row[key] for key in checked[0]} for row in reference_rows()]
    assert ours == checked
    assert all(row["why"] for row in reference_rows())
    assert {row["planted"] for row in reference_rows()} == {
        "yes",
        "no",
        "tier",
        "window",
        "negative",
    }


def test_planted_rows_name_a_known_group_and_drug() -> None:
    for row in reference_rows():
        if row["planted"] in ("yes", "negative"):
            assert groups().members(row["group"]).any()
            assert int(row["window_start"]) < int(row["window_end"])


def test_the_ratio_of_each_planted_leaf_is_the_published_one() -> None:
    found = {(r.atc, r.window): r.ratio for r in rules("france", Design(1, 1))}
    tree = groups()
    valproate = found[("N03AG01", (-30, 60))]
    assert valproate[tree.leaf("spina_bifida")] == 19.4
    assert valproate[tree.leaf("hypospadias")] == 4.8
    carbamazepine = found[("N03AF01", (0, 90))]
    assert carbamazepine[tree.leaf("spina_bifida")] == 2.6
    for leaf in ("hypospadias", "diaphragmatic_hernia", "cleft_lip_with_or_without_cleft_palate"):
        assert carbamazepine[tree.leaf(leaf)] == 1.0
    for ratio in found.values():
        assert (ratio[tree.members("chromosomal")] == 1).all()  # negative control


def test_tiers_keep_the_mean_and_rise(rich: list[Population]) -> None:
    rule = next(r for r in rules("france", Design(1, 1)) if r.atc == "N03AG01")
    assert rule.stretch[0] == 1
    assert (np.diff(rule.stretch[1:]) > 0).all()
    tier = rich[0].exposures["dose_tier"].to_numpy()
    own = texts(rich[0].exposures, "atc") == "N03AG01"
    assert set(tier[own]) == {1, 2, 3}
    assert rule.stretch[tier[own]].mean() == pytest.approx(1, abs=0.1)


def test_true_ratios_are_near_the_published_ones(rich: list[Population]) -> None:
    known = read(rich, "france")
    near = [
        ("N03AG01", "spina_bifida", "LMP-30d..LMP+60d", 19.4),
        ("N03AG01", "any_major", "LMP-30d..LMP+60d", 2.82),
        ("H03BB01|H03BB02", "any_major", "LMP+0d..LMP+90d", 1.85),
        ("H03BB01|H03BB02", "choanal_atresia", "LMP+0d..LMP+90d", 25.89),
        ("A02BB01", "limb_reduction_defects", "LMP+0d..LMP+90d", 11.86),
        ("N06AB05", "any_major", "LMP+0d..LMP+90d", 1.23),
        ("A03FA01", "any_major", "LMP+0d..LMP+90d", 0.93),
        ("B01AA", "any_major", "LMP+49d..LMP+280d", 3.86),
    ]
    for atc, group, window, published in near:
        row = known[(atc, group, window)]
        assert row["true_rr"] == pytest.approx(published, rel=0.08), (atc, group)
        assert row["published"] == published


def test_negatives_have_a_true_ratio_of_one(rich: list[Population]) -> None:
    known = read(rich, "france")
    for atc in ("C09A", "A10A", "N02BE01", "A02BC", "H03BA02"):
        assert known[(atc, "any_major", "LMP+0d..LMP+90d")]["true_rr"] == 1
    assert known[("L04AX03", "any_major", "LMP-84d..LMP+0d")]["true_rr"] == 1
    stopped = known[("B01AA", "any_major", "LMP+0d..LMP+90d")]
    assert 1 < float(str(stopped["true_rr"])) < 3.7  # some stopped before the window of the effect


def test_ace_inhibitors_are_a_confounded_negative(rich: list[Population]) -> None:
    """Bateman 2017: crude 1.82 (any) and 2.95 (heart)."""
    known = read(rich, "france")
    crude = {
        g: known[("C09A", g, "LMP+0d..LMP+90d")]["crude_rr"]
        for g in ("any_major", "congenital_heart_defects")
    }
    assert crude["any_major"] == pytest.approx(1.82, rel=0.1)
    assert crude["congenital_heart_defects"] == pytest.approx(2.95, rel=0.15)


def test_valproate_is_recovered_in_the_tables(rich: list[Population]) -> None:
    """Counted from the tables alone, the cases among the exposed fit p1 and not p0."""
    tree = groups()
    major = {leaf for leaf, own in zip(tree.leaves, tree.members("any_major"), strict=True) if own}
    cases = births = 0
    for people in rich:
        here = exposed(people, ("N03AG01",), (-30, 60)) & live_singletons(people)
        found = people.malformations
        own = np.isin(texts(found, "malformation"), list(major))
        ill = set(found["pregnancy_id"].to_numpy()[own].tolist())
        cases += len(here & ill)
        births += len(here)
    row = read(rich, "france")[("N03AG01", "any_major", "LMP-30d..LMP+60d")]
    assert births == row["n_exposed"]
    assert poisson.cdf(cases, row["sum_p1"]) > 0.0005
    assert poisson.sf(cases - 1, row["sum_p1"]) > 0.0005
    assert poisson.sf(cases - 1, row["sum_p0"]) < 1e-6


def test_the_null_population_has_no_effect_and_no_confounding() -> None:
    design = Design(seed=31, persons=20_000, exposure_multiplier=1000, effects="none")
    assert rules("france", design) == ()
    assert (condition_ratios(design) == 1).all()
    people = generate(design, "france", 0)
    known = read([people], "france")
    for row in known.values():
        assert row["true_rr"] in (None, 1)
    assert known[("A10A", "any_major", "LMP+0d..LMP+90d")]["crude_rr"] == pytest.approx(1, abs=0.05)


def test_drugs_do_not_depend_on_whether_they_act() -> None:
    published = generate(Design(6, 2000), "quebec", 0)
    null = generate(Design(6, 2000, effects="none"), "quebec", 0)
    assert published.exposures.equals(null.exposures)


def test_the_site_conflict_is_planted_per_shore() -> None:
    ratio = {}
    for shore in ("france", "quebec"):
        own = [r for r in rules(shore, Design(1, 1)) if r.atc == "A03FA01"]  # type: ignore[arg-type]
        ratio[shore] = {float(v) for v in own[0].ratio if v != 1}
    assert ratio == {"france": {0.93}, "quebec": {1.27}}
    assert not [r for r in rules("both", Design(1, 1)) if r.atc == "A03FA01"]
