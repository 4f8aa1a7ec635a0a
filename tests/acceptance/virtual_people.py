"""The same virtual people written on a shore, harmonised, and set beside their truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine
from transat.harmonise.report import Report
from transat.harmonise.run import harmonise
from transat.simulate.design import EXTRACT_END, EXTRACT_START, Design
from transat.simulate.population import Population, generate

Shore = Literal["snds", "quebec"]


@dataclass(frozen=True)
class Written:
    """One shore's CDM and the people whom it should hold."""

    shore: Shore
    people: Population
    unseen: pa.Table
    numbers: pa.Table
    cdm: Cdm
    report: Report

    def engine(self) -> Engine:
        """The CDM attached, the truth as `true_*`, what cannot be seen as `unseen`.

        `who` gives truth's person of each person_id of the CDM.
        """
        engine = DuckDB()
        self.cdm.attach(engine)
        for name, table in self.people.tables().items():
            engine.register(f"true_{name}", table)
        engine.register("unseen", self.unseen)
        engine.register("numbers", self.numbers)
        column = next(c for c in self.numbers.column_names if c != "person_id")
        engine.sql(
            "CREATE TEMP TABLE who AS SELECT DISTINCT n.person_id AS truth, p.person_id "
            f"FROM numbers AS n JOIN person AS p ON p.person_source_value = n.{column}"
        )
        return engine


def write_and_harmonise(people: Population, shore: Shore, design: Design, folder: Path) -> Written:
    """Write one chunk natively, harmonise it, return it beside its truth."""
    writer = import_module(f"transat.simulate.{shore}.write")
    native = folder / shore
    native.mkdir(parents=True)
    unseen = writer.write(people, native, 0, design)
    said = {"period": [str(EXTRACT_START), str(EXTRACT_END)], "simulated": True}
    (native / "extract.json").write_text(json.dumps(said), "utf-8")
    report = harmonise(shore, native, folder / f"cdm-{shore}", threads=2)
    numbers = writer.identifiers(people, design, 0)
    return Written(shore, people, unseen, numbers, report.cdm, report)


def same_people(seed: int, women: int, **choices: Any) -> tuple[Design, Population]:
    """Women and children who live on both shores at once."""
    design = Design(seed=seed, persons=women, same_people=True, **choices)
    return design, generate(design, "both", 0)


def differences(engine: Engine, truth: str, found: str) -> tuple[int, int, int]:
    """(lines of truth, lines of it not found, lines found that are not true), as multisets."""
    lines = engine.scalar(f"SELECT count(*) FROM ({truth})")
    missing = engine.scalar(f"SELECT count(*) FROM (({truth}) EXCEPT ALL ({found}))")
    false = engine.scalar(f"SELECT count(*) FROM (({found}) EXCEPT ALL ({truth}))")
    return int(lines or 0), int(missing or 0), int(false or 0)


def recovers(engine: Engine, truth: str, found: str) -> None:
    """Assert that `found` is `truth`, line for line, and that there is something to find."""
    lines, missing, false = differences(engine, truth, found)
    assert lines > 0
    assert (missing, false) == (0, 0)
