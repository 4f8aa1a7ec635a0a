"""Simulator only: what a study found against what the virtual population was given.

Real sites have no truth folder; this reads one only where a person names it. A pair is truly raised
when the model's own odds ratio in the first trimester is above 1.1 on the sites together; a class
that has none of its own is judged by the medicines in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path
from typing import Final

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.duckdb import Engine
from transat.studies.results import Pair, StudyResult, Truth

#: First trimester as the simulator's truth has it, days from LMP, closed-open.
T1: Final = (0, 90)
#: Odds ratio above which a pair counts as truly raised.
RAISED: Final = 1.1

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Effects:
    """True odds ratio of each (ATC, group), and the pairs that the simulator planted."""

    odds_ratio: dict[Key, float]
    planted: frozenset[Key]


def judged(result: StudyResult, truth: Path) -> StudyResult:
    """The result with its evaluation against a truth folder.

    Raises
    ------
    InputError: the folder holds no effects.parquet.
    """
    return replace(result, truth=evaluate(result, effects(truth)))


def effects(truth: Path) -> Effects:
    """Read `effects.parquet`; shores joined by the mean log odds ratio, weighted by exposed.

    Raises
    ------
    InputError: no such file.
    """
    file = truth / "effects.parquet"
    if not file.is_file():
        raise InputError(
            Text("il n'y a pas de effects.parquet ici.", "there is no effects.parquet here."),
            str(truth),
            Text("Donnez le dossier truth du simulateur.", "Name the simulator's truth folder."),
        )
    with Engine() as engine:
        engine.view_parquet("effects", [file])
        rows = engine.rows(
            'SELECT atc, "group", sum(ln(true_or) * n_exposed) / sum(n_exposed) FROM effects '
            f"WHERE window_start = {T1[0]} AND window_end = {T1[1]} AND true_or > 0 "
            "AND n_exposed > 0 GROUP BY ALL ORDER BY ALL"
        )
        named = engine.rows(
            "SELECT DISTINCT atc, \"group\" FROM effects WHERE planted = 'yes' ORDER BY ALL"
        )
    return Effects(
        {(str(a), str(g)): exp(float(mean)) for a, g, mean in rows},
        frozenset((str(a), str(g)) for a, g in named),
    )


def evaluate(result: StudyResult, true: Effects) -> Truth:
    """Count what was found, missed, and called without cause; and how often intervals hold."""
    true = _as_named_here(true, result)
    pairs = {(p.exposure, p.outcome): p for p in result.pairs}
    members = _members(result)
    ratios = {key: true.odds_ratio.get(key) for key in pairs}
    raised = {key for key, ratio in ratios.items() if ratio is not None and ratio > RAISED}
    planted = sorted(key for key in raised if key in true.planted)
    signals = {key for key, pair in pairs.items() if pair.signal}
    inside = {key for key in signals - raised if _contains(key, members, true)}
    hidden = [k for k in true.planted if k not in pairs and k[0] in members]
    covered = [k for k in planted if _covers(pairs[k], ratios[k])]
    estimated = [k for k in planted if pairs[k].odds_ratio is not None]
    return Truth(
        pair_planted=tuple((*key, ratios[key] or 1.0) for key in planted),
        found=tuple(sorted(signals & set(planted))),
        missed=tuple(k for k in planted if k not in signals and pairs[k].state == "tested"),
        false_signals=tuple(sorted(signals - raised - inside)),
        explained=tuple(sorted((signals & raised - set(planted)) | inside)),
        not_testable=tuple(sorted([k for k in planted if pairs[k].state != "tested"] + hidden)),
        covered=len(covered),
        coverage_of=len(estimated),
    )


def _as_named_here(true: Effects, result: StudyResult) -> Effects:
    """The same effects under this study's names: 'A|B' is its list of A and B, or their class."""
    lists = {frozenset(e.prefixes or (e.code,)): e.code for e in result.exposures}
    subgroups = {e.code for e in result.exposures if len(e.code) == CHEMICAL_SUBGROUP}

    def name(atc: str) -> str:
        parts = frozenset(atc.split("|"))
        shared = {part[:CHEMICAL_SUBGROUP] for part in parts}
        return lists.get(parts) or (shared & subgroups if len(shared) == 1 else set() or {atc}).pop()

    ratios = {(name(atc), group): ratio for (atc, group), ratio in true.odds_ratio.items()}
    return Effects(
        ratios | true.odds_ratio, frozenset((name(atc), group) for atc, group in true.planted)
    )


def _members(result: StudyResult) -> dict[str, tuple[str, ...]]:
    """Every exposure of the study with the medicines listed under it, itself first."""
    inside: dict[str, list[str]] = {e.code: [e.code] for e in result.exposures}
    parents = {e.code: e.parent for e in result.exposures}
    for code in parents:
        above = parents[code]
        while above is not None:
            inside[above].append(code)
            above = parents[above]
    return {code: tuple(codes) for code, codes in inside.items()}


def _contains(key: Key, members: dict[str, tuple[str, ...]], true: Effects) -> bool:
    """Whether a medicine listed under the exposure truly raises the group."""
    codes: Iterable[str] = members[key[0]]
    return any(true.odds_ratio.get((code, key[1]), 1.0) > RAISED for code in codes)


def _covers(pair: Pair, ratio: float | None) -> bool:
    found = pair.odds_ratio
    if found is None or ratio is None or found.low is None or found.high is None:
        return False
    return found.low <= ratio <= found.high
