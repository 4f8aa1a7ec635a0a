"""What a harmonisation tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from transat.core.languages import Language
from transat.engines.cdm import Cdm
from transat.harmonise.delivered import Columns
from transat.harmonise.ledger import Entry
from transat.harmonise.rules import Rule


@dataclass(frozen=True, slots=True)
class Report:
    """The result of `harmonise`.

    `tables` gives rows per OMOP table, `rejects` the number of rejected native lines, `missing` the
    native tables that the extract lacks, `unknown` the files that no declared table claims,
    `columns` by native table how the columns of its files differ from those read and published,
    `findings` counts met on the way (persons ambiguous in the PMSI, ...).
    Counts here stay at the site: none has been compared with a disclosure threshold.
    """

    cdm: Cdm
    ledger: tuple[Entry, ...]
    tables: Mapping[str, int]
    rejects: int
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    rules: tuple[Rule, ...]
    findings: Mapping[str, int]
    columns: Mapping[str, Columns] = field(default_factory=dict)

    @property
    def lines(self) -> int:
        """Native lines read."""
        return sum(e.rows for e in self.ledger if e.kind == "read")

    def json(self) -> dict[str, Any]:
        """The report as JSON-ready values."""
        return {
            "cdm": str(self.cdm.path),
            "lines": self.lines,
            "tables": dict(self.tables),
            "rejects": self.rejects,
            "missing": list(self.missing),
            "unknown": list(self.unknown),
            "columns": {table: asdict(columns) for table, columns in self.columns.items()},
            "findings": dict(self.findings),
            "ledger": [
                {"table": e.table, "kind": e.kind, "rule": e.rule, "rows": e.rows}
                for e in self.ledger
            ],
        }

    def explain(self, language: Language) -> list[tuple[str, str, str, int]]:
        """Lines set aside, to show a person: (native table, rule, its title, lines)."""
        titles = {r.key: r.title.in_(language) for r in self.rules}
        return [
            (e.table, e.rule, titles.get(e.rule, ""), e.rows)
            for e in self.ledger
            if e.kind == "rule"
        ]
