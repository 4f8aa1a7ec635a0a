"""Hand-made sites: small analysis tables whose every count is known to the test, and permits."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat import __version__
from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition, AttritionStep
from transat.core.languages import Text
from transat.federation import messages
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.keys import Key
from transat.federation.permit import Permit, sign, terms_for
from transat.federation.policy import Policy, installed
from transat.federation.questions import STEPS, Question
from transat.federation.site import Site

DRUGS = ("N03A", "N03AG01", "N02BE01", "B01AA")
GROUPS = ("any_major", "nervous_system", "spina_bifida", "hypospadias")
COLUMNS = ("age", "epilepsy", "diabetes")


def draw(seed: int, n: int, effect: float = 4.0) -> AnalysisTable:
    """Two nested medicines, one common, one rare; nested groups; epilepsy explains the first."""
    rng = np.random.default_rng(seed)
    epilepsy = rng.random(n) < 0.1
    x = np.zeros((n, 4), np.uint8)
    x[:, 0] = rng.random(n) < np.where(epilepsy, 0.6, 0.02)
    x[:, 1] = (rng.random(n) < 0.5) & (x[:, 0] == 1)
    x[:, 2] = rng.random(n) < 0.4
    x[:, 3] = rng.random(n) < 0.004
    y = np.zeros((n, 4), np.uint8)
    y[:, 2] = rng.random(n) < 0.02 * np.where(x[:, 1] == 1, effect, 1.0)
    y[:, 1] = (rng.random(n) < 0.02) | (y[:, 2] == 1)
    y[:, 3] = rng.random(n) < 0.03
    y[:, 0] = (y[:, 1] == 1) | (y[:, 3] == 1)
    covariates = np.column_stack([rng.normal(size=n), epilepsy, rng.random(n) < 0.004]).astype(
        np.float64
    )
    return table(x, y, rng.integers(0, 3, n), covariates)


def table(
    x: NDArray[np.uint8], y: NDArray[np.uint8], strata: NDArray[np.int64],
    covariates: NDArray[np.float64],
) -> AnalysisTable:  # fmt: skip
    n = len(x)
    return AnalysisTable(
        n=n,
        exposures=csc_array(x),
        exposure_codes=DRUGS,
        outcomes=csc_array(y),
        outcome_codes=GROUPS,
        strata=strata.astype(np.int32),
        stratum_labels=tuple(f"y{s}" for s in range(3)),
        covariates=covariates,
        covariate_names=COLUMNS,
        cluster=np.arange(n, dtype=np.int32),
        exposure_parents=(-1, 0, -1, -1),
        outcome_parents=(-1, 0, 1, 0),
    )


def attrition(n: int, *before: int) -> Attrition:
    """Steps ending at n; `before` the counts of the earlier steps, one woman per pregnancy."""
    text = Text("règle", "rule")
    counts = [*before, n]
    return Attrition(
        tuple(AttritionStep(f"step{i}", text, count, count) for i, count in enumerate(counts))
    )


STUDY, COHORT = "5" * 64, "c" * 64
TODAY = datetime.date(2026, 11, 23)


def key(of: str) -> Key:
    """A key that every process of a test makes the same; its seed is public, so nobody's."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Key(Ed25519PrivateKey.from_private_bytes(of.encode().ljust(32, b".")))


def policy(site: str) -> Policy:
    """The policy of a site's holder."""
    return installed()["snds" if site == "france" else "ramq"]


def permit(**changes: Any) -> Permit:
    """A permit of two sites that both holders signed, with these fields changed before."""
    sites = {
        s: terms_for(policy(s), key(f"holder {s}").public, key(f"site {s}").public)
        for s in ("france", "quebec")
    }
    whole = Permit(
        project="INuTERO", study=STUDY, document="d" * 64, version=__version__, cohorts=(COHORT,),
        steps=tuple(STEPS), rounds=1000, starts=TODAY, ends=TODAY + datetime.timedelta(days=90),
        coordinator=key("coordinator").public, sites=sites, signatures={},
    )  # fmt: skip
    changed = replace(whole, **changes)
    for site in changed.sites:
        changed = sign(changed, key(f"holder {site}"))
    return changed


def site_data(rows: AnalysisTable, steps: Attrition, threshold: int = 11) -> SiteData:
    """What a site computes on, from its rows."""
    known = facts(rows, tuple(s.key for s in steps), threshold)
    return SiteData(rows, steps, known, np.arange(rows.n, dtype=np.int64))


def signed_site(
    folder: Path, rows: AnalysisTable, *before: int, name: str = "france",
    allowed: Permit | None = None, today: datetime.date = TODAY, inputs: str = "",
    data: Callable[[], SiteData] | None = None,
) -> Site:  # fmt: skip
    """A site under a permit; its files are in `folder`."""
    permits: Mapping[str, Permit] = {STUDY: permit() if allowed is None else allowed}

    def made(study: str, cohort: str) -> SiteData:
        assert (study, cohort) == (STUDY, COHORT)
        return data() if data else site_data(rows, attrition(rows.n, *before))

    return Site(
        name, key(f"site {name}"), folder, policy(name), permits.get, made, lambda: today, inputs
    )


def question(
    step: str, parameters: object, site: str = "france", peers: tuple[str, ...] = (),
    by: str = "coordinator", cohort: str = COHORT,
) -> bytes:  # fmt: skip
    """The signed question of the coordinator."""
    body = Question(step, parameters).encode()
    return messages.question(STUDY, cohort, site, body, key(by), peers)
