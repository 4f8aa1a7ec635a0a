"""Every statistic of times says the same, bit for bit, through real sites with signed questions
over a transport as through the same gates without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gated import Sites, births, times
from made_sites import STUDY, TODAY, key, permit, policy
from test_predicted import ASKED as PREDICTED
from test_timed_statistics import TRIAL, treated

from transat.federation.coordinator import Coordinator
from transat.federation.in_process import InProcess
from transat.federation.permit import terms_for
from transat.federation.questions import Question
from transat.federation.site import Site
from transat.statistics import (
    aalen_johansen,
    baseline_hazard,
    clone_censor_weight,
    cox_penalised,
    cox_unstratified,
    discrete_hazard,
    fine_gray,
    log_rank,
    parametric,
    proportional_hazards,
    risk_histogram,
)

NAMES = ("site0", "site1")
GRID = tuple(float(m) for m in range(3, 49, 3))
COLUMNS = ("x0", "old")
Told = Callable[[Any], Any]


def _once(kind: Any, asked: Any) -> Callable[[Told], Any]:
    return lambda ask: kind.combine(ask([asked]), asked)


def _rounds(kind: Any, asked: Any) -> Callable[[Told], Any]:
    return lambda ask: kind.combine(ask, asked)


CASES: dict[str, Callable[[Told], Any]] = {
    "aalen_johansen": _once(aalen_johansen, aalen_johansen.Parameters(GRID)),
    "log_rank": _once(log_rank, log_rank.Parameters(("old",))),
    "clone_censor_weight": _once(clone_censor_weight, TRIAL),
    "risk_histogram": lambda ask: risk_histogram.combine(ask([PREDICTED]), PREDICTED.counted()),
    "cox_unstratified": _rounds(cox_unstratified, cox_unstratified.Parameters(COLUMNS, GRID)),
    "fine_gray": _rounds(fine_gray, fine_gray.Parameters(COLUMNS, GRID)),
    "cox_penalised": _rounds(cox_penalised, cox_penalised.Parameters(COLUMNS, count=4)),
    "parametric": _rounds(parametric, parametric.Parameters(COLUMNS)),
    "discrete_hazard": _rounds(discrete_hazard, discrete_hazard.Parameters(COLUMNS, GRID, kinds=2)),
    "baseline_hazard": _rounds(baseline_hazard, baseline_hazard.Parameters(COLUMNS, GRID)),
    "proportional_hazards": _rounds(proportional_hazards, proportional_hazards.Parameters(COLUMNS)),
}


def _site(name: str, folder: Path, allowed: Any, data: Any) -> Callable[[], Site]:
    return lambda: Site(
        name, key(f"site {name}"), folder, policy(name), {STUDY: allowed}.get,
        lambda study, cohort: data, lambda: TODAY,
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_same_bits_over_a_transport(name: str, tmp_path: Path) -> None:
    made = treated if name == "clone_censor_weight" else times
    direct = Sites([births(k, 2500) for k in (1, 2)], [made(k, 2500) for k in (1, 2)])
    terms = {
        s: terms_for(policy(s), key(f"holder {s}").public, key(f"site {s}").public) for s in NAMES
    }
    allowed = permit(sites=terms)
    held = dict(zip(NAMES, direct.data, strict=True))
    sites = {s: _site(s, tmp_path, allowed, data) for s, data in held.items()}
    with InProcess(sites) as transport:
        coordinator = Coordinator(transport, key("coordinator"), allowed)

        def ask(questions: Any) -> list[Any]:
            told = coordinator.ask({s: Question(name, questions[0]) for s in NAMES}, NAMES)
            return [told[s] for s in NAMES]

        found = CASES[name](ask)
    assert _bits(found) == _bits(CASES[name](direct.ask))


def _bits(value: Any) -> Any:
    """A result as plain data that is equal only when every bit is."""
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, (tuple, list)):
        return tuple(_bits(item) for item in value)
    if hasattr(value, "__dataclass_fields__"):
        return {field: _bits(getattr(value, field)) for field in value.__dataclass_fields__}
    return repr(value)
