"""Attacks on real sites, as a coordinator with a valid permit, or a peer, would make them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import rfc8785
from attacked import COHORT, STUDY, WIDER, Network, drawn, site_data

from transat.federation import messages
from transat.federation.attacks import answering
from transat.federation.attacks.attack import Found, Public, judged
from transat.federation.attacks.catalogue import ATTACKS
from transat.federation.data import SiteData
from transat.federation.policy import installed
from transat.federation.questions import RELEASES, STEPS, Question
from transat.federation.wire import Refusal
from transat.statistics import logistic, mantel_haenszel, prevalence
from transat.statistics.design_matrix import Model

Population = Callable[[int], SiteData]
NewNetwork = Callable[[Any], Network]
SECRET = "2850775115001 née le 12/03/1985, spina bifida"
MODEL = Model("any_major", ("N02BE01",), ("age", "weight"))


def test_the_whole_catalogue_recovers_nothing_from_a_real_site(network: Network) -> None:
    data = network.data["france"][COHORT]
    for attack in ATTACKS:
        if set(attack.steps) <= set(STEPS):
            found = attack.run(lambda step, asked: network.ask(step, asked), Public.of(data))
            assert judged(found, data, 11) == (0, 0), attack.key


def test_no_text_of_an_exception_leaves(new_network: NewNetwork, population: Population) -> None:
    class Broken(dict[str, SiteData]):
        def __missing__(self, cohort: str) -> SiteData:
            raise RuntimeError(SECRET)

    network = new_network({"france": {COHORT: population(0)}})
    network.data = {"france": Broken()}
    network.open("france")
    with pytest.raises(RuntimeError, match="spina bifida"):  # what a careless site would pass on
        network.data["france"][COHORT]
    answer = network.raw(Question("prevalence", prevalence.Parameters()).encode())
    assert (
        messages.read_answer(answer).body
        == b'{"fields":{"code":"failed","columns":[],"merge":[]},"release":"refusal"}'
    )
    kept = b"".join(p.read_bytes() for p in (network.folder / "france").iterdir())
    for part in (b"285", b"spina", b"1985"):
        assert part not in answer + kept


@pytest.mark.parametrize(
    "extra",
    [
        {"weights": [1.0] + [0.0] * 2999},
        {"covariates": ["age", "x[0]"]},
        {"outcome": "any_major; SELECT * FROM person"},
        {"strata": ["2015"]},
    ],
)
def test_no_column_of_the_attackers_making_is_answered(
    network: Network, extra: dict[str, Any]
) -> None:
    """A vector that is 1 for one person reads that person's row in a covariance."""
    data = network.data["france"][COHORT]
    chosen = np.zeros(data.table.n)
    chosen[0] = 1.0
    row = chosen @ data.table.covariates[:, :2]
    found = Found(rows=[dict(zip(("age", "weight"), (float(v) for v in row), strict=True))])
    assert judged(found, data, 11).rows == 1
    body = json.loads(Question("logistic", logistic.Parameters(MODEL)).encode())
    body["fields"]["model"] |= extra
    answer = messages.read_answer(network.raw(rfc8785.dumps(body)))
    refused = RELEASES.decode(answer.body)
    assert isinstance(refused, Refusal)
    assert refused.code in ("closed_list", "permit")  # no installed step, or not so


def one_more(population: Population) -> tuple[SiteData, SiteData]:
    """The same people, and the same with one person more."""
    whole = population(0).table
    fewer = np.arange(whole.n - 1)
    return site_data(whole.take(fewer), fewer.astype(np.int64)), population(0)


def difference(one: Any, other: Any) -> Found:
    """The row of the person by whom two first steps differ: the intercept's row of the Hessian."""
    found = Found()
    if isinstance(one, logistic.Release) and isinstance(other, logistic.Release):
        row = 4 * (other.hessian - one.hessian)[0]
        found.row(dict(zip(one.terms[1:], (round(float(v), 6) for v in row[1:]), strict=True)))
    return found


def test_the_difference_of_two_cohorts_is_a_patients_row(population: Population) -> None:
    """Without the rule between releases, the same step on two cohorts gives one person's row."""
    fewer, whole = one_more(population)
    policy = installed()["snds"]
    off = ("between_releases", "overlap")
    start = logistic.Parameters(MODEL)
    one, other = (answering.gated(d, policy, off)("logistic", start) for d in (fewer, whole))
    assert judged(difference(one, other), whole, 11).rows == 1


def test_a_second_cohort_that_differs_by_one_person_is_refused(
    new_network: NewNetwork, population: Population
) -> None:
    fewer, whole = one_more(population)
    network = new_network({"france": {COHORT: fewer, WIDER: whole}})
    start = logistic.Parameters(MODEL)
    one = network.ask("logistic", start, cohort=COHORT)
    assert isinstance(one, logistic.Release)
    network.open("france")  # a restart in between makes it forget nothing
    other = network.ask("logistic", start, cohort=WIDER)
    assert isinstance(other, Refusal)
    assert other.code in ("between_releases", "overlap")
    for step, asked in (
        ("mantel_haenszel", mantel_haenszel.Parameters()), ("prevalence", prevalence.Parameters()),
    ):  # fmt: skip
        assert isinstance(network.ask(step, asked, cohort=WIDER), Refusal)


def test_a_step_asked_again_with_other_peers_gives_the_answer_that_left(network: Network) -> None:
    """A fresh answer to the same question would be another look at the same people."""
    first = network.told("prevalence", prevalence.Parameters())
    elsewhere = network.told("prevalence", prevalence.Parameters(), site="quebec")
    again = network.told("prevalence", prevalence.Parameters(), peers=(elsewhere.line,))
    assert again.body == first.body
    assert not isinstance(RELEASES.decode(first.body), Refusal)


def test_rounds_are_not_won_back_by_a_restart(network: Network) -> None:
    """The first steps of a fit, then the same fit moved aside after the site was started again."""
    start = logistic.Parameters(MODEL)
    assert isinstance(network.ask("logistic", start), logistic.Release)
    network.open("france")
    moved = replace(start, coefficients=(-2.0, 0.5, 0.0, 0.0))
    assert network.ask("logistic", moved) == Refusal("coefficients")


def test_answers_that_the_coordinator_made_up_are_no_evidence(network: Network) -> None:
    """It signs 'the other site's' answer itself, to steer the fit where it wants."""
    two = replace(MODEL, sites=2)
    start = logistic.Parameters(two)
    other = logistic.Parameters(replace(two, site=1))
    assert isinstance(network.ask("logistic", start), logistic.Release)
    truth = network.told("logistic", other, site="quebec")
    question = messages.read_question(
        messages.question(
            STUDY, COHORT, "quebec", Question("logistic", other).encode(),
            network.keys["coordinator"],
        )
    )  # fmt: skip
    forged = messages.read_answer(
        messages.answer(
            question, truth.body.replace(b"1", b"2"), truth.entries, truth.head,
            network.keys["coordinator"],
        )
    )  # fmt: skip
    step = replace(start, coefficients=(-2.0, 0.0, 0.5, 0.0, 0.0))
    for evidence in ((messages.carry(forged),), (), (messages.carry(truth),)):
        answer = network.ask("logistic", step, evidence=evidence)
        assert isinstance(answer, Refusal)
        assert answer.code in ("not_signed", "coefficients")


def test_a_refusal_has_the_size_of_the_answer_it_stands_for(network: Network) -> None:
    """Who reads only lengths on the wire does not learn which steps were refused."""
    table = network.data["france"][COHORT].table
    rare = logistic.Parameters(replace(MODEL, covariates=(*MODEL.covariates, "rare", "rural")))
    raw = network.raw(Question("logistic", rare).encode())
    said = messages.read_answer(raw)
    assert isinstance(RELEASES.decode(said.body), Refusal)
    carried = len(raw.split(b"\n")[1])
    would = len(RELEASES.encode(logistic.at_site(table, rare)))
    assert len(said.body) < would / 2
    assert would <= carried <= max(512, would * 1.13)  # a size class: eight to an octave


def test_a_total_less_ones_own_part_gives_no_small_count(network: Network) -> None:
    """A peer subtracts its own counts from the joint result of both sites."""
    own, other = (network.data[name][COHORT].table for name in ("france", "quebec"))
    mine, theirs = (mantel_haenszel.at_site(t).exposed_cases for t in (own, other))
    small = (theirs > 0) & (theirs < 11)
    joint = mine + theirs
    careless = np.where(joint < 11, -1, joint)  # masked by the joint count alone
    assert (small & (careless >= 0)).any()
    releases = [
        network.ask("mantel_haenszel", mantel_haenszel.Parameters(), site=name)
        for name in ("france", "quebec")
    ]
    result = mantel_haenszel.combine(releases, mantel_haenszel.Parameters())
    told = result.exposed_cases >= 0
    left = np.where(told, result.exposed_cases - mine, 0)
    assert not ((left > 0) & (left < 11)).any()
    sums = result.observed_at_least - mine
    assert not (small & (sums == theirs) & (theirs > 1)).any()


def test_refusals_say_names_and_codes_and_no_number(population: Population) -> None:
    data = population(0)
    ask = answering.gated(data, installed()["snds"])
    table = data.table
    for outcome in table.outcome_codes:
        for drug in table.exposure_codes:
            answer = ask(
                "logistic", logistic.Parameters(Model(outcome, (drug,), table.covariate_names))
            )
            if isinstance(answer, Refusal):
                said = " ".join((answer.code, *answer.columns, *answer.merge))
                known = " ".join(
                    (*table.covariate_names, *table.exposure_codes, *table.outcome_codes)
                )
                unknown = [word for word in said.split() if word not in known]
                assert not any(c.isdigit() for word in unknown for c in word)


def test_a_population_of_few_says_nothing(new_network: NewNetwork) -> None:
    network = new_network({"france": {COHORT: site_data(drawn(3).take(np.arange(7)))}})
    for step, asked in (
        ("mantel_haenszel", mantel_haenszel.Parameters()), ("prevalence", prevalence.Parameters()),
        ("logistic", logistic.Parameters(MODEL)),
    ):  # fmt: skip
        assert isinstance(network.ask(step, asked), Refusal)
