"""The lines of the coverage tables: every site beside the others, shares as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from transat.core.counts import MASKED
from transat.core.languages import Language
from transat.quality.mapping_coverage import DomainCoverage, Mapped, UnmappedCode
from transat.quality.masking import Share
from transat.reports.numbers import ABSENT, Numbers
from transat.reports.texts import text

Sites = Mapping[str, tuple[DomainCoverage, ...]]

#: In this column of a target: standard concepts, rather than a vocabulary that both shores share.
STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class ShareCell:
    """Two shares of one site, written."""

    records: str
    persons: str


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One domain and one code aimed at, site by site."""

    domain: str
    target: str
    cells: tuple[ShareCell, ...]


@dataclass(frozen=True, slots=True)
class SizeRow:
    """Records and persons of one domain, site by site; a site without the domain has None."""

    domain: str
    cells: tuple[tuple[int | None, int | None] | None, ...]


@dataclass(frozen=True, slots=True)
class UnmappedBlock:
    """The codes of one domain and site that reach no `target`."""

    domain: str
    site: str
    target: str
    codes: tuple[UnmappedCode, ...]


def percent(value: float | None, numbers: Numbers) -> str:
    """A share, never rounded to nothing nor to everything."""
    if value is None:
        return MASKED.in_(numbers.language)
    if 0 < value < 0.0005:
        return f"<\u00a0{numbers.percent(0.001, 1)}"
    if 0.9995 <= value < 1:
        return f">\u00a0{numbers.percent(0.999, 1)}"
    return numbers.percent(value, 1)


def share_text(share: Share, numbers: Numbers) -> str:
    """A share, or what may be said about it where it is masked."""
    if share.value is not None or share.about is None:
        return percent(share.value, numbers)
    digits = 0 if round(share.about, 2) == round(share.about, 6) else 1
    return f"≈\u00a0{numbers.percent(share.about, digits)}"


def domains(sites: Sites) -> tuple[str, ...]:
    """Every domain that some site has, in the order of the first that has it."""
    return tuple(dict.fromkeys(d.domain for found in sites.values() for d in found))


def coverage_rows(sites: Sites, language: Language) -> tuple[CoverageRow, ...]:
    """One row for the shared vocabulary of a domain, one for standard concepts."""
    rows = []
    for domain in domains(sites):
        held = [_of(found, domain) for found in sites.values()]
        shared = next((d.vocabulary for d in held if d is not None and d.vocabulary), "")
        if shared:
            cells = tuple(_cell(d.shared if d else None, language) for d in held)
            rows.append(CoverageRow(domain, shared, cells))
        if not shared or any(d is not None and d.standard is not None for d in held):
            cells = tuple(_cell(d.standard if d else None, language) for d in held)
            rows.append(CoverageRow(domain, text("coverage.standard", language), cells))
    return tuple(rows)


def size_rows(sites: Sites) -> tuple[SizeRow, ...]:
    """Records and persons by domain and site."""
    return tuple(
        SizeRow(domain, tuple(
            None if (d := _of(found, domain)) is None else (d.records, d.persons)
            for found in sites.values()
        ))
        for domain in domains(sites)
    )  # fmt: skip


def unmapped_blocks(sites: Sites, language: Language) -> tuple[UnmappedBlock, ...]:
    """What is not mapped, by domain, then site."""
    return tuple(
        UnmappedBlock(domain, site, _target(held.target, language), held.unmapped)
        for domain in domains(sites)
        for site, found in sites.items()
        if (held := _of(found, domain)) is not None and held.unmapped
    )


def _of(found: tuple[DomainCoverage, ...], domain: str) -> DomainCoverage | None:
    return next((d for d in found if d.domain == domain), None)


def _cell(mapped: Mapped | None, language: Language) -> ShareCell:
    if mapped is None:
        return ShareCell(ABSENT, ABSENT)
    numbers = Numbers(language)
    return ShareCell(share_text(mapped.records, numbers), share_text(mapped.persons, numbers))


def _target(target: str, language: Language) -> str:
    if target == STANDARD:
        return text("coverage.a_standard", language)
    return target or text("coverage.any_concept", language)
