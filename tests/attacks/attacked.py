"""Generated populations with something to steal: rare codes, few exposed cases, nested groups."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from transat import __version__
from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition
from transat.cohorts.survival_table import SurvivalTable
from transat.federation import messages
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.keys import Key
from transat.federation.permit import Permit, sign, terms_for
from transat.federation.policy import installed
from transat.federation.questions import RELEASES, STEPS, Question
from transat.federation.site import Site

THRESHOLD = 11
COLUMNS = ("age", "weight", "rare", "rural", "first", "smoker", "epilepsy", "diabetes")


def site_data(table: AnalysisTable, people: np.ndarray | None = None) -> SiteData:
    """What a site holds of these rows."""
    named = np.arange(table.n, dtype=np.int64) if people is None else people
    known = facts(table, (), THRESHOLD)
    return SiteData(table, Attrition(()), known, named, _survival(table, named))


def _survival(table: AnalysisTable, people: np.ndarray) -> SurvivalTable:
    """Follow-up in days, up to five years; those with epilepsy have the event sooner."""
    rng = np.random.default_rng(table.n)
    rate = 0.1 * np.exp(0.7 * table.covariates[:, COLUMNS.index("epilepsy")])
    end = np.minimum(rng.exponential(1 / rate), rng.uniform(1, 5, table.n))
    happened = rng.random(table.n) < 0.6
    return SurvivalTable(
        n=table.n,
        time=np.ceil(end * 365.0),
        entry=np.zeros(table.n),
        event=happened.astype(np.int8),
        columns=table.covariates,
        column_names=table.covariate_names,
        strata=np.zeros(table.n, np.int32),
        stratum_labels=("all",),
        people=people,
    )


def drawn(seed: int, n: int = 3000) -> AnalysisTable:
    """Four medicines of two classes, four groups of a tree, eight columns of which two measured.

    `rare` is three people's; `epilepsy`, `diabetes` and `smoker` are common alone and few together.
    """
    rng = np.random.default_rng(seed)
    epilepsy, diabetes, smoker = (rng.random(n) < share for share in (0.10, 0.08, 0.15))
    rural, first = rng.random(n) < 0.5, rng.random(n) < 0.4
    rare = np.zeros(n, dtype=np.bool_)
    rare[rng.choice(n, 3, replace=False)] = True
    age, weight = rng.normal(29, 5, n).round(4), rng.gamma(20, 3.5, n).round(4)
    x = np.zeros((n, 4), np.uint8)
    x[:, 0] = rng.random(n) < np.where(epilepsy, 0.5, 0.03)
    x[:, 1] = (x[:, 0] == 1) & (rng.random(n) < 0.97)
    x[:, 2] = rng.random(n) < 0.3
    x[:, 3] = rng.random(n) < 0.004
    y = np.zeros((n, 4), np.uint8)
    y[:, 2] = rng.random(n) < np.where(x[:, 0] == 1, 0.05, 0.02)
    y[:, 1] = (y[:, 2] == 1) | (rng.random(n) < 0.003)
    y[:, 3] = rng.random(n) < 0.03
    y[:, 0] = (y[:, 1] == 1) | (y[:, 3] == 1) | (rng.random(n) < 0.05)
    return AnalysisTable(
        n=n,
        exposures=csc_array(x),
        exposure_codes=("N03A", "N03AG01", "N02BE01", "B01AA"),
        outcomes=csc_array(y),
        outcome_codes=("any_major", "nervous_system", "spina_bifida", "hypospadias"),
        strata=np.minimum(rng.geometric(0.3, n) - 1, 12).astype(np.int32),
        stratum_labels=tuple(str(2008 + s) for s in range(13)),
        covariates=np.column_stack(
            [age, weight, rare, rural, first, smoker, epilepsy, diabetes]
        ).astype(np.float64),
        covariate_names=COLUMNS,
        cluster=np.arange(n, dtype=np.int32),
        exposure_parents=(-1, 0, -1, -1),
        outcome_parents=(-1, 0, 1, 0),
    )


STUDY, COHORT, WIDER = "5" * 64, "c" * 64, "d" * 64
TODAY = datetime.date(2026, 11, 23)


@dataclass
class Network:
    """Two real sites in one process, the permit of their holders, and the coordinator's key."""

    folder: Path
    data: Mapping[str, Mapping[str, SiteData]]
    keys: Mapping[str, Key]
    permit: Permit
    sites: dict[str, Site]

    def open(self, name: str) -> Site:
        """Start a site; one that was there is closed, as if its process had ended."""
        if name in self.sites:
            self.sites[name].close()
        cohorts = self.data[name]
        self.sites[name] = Site(
            name, self.keys[name], self.folder / name, installed()[HOLDERS[name]],
            lambda study: self.permit if study == STUDY else None,
            lambda study, cohort: cohorts[cohort], lambda: TODAY,
        )  # fmt: skip
        return self.sites[name]

    def ask(
        self, step: str, parameters: Any, site: str = "france", cohort: str = COHORT, **said: Any
    ) -> Any:
        """What a site answers to a question of the permitted coordinator: Release or Refusal."""
        return RELEASES.decode(self.told(step, parameters, site, cohort, **said).body)

    def told(
        self, step: str, parameters: Any, site: str = "france", cohort: str = COHORT, **said: Any
    ) -> messages.SignedAnswer:
        """The signed answer itself."""
        body = Question(step, parameters).encode()
        return messages.read_answer(self.raw(body, site, cohort, **said))

    def raw(self, body: bytes, site: str = "france", cohort: str = COHORT, **said: Any) -> bytes:
        """The answer's bytes to a body of any kind, signed by the coordinator."""
        question = messages.question(STUDY, cohort, site, body, self.keys["coordinator"], **said)
        return self.sites[site].answer(question)


HOLDERS = {"france": "snds", "quebec": "ramq"}


def network_of(folder: Path, data: Mapping[str, Mapping[str, SiteData]]) -> Network:
    """Sites with these cohorts, by name, all of them permitted for 90 days."""
    people = (*data, "coordinator", *(f"holder {name}" for name in data))
    keys = {name: Key.new() for name in people}
    policies = {name: installed()[HOLDERS[name]] for name in data}
    sites = {
        name: terms_for(
            policies[name], keys[f"holder {name}"].public, keys[name].public, policies.values()
        )
        for name in data
    }
    cohorts = sorted({cohort for held in data.values() for cohort in held})
    permit = Permit(
        project="attack", study=STUDY, document="d" * 64, version=__version__,
        cohorts=tuple(cohorts), steps=tuple(STEPS), rounds=10_000, starts=TODAY,
        ends=TODAY + datetime.timedelta(days=90), coordinator=keys["coordinator"].public,
        sites=sites, signatures={},
    )  # fmt: skip
    for name in data:
        permit = sign(permit, keys[f"holder {name}"])
    found = Network(folder, data, keys, permit, {})
    for name in data:
        found.open(name)
    return found
