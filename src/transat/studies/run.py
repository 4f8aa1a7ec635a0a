"""Run a protocol on the CDMs of its sites, in one process, and write the joint result.

In the output folder: result.json; run.json (the record of the run); protocol.json (the document as
run, with its code lists); permit.toml (what sites answered under); ledgers/SITE.jsonl (what left
each site) with the site's journal beside it. Files are written beside their place and renamed; a
run that fails leaves no result, and a ledger of what left before it failed.

Each site has its own thread, key, register and gate, as over a network; the permit is signed by a
key made for the run, since whoever runs it holds all the CDMs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from transat.core.errors import InputError, SiteUnreachable, StudyError, close_match
from transat.core.folders import held
from transat.core.languages import Text
from transat.engines.cdm import Cdm
from transat.engines.cdm_check import check
from transat.federation import permit_file
from transat.federation.coordinator import Coordinator
from transat.federation.in_process import InProcess
from transat.federation.keys import Key
from transat.federation.permit import Holding, Permit, sign
from transat.federation.site import Site
from transat.studies import output
from transat.studies.at_site import Holder
from transat.studies.joint import carry_out, write_result
from transat.studies.permits import Party, draft
from transat.studies.protocol import Progress, Protocol, Result
from transat.studies.record import fingerprint

LEDGERS = "ledgers"

#: Questions that a site answers in one run, at most.
ROUNDS = 1_000_000


def run(
    protocol: Protocol[Result],
    sites: dict[str, Path],
    out: Path,
    progress: Progress | None = None,
    truth: Path | None = None,
) -> Result:
    """Run a protocol and write its result.

    Parameters
    ----------
    sites: folder of the CDM of each site that the protocol names.
    out: folder to write; made if missing. What left a site in earlier runs is remembered there, but
    for simulated people, who have no secret between two runs: their registers start again.
    progress: called with (done, total, text).
    truth: the simulator's truth folder; adds an evaluation to the result. Real sites have none.

    Raises
    ------
    StudyError: a site that the protocol does not name. SiteUnreachable: a required site not given,
    or one that stops answering. InputError: a folder that is missing or is not a CDM, a table of it
    that cannot be read, an output folder that is not a study's or may not be written to.
    DisclosureRefused: a gate refused the scan itself.
    """
    _check(protocol, sites)
    cdms = {name: _readable(Path(sites[name])) for name in sorted(sites)}
    if truth is not None:
        protocol.require_truth(truth)
    output.prepare(out, LEDGERS)
    with held(out / LEDGERS):  # one run at a time adds to a register
        policies = protocol.policies()

        def opened(name: str, key: Key, permit: Permit) -> Site:
            own = Holder(
                name, cdms[name].path, policies[name], lambda _: permit, lambda _: protocol
            )
            return own.site(key, out / LEDGERS)

        holdings = {name: holding(cdm) for name, cdm in cdms.items()}
        _start_again(out / LEDGERS, holdings)
        result = in_one_process(protocol, holdings, opened, out, progress)
        if truth is not None:
            result = protocol.judged(result, truth)
        write_result(protocol, result, out)
    return result


#: Makes a site, in the thread where it lives, from its name, its key and the permit.
Opened = Callable[[str, Key, Permit], Site]


def in_one_process(
    protocol: Protocol[Result],
    holdings: Mapping[str, Holding],
    opened: Opened,
    out: Path,
    progress: Progress | None = None,
) -> Result:
    """Run a protocol on sites that live in threads of this process; writes registers only.

    holdings: what each site's holder says of its data.

    Raises
    ------
    SiteUnreachable, DisclosureRefused: as `run`.
    """
    coordinator, keys = Key.new(), {name: Key.new() for name in holdings}
    permit = _permit(protocol, holdings, coordinator, keys)
    permit_file.write(permit, out / "permit.toml")
    makers = {name: partial(opened, name, keys[name], permit) for name in holdings}
    with InProcess(makers) as transport:
        return carry_out(
            protocol,
            permit,
            Coordinator(transport, coordinator, permit),
            progress,
            {name: f"{LEDGERS}/{name}.jsonl" for name in holdings},
        )


def holding(cdm: Cdm) -> Holding:
    """What a CDM says of itself, as its holder would say it in a permit."""
    said = cdm.metadata
    simulated, period, notice = said.get("simulated"), said.get("period"), said.get("notice")
    return Holding(
        source=str(said.get("source") or ""),
        simulated=simulated if isinstance(simulated, bool) else None,
        starts=date.fromisoformat(str(period[0])) if period else None,
        ends=date.fromisoformat(str(period[1])) if period else None,
        notice_fr=notice["fr"] if notice else "",
        notice_en=notice["en"] if notice else "",
        fingerprint=fingerprint(cdm.path),
    )


def _start_again(ledgers: Path, holdings: Mapping[str, Holding]) -> None:
    """Simulated people have no secret between two runs: what left before is forgotten."""
    for name, said in holdings.items():
        if said.simulated:
            for file in ledgers.glob(f"{name}.*"):
                file.unlink()


def _permit(
    protocol: Protocol[Any],
    holdings: Mapping[str, Holding],
    coordinator: Key,
    keys: Mapping[str, Key],
) -> Permit:
    """The permit of one run, signed by a key made for it."""
    holder, day = Key.new(), datetime.now(UTC).date()
    parties = {
        name: Party(holder.public, keys[name].public, holding=said)
        for name, said in holdings.items()
    }
    end = day + timedelta(days=365)
    return sign(draft(protocol, parties, coordinator.public, day, end, ROUNDS), holder)


def _check(protocol: Protocol[Any], sites: dict[str, Path]) -> None:
    declared = {site.name: site for site in protocol.document.sites}
    for name in sorted(sites):
        if name not in declared:
            near = close_match(name, declared) or ", ".join(declared)
            raise StudyError(
                Text("le protocole ne nomme pas ce site.", "the protocol does not name this site."),
                name,
                Text(f"Sites du protocole : {near}.", f"The protocol's sites: {near}."),
            )
    for site in protocol.document.sites:
        if site.required and site.name not in sites:
            raise SiteUnreachable(
                Text("le protocole exige ce site.", "the protocol requires this site."),
                site.name,
                Text(
                    f"Ajoutez --site {site.name}=DOSSIER_DU_CDM.",
                    f"Add --site {site.name}=CDM_FOLDER.",
                ),
            )


def _readable(folder: Path) -> Cdm:
    """The CDM, once its tables have been found whole: a site would only say that it failed."""
    if not folder.is_dir():
        raise InputError(
            Text("ce dossier n'existe pas.", "this folder does not exist."),
            str(folder),
            Text("Produisez-le avec « transat harmonise ».", 'Make it with "transat harmonise".'),
        )
    cdm = Cdm(folder)
    check(cdm)
    return cdm
