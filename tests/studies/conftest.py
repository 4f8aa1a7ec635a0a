"""A small study on two hand-made sites, run through the whole of federation and studies."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition, AttritionStep
from transat.cohorts.population import population_rules
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.keys import Key
from transat.federation.permit import Holding, Permit
from transat.federation.site import Site
from transat.studies import protocol as protocols
from transat.studies.joint import write_result
from transat.studies.protocol import Protocol
from transat.studies.results import StudyResult
from transat.studies.run import LEDGERS, in_one_process

DRUGS = ("B01AA", "N02BE01", "N03A", "N03AG01")
GROUPS = ("any_major", "nervous_system", "spina_bifida", "hypospadias")
PARENTS = (-1, -1, -1, 2), (-1, 0, 1, 0)


def _draw(seed: int, n: int, effect: float) -> AnalysisTable:
    """N03AG01 inside N03A raises spina bifida; epilepsy explains who takes them; B01AA is rare."""
    rng = np.random.default_rng(seed)
    epilepsy, diabetes = rng.random(n) < 0.1, rng.random(n) < 0.01
    x = np.zeros((n, 4), np.uint8)
    x[:, 0] = rng.random(n) < 0.004
    x[:, 1] = rng.random(n) < 0.4
    x[:, 2] = rng.random(n) < np.where(epilepsy, 0.6, 0.02)
    x[:, 3] = (rng.random(n) < 0.5) & (x[:, 2] == 1)
    y = np.zeros((n, 4), np.uint8)
    y[:, 2] = rng.random(n) < 0.05 * np.where(x[:, 3] == 1, effect, 1.0)
    y[:, 1] = (rng.random(n) < 0.02) | (y[:, 2] == 1)
    y[:, 3] = rng.random(n) < 0.03
    y[:, 0] = (y[:, 1] == 1) | (y[:, 3] == 1)
    covariates = [epilepsy, diabetes, np.log1p(rng.poisson(20, n)), np.log1p(rng.poisson(40, n))]
    return AnalysisTable(
        n=n,
        exposures=csc_array(x),
        exposure_codes=DRUGS,
        outcomes=csc_array(y),
        outcome_codes=GROUPS,
        strata=rng.integers(0, 3, n).astype(np.int32),
        stratum_labels=("year=2013", "year=2014", "year=2015"),
        covariates=np.column_stack(covariates).astype(np.float64),
        covariate_names=("epilepsy", "diabetes", "drugs_before", "contacts_before"),
        cluster=np.arange(n, dtype=np.int32),
        exposure_parents=PARENTS[0],
        outcome_parents=PARENTS[1],
    )


@pytest.fixture
def draw() -> Callable[..., AnalysisTable]:
    return _draw


@pytest.fixture
def protocol_file(tmp_path: Path) -> Path:
    """INuTERO's protocol and lists, copied where a test may change them."""
    return _copied(tmp_path)


def _copied(folder: Path) -> Path:
    shutil.copytree(protocols.INUTERO.parent, folder / "protocol", dirs_exist_ok=True)
    return folder / "protocol" / "protocol.yaml"


def _small_protocol(file: Path) -> Protocol:
    """Four medicines and four groups, adjusted for epilepsy, diabetes and use of care."""
    codes = file.parent / "codes"
    _keep(codes / "exposures.csv", DRUGS)
    _keep(codes / "outcomes.csv", GROUPS)
    (codes / "reference_pairs.csv").write_text(
        "exposure,outcome,kind,source,checked\nB01AA,any_major,positive,made up,no\n"
        "N03AG01,spina_bifida,positive,made up,no\n",
        encoding="utf-8",
    )
    read = protocols.read(file)
    columns = read.document.adjustment.columns.model_copy(
        update={"value": ("epilepsy", "diabetes", "drugs_before", "contacts_before")}
    )
    adjustment = read.document.adjustment.model_copy(update={"columns": columns})
    return replace(read, document=read.document.model_copy(update={"adjustment": adjustment}))


def _keep(path: Path, codes: tuple[str, ...]) -> None:
    lines = path.read_text("utf-8").splitlines()
    kept = [line for line in lines[1:] if line.split(",")[0] in codes]
    path.write_text("\n".join([lines[0], *kept]) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Ran:
    """A study that ran: its result, its output folder, and the tables that only a test sees."""

    result: StudyResult
    out: Path
    tables: dict[str, AnalysisTable]


@pytest.fixture
def run_small(tmp_path: Path) -> Callable[..., Ran]:
    """Runs the small study; each call has its own folder, unless one is named."""

    def run(tables: dict[str, AnalysisTable], removed: int = 100, folder: str = "") -> Ran:
        named = folder or f"run{len(list(tmp_path.iterdir()))}"
        return _run(tmp_path / named, tables, removed)

    return run


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run on two sites of 9000 and 8000 births; tests must not change its folder."""
    tables = {"france": _draw(1, 9000, 4.0), "quebec": _draw(2, 8000, 4.0)}
    return _run(tmp_path_factory.mktemp("study"), tables, 3)


def _run(folder: Path, tables: dict[str, AnalysisTable], removed: int) -> Ran:
    folder.mkdir(exist_ok=True)
    protocol, out = _small_protocol(_copied(folder)), folder / "out"
    (out / LEDGERS).mkdir(parents=True, exist_ok=True)
    data = {name: _data(t, _steps(protocol, t.n, removed)) for name, t in tables.items()}

    def opened(name: str, key: Key, permit: Permit) -> Site:
        policy = protocol.policies()[name]
        return Site(
            name, key, out / LEDGERS, policy, lambda _: permit, lambda *_: data[name],
            inputs=str(data[name].table.n),
        )  # fmt: skip

    holdings = {name: Holding(source="test", simulated=False) for name in tables}
    result = in_one_process(protocol, holdings, opened, out)
    write_result(protocol, result, out)
    return Ran(result, out, tables)


def _data(table: AnalysisTable, steps: Attrition) -> SiteData:
    known = facts(table, tuple(step.key for step in steps), 11)
    return SiteData(table, steps, known, np.arange(table.n, dtype=np.int64), simulated=True)


def _steps(protocol: Protocol, n: int, removed: int) -> Attrition:
    rules = population_rules(protocol.specification())
    counts = [n + removed * (len(rules) - 1 - i) for i in range(len(rules))]
    return Attrition(
        tuple(AttritionStep(r.key, r.text, c, c) for r, c in zip(rules, counts, strict=True))
    )


# What is written ---------------------------------------------------------------------------

#: Fields that state head counts.
COUNTS = {
    "count", "births", "cases", "exposed", "exposed_cases", "unexposed", "rows", "persons",
    "pregnancies", "n",
}  # fmt: skip

T = 11


def _small_counts(folder: Path) -> list[str]:
    """Every place in every file where a head count of 1..10 is stated."""
    found: list[str] = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        text = file.read_text("utf-8")
        if file.suffix == ".json":
            found += [f"{file.name}: {w}" for w in _in_json(json.loads(text), file.name)]
        elif file.suffix == ".jsonl":
            for line in text.splitlines():
                found += [f"{file.name}: {w}" for w in _in_json(json.loads(line), "")]
        elif file.suffix == ".toml":
            found += [f"{file.name}: {w}" for w in _in_json(tomllib.loads(text), file.name)]
        elif file.suffix == ".csv":
            found += [f"{file.name}: {w}" for w in _in_csv(text)]
        elif file.suffix in (".html", ".svg"):
            found += [f"{file.name}: {w}" for w in _in_html(text)]
        else:
            found.append(f"{file.name}: a kind of file that this scanner does not know")
    return found


def _in_json(data: Any, name: str, key: str = "") -> Iterator[str]:
    if isinstance(data, dict):
        for inner, value in data.items():
            yield from _in_json(value, name, key if name.endswith("journal.json") else inner)
            if name.endswith("journal.json"):
                yield from (f"{inner}" for v in value if 0 < v < T)
    elif isinstance(data, list):
        for value in data:
            yield from _in_json(value, name, key)
    elif key in COUNTS and type(data) is int and 0 < data < T:
        yield f"{key}"


def _in_csv(text: str) -> Iterator[str]:
    for row in csv.DictReader(io.StringIO(text)):
        for name, value in row.items():
            if name in COUNTS and value.isdigit() and 0 < int(value) < T:
                yield name


def _in_html(text: str) -> Iterator[str]:
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        heads = [re.sub(r"<.*?>", "", h) for h in re.findall(r"<th.*?</th>", table, re.DOTALL)]
        if any(re.search(r"\b(cas|cases|expos|naissances|births)", h, re.I) for h in heads):
            cells = re.findall(r"<td[^>]*>\s*(\d+)\s*</td>", table)
            yield from (c for c in cells if 0 < int(c) < T)


@pytest.fixture
def small_counts() -> Callable[[Path], list[str]]:
    """The scanner of a folder of results."""
    return _small_counts
