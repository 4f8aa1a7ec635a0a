"""The steps that the demonstration and `study run` share, each one call into a lower folder."""

from __future__ import annotations

from pathlib import Path

from transat.cli.progress import Progress, steps
from transat.cohorts.pregnancies import derive
from transat.core.languages import Text
from transat.harmonise.run import harmonise
from transat.reports.by_kind import write_report
from transat.simulate.design import Design
from transat.simulate.simulate import simulate
from transat.studies.protocol import AORTIC_STENOSIS, INUTERO, Told, read
from transat.studies.run import run

#: The demonstration's women take the studied medicines this many times more often than published:
#: at the published frequency a population of this size could detect nothing. The report says so.
DEMO_EXPOSURE_MULTIPLIER = 20.0

#: People of 50 and more, for each woman of the first study; their stenoses are enriched too.
DEMO_ELDERS = 0.2

SHORES = {"france": "snds", "quebec": "quebec"}

#: By folder of the demonstration, the protocol of each study.
STUDIES = {"study": INUTERO, "aortic_stenosis": AORTIC_STENOSIS}


def demonstrate(out: Path, persons: int, seed: int, show: Progress) -> list[Path]:
    """Simulate, harmonise both shores, run both studies, report; return the reports' paths."""
    native = out / "native"
    design = Design(
        seed=seed,
        persons=persons,
        elders=round(DEMO_ELDERS * persons),
        exposure_multiplier=DEMO_EXPOSURE_MULTIPLIER,
    )
    simulate(design, native, show)
    cdms: dict[str, Path] = {}
    for shore, form in SHORES.items():
        cdms[shore] = out / "cdm" / shore
        cdms[shore].parent.mkdir(parents=True, exist_ok=True)
        told = Text(f"harmonisation, {shore}", f"harmonising, {shore}")
        progress = steps(show, told)
        harmonise(form, native / shore, cdms[shore], progress=progress, then=derive)
    return [
        report
        for folder, protocol in STUDIES.items()
        for report in run_and_report(protocol, cdms, out / folder, native / "truth", show)[1]
    ]


def run_and_report(
    protocol: Path | None, sites: dict[str, Path], out: Path, truth: Path | None, show: Progress
) -> tuple[Told, list[Path]]:
    """Run a protocol on the sites' CDMs and write its report in both languages."""
    result: Told = run(read(protocol), sites, out, progress=show, truth=truth)
    return result, write_report(result, out)
