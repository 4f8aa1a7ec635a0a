"""The permit of a protocol: as it is before anybody signs it, and whether it is that protocol's."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from transat import __version__
from transat.core.errors import ConfigError, PermissionRefused, StudyError, close_match
from transat.core.languages import Text
from transat.federation.permit import Holding, Permit, terms_for
from transat.federation.questions import STEPS
from transat.studies.hashes import hashes
from transat.studies.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Party:
    """What a holder gives for its site: its own public key, that of the site, those of its
    reviewers, and what it says of its data."""

    holder: str
    key: str
    reviewers: tuple[str, ...] = ()
    holding: Holding = field(default_factory=Holding)


def draft(
    protocol: Protocol[Any],
    parties: Mapping[str, Party],
    coordinator: str,
    starts: datetime.date,
    ends: datetime.date,
    rounds: int,
    steps: Iterable[str] = STEPS,
) -> Permit:
    """The permit of a protocol at the sites of `parties`, each under its holder's policy and,
    where they are stricter, under the others'.

    coordinator: public key of who may ask. starts, ends: closed-open. rounds: most questions per
    site. steps: statistics that may be asked for; all that are installed where none is named.

    Raises
    ------
    StudyError: a site that the protocol does not name. ConfigError: a statistic that is not
    installed, or days the wrong way round.
    """
    policies = protocol.policies()
    for site in sorted(set(parties) - set(policies)):
        near = close_match(site, policies) or ", ".join(policies)
        raise StudyError(
            Text("le protocole ne nomme pas ce site.", "the protocol does not name this site."),
            site,
            Text(f"Sites du protocole : {near}.", f"The protocol's sites: {near}."),
        )
    asked = tuple(steps)
    for step in sorted(set(asked) - set(STEPS)):
        near = close_match(step, STEPS) or ", ".join(STEPS)
        raise ConfigError(
            Text("cette statistique n'est pas installée.", "this statistic is not installed."),
            step,
            Text(f"Statistiques : {near}.", f"Statistics: {near}."),
        )
    if ends <= starts:
        raise ConfigError(
            Text("il finirait avant de commencer.", "it would end before it starts."),
            f"{starts} {ends}",
            Text("Donnez une fin plus tardive.", "Give a later end."),
        )
    names, held = hashes(protocol), [policies[site] for site in parties]
    terms = {
        site: terms_for(policies[site], p.holder, p.key, held, p.reviewers, p.holding)
        for site, p in parties.items()
    }
    return Permit(
        project=protocol.document.study.id,
        study=names.logic,
        document=names.document,
        version=__version__,
        cohorts=tuple(names.cohorts.values()),
        steps=asked,
        rounds=rounds,
        starts=starts,
        ends=ends,
        coordinator=coordinator,
        sites=terms,
        signatures={},
    )


def require_for(permit: Permit, protocol: Protocol[Any]) -> None:
    """Check that a permit is the one of this very protocol.

    Raises
    ------
    PermissionRefused: another study's, another wording of it, or another population's.
    """
    names = hashes(protocol)
    same = (permit.study, permit.document) == (names.logic, names.document)
    if not same or not set(names.cohorts.values()) <= set(permit.cohorts):
        raise PermissionRefused(
            Text("ce permis est celui d'un autre protocole.", "this permit is another protocol's."),
            permit.project,
            Text("Faites-en signer un pour ce protocole.", "Have one signed for this protocol."),
        )
