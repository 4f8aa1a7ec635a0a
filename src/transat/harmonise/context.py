"""What the steps of one harmonisation share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from transat.core.checkpoints import Checkpoints
from transat.engines.engine import Engine, quoted
from transat.harmonise.extract import Extract
from transat.harmonise.ledger import Ledger
from transat.harmonise.rules import Rule

#: Called with (what is being done, steps done, steps in all).
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Context:
    """One run: the extract, the rules that apply, the ledger, a folder for intermediate files."""

    extract: Extract
    rules: tuple[Rule, ...]
    ledger: Ledger
    work: Path
    findings: dict[str, int] = field(default_factory=dict)
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    referentials: Path | None = None  # a folder of referentials delivered apart from the extract

    def applies(self, key: str) -> bool:
        """Whether the rule called `key` is on."""
        return any(r.key == key for r in self.rules)

    def path_of(self, name: str) -> Path:
        """Where the intermediate file `name` is."""
        return self.work / f"{name}.parquet"

    def materialise(self, engine: Engine, name: str, query: str) -> int:
        """Run `query` once into a Parquet file of the work folder, seen as `name`; its rows.

        Not run again when a killed run had completed it.
        """
        path = self.path_of(name)
        rows = self.checkpoints.reach(name, query)
        if rows is None:
            writing = path.with_name(f"{path.name}.partial")
            rows = engine.write_parquet(query, writing, compression="lz4")
            writing.replace(path)
            self.checkpoints.complete(name, rows)
        engine.view_parquet(name, [path])
        return rows

    def period_sql(self, engine: Engine, care_dates: str) -> tuple[str, str]:
        """SQL dates (first day, last day) of the extract: as it says, else as its care says.

        `care_dates` is a query with one column, the dates of kept care; with neither, 1900-01-01
        twice, which no observation can meet.
        """
        said = self.extract.period
        if said is not None:
            first, last = said.start.isoformat(), said.last_day.isoformat()
        else:
            seen = engine.rows(f"SELECT min(d), max(d) FROM ({care_dates}) AS care(d)")[0]
            first, last = (str(d) if d is not None else "1900-01-01" for d in seen)
        return f"DATE {quoted(first)}", f"DATE {quoted(last)}"
