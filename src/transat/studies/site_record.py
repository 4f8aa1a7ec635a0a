"""What a result says of a site, whatever the kind of study: its permit's terms, and what left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transat.core.languages import Text
from transat.federation import policy
from transat.federation.coordinator import Coordinator
from transat.federation.permit import Permit, SiteTerms
from transat.studies.protocol import Protocol


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """One site: its holder's rule, what it says of its data, and what its gate let out."""

    site: str
    label: Text
    holder: str
    policy: str
    threshold: int
    simulated: bool | None  # None when the CDM does not say
    source: str  # what the CDM's own transat.json names as its source
    period: tuple[str, str] | None  # ISO dates, closed-open
    releases: int
    bytes_out: int
    cells_out: int
    cells_masked: int
    ledger: str  # file name, beside the result
    ledger_head: str  # SHA-256 of the last entry
    notice: Text | None = None  # what the CDM says that every reader must be told


def records(
    protocol: Protocol[Any], permit: Permit, coordinator: Coordinator, ledgers: Mapping[str, str]
) -> tuple[SiteRecord, ...]:
    """One record per site of the permit, in order of name."""
    return tuple(
        _record(protocol, site, terms, coordinator, ledgers.get(site, ""))
        for site, terms in sorted(permit.sites.items())
    )


def _record(
    protocol: Protocol[Any], site: str, terms: SiteTerms, coordinator: Coordinator, ledger: str
) -> SiteRecord:
    declared = {s.name: s for s in protocol.document.sites}
    left, seen, held = coordinator.left(site), coordinator.registers()[site], terms.holding
    return SiteRecord(
        site=site,
        label=declared[site].label.text(),
        holder=terms.policy,
        policy=_source(terms),
        threshold=terms.threshold,
        simulated=held.simulated,
        source=held.source,
        period=None if not held.starts or not held.ends else (str(held.starts), str(held.ends)),
        releases=left.releases,
        bytes_out=left.bytes,
        cells_out=left.cells,
        cells_masked=left.masked,
        ledger=ledger,
        ledger_head=seen.heads[seen.entries],
        notice=Text(held.notice_fr, held.notice_en) if held.notice_fr else None,
    )


def _source(terms: SiteTerms) -> str:
    """Where the holder's threshold comes from, where its policy is one that ships with Transat."""
    known = policy.installed().get(terms.policy)
    return known.source if known is not None and known.sha256() == terms.policy_sha256 else ""
