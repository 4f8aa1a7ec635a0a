"""The judgement of one CDM: every check, DQD's and ours, the panel, the coverage, the verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transat.core.languages import Text
from transat.engines.cdm import Cdm
from transat.quality import dqd
from transat.quality.checks.all import CHECKS
from transat.quality.dqd.result import DqdResult
from transat.quality.examined import Examined, examined
from transat.quality.finding import Finding
from transat.quality.mapping_coverage import DomainCoverage, coverage
from transat.quality.readiness import Readiness, readiness
from transat.quality.verdict import Verdict, verdict

#: Called with (steps done, steps in all, text).
Progress = Callable[[int, int, Text], None]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that `transat check` tells of a CDM.

    name: its folder's name; source: what it says of its origin; shore: the source's key when
    Transat wrote it. Counts in `findings` and `dqd` are exact and masked when shown; those of
    `readiness` and `coverage` are masked already.
    """

    name: str
    source: str
    shore: str | None
    simulated: bool
    vocabulary: str
    findings: tuple[Finding, ...]
    dqd: DqdResult
    readiness: Readiness
    coverage: tuple[DomainCoverage, ...]
    verdict: Verdict


def judge(path: Path, progress: Progress | None = None) -> Judgement:
    """Judge the CDM in the folder `path`.

    Raises
    ------
    InputError: not a CDM, or a table of it that cannot be read; names the file.
    """
    cdm = Cdm(path)
    tell = progress or (lambda done, total, text: None)
    with examined(cdm) as site:
        found = []
        own = Text("contrôles de Transat", "Transat's checks")
        for place, (_, find) in enumerate(CHECKS):
            tell(place, len(CHECKS) + 2, own)
            found.append(find(site))
        findings = tuple(found)
        tell(len(CHECKS), len(CHECKS) + 2, Text("couverture des codes", "mapping coverage"))
        covered, panel = coverage(site), readiness(site)
        observed = int(
            site.engine.scalar(
                "SELECT count(*) FROM observation_period AS o "
                "JOIN person AS p ON p.person_id = o.person_id"
            )
            or 0
        )
        said = _source(site)
        shore = site.shore
    tell(len(CHECKS) + 1, len(CHECKS) + 2, Text("contrôles DQD", "DQD checks"))
    # A folder lists no table that is empty; what is expected and absent is told by `readiness`.
    checked = dqd.run(cdm, absent="empty")
    return Judgement(
        name=Path(path).resolve().name,
        source=said.get("cdm_source_name") or Path(path).resolve().name,
        shore=shore,
        simulated=cdm.metadata.get("simulated") is True,
        vocabulary=said.get("vocabulary_version") or "",
        findings=findings,
        dqd=checked,
        readiness=panel,
        coverage=covered,
        verdict=verdict(findings, checked, observed),
    )


def _source(site: Examined) -> dict[str, Any]:
    rows = site.engine.rows(
        "SELECT cdm_source_name, vocabulary_version FROM cdm_source "
        "ORDER BY cdm_source_name, vocabulary_version LIMIT 1"
    )
    names = ("cdm_source_name", "vocabulary_version")
    return dict(zip(names, rows[0], strict=True)) if rows else {}
