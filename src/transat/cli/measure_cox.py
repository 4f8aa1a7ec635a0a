"""What `transat bench cox` measures: Cox regression and the C index beside other people's, and what
the federated fits send.

The same arrays for all, each in a process of its own, from the arrays in memory to the estimates:
sorting and whatever a tool needs made of them are in its time, imports and reading are not; by the
clock, and in seconds of processors (which a busy machine does not change much). Days are whole;
about half have the event.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from transat.cli import cox_peers
from transat.cli.measure import Figures, alone, machine

if TYPE_CHECKING:
    from transat.cohorts.survival_table import SurvivalTable

#: Shares of the rows of the two sites of the federated fits.
SHARES: Final = (0.8, 0.2)
#: Rows and days of the federated fits: what each sends does not depend on the rows.
FEDERATED, DAYS, MONTH = 20_000, 3_616, 30.4375


def cox(
    sizes: Sequence[int], columns: int, repeat: int, limit: float, python: Path | None
) -> Figures:
    """Seconds of each fit and of each C index, the ratio to the fastest peer; rounds and bytes.

    sizes: numbers of rows. repeat: turns over all tools at one size; the median is told. limit:
    seconds after which a peer is stopped. python: of another environment, for peers that are not in
    this one (scikit-survival).
    """
    figures: Figures = dict(machine())
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="transat-bench-") as scratch:
            folder = Path(scratch)
            alone(_write, folder, rows, columns)
            for name, of in (("cox", columns), ("concordance", 0)):
                figures |= _compared(f"{name}.{rows}", folder, rows, of, repeat, limit, python)
    return figures | federated(columns)


def _compared(
    name: str, folder: Path, rows: int, columns: int, repeat: int, limit: float, python: Path | None
) -> Figures:
    """All tools in turn; columns 0: the C index."""
    ours = _fit if columns else _index
    tools: dict[str, Callable[[], dict[str, Any]]] = {"transat": partial(_own, ours, folder)}
    for peer, command in _commands(folder, rows, columns, python).items():
        tools[peer] = partial(_run, command, limit)
    found: dict[str, list[dict[str, Any]]] = {tool: [] for tool in tools}
    for _ in range(repeat):
        for tool, run in tools.items():
            if not any("stopped" in past for past in found[tool]):
                found[tool].append(run())
    return _figures(name, found)


def _figures(name: str, found: dict[str, list[dict[str, Any]]]) -> Figures:
    import numpy as np

    figures: Figures = {}
    seconds: dict[str, float] = {}
    worked: dict[str, float] = {}
    own = np.array(found["transat"][0]["values"])
    for tool, runs in found.items():
        done = [run for run in runs if "seconds" in run]
        if not done:
            figures[f"{name}.{tool}"] = runs[0]["stopped"]
            continue
        seconds[tool] = float(np.median([run["seconds"] for run in done]))
        figures[f"{name}.{tool}.seconds"] = seconds[tool]
        worked[tool] = float(np.median([run["cpu"] for run in done]))
        figures[f"{name}.{tool}.processor_seconds"] = worked[tool]
        if tool != "transat":
            away = np.abs(np.array(done[0]["values"]) - own).max()
            figures[f"{name}.{tool}.largest_difference"] = float(away)
    for held, what in ((seconds, "times_as_fast"), (worked, "times_less_processor_time")):
        peers = [value for tool, value in held.items() if tool != "transat"]
        if peers:
            figures[f"{name}.{what}_as_the_best_peer"] = min(peers) / held["transat"]
    return figures


def _commands(folder: Path, rows: int, columns: int, python: Path | None) -> dict[str, list[str]]:
    """What runs each peer that is there."""
    suffix = "" if columns else "_c"
    commands = {}
    for peer in ("lifelines", "statsmodels", "sksurv"):
        here = importlib.util.find_spec(peer) is not None
        if peer + suffix in cox_peers.PEERS and (here or python):
            program = sys.executable if here or python is None else str(python)
            commands[peer] = [program, str(cox_peers.__file__), peer + suffix, str(folder)]
    if shutil.which("Rscript"):
        commands["r_survival"] = [
            "Rscript",
            "-e",
            cox_peers.R,
            str(folder),
            str(rows),
            str(columns),
        ]
    return commands


def _run(command: list[str], limit: float) -> dict[str, Any]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return {"stopped": f"> {limit:.0f} s"}
    if done.returncode:
        return {"stopped": "not installed, or failed"}
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def _own(work: Any, folder: Path) -> dict[str, Any]:
    _, peak = alone(work, folder)
    told: dict[str, Any] = json.loads((folder / "own.json").read_text())
    return told | {"gb": peak}


def _write(folder: Path, rows: int, columns: int) -> float:
    """The arrays, as NumPy and as R read them; the score is the true one."""
    import numpy as np

    rng = np.random.default_rng(2026)
    x = rng.normal(size=(rows, columns))
    score = x @ np.where(np.arange(columns) % 5 == 0, 0.2, 0.0)
    days = np.ceil(rng.exponential(1200 * np.exp(-score)))
    end = np.ceil(rng.uniform(1, DAYS, rows))
    event = (days <= end).astype(np.float64)
    arrays = {"x": x, "time": np.minimum(days, end), "event": event, "score": score}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
        np.asfortranarray(array).ravel(order="F").tofile(folder / f"{name}.bin")
    return 0.0


def _loaded(folder: Path) -> Any:
    import numpy as np

    return [np.load(folder / f"{name}.npy") for name in ("x", "time", "event", "score")]


def _fit(folder: Path) -> float:
    from transat.statistics import cox

    x, days, event, _ = _loaded(folder)
    clock = time.perf_counter(), time.process_time()
    table = _table(x, days, event)
    asked = cox.Parameters(table.column_names)
    result = cox.combine(lambda each: [cox.at_site(table, each[0])], asked)
    return _tell(folder, clock, result.coefficients.tolist())


def _index(folder: Path) -> float:
    from transat.statistics import concordance

    _, days, event, score = _loaded(folder)
    clock = time.perf_counter(), time.process_time()
    table = _table(score[:, None], days, event)
    asked = concordance.Parameters("x0")
    result = concordance.combine([concordance.at_site(table, asked)], asked)
    return _tell(folder, clock, [result.together.concordance])


def _tell(folder: Path, clock: tuple[float, float], values: list[float]) -> float:
    """What a peer prints, of ours."""
    seconds, worked = time.perf_counter() - clock[0], time.process_time() - clock[1]
    told = {"seconds": seconds, "cpu": worked, "values": values}
    (folder / "own.json").write_text(json.dumps(told))
    return seconds


def _table(x: Any, days: Any, event: Any) -> SurvivalTable:
    import numpy as np

    from transat.cohorts.survival_table import SurvivalTable

    n = len(days)
    return SurvivalTable(
        n, days, np.zeros(n), event.astype(np.int8), x, tuple(f"x{k}" for k in range(x.shape[1])),
        np.zeros(n, np.int32), ("all",), np.arange(n),
    )  # fmt: skip


def federated(columns: int) -> Figures:
    """Rounds, and numbers and bytes that a site sends in the largest round, over two sites."""
    with tempfile.TemporaryDirectory(prefix="transat-bench-") as scratch:
        folder = Path(scratch)
        alone(_write, folder, FEDERATED, columns)
        alone(_federated, folder)
        told: Figures = json.loads((folder / "own.json").read_text())
    return told


def _federated(folder: Path) -> float:
    import numpy as np

    from transat.statistics import cox, cox_unstratified

    x, days, event, _ = _loaded(folder)
    whole = _table(x, days, event)
    figures: Figures = {}
    names = whole.column_names
    months = tuple(float(m) * MONTH for m in range(1, 121))
    exact = cox.Parameters(names, ties="breslow", tolerance=1e-15)
    pooled = cox.combine(lambda each: [cox.at_site(whole, each[0])], exact)
    first = np.random.default_rng(1).random(len(days)) < SHARES[0]
    sites = [_table(x[rows], days[rows], event[rows]) for rows in (first, ~first)]
    for name, module, asked in (
        ("stratified", cox, cox.Parameters(names)),
        ("one_baseline_daily", cox_unstratified, cox_unstratified.Parameters(names, daily=DAYS)),
        ("one_baseline_monthly", cox_unstratified, cox_unstratified.Parameters(names, months)),
    ):
        scale = _Scale(module, sites)
        found = module.combine(scale.ask, asked)
        told = scale.figures() | {"rounds": found.rounds}
        if name == "one_baseline_daily":
            away = np.abs(found.coefficients - pooled.coefficients).max()
            told["largest_difference_from_pooled"] = float(away)
        figures |= {f"federated.{name}.{what}": value for what, value in told.items()}
    (folder / "own.json").write_text(json.dumps(figures))
    return 0.0


class _Scale:
    """An `ask` that weighs what crosses to and from the first site."""

    def __init__(self, module: Any, sites: Sequence[SurvivalTable]) -> None:
        from transat.federation.wire import Registry

        self._at_site, self._sites = module.at_site, sites
        self._down = Registry({"step": module.Parameters})
        self._up = Registry({"step": module.Release})
        self.most: dict[str, tuple[int, int]] = {}

    def ask(self, each: Sequence[Any]) -> list[Any]:
        """Every site's answer."""
        asked = each[0]
        releases = [self._at_site(site, asked) for site in self._sites]
        held = _numbers(asked) + _numbers(releases[0])
        size = len(self._down.encode(asked)) + len(self._up.encode(releases[0]))
        kind = _kind(asked)
        most = self.most.get(kind, (0, 0))
        self.most[kind] = max(most[0], held), max(most[1], size)
        return releases

    def figures(self) -> Figures:
        """The largest of each kind."""
        found: Figures = {}
        for kind, (numbers, size) in self.most.items():
            found[f"{kind}.kilobytes_of_numbers"] = numbers * 8 / 1e3
            found[f"{kind}.kilobytes_on_the_wire"] = size / 1e3
        return found


def _kind(asked: Any) -> str:
    """A round with one baseline is two exchanges: sums of risk, then scores."""
    if getattr(asked, "told", False):
        return "last"
    if not any(asked.coefficients):
        return "first"
    if not hasattr(asked, "hazard"):
        return "round"
    return "round_score" if asked.hazard else "round_risk"


def _numbers(message: Any) -> int:
    """How many numbers a message holds, a symmetric matrix by its triangle."""
    import dataclasses

    import numpy as np

    from transat.federation.wire_write import symmetric

    count = 0
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        if isinstance(value, np.ndarray):
            size = len(value) * (len(value) + 1) // 2 if symmetric(value) else value.size
            count += size
        elif isinstance(value, tuple):
            count += sum(isinstance(v, float) for v in value)
        elif isinstance(value, float):
            count += 1
    return count
