"""What a holder sees before it signs: an account of a study at its site, and of attacks on it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_sites import COHORT, attrition, draw, key, permit, policy, signed_site, site_data

from transat.federation import site as site_module
from transat.federation.coordinator import Coordinator
from transat.federation.dry_run import DryRun, numbers, rehearse
from transat.federation.gate import checks
from transat.federation.permit import Permit, sign, terms_for
from transat.federation.questions import Question
from transat.statistics import logistic, mantel_haenszel, prevalence
from transat.statistics.design_matrix import Model

ROWS = draw(1, 4000)
RARE = Model("any_major", ("N03A",), ("age", "epilepsy", "diabetes"))


def alone() -> Permit:
    """The permit of France alone."""
    terms = terms_for(policy("france"), key("holder france").public, key("site france").public)
    whole = replace(permit(), sites={"france": terms}, signatures={}, cohorts=(COHORT,))
    return sign(whole, key("holder france"))


def study(coordinator: Coordinator) -> None:
    """A scan, prevalences, and the first step of a model with a rare column."""
    for step, asked in (
        ("mantel_haenszel", mantel_haenszel.Parameters()),
        ("prevalence", prevalence.Parameters()),
        ("logistic", logistic.Parameters(RARE)),
        ("logistic", logistic.Parameters(replace(RARE, covariates=("age", "epilepsy")))),
    ):
        coordinator.answers(Question(step, asked), {"france"})


def rehearsed(folder: Path, conduct: Any = study) -> DryRun:
    with signed_site(folder, ROWS, allowed=alone()) as site:
        data = site_data(ROWS, attrition(ROWS.n))
        return rehearse(site, data, alone(), key("coordinator"), conduct)


def test_it_says_what_would_leave_by_statistic(tmp_path: Path) -> None:
    found = rehearsed(tmp_path)
    scan, model = found.leaves["mantel_haenszel"], found.leaves["logistic"]
    assert (scan.questions, model.questions) == (1, 2)
    assert min(scan.cells, scan.cells_masked) > 0
    assert model.refused == {"implied_tables": 1}
    assert model.columns == {"diabetes": 1}
    assert scan.bytes > 1000
    assert found.ended is None


def test_no_attack_recovers_anything_at_the_gate(tmp_path: Path) -> None:
    found = rehearsed(tmp_path)
    tried = {attack.key for attack in found.attacks}
    assert {"information_matrix", "three_way", "patterns", "subtraction"} <= tried
    assert {"grids", "histograms"} <= set(found.not_tried)  # the study asks for no such statistic
    assert found.recovered == 0
    assert all(attack.questions > 0 for attack in found.attacks)


def test_a_gate_without_a_rule_is_seen_to_leak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the rehearsal is for: the same study, at a site whose gate lacks two rules."""
    off = ("implied_tables", "budget")
    monkeypatch.setattr(site_module, "checks", lambda: checks(without=off))
    found = rehearsed(tmp_path)
    leaks = {attack.key: attack.cells for attack in found.attacks}
    assert leaks["information_matrix"] > 0
    assert found.recovered >= leaks["information_matrix"]


def test_a_study_that_is_refused_says_why(tmp_path: Path) -> None:
    def asks(coordinator: Coordinator) -> None:
        coordinator.ask(Question("logistic", logistic.Parameters(RARE)), {"france"})

    found = rehearsed(tmp_path, asks)
    assert found.ended is not None
    assert "diabetes" in found.ended.en


def test_it_is_plain_json_in_both_languages(tmp_path: Path) -> None:
    plain = json.loads(json.dumps(rehearsed(tmp_path).plain()))
    assert plain["recovered"] == 0
    assert plain["attacks"][0]["said"]["fr"] != plain["attacks"][0]["said"]["en"]
    assert {"fr", "en"} == set(plain["not_covered"][0])


def test_numbers_that_are_told_twice_count_once() -> None:
    release = prevalence.at_site(ROWS)
    told = {release.births, *(int(c) for c in release.cases)}
    assert numbers(release) == len(told)
