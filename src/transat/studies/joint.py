"""A study carried out under a permit, over any transport: ask the sites, combine, say the result.

What the result says of a site comes from its permit, from its answers, and from nowhere else: the
coordinator never sees a CDM. The same lines serve one process, an export desk and a network, and
every kind of study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from transat.core.languages import Text
from transat.federation.coordinator import Coordinator
from transat.federation.permit import Permit
from transat.studies import record
from transat.studies.permits import require_for
from transat.studies.protocol import Progress, Protocol, Result
from transat.studies.results import RunRecord
from transat.studies.site_record import SiteRecord, records


def carry_out(
    protocol: Protocol[Result],
    permit: Permit,
    coordinator: Coordinator,
    progress: Progress | None = None,
    ledgers: Mapping[str, str] | None = None,
) -> Result:
    """Ask the permit's sites all that the protocol asks; the joint result.

    ledgers: by site, where a reader of the result finds its register; none where it stays at the
    site.

    Raises
    ------
    PermissionRefused: the permit is not for this protocol. Others: as its `conduct`.
    """
    require_for(permit, protocol)
    started, clock = record.now(), perf_counter()
    findings = protocol.conduct(coordinator, progress)
    whole = (*findings.seconds, ("all", round(perf_counter() - clock, 3)))
    inputs = tuple((s, t.holding.fingerprint) for s, t in sorted(permit.sites.items()))
    ran = RunRecord(started, record.now(), record.versions(), (), inputs, whole)
    sites = records(protocol, permit, coordinator, ledgers or {})
    return protocol.told(findings, sites, ran, _same_people(sites, ran))


def _same_people(sites: tuple[SiteRecord, ...], ran: RunRecord) -> tuple[Text, ...]:
    """A note for two sites that read one CDM: its people would be counted twice."""
    labels = {site.site: site.label for site in sites}
    first: dict[str, str] = {}
    notes = []
    for site, content in ran.inputs:
        one, two = labels[first.setdefault(content or site, site)], labels[site]
        if one != two:
            notes.append(
                Text(
                    f"{one.fr} et {two.fr} lisent le même CDM : les mêmes personnes sont comptées "
                    "deux fois, et rien de ce qui les réunit n'a de sens.",
                    f"{one.en} and {two.en} read the same CDM: the same people are counted twice, "
                    "and nothing that joins them has a meaning.",
                )
            )
    return tuple(notes)


def write_result(protocol: Protocol[Any], result: Result, out: Path) -> None:
    """Write result.json, run.json and protocol.json beside their places, then rename them."""
    record.write(out / "protocol.json", record.as_json(protocol.data()))
    record.write(out / "run.json", record.as_json(asdict(result.run)))
    for place, text in protocol.files(result).items():
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        record.write(out / place, text)
    record.write(out / "result.json", result.to_json() + "\n")
