"""What the holders allow: one study, by its hashes, at named sites, for a time, under their rules.

A permit is one TOML document that every holder signs (Ed25519); a site answers only under one that
all of them have signed. It can tighten a holder's policy, never loosen it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SiteTerms:
    """What holds at one site.

    holder: public key of the holder who signs for it. key: public key of the site's own signatures.
    policy: key of the holder's policy; policy_sha256: of its canonical values. threshold: smallest
    head count that may leave, at least the policy's. reviewers: public keys of those who may review
    class-B outputs for this holder; two at least, or nothing of class B can be released.
    """

    holder: str
    key: str
    policy: str
    policy_sha256: str
    threshold: int
    reviewers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit.

    project: its name at the call. study, document: the protocol's two hashes. version: of Transat.
    cohorts: SHA-256 of the populations that may be asked about. steps: installed statistics that
    may be asked for. rounds: most questions per site. starts, ends: days, closed-open.
    coordinator: public key of who may ask. sites: terms by site. signatures: by site, its holder's.
    """

    project: str
    study: str
    document: str
    version: str
    cohorts: tuple[str, ...]
    steps: tuple[str, ...]
    rounds: int
    starts: datetime.date
    ends: datetime.date
    coordinator: str
    sites: Mapping[str, SiteTerms]
    signatures: Mapping[str, str]
