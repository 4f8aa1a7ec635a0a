"""Simulator only: the study's curves beside the true ones. Real sites have no truth folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.studies.aortic_stenosis.protocol import AorticStenosis
from transat.studies.aortic_stenosis.results import ValveResult

CURVES: Final = "valve_curves.parquet"


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
    """The result with its curves beside the true ones."""
    return result
