"""`transat bench cox`: every tool on the same arrays, and what the federated fits send."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from transat.cli.app import app


@pytest.mark.slow
def test_figures() -> None:
    answer = CliRunner().invoke(
        app, ["bench", "cox", "--rows", "2000", "--columns", "5", "--limit", "60", "--json"]
    )
    assert answer.exit_code == 0, answer.output
    figures = json.loads(answer.stdout)
    assert figures["cox.2000.lifelines.largest_difference"] < 1e-4
    assert figures["cox.2000.statsmodels.largest_difference"] < 1e-7
    assert figures["concordance.2000.lifelines.largest_difference"] < 1e-9
    assert figures["cox.2000.times_as_fast_as_the_best_peer"] > 0
    assert figures["federated.one_baseline_daily.rounds"] <= 7
    assert figures["federated.one_baseline_daily.largest_difference_from_pooled"] < 1e-8
    pair = ("round_risk", "round_score")
    one = sum(figures[f"federated.one_baseline_daily.{k}.kilobytes_of_numbers"] for k in pair)
    assert one < 59
    assert figures["federated.stratified.round.kilobytes_of_numbers"] < 1
