"""The study conducted on drawn tables of two sites: joint fits are those of the pooled rows, every
model is judged on the other shore, and a leak at a site is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from valve_by_hand import Valves

from transat.cohorts.attrition import Attrition, AttritionStep
from transat.cohorts.landmark_table import gate_table, steps_of
from transat.cohorts.survival_table import SurvivalTable
from transat.engines.cdm import Cdm
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.keys import Key, signed_by
from transat.federation.permit import Holding, Permit
from transat.federation.refusals import Refused
from transat.federation.site import Site
from transat.learners import hazards, model_file
from transat.statistics import cox
from transat.studies.aortic_stenosis.protocol import PROTOCOL, AorticStenosis
from transat.studies.aortic_stenosis.results import ValveResult
from transat.studies.at_site import Holder
from transat.studies.hashes import hashes
from transat.studies.joint import write_result
from transat.studies.protocol import read
from transat.studies.run import LEDGERS, in_one_process

OUTCOME = "claims_replacement"
SIZES = {"france": 5000, "quebec": 4000}


def _small() -> AorticStenosis:
    """One outcome, its model, and no trial to conduct."""
    protocol = read(PROTOCOL)
    document = protocol.document
    rule = document.models["claims"]
    model = rule.model_copy(
        update={"value": rule.value.model_copy(update={"outcomes": (OUTCOME,)})}
    )
    outcomes = {OUTCOME: document.outcomes[OUTCOME]}
    return replace(
        protocol,
        document=document.model_copy(update={"outcomes": outcomes, "models": {"claims": model}}),
    )


def _drawn(protocol: AorticStenosis, site: str) -> SurvivalTable:
    """Age and diabetes raise death; men have more replacements."""
    rng, n = np.random.default_rng(list(SIZES).index(site)), SIZES[site]
    names = [name for column in protocol.columns("claims") for name in column.names]
    columns = {name: (rng.random(n) < 0.3).astype(float) for name in names}
    columns["age"] = rng.normal(0, 1, n)
    columns["stays_year"] = rng.poisson(0.5, n).astype(float)
    columns["age_under_75"] = (columns["age"] < 0).astype(float)
    columns["age_75_84"] = ((columns["age"] >= 0) & (columns["age"] < 1)).astype(float)
    replaced = rng.exponential(90 * np.exp(-0.8 * columns["man"]))
    dead = rng.exponential(120 * np.exp(-0.7 * columns["age"] - 0.5 * columns["diabetes"]))
    end = np.minimum(rng.uniform(6, 90, n), 61)
    time = np.minimum(np.minimum(replaced, dead), end)
    event = np.where(time == replaced, 1, np.where(time == dead, 2, 0))
    return SurvivalTable(
        n=n, time=np.maximum(np.ceil(time * 30), 1) / 30, entry=np.zeros(n),
        event=event.astype(np.int8), columns=np.column_stack(list(columns.values())),
        column_names=tuple(columns), strata=np.zeros(n, np.int32), stratum_labels=("all",),
        people=np.arange(n, dtype=np.int64),
    )  # fmt: skip


def _data(protocol: AorticStenosis, table: SurvivalTable) -> SiteData:
    kinds = protocol.document.outcomes[OUTCOME].value.kinds
    texts = steps_of(protocol.study.population("claims"))
    left = Attrition(tuple(AttritionStep(k, t, table.n, table.n) for k, t in texts.items()))
    rows = gate_table(table, kinds)
    known = facts(rows, tuple(texts), 11)
    return SiteData(rows, left, known, table.people, table, simulated=True, kinds=kinds)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[ValveResult, dict[str, SurvivalTable]]:
    protocol, out = _small(), tmp_path_factory.mktemp("valve")
    tables = {site: _drawn(protocol, site) for site in SIZES}
    (out / LEDGERS).mkdir()

    def opened(name: str, key: Key, permit: Permit) -> Site:
        policy, data = protocol.policies()[name], _data(protocol, tables[name])
        return Site(name, key, out / LEDGERS, policy, lambda _: permit, lambda *_: data)

    holdings = {name: Holding(source="drawn", simulated=True) for name in SIZES}
    result = in_one_process(protocol, holdings, opened, out)
    write_result(protocol, result, out)
    assert ValveResult.read(out / "result.json") == result
    return result, tables


def _hazard(result: ValveResult, learnt_on: tuple[str, ...], kind: str) -> dict[str, float]:
    (model,) = [m for m in result.models if m.learnt_on == learnt_on]
    (hazard,) = [h for h in model.hazards if h.kind == kind]
    assert hazard.dropped == ()
    return {c.name: c.value for c in hazard.coefficients if c.value is not None}


def test_a_joint_fit_is_that_of_the_rows_in_one_place_stratified_by_site(
    ran: tuple[ValveResult, dict[str, SurvivalTable]],
) -> None:
    result, tables = ran
    one, two = tables["france"], tables["quebec"]
    pooled = replace(
        one, n=one.n + two.n,
        **{name: np.concatenate([getattr(one, name), getattr(two, name)])
           for name in ("time", "entry", "event", "columns", "people")},
        strata=np.repeat([0, 1], [one.n, two.n]).astype(np.int32), stratum_labels=tuple(SIZES),
    )  # fmt: skip
    pooled = replace(pooled, people=np.arange(pooled.n, dtype=np.int64))
    for number, kind in enumerate(("replacement", "death"), 1):
        told = _hazard(result, ("france", "quebec"), kind)
        asked = cox.Parameters(tuple(told), number)
        whole = cox.combine(lambda q: [cox.at_site(pooled, q[0])], asked)
        assert np.allclose(list(told.values()), whole.coefficients, rtol=0, atol=1e-8)


def test_each_shore_judges_the_model_of_the_other(
    ran: tuple[ValveResult, dict[str, SurvivalTable]],
) -> None:
    result, _ = ran
    pairs = {(v.learnt_on, v.judged_on) for v in result.validations}
    assert pairs == {(("france",), ("quebec",)), (("quebec",), ("france",))}
    assert {v.horizon for v in result.validations} == {24, 60}
    for validation in result.validations:
        figures = {m.name: m.figure for m in validation.metrics if not m.group}
        assert figures["auc"] is not None
        assert figures["auc"].low > 0.5  # the effect of sex was planted
        ratio = figures["observed_over_expected"]
        assert ratio is not None
        assert 0.8 < ratio.low <= ratio.high < 1.25  # both shores were drawn alike


def test_what_codes_miss_is_carried_into_the_risk(
    ran: tuple[ValveResult, dict[str, SurvivalTable]],
) -> None:
    for one in ran[0].corrected:
        assert one.corrected.value > one.coded.value
        assert one.corrected.high - one.corrected.low > one.coded.high - one.coded.low
    assert {one.horizon for one in ran[0].corrected} == {24, 60}


def test_the_leak_audit_is_in_the_result(
    ran: tuple[ValveResult, dict[str, SurvivalTable]],
) -> None:
    told = {feature.name: feature.available_at for feature in ran[0].features}
    assert told["diabetes"] == "stay_end"
    assert told["vmax"] == "day"
    assert "NaN" not in ran[0].to_json()
    assert json.loads(ran[0].to_json())["study"]["id"] == "aortic-stenosis"


def test_a_leak_at_a_site_is_a_refusal_with_the_names_of_the_features(
    tmp_path: Path,
) -> None:
    """A site's rows contradict the protocol: a diagnosis of the stay of the first code itself."""
    hand = Valves()
    for person in range(1, 4):
        hand.elder(person)
        hand.stay(person, -30, 5, "N183")
        hand.stay(person, 0, 4, main="I350")
    cdm = hand.write(tmp_path / "cdm")
    protocol = read(PROTOCOL)
    features = dict(protocol.document.features)
    rule = features["kidney_disease"]
    features["kidney_disease"] = rule.model_copy(
        update={"value": rule.value.model_copy(update={"later": "refuse"})}
    )
    planted = replace(
        protocol, document=protocol.document.model_copy(update={"features": features})
    )
    names = hashes(planted)
    holder = Holder("france", cdm.path, planted.policies()["france"], lambda _: None,
                    lambda _: planted)  # fmt: skip
    with pytest.raises(Refused) as leak:
        holder.data(names.logic, names.cohorts[OUTCOME])
    assert (leak.value.code, leak.value.columns) == ("leak", ("kidney_disease",))
    protocol.tables(Cdm(cdm.path), OUTCOME)  # as the protocol is, the row is not counted


def test_a_model_file_foresees_what_the_model_foresaw_and_is_signed(
    ran: tuple[ValveResult, dict[str, SurvivalTable]], tmp_path: Path
) -> None:
    told = [m for m in ran[0].models if m.learnt_on == ("france", "quebec")]
    (model,) = told
    assert model.file == f"models/{OUTCOME}.france_quebec.json"
    (tmp_path / "model.json").write_text(model.document, "utf-8")
    document = model_file.read(tmp_path / "model.json")
    ((key, signature),) = document.signatures.items()
    assert signed_by(key, signature, model_file.content(document))
    person = {feature.name: 0.0 for feature in document.features} | {"age": 85.0, "man": 1.0}
    model_of = model_file.model_of(document)
    older = hazards.incidence(model_of, _one(person), 2, (60.0,))
    younger = hazards.incidence(model_of, _one(person | {"age": 75.0}), 2, (60.0,))
    planted = np.log1p(-older[0, 0]) / np.log1p(-younger[0, 0])
    assert 1.4 < planted < 2.2  # about exp(0.7) for ten years, replacement competing


def _one(person: dict[str, float]) -> SurvivalTable:
    return SurvivalTable(
        n=1, time=np.ones(1), entry=np.zeros(1), event=np.zeros(1, np.int8),
        columns=np.array([list(person.values())]), column_names=tuple(person),
        strata=np.zeros(1, np.int32), stratum_labels=("all",), people=np.zeros(1, np.int64),
    )  # fmt: skip
