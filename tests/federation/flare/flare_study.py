"""A small real study over the network: hand-made sites behind their gates, fits in rounds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from made_sites import TODAY, attrition, draw, key, permit, policy, site_data

from transat.federation import attrition as attrition_step
from transat.federation.coordinator import Coordinator, SiteRefused
from transat.federation.coordinator_journal import Journal
from transat.federation.in_process import InProcess
from transat.federation.questions import Question
from transat.federation.site import Site
from transat.federation.transport import Transport
from transat.statistics import logistic, mantel_haenszel, prevalence
from transat.statistics.design_matrix import Model

SITES = ("france", "quebec")
MODELS = [
    Model(outcome, (exposure,), covariates)
    for outcome, exposure, covariates in product(
        ("any_major", "nervous_system", "hypospadias"),
        ("N03A", "N02BE01"),
        (("age",), ("epilepsy",), ("age", "epilepsy")),
    )
]


def made_site(name: str, folder: Path) -> Site:
    """A site that answers any study of these tests, under the permit that both holders signed."""
    folder.mkdir(exist_ok=True)
    seed, n = (1, 4000) if name == "france" else (2, 3000)

    @cache
    def data(study: str, cohort: str) -> Any:
        rows = draw(seed, n)
        return site_data(rows, attrition(rows.n))

    return Site(
        name, key(f"site {name}"), folder, policy(name), cache(lambda study: permit(study=study)),
        data, lambda: TODAY,
    )  # fmt: skip


def conducted(study: str, transport: Transport, folder: Path) -> list[Any]:
    """All that this study finds; what a gate refuses is a finding too."""
    coordinating = key("coordinator")
    journal = Journal(folder / "journal", study, coordinating.public)
    coordinator = Coordinator(transport, coordinating, permit(study=study), journal, 40.0)
    try:
        found: list[Any] = [
            _found(coordinator, Question("attrition", attrition_step.Parameters())),
            _found(coordinator, Question("prevalence", prevalence.Parameters())),
            _found(coordinator, Question("mantel_haenszel", mantel_haenszel.Parameters())),
        ]
        return [*found, *(_fit(coordinator, model) for model in MODELS)]
    finally:
        journal.close()


def _found(coordinator: Coordinator, question: Question) -> str:
    return _said(coordinator.answers(question, SITES))


def _said(found: object) -> str:
    with np.printoptions(precision=17, threshold=sys.maxsize):
        return repr(found)


def _fit(coordinator: Coordinator, model: Model) -> str:
    def ask(each: Sequence[logistic.Parameters]) -> list[Any]:
        asked = {site: Question("logistic", p) for site, p in zip(SITES, each, strict=True)}
        return list(coordinator.ask(asked, SITES).values())

    try:
        return _said(logistic.combine(ask, logistic.Parameters(replace(model, sites=len(SITES)))))
    except SiteRefused as no:
        return f"{no.site} {no.code} {no.columns}"


def in_process(study: str, folder: Path) -> list[Any]:
    """What the study finds where all is in one process."""
    folder.mkdir(parents=True, exist_ok=True)
    makers: dict[str, Callable[[], Site]] = {
        name: (lambda name=name: made_site(name, folder / name)) for name in SITES
    }
    with InProcess(makers) as transport:
        return conducted(study, transport, folder)


def work(protocol: bytes, permit: bytes, transport: Transport, folder: Path) -> None:
    """What the hub does with a study of these tests, whose protocol is its name."""
    found = conducted(protocol.decode(), transport, folder)
    (folder / "out").mkdir(exist_ok=True)
    (folder / "out" / "result.json").write_text(json.dumps(found))
