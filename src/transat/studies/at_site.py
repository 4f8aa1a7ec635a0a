"""A site of a study: from the CDM, and the protocols that its holder put there, to what it answers.

A protocol is found by its hash in the site's folder of carried documents (`carried`); one changed
character gives it another name, and no permit. Its population is built when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from transat.cohorts.landmark_audit import LeakFound
from transat.core.errors import ConfigError, StudyError, close_match
from transat.core.languages import Text
from transat.engines.cdm import Cdm
from transat.engines.cdm_check import check
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.keys import Key
from transat.federation.permit import Permit
from transat.federation.permit_folder import PermitFolder
from transat.federation.policy import Policy, installed, load
from transat.federation.refusals import Refused
from transat.federation.site import Site
from transat.studies.carried import read_carried
from transat.studies.hashes import hashes
from transat.studies.protocol import Protocol
from transat.studies.record import fingerprint

Permits = Callable[[str], Permit | None]


@dataclass(frozen=True)
class Holder:
    """What one data holder gives its site to answer with.

    name: of the site. cdm: its folder. policy: the holder's own. permits: the permit of a study by
    its logic hash. protocols: carries the protocol of a study by its logic hash.
    """

    name: str
    cdm: Path
    policy: Policy
    permits: Permits
    protocols: Callable[[str], Protocol[Any]]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the CDM as it is now; every file of it is read once."""
        return fingerprint(self.cdm)

    def permit(self, study: str) -> Permit | None:
        """The permit of a study; None where there is none, or it is for another CDM than this."""
        found = self.permits(study)
        if found is None or self.name not in found.sites:
            return found
        meant = found.sites[self.name].holding.fingerprint
        return found if meant in ("", self.fingerprint) else None

    def data(self, study: str, cohort: str) -> SiteData:
        """The tables of one of a study's populations.

        Raises
        ------
        StudyError: no protocol of that name here, or the population is not its own. Refused: leak,
        with the features that were known after the landmark.
        """
        protocol = self.protocols(study)
        held = {sha256: name for name, sha256 in hashes(protocol).cohorts.items()}
        if cohort not in held:
            raise StudyError(
                Text(
                    "cette population n'est pas celle du protocole.", "not that protocol's cohort."
                ),
                cohort,
                Text("Comparez le protocole et le permis.", "Compare the protocol and the permit."),
            )
        try:
            made = protocol.tables(Cdm(self.cdm), held[cohort])
        except LeakFound as leak:
            raise Refused("leak", leak.names) from None
        permit = self.permits(study)
        threshold = self.policy.threshold
        if permit is not None and self.name in permit.sites:
            threshold = permit.sites[self.name].tighten(self.policy).threshold
        known = facts(made.table, tuple(step.key for step in made.attrition), threshold)
        simulated = Cdm(self.cdm).metadata.get("simulated") is True
        return SiteData(
            made.table, made.attrition, known, made.people, made.survival, simulated=simulated,
            kinds=() if made.survival is None else made.table.outcome_codes,
        )  # fmt: skip

    def site(self, key: Key, folder: Path) -> Site:
        """The site, its register and journal in `folder`.

        Raises
        ------
        InputError: the CDM is none, or another process holds the folder.
        """
        check(Cdm(self.cdm))
        return Site(
            self.name, key, folder, self.policy, self.permit, self.data, inputs=self.fingerprint
        )


def carried_in(folder: Path) -> Callable[[str], Protocol[Any]]:
    """Finds a protocol by its logic hash among the carried documents of `folder`."""

    def find(study: str) -> Protocol[Any]:
        for path in sorted(folder.glob("*.json")):
            protocol = read_carried(path)
            if hashes(protocol).logic == study:
                return protocol
        raise StudyError(
            Text("ce site n'a pas ce protocole.", "this site does not have that protocol."),
            str(folder),
            Text("Demandez-le avec le permis.", "Ask for it with the permit."),
        )

    return find


def open_site(name: str, key: Key, folder: Path, policy: str, cdm: Path, studies: Path) -> Site:
    """The site of a service, from what its holder put in `studies`.

    policy: the key of an installed policy, or the path of the holder's own file. studies: folder
    with `holder.pub` (the public key of the holder, whose signature every permit must bear), one
    `*.toml` per permit and one `*.json` per carried protocol; read again for every question, so
    what is added or taken away counts at once.

    Raises
    ------
    ConfigError: no such policy, or no key of the holder. Others: as `Holder.site`.
    """
    held = load(Path(policy)) if policy.endswith(".yaml") else _installed(policy)
    holder = Holder(name, cdm, held, PermitFolder(studies, name), carried_in(studies))
    return holder.site(key, folder)


def _installed(key: str) -> Policy:
    held = installed()
    if key not in held:
        near = close_match(key, held) or ", ".join(held)
        raise ConfigError(
            Text("cette politique n'est pas installée.", "this policy is not installed."),
            key,
            Text(f"Politiques : {near}.", f"Policies: {near}."),
        )
    return held[key]
