"""The bounds of the checks, with who set them: `thresholds.csv`, read once."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from transat.core.languages import Text
from transat.quality.finding import Threshold


@cache
def thresholds() -> dict[str, Threshold]:
    """Every bound by check."""
    lines = files("transat.quality").joinpath("thresholds.csv").read_text("utf-8").splitlines()
    return {
        row["check"]: Threshold(
            warn=_share(row["warn"]),
            fail=_share(row["fail"]),
            low=row["sense"] == "low",
            source=Text(row["source_fr"], row["source_en"]),
            checked=row["checked"],
        )
        for row in csv.DictReader(lines)
    }


def _share(written: str) -> float | None:
    return float(written) if written else None
