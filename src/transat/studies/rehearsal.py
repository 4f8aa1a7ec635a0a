"""A study rehearsed at one site, before its holder signs: from files to `federation.dry_run`."""

from __future__ import annotations

import datetime
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from transat.core.errors import InputError, StudyError
from transat.core.languages import Text
from transat.engines.cdm import Cdm
from transat.engines.cdm_check import check
from transat.federation.data import SiteData
from transat.federation.dry_run import DryRun, rehearse
from transat.federation.keys import Key
from transat.federation.permit import Permit, sign, terms_for
from transat.federation.policy import Policy, load
from transat.federation.site import Site
from transat.studies.at_site import Holder
from transat.studies.carried import read_carried
from transat.studies.permits import Party, draft
from transat.studies.protocol import Protocol, read

#: Questions that a rehearsal may ask, attacks included.
ROUNDS = 1_000_000


def rehearsed(path: Path, cdm: Path, policy: str, site: str = "") -> DryRun:
    """What a protocol would take out of a site.

    path: protocol as YAML, or the document that a site receives. policy: key of the policy under
    which the protocol names a site, or the holder's own file. site: its name there, where several
    are under that policy, or where the file is not the protocol's.

    Raises
    ------
    StudyError: the protocol names no such site. ConfigError: the file is no policy. InputError:
    `cdm` is not a CDM.
    """
    protocol = read_carried(path) if path.suffix == ".json" else read(path)
    if not cdm.is_dir():
        raise InputError(
            Text("ce dossier n'existe pas.", "this folder does not exist."),
            str(cdm),
            Text("Produisez-le avec « transat harmonise ».", 'Make it with "transat harmonise".'),
        )
    check(Cdm(cdm))
    own = load(Path(policy)) if policy.endswith(".yaml") else None
    name = site or _named(protocol, own.key if own else policy)
    held = own or protocol.policies()[name]
    key, coordinator = Key.new(), Key.new()
    permit = _permit(protocol, name, held, key, coordinator)
    holder = Holder(name, cdm, held, lambda _: permit, lambda _: protocol)
    data = holder.data(permit.study, permit.cohorts[0])

    def tables(study: str, cohort: str) -> SiteData:
        return data if cohort == permit.cohorts[0] else holder.data(study, cohort)

    with tempfile.TemporaryDirectory() as folder:
        made = Site(name, key, Path(folder), held, lambda _: permit, tables)
        with made as alone:
            return rehearse(alone, data, permit, coordinator, protocol.conduct)


def _named(protocol: Protocol[Any], policy: str) -> str:
    found = [s.name for s in protocol.document.sites if protocol.policies()[s.name].key == policy]
    if len(found) == 1:
        return found[0]
    sites = ", ".join(s.name for s in protocol.document.sites)
    raise StudyError(
        Text("le protocole n'a pas un seul site sous ces règles.",
             "the protocol does not have one site under these rules."),
        policy,
        Text(f"Dites lequel avec --site : {sites}.", f"Say which with --site: {sites}."),
    )  # fmt: skip


def _permit(protocol: Protocol[Any], site: str, held: Policy, key: Key, coordinator: Key) -> Permit:
    """The permit of the rehearsal: of one site, under the strictest of all the holders' rules."""
    holder, day = Key.new(), datetime.datetime.now(datetime.UTC).date()
    end = day + datetime.timedelta(days=2)
    party = Party(holder.public, key.public)
    whole = draft(protocol, {site: party}, coordinator.public, day, end, ROUNDS)
    others = (p for name, p in protocol.policies().items() if name != site)
    terms = terms_for(held, holder.public, key.public, others)
    return sign(replace(whole, sites={site: terms}), holder)
