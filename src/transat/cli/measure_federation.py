"""What `transat bench federation` measures: rounds over a network of real processes, and two fits.

Two sites in processes of their own, mutual TLS on the loopback, real sites behind their gates,
registers and journals; beside them the same fit on the pooled rows in one process. Seconds after
the start leave out what a site does once: drawing its table, and the gate's first look at a model.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csc_array

from transat import __version__
from transat.cli.measure import Figures, machine
from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition, AttritionStep
from transat.cohorts.survival_table import SurvivalTable
from transat.core.languages import Text
from transat.federation import permit_file
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.keys import Key
from transat.federation.permit import Permit, sign, terms_for
from transat.federation.policy import installed

Ask = Callable[[Sequence[Any]], Sequence[Any]]
Fit = Callable[[Ask], Any]

SITES: Final = ("france", "quebec")
#: Bytes each way of the rounds that carry nothing but themselves.
SIZES: Final = (10, 1_000_000, 50_000_000)
ROUNDS: Final = {10: 100, 1_000_000: 20, 50_000_000: 3}
COHORT: Final = "c" * 64
STUDY: Final = "5" * 64
ECHO: Final = b"echo "


def federation(rows: int, columns: int) -> Figures:
    """Milliseconds a round, and seconds of a logistic and a stratified Cox fit beside the pooled.

    rows: of both sites together. columns: of both models.
    """
    figures: Figures = dict(machine())
    with (
        tempfile.TemporaryDirectory(prefix="transat-bench-") as scratch,
        _network(Path(scratch), rows, columns) as (transport, coordinator, processes),
    ):
        figures["memory_at_rest.hub_mb"] = round(_resident(os.getpid()))
        for name, process in processes.items():
            figures[f"memory_at_rest.{name}_mb"] = round(_resident(process.pid))
        figures |= _rounds(transport)
        figures |= _fits(coordinator, rows, columns)
    return figures


def _rounds(transport: Any) -> Figures:
    figures: Figures = {}
    for size in SIZES:
        body = ECHO + os.urandom(size // 2).hex().encode()
        taken = []
        for turn in range(ROUNDS[size]):
            start = time.perf_counter()
            own = {site: body + f" {turn}".encode() for site in SITES}
            answers = transport.ask(own, 120.0)
            taken.append(time.perf_counter() - start)
            assert answers == own
        figures[f"round_of_{size}_bytes.ms"] = round(1000 * statistics.median(taken), 2)
    return figures


def _fits(coordinator: Any, rows: int, columns: int) -> Figures:
    """Both fits over the network, then pooled, round by round."""
    from transat.statistics import cox, logistic
    from transat.statistics.design_matrix import Model

    names = tuple(f"x{k}" for k in range(columns))
    model = Model("case", ("x0",), names[1:], sites=len(SITES))
    together = replace(model, covariates=(*names[1:], "second"), sites=1)
    births, spells = _pooled(rows, columns)
    return _compared(
        "logistic", coordinator,
        lambda ask: logistic.combine(ask, logistic.Parameters(model)),
        lambda ask: logistic.combine(ask, logistic.Parameters(together)),
        lambda one: logistic.at_site(births, one),
    ) | _compared(
        "cox", coordinator,
        lambda ask: cox.combine(ask, cox.Parameters(names)),
        lambda ask: cox.combine(ask, cox.Parameters(names)),
        lambda one: cox.at_site(spells, one),
    )  # fmt: skip


def _compared(
    step: str, coordinator: Any, federated: Fit, pooled: Fit, at_once: Callable[[Any], Any]
) -> Figures:
    over, alone = _Clock(_asked(coordinator, step)), _Clock(lambda each: [at_once(*each)])
    found, expected = federated(over), pooled(alone)
    sent = max(coordinator.left(site).bytes for site in SITES)
    apart = dict(zip(expected.terms, expected.coefficients, strict=True))
    apart["site:1"] = apart.get("second", 0.0)
    differences = [
        abs(b - apart[term]) for term, b in zip(found.terms, found.coefficients, strict=True)
    ]
    return {
        f"{step}.rounds": len(over.seconds),
        f"{step}.first_round_s": round(over.seconds[0], 3),
        f"{step}.pooled_first_round_s": round(alone.seconds[0], 3),
        f"{step}.later_rounds_s": round(sum(over.seconds[1:]), 3),
        f"{step}.pooled_later_rounds_s": round(sum(alone.seconds[1:]), 3),
        f"{step}.ratio_after_start": round(sum(over.seconds[1:]) / sum(alone.seconds[1:]), 3),
        f"{step}.bytes_a_site_so_far": sent,
        f"{step}.largest_difference": float(max(differences)),
    }


class _Clock:
    """An `ask` that is timed round by round."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self.seconds = ask, list[float]()

    def __call__(self, each: Sequence[Any]) -> Sequence[Any]:
        start = time.perf_counter()
        answers = self._ask(each)
        self.seconds.append(time.perf_counter() - start)
        return answers


def _asked(coordinator: Any, step: str) -> Ask:
    from transat.federation.questions import Question

    def ask(each: Sequence[Any]) -> list[Any]:
        own = each if len(each) == len(SITES) else [*each] * len(SITES)
        asked = {site: Question(step, p) for site, p in zip(SITES, own, strict=True)}
        answers = coordinator.ask(asked, SITES)
        return [answers[site] for site in SITES]

    return ask


def _part(place: int, rows: int, columns: int) -> tuple[AnalysisTable, SurvivalTable]:
    """The rows of one site: one 0/1 column, others continuous, months to the event or the end."""
    rng = np.random.default_rng(2026 + place)
    n = rows // len(SITES)
    x = rng.normal(size=(n, columns))
    x[:, 0] = rng.random(n) < 0.2
    weight = x @ np.where(np.arange(columns) % 5 == 0, 0.2, 0.0)
    case = rng.random(n) < 1 / (1 + np.exp(2.0 + 0.3 * place - weight))
    months = rng.exponential(60.0 * np.exp(-weight))
    time_, event = np.ceil(np.minimum(months, 60.0)), (months <= 60.0).astype(np.int8)
    people, zeros = np.arange(n) + place * n, np.zeros(n)
    births = _births(x, case, zeros.astype(np.int32), people)
    spells = SurvivalTable(
        n, time_, zeros, event, x, tuple(f"x{k}" for k in range(columns)),
        zeros.astype(np.int32), ("all",), people,
    )  # fmt: skip
    return births, spells


def _births(x: Any, case: Any, strata: Any, people: Any) -> AnalysisTable:
    return AnalysisTable(
        n=len(x),
        exposures=csc_array(x[:, :1].astype(np.uint8)),
        exposure_codes=("x0",),
        outcomes=csc_array(case[:, None].astype(np.uint8)),
        outcome_codes=("case",),
        strata=strata,
        stratum_labels=("all",),
        covariates=x[:, 1:],
        covariate_names=tuple(f"x{k}" for k in range(1, x.shape[1])),
        cluster=(people - people[0]).astype(np.int32),
        exposure_parents=(-1,),
        outcome_parents=(-1,),
    )


def _pooled(rows: int, columns: int) -> tuple[AnalysisTable, SurvivalTable]:
    """The rows of all sites: which site is a covariate of the one, a stratum of the other."""
    births, spells = zip(*(_part(k, rows, columns) for k in range(len(SITES))), strict=True)
    x = np.concatenate([s.columns for s in spells])
    where = np.repeat(np.arange(len(SITES), dtype=np.int32), [s.n for s in spells])
    case = np.concatenate([b.outcome("case") for b in births])
    people = np.arange(len(x))
    one = _births(np.column_stack([x, where]), case, np.zeros_like(where), people)
    one = replace(one, covariate_names=(*one.covariate_names[:-1], "second"))
    time_, entry, event = (
        np.concatenate([getattr(s, name) for s in spells]) for name in ("time", "entry", "event")
    )
    both = SurvivalTable(
        len(x), time_, entry, event, x, spells[0].column_names, where, SITES, people
    )
    return one, both


@contextmanager
def _network(folder: Path, rows: int, columns: int) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """A hub in this process and two sites in their own, all connected."""
    from transat.federation.coordinator import Coordinator
    from transat.federation.coordinator_journal import Journal
    from transat.federation.flare import kit
    from transat.federation.flare.cells import Cell
    from transat.federation.flare.transport import Flare

    hub = kit.new_hub(folder / "hub", f"localhost:{_free_port()}")
    kits = {site: kit.new_kit(hub, site, "site", folder / site) for site in SITES}
    keys = {site: made.signing_key() for site, made in kits.items()}
    permit = _permit(hub.key, keys)
    permit_file.write(permit, folder / "permit.toml")
    spawn = multiprocessing.get_context("spawn")
    processes = {
        site: spawn.Process(target=_serve, args=(folder, site, rows, columns)) for site in SITES
    }
    cell = Cell(kit.HUB, hub.url, hub.credentials, lambda name: name in SITES)
    cell.start()
    try:
        for process in processes.values():
            process.start()
        until = time.monotonic() + 120.0
        while set(cell.connected()) < set(SITES) and time.monotonic() < until:
            time.sleep(0.1)
        transport = Flare(cell, hub)
        with Journal(folder / "journal", STUDY, hub.key.public) as journal:
            yield transport, Coordinator(transport, hub.key, permit, journal), processes
    finally:
        for process in processes.values():
            process.terminate()
            process.join()
        cell.stop()


def _serve(folder: Path, site: str, rows: int, columns: int) -> None:
    """One site's process. Each has one thread for its products: the pooled fit has them all."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    from transat.federation.flare import kit
    from transat.federation.flare import site as service
    from transat.federation.site import Site

    made, permit = kit.read_kit(folder / site), permit_file.read(folder / "permit.toml")
    held = Site(
        site, made.signing_key(), folder / site / "site", installed()["snds"], lambda _: permit,
        lambda *_: _site_data(SITES.index(site), rows, columns),
    )  # fmt: skip
    service.run(made, lambda q: q if q.startswith(ECHO) else held.answer(q))


def _site_data(place: int, rows: int, columns: int) -> SiteData:
    births, spells = _part(place, rows, columns)
    text = Text("toutes", "all")
    steps = Attrition((AttritionStep("all", text, births.n, births.n),))
    known = facts(births, ("all",), installed()["snds"].threshold)
    return SiteData(births, steps, known, spells.people, spells, simulated=True)


def _permit(coordinator: Key, keys: dict[str, Key]) -> Permit:
    holder, day = Key.new(), datetime.now(UTC).date()
    terms = {
        site: terms_for(installed()["snds"], holder.public, key.public)
        for site, key in keys.items()
    }
    permit = Permit(
        "bench", STUDY, STUDY, __version__, (COHORT,), ("logistic", "cox"), 10_000, day,
        day + timedelta(days=2), coordinator.public, terms, {},
    )  # fmt: skip
    return sign(permit, holder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _resident(pid: int) -> float:
    """Resident memory of a process, in MB (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
