"""Simulator only: the study's curves beside the true ones. Real sites have no truth folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.duckdb import DuckDB
from transat.studies.aortic_stenosis.protocol import AorticStenosis
from transat.studies.aortic_stenosis.results import CurveTold, TrueCurve, ValveResult

CURVES: Final = "valve_curves.parquet"
#: Shore, population, sex and kind of the simulator's curves.
Key = tuple[str, str, str, str]
#: Population and kind of the simulator that are those of an outcome and its kind.
SAME: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("echo_progression", "progression"): ("stenosis", "severe_seen"),
    ("echo_replacement", "replacement"): ("stenosis", "replacement"),
    ("echo_replacement", "death"): ("stenosis", "death_native"),
    ("echo_heart_failure", "heart_failure_stay"): ("stenosis", "heart_failure_native"),
    ("claims_replacement", "replacement"): ("coded", "replacement"),
    ("claims_replacement", "death"): ("coded", "death_native"),
    ("claims_heart_failure", "heart_failure_stay"): ("coded", "heart_failure_native"),
    ("tavi_death", "death"): ("tavi", "death"),
}


def require_curves(truth: Path) -> None:
    """Look that the folder holds the true curves of the valve. Raises InputError."""
    if not (truth / CURVES).is_file():
        raise InputError(
            Text(
                "ce dossier ne dit rien de la valve aortique.",
                "this folder says nothing of the aortic valve.",
            ),
            str(truth),
            Text(
                "Simulez avec des aînés (--elders), et donnez le dossier truth.",
                "Simulate with elders (--elders), and name the truth folder.",
            ),
        )


def judged(protocol: AorticStenosis, result: ValveResult, truth: Path) -> ValveResult:
    """The result with each site's curves beside the true ones of the same people, where the
    simulator has them."""
    true = _true(truth / CURVES)
    by = protocol.document.curves.by.value
    found = [_beside(curve, true, by) for curve in result.curves]
    return replace(result, truth=tuple(one for one in found if one is not None))


def _true(path: Path) -> dict[Key, dict[int, float]]:
    """By shore, population, sex and kind: incidence by month, whatever is done for people."""
    with DuckDB() as engine:
        engine.view_parquet("curves", [path])
        rows = engine.rows(
            "SELECT shore, population, sex, kind, month, incidence FROM curves "
            "WHERE strategy = 'natural'"
        )
    found: dict[Key, dict[int, float]] = {}
    for shore, population, sex, kind, month, incidence in rows:
        key = (str(shore), str(population), str(sex), str(kind))
        found.setdefault(key, {})[int(month)] = float(incidence)
    return found


def _beside(curve: CurveTold, true: dict[Key, dict[int, float]], by: str) -> TrueCurve | None:
    named = SAME.get((curve.outcome, curve.kind))
    sex = {"": "all", f"{by}=1": "M", f"{by}=0": "F"}.get(curve.group) if by == "man" else "all"
    if named is None or curve.site is None or sex is None:
        return None
    months = true.get((curve.site, named[0], sex, named[1]), {})
    told = [
        (edge, months[int(edge)], low, high)
        for edge, low, high in zip(curve.edges, curve.low, curve.high, strict=True)
        if int(edge) in months and low is not None and high is not None
    ]
    if not told:
        return None
    return TrueCurve(
        curve.outcome, curve.kind, curve.site, curve.group,
        edges=tuple(edge for edge, *_ in told),
        true=tuple(value for _, value, *_ in told),
        covered=sum(low <= value <= high for _, value, low, high in told),
        of=len(told),
    )  # fmt: skip
