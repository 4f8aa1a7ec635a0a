"""Each model judged on the shores that it was not learnt on."""

from __future__ import annotations

from dataclasses import dataclass

from transat.statistics import risk_histogram
from transat.studies.aortic_stenosis.asked import Sites
from transat.studies.aortic_stenosis.fits import Fit
from transat.studies.aortic_stenosis.protocol import AorticStenosis


@dataclass(frozen=True, slots=True)
class Judged:
    """People of other sites than the model was learnt on, counted by the risk that it foresaw."""

    model: str
    outcome: str
    horizon: float
    learnt_on: tuple[str, ...]
    judged_on: tuple[str, ...]
    result: risk_histogram.Result


def judged(
    protocol: AorticStenosis,
    sites: Sites,
    model: str,
    outcome: str,
    cohort: str,
    fits: list[Fit],
    every: tuple[str, ...],
) -> list[Judged]:
    """What the sites tell of each model that others learnt."""
    return []
