"""A judgement, or a coverage, as plain values for `--json`: what is masked is null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transat.core.languages import Text
from transat.quality.dqd import DQD_VERSION
from transat.quality.dqd_shown import ShownCheck, shown_checks
from transat.quality.mapping_coverage import DomainCoverage, Mapped
from transat.quality.masking import Share, Shown, shown
from transat.quality.readiness import NativeLines, Readiness
from transat.quality.report import Judgement


def judgement(said: Judgement) -> dict[str, Any]:
    """Everything that `transat check` tells."""
    return {
        "cdm": said.name,
        "source": said.source,
        "shore": said.shore,
        "simulated": said.simulated,
        "vocabulary": said.vocabulary,
        "may_run": said.verdict.may_run,
        "obstacles": [
            {"check": o.check, "where": o.where, "reason": _text(o.reason)}
            for o in said.verdict.obstacles
        ],
        "readiness": _readiness(said.readiness),
        "checks": [_finding(shown(f)) for f in said.findings],
        "dqd": {
            "version": DQD_VERSION,
            "by_status": dict(said.dqd.by_status()),
            "checks": [_dqd(c) for c in shown_checks(said.dqd)],
        },
        "coverage": coverage(said.coverage),
    }


def coverages(sites: Mapping[str, tuple[DomainCoverage, ...]]) -> dict[str, Any]:
    """The coverage of several sites, by name."""
    return {name: coverage(domains) for name, domains in sites.items()}


def coverage(domains: tuple[DomainCoverage, ...]) -> list[dict[str, Any]]:
    """The coverage of one CDM, domain by domain."""
    return [
        {
            "domain": d.domain,
            "records": d.records,
            "persons": d.persons,
            "vocabulary": d.vocabulary or None,
            "mapped_to_vocabulary": _mapped(d.shared),
            "mapped_to_standard": _mapped(d.standard),
            "unmapped": [
                {"vocabulary": c.vocabulary, "code": c.code, "persons": c.persons,
                 "records": c.records}
                for c in d.unmapped
            ],
        }
        for d in domains
    ]  # fmt: skip


def _text(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"fr": text.fr, "en": text.en}


def _share(share: Share) -> dict[str, Any]:
    return {"count": share.numerator, "of": share.denominator, "share": share.value}


def _mapped(mapped: Mapped | None) -> dict[str, Any] | None:
    if mapped is None:
        return None
    return {
        "records": {**_share(mapped.records), "about": mapped.records.about},
        "persons": {**_share(mapped.persons), "about": mapped.persons.about},
    }


def _finding(said: Shown) -> dict[str, Any]:
    finding, check = said.finding, said.finding.check
    bounds = finding.threshold
    return {
        "key": check.key,
        "category": check.category,
        "title": _text(check.title),
        "question": _text(check.question),
        "status": finding.status,
        **_share(said.share),
        "unit": _text(check.unit),
        "threshold": {
            "warn": bounds.warn,
            "fail": bounds.fail,
            "bad_below": bounds.low,
            "source": _text(bounds.source),
            "checked": bounds.checked,
        },
        "detail": [
            {"label": _text(p.label), **_share(p.share), "published": p.published,
             "note": _text(p.note)}
            for p in said.parts
        ],
        "reason": _text(finding.reason),
        "next_step": _text(check.next_step),
    }  # fmt: skip


def _dqd(one: ShownCheck) -> dict[str, Any]:
    check = one.check
    return {
        "id": check.id,
        "check": check.name,
        "table": check.table,
        "field": check.field or None,
        "concepts": list(check.concept_ids),
        "category": check.category,
        "severity": check.severity,
        "status": check.status,
        **_share(one.share),
        "threshold_percent": check.threshold,
        "reason": _text(check.reason),
    }


def _readiness(panel: Readiness) -> dict[str, Any]:
    return {
        "tables_received": list(panel.received),
        "tables_missing": list(panel.missing),
        "native": panel.native,
        "years": list(panel.years) if panel.years else None,
        "persons": panel.persons,
        "observed": _share(panel.observed),
        "drug_covered": _share(panel.covered),
        "share_of_lines_kept": panel.kept,
        "lines": [_lines(table) for table in panel.lines],
    }


def _lines(table: NativeLines) -> dict[str, Any]:
    return {
        "table": table.table,
        "read": table.read,
        "kept": table.kept,
        "rejected": table.rejected,
        "rules": [
            {"rule": rule, "title": _text(title), "lines": lines}
            for rule, title, lines in table.rules
        ],
    }
