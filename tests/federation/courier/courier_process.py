"""One sitting of a small study by courier, in a process that a test may kill at any moment.

`python courier_process.py FOLDER`: goes on as far as the answers at hand allow, carries what is to
be carried, and writes FOLDER/result.json when the study is done.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from made_sites import STUDY, draw, key, permit, signed_site

from transat.federation import courier_site
from transat.federation.batch import each
from transat.federation.coordinator import Coordinator
from transat.federation.coordinator_journal import Journal
from transat.federation.courier import Courier, exports
from transat.federation.courier_export import put
from transat.federation.questions import Question
from transat.federation.transport import Posted
from transat.statistics import logistic, prevalence
from transat.statistics.design_matrix import Model

SITES = ("france", "quebec")
ROWS = {"france": 20_000, "quebec": 16_000}
MODELS = (
    Model("any_major", ("N03A",), ("age", "epilepsy"), sites=2),
    Model("any_major", ("N02BE01",), ("age", "epilepsy"), sites=2),
)


def main(folder: Path) -> None:
    """Sit once."""
    allowed = permit()
    with Journal(folder / "journal", STUDY, key("coordinator").public) as journal:
        courier = Courier(folder / "letters", allowed.sites)
        asking = Coordinator(courier, key("coordinator"), allowed, journal, deadline=0)
        try:
            result = study(asking)
        except Posted:
            result = None
    if result is None:
        carry(folder)
    else:
        put(folder / "result.json", json.dumps(result).encode())


def study(asking: Coordinator) -> dict[str, Any]:
    """Prevalences and two regressions, none of which waits for another."""

    def fit(model: Model) -> list[float]:
        def ask(parameters: Any) -> list[Any]:
            per_site = dict(zip(SITES, parameters, strict=True))
            told = asking.ask({s: Question("logistic", p) for s, p in per_site.items()}, SITES)
            return [told[s] for s in SITES]

        return [float(b) for b in logistic.combine(ask, logistic.Parameters(model)).coefficients]

    def births() -> list[float]:
        told = asking.ask(Question("prevalence", prevalence.Parameters()), SITES)
        return [float(told[s].births) for s in SITES]

    found = each([births, lambda: fit(MODELS[0]), lambda: fit(MODELS[1])])
    return dict(zip(("births", "first", "second"), found, strict=True))


def carry(folder: Path) -> None:
    """Every export that has not come back yet, to its site and back."""
    for k, name in enumerate(SITES):
        for export in exports(folder / "letters" / "out" / name):
            back = folder / f"{name}-{export.name}"
            with signed_site(folder / name, draw(k, ROWS[name]), name=name) as site:
                courier_site.answer(export, back, name, site.answer)
            courier_site.collect(back, folder / "letters")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
