"""May a study run on this CDM? No when a check listed in `verdict.csv` fails, and this is why."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from transat.core.languages import Text
from transat.quality.dqd.result import DqdCheck, DqdResult
from transat.quality.finding import Finding

#: The check that there is somebody to study; it belongs to no other list.
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Fatal:
    """A check whose failure forbids a study.

    check: key of a check of ours, or name of a DQD check type; table, field: of a DQD check, empty
    for any field, '*' for any table. above_percent: share of violated rows that is still borne.
    """

    check: str
    table: str
    field: str
    above_percent: float
    reason: Text


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a study may not run: the check, where, and the reason."""

    check: str
    where: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Verdict:
    """The obstacles; without any, a study may run."""

    obstacles: tuple[Obstacle, ...]

    @property
    def may_run(self) -> bool:
        """Whether a study may run."""
        return not self.obstacles


@cache
def fatal_checks() -> tuple[Fatal, ...]:
    """All of them, in the file's order."""
    text = files("transat.quality").joinpath("verdict.csv").read_text("utf-8")
    return tuple(
        Fatal(
            r["check"],
            r["table"],
            r["field"],
            float(r["above_percent"] or 0),
            Text(r["reason_fr"], r["reason_en"]),
        )
        for r in csv.DictReader(text.splitlines())
    )


def verdict(findings: tuple[Finding, ...], dqd: DqdResult, observed: int) -> Verdict:
    """The verdict; `observed` is how many persons have an observation period."""
    failed = {f.key for f in findings if f.status == "fail"}
    broken = dqd.failed()
    obstacles = []
    for fatal in fatal_checks():
        if fatal.check in failed or (fatal.check == NOBODY and not observed):
            obstacles.append(Obstacle(fatal.check, fatal.table, fatal.reason))
        obstacles.extend(
            Obstacle(c.name, f"{c.table}.{c.field}".rstrip("."), fatal.reason)
            for c in broken
            if _concerns(fatal, c)
        )
    return Verdict(tuple(obstacles))


def _concerns(fatal: Fatal, check: DqdCheck) -> bool:
    here = fatal.table in ("*", check.table) and fatal.field in ("", check.field)
    borne = check.percent is not None and check.percent <= fatal.above_percent
    return fatal.check == check.name and here and not (fatal.above_percent and borne)
