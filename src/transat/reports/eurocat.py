"""What EUROCAT registries published, to set beside a site's own prevalences."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Published:
    """One published prevalence, in cases per 10 000 births, and where it was read."""

    group: str
    per_10000: float
    basis: str
    source: str

    @property
    def period(self) -> str:
        """Years of birth of the registries' cases."""
        years = re.search(r"(\d{4})-(\d{4})", self.basis)
        return f"{years[1]}–{years[2]}" if years else ""


@cache
def published() -> dict[str, Published]:
    """Prevalences by malformation group; only figures whose source was read."""
    with files(__package__).joinpath("eurocat.csv").open(encoding="utf-8") as lines:
        return {
            row["group"]: Published(
                row["group"], float(row["per_10000"]), row["basis"], row["source"]
            )
            for row in csv.DictReader(lines)
            if row["checked"] == "yes"
        }
