"""The report of a result, whatever its kind of study."""

from __future__ import annotations

from pathlib import Path

from transat.studies.aortic_stenosis.results import ValveResult
from transat.studies.protocol import Told
from transat.studies.results import StudyResult


def write_report(result: Told, out: Path) -> list[Path]:
    """Write the report of a result in `out`, and return what to open; where its kind has no page,
    the result itself."""
    if isinstance(result, StudyResult):
        from transat.reports import inutero

        return inutero.write_report(result, out)
    if isinstance(result, ValveResult):
        from transat.reports.aortic_stenosis import report

        return report.write_report(result, out)
    return [out / "result.json"]
