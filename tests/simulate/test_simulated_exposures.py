"""Prevalences near the published ones, discontinuers, the drug plan."""

from __future__ import annotations

import numpy as np
import pytest
from days import days, exposed, texts

from transat.simulate.design import EXTRACT_END, EXTRACT_START, Design, Shore, day
from transat.simulate.exposures import CAP, MULTIPLIED_CAP, drugs, target
from transat.simulate.population import Population, generate

COMMON = ["N02BE01", "J01CA04", "B03BB01", "H03AA01", "N06AB05", "A03FA01", "R03AC02"]


@pytest.mark.parametrize("atc", COMMON)
def test_prevalence_of_common_drugs(either: tuple[Shore, Population], atc: str) -> None:
    shore, people = either
    drug = next(d for d in drugs(shore) if d.atc == atc)
    n = people.pregnancies.num_rows
    share = len(exposed(people, (atc,), drug.window)) / n
    noise = 4 * np.sqrt(drug.prevalence * (1 - drug.prevalence) / n)
    assert abs(share - drug.prevalence) < noise + 0.06 * drug.prevalence


@pytest.mark.slow
def test_antiepileptics_at_the_published_prevalence() -> None:
    """Blotière 2019: valproate 913 and lamotrigine 2 997 of 1 886 825 pregnancies."""
    design = Design(seed=4, persons=160_000)
    found = {"N03AG01": 0, "N03AX09": 0}
    n = 0
    for chunk in range(8):
        people = generate(design, "france", chunk)
        n += people.pregnancies.num_rows
        for atc in found:
            found[atc] += len(exposed(people, (atc,), (-30, 60)))
    for atc, count in (("N03AG01", 913), ("N03AX09", 2997)):
        expected = n * count / 1_886_825
        assert abs(found[atc] - expected) < 4 * np.sqrt(expected) + 0.1 * expected


def test_the_multiplier_is_capped_and_spares_background_drugs() -> None:
    for multiplier in (0.5, 1.0, 20.0, 1000.0):
        design = Design(1, 1, exposure_multiplier=multiplier)
        for drug in drugs("france"):
            wanted = target(drug, design)
            if not drug.study:
                assert wanted == drug.prevalence
            assert wanted <= max(drug.prevalence, MULTIPLIED_CAP) <= CAP


def test_more_exposed_with_a_multiplier() -> None:
    rare = generate(Design(3, 5000), "france", 0)
    rich = generate(Design(3, 5000, exposure_multiplier=20), "france", 0)
    few, many = (len(exposed(p, ("N03AG01",), (-30, 60))) for p in (rare, rich))
    assert many > 5 * max(few, 1)


def test_some_women_stop_before_pregnancy(french: Population) -> None:
    before = exposed(french, ("N06AB05",), (-210, -35))
    within = exposed(french, ("N06AB05",), (0, 90))
    assert len(before - within) > 20


def test_a_drug_without_code_in_french_towns_comes_from_the_hospital() -> None:
    people = generate(Design(5, 20_000, exposure_multiplier=1000), "france", 0)
    atc, channel = texts(people.exposures, "atc"), texts(people.exposures, "channel")
    assert (channel[atc == "C02KX01"] == "hospital").all()
    assert (atc == "C02KX01").any()
    assert (channel[atc == "N03AG01"] == "community").all()


def test_no_canadian_only_drug_in_france_and_the_reverse(
    french: Population, quebecois: Population
) -> None:
    assert "R06AA59" not in set(texts(french.exposures, "atc"))
    assert {"B01AA", "A03AX12"}.isdisjoint(texts(quebecois.exposures, "atc"))
    assert "B01AA" in set(texts(french.exposures, "atc"))  # fluindione keeps its short ATC


def test_drug_plan_covers_about_a_third_of_the_time(
    french: Population, quebecois: Population
) -> None:
    assert french.drug_plan.num_rows == 0
    plan = quebecois.drug_plan
    women = 20_000
    mothers = plan.filter((plan["person_id"].to_numpy() - 1_000_000_000 <= women).tolist())
    covered = (days(mothers, "end") - days(mothers, "start")).sum()
    share = covered / (women * (day(EXTRACT_END) - day(EXTRACT_START)))
    assert abs(share - 0.36) < 0.02
    assert (days(plan, "end") > days(plan, "start")).all()
