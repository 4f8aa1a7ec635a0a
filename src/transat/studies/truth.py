"""Simulator only: what a study found against what the virtual population was given.

Real sites have no truth folder; this reads one only where a person names it. A pair is truly raised
when the model's own odds ratio in the first trimester is above 1.1 on the sites together; a class
or a list is judged by the medicines in it. "Explained" are true signals that no row plants by name:
a class that holds a planted medicine, a group that holds a planted malformation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.duckdb import DuckDB
from transat.studies.results import Pair, StudyResult, Truth

#: First trimester as the simulator's truth has it, days from LMP, closed-open.
T1: Final = (0, 90)
#: Odds ratio above which a pair counts as truly raised.
RAISED: Final = 1.1

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Effects:
    """What the simulator's own model says of births exposed in the first trimester.

    sums: for each (ATC of 7 characters, group), births exposed, the sum of their risks as they are,
    and the sum of what they would be without the medicine; planted: the pairs given an effect.
    """

    sums: dict[Key, tuple[float, float, float]]
    planted: frozenset[Key]

    def odds_ratio(self, prefixes: tuple[str, ...], group: str) -> float | None:
        """True odds ratio of a medicine, class or list of them; None when nobody is exposed."""
        found = [v for (atc, g), v in self.sums.items() if g == group and atc.startswith(prefixes)]
        births, risk, without = (
            (sum(column) for column in zip(*found, strict=True)) if found else (0.0, 0.0, 0.0)
        )
        if not 0 < without < births:
            return None
        return (risk / (births - risk)) / (without / (births - without))


def judged(result: StudyResult, truth: Path) -> StudyResult:
    """The result with its evaluation against a truth folder.

    Raises
    ------
    InputError: the folder holds no effects.parquet.
    """
    return replace(result, truth=evaluate(result, effects(truth)))


def effects(truth: Path) -> Effects:
    """Read `effects.parquet`; both shores' births are added up.

    Raises
    ------
    InputError: no such file.
    """
    file = require_effects(truth)
    with DuckDB() as engine:
        engine.view_parquet("effects", [file])
        rows = engine.rows(
            'SELECT atc, "group", sum(n_exposed), sum(sum_p1), sum(sum_p0) FROM effects '
            f"WHERE window_start = {T1[0]} AND window_end = {T1[1]} AND length(atc) = 7 "
            "GROUP BY ALL ORDER BY ALL"
        )
        named = engine.rows(
            "SELECT DISTINCT atc, \"group\" FROM effects WHERE planted = 'yes' ORDER BY ALL"
        )
    return Effects(
        {(str(a), str(g)): (float(n), float(p1), float(p0)) for a, g, n, p1, p0 in rows},
        frozenset((str(a), str(g)) for a, g in named),
    )


def require_effects(truth: Path) -> Path:
    """The file of planted effects in a truth folder.

    Raises
    ------
    InputError: no such file.
    """
    file = truth / "effects.parquet"
    if not file.is_file():
        raise InputError(
            Text("il n'y a pas d'effects.parquet ici.", "there is no effects.parquet here."),
            str(truth),
            Text("Donnez le dossier truth du simulateur.", "Name the simulator's truth folder."),
        )
    return file


def evaluate(result: StudyResult, true: Effects) -> Truth:
    """Count what was found, missed, and called without cause; and how often intervals hold."""
    pairs = {(p.exposure, p.outcome): p for p in result.pairs}
    prefixes = {e.code: e.prefixes or (e.code,) for e in result.exposures}
    ratios = {key: true.odds_ratio(prefixes[key[0]], key[1]) for key in pairs}
    raised = {key for key, ratio in ratios.items() if ratio is not None and ratio > RAISED}
    named = _named_here(true.planted, prefixes)
    planted = sorted(raised & named)
    signals = {key for key, pair in pairs.items() if pair.signal}
    hidden = [k for k in named if k not in pairs and k[0] in prefixes]
    estimated = [k for k in planted if pairs[k].odds_ratio is not None]
    return Truth(
        pair_planted=tuple((*key, ratios[key] or 1.0) for key in planted),
        found=tuple(sorted(signals & set(planted))),
        missed=tuple(k for k in planted if k not in signals and pairs[k].state == "tested"),
        false_signals=tuple(sorted(signals - raised)),
        explained=tuple(sorted(signals & raised - set(planted))),
        not_testable=tuple(sorted([k for k in planted if pairs[k].state != "tested"] + hidden)),
        covered=sum(_covers(pairs[k], ratios[k]) for k in estimated),
        coverage_of=len(estimated),
    )


def _named_here(planted: frozenset[Key], prefixes: dict[str, tuple[str, ...]]) -> set[Key]:
    """Planted pairs under this study's names: 'A|B' is its list of A and B, or their subgroup."""
    lists = {frozenset(parts): code for code, parts in prefixes.items()}

    def name(atc: str) -> str:
        parts = frozenset(atc.split("|"))
        subgroups = frozenset(part[:5] for part in parts)  # ATC, fourth level
        return lists.get(parts) or lists.get(subgroups) or atc

    return {(name(atc), group) for atc, group in planted}


def _covers(pair: Pair, ratio: float | None) -> bool:
    found = pair.odds_ratio
    if found is None or ratio is None or found.low is None or found.high is None:
        return False
    return found.low <= ratio <= found.high
