"""Run a protocol on the CDMs of its sites, in one process, and write the joint result.

In the output folder: result.json; run.json (the record of the run); protocol.json (the document as
run, with its code lists); ledgers/SITE.jsonl (what left each site). Files are written beside their
place and renamed; a run that fails leaves no result, and a ledger of what left before it failed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from transat import __version__
from transat.cohorts.population import population_rules
from transat.core.errors import InputError, SiteUnreachable, StudyError, close_match
from transat.core.folders import held
from transat.core.languages import Text
from transat.engines.cdm import Cdm
from transat.engines.cdm_check import check
from transat.federation import ledger, ledger_verify, policy
from transat.federation.attrition import Release as AttritionRelease
from transat.federation.coordinator import Coordinator
from transat.federation.in_process import InProcess
from transat.federation.keys import Key
from transat.federation.permit import Permit, sign, terms_for
from transat.federation.policy import Policy
from transat.federation.questions import STEPS
from transat.federation.signed_site import SignedSite
from transat.federation.site_unsigned import Site
from transat.studies import output, record
from transat.studies.hashes import Hashes, hashes
from transat.studies.inutero import assemble
from transat.studies.inutero.study import Findings, Progress, conduct
from transat.studies.numbers import count
from transat.studies.protocol import Protocol
from transat.studies.results import (
    AttritionStep,
    RunRecord,
    SiteSummary,
    StudyIdentity,
    StudyResult,
)
from transat.studies.truth import judged, require_effects

LEDGERS = "ledgers"

#: Questions that a site answers in one run, at most.
ROUNDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site's things are, and under which policy it answers."""

    name: str
    label: Text
    cdm: Path
    ledger: Path
    journal: Path | None
    policy: Policy
    simulated: bool | None
    source: str
    period: tuple[str, str] | None
    notice: Text | None = None


def run(
    protocol: Protocol,
    sites: dict[str, Path],
    out: Path,
    progress: Progress | None = None,
    truth: Path | None = None,
) -> StudyResult:
    """Run a protocol and write its result.

    Parameters
    ----------
    sites: folder of the CDM of each site that the protocol names.
    out: folder to write; made if missing, ledgers in it are continued.
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
    places = _places(protocol, sites, out)
    if truth is not None:
        require_effects(truth)
    output.prepare(out, LEDGERS)
    names = hashes(protocol)
    makers = {p.name: _maker(protocol, p, names) for p in places}
    with held(out / LEDGERS):  # one run at a time adds to a register
        result = carry_out(protocol, places, makers, progress)
        if truth is not None:
            result = judged(result, truth)
        write_result(protocol, result, out)
    return result


def carry_out(
    protocol: Protocol,
    places: tuple[Place, ...],
    makers: Mapping[str, Callable[[], Site]],
    progress: Progress | None = None,
) -> StudyResult:
    """Run a protocol on sites that `makers` make, each inside its own thread; writes ledgers only.

    Raises
    ------
    SiteUnreachable, DisclosureRefused: as `run`.
    """
    started, clock = record.now(), perf_counter()
    names = hashes(protocol)
    coordinator, keys = Key.new(), {p.name: Key.new() for p in places}
    permit = _permit(protocol, names, places, coordinator, keys)
    inputs = tuple((p.name, record.fingerprint(p.cdm)) for p in places)
    earlier = {p.name: _entries(p) for p in places}
    signing = {name: _signing(make, keys[name]) for name, make in makers.items()}
    with InProcess(signing) as transport:
        findings = conduct(protocol, Coordinator(transport, coordinator, permit), progress)
    whole = (*findings.seconds, ("all", round(perf_counter() - clock, 3)))
    ran = RunRecord(started, record.now(), record.versions(), (), inputs, whole)
    return _result(protocol, names, places, findings, ran, earlier)


def _permit(
    protocol: Protocol,
    names: Hashes,
    places: tuple[Place, ...],
    coordinator: Key,
    keys: Mapping[str, Key],
) -> Permit:
    """The permit of one run, signed with a key made for it: whoever runs it holds all the CDMs."""
    holder, day = Key.new(), datetime.now(UTC).date()
    permit = Permit(
        project=protocol.document.study.id,
        study=names.logic,
        document=names.document,
        version=__version__,
        cohorts=(names.cohort,),
        steps=STEPS,
        rounds=ROUNDS,
        starts=day,
        ends=day + timedelta(days=365),
        coordinator=coordinator.public,
        sites={p.name: terms_for(p.policy, holder.public, keys[p.name].public) for p in places},
        signatures={},
    )
    return sign(permit, holder)


def _signing(make: Callable[[], Site], key: Key) -> Callable[[], SignedSite]:
    return lambda: SignedSite(make(), key)


def _check(protocol: Protocol, sites: dict[str, Path]) -> None:
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


def _places(protocol: Protocol, sites: dict[str, Path], out: Path) -> tuple[Place, ...]:
    held = protocol.policies()
    declared = [site for site in protocol.document.sites if site.name in sites]
    strictest = policy.strictest(held[site.name] for site in declared)
    places = []
    for site in sorted(declared, key=lambda s: s.name):
        cdm = Path(sites[site.name])
        metadata = _readable(cdm).metadata
        simulated = metadata.get("simulated")
        period, notice = metadata.get("period"), metadata.get("notice")
        base = out / LEDGERS / site.name
        places.append(
            Place(
                name=site.name,
                label=site.label.text(),
                cdm=cdm,
                ledger=base.with_suffix(".jsonl"),
                # Simulated people have no secret between two runs; real ones do.
                journal=None if simulated is True else base.with_suffix(".journal.json"),
                policy=held[site.name].tightened(strictest),
                simulated=simulated if isinstance(simulated, bool) else None,
                source=str(metadata.get("source") or ""),
                period=(str(period[0]), str(period[1])) if period else None,
                notice=Text(notice["fr"], notice["en"]) if notice else None,
            )
        )
    return tuple(places)


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


def _maker(protocol: Protocol, place: Place, names: Hashes) -> Callable[[], Site]:
    specification = protocol.specification()
    return lambda: Site.of_cdm(
        place.name, place.cdm, specification, place.policy, place.ledger, names.logic,
        place.journal,
    )  # fmt: skip


def _result(
    protocol: Protocol,
    names: Hashes,
    places: tuple[Place, ...],
    findings: Findings,
    ran: RunRecord,
    earlier: dict[str, int],
) -> StudyResult:
    document = protocol.document
    summaries = tuple(_summary(protocol, p, findings, earlier[p.name]) for p in places)
    return StudyResult(
        study=StudyIdentity(
            document.study.id, document.study.version, document.title.text(),
            document.purpose.text(), names.logic, names.document, protocol.rules(),
        ),
        sites=summaries,
        births=_births(findings),
        exposures=assemble.exposures(protocol),
        outcomes=assemble.outcomes(protocol),
        prevalences=assemble.prevalences(findings.prevalence, findings.asked),
        pairs=assemble.pairs(protocol, findings),
        signals=assemble.signals(protocol, findings),
        detectable=assemble.detectable(findings),
        parameters=_parameters(protocol, findings),
        notes=(*_notes(summaries), *_same_people(places, ran)),
        run=ran,
    )  # fmt: skip


def _births(findings: Findings) -> int | None:
    """Births that entered the scan; 0 where every site says that it has none."""
    if findings.scan is not None:
        return findings.scan.persons
    told = [release for release in findings.attrition.values() if release is not None]
    return 0 if len(told) == len(findings.attrition) else None


def _entries(place: Place) -> int:
    """How many entries the register has before this run."""
    return ledger_verify.verify(place.ledger).entries if place.ledger.exists() else 0


def _summary(protocol: Protocol, place: Place, findings: Findings, earlier: int) -> SiteSummary:
    release = findings.attrition[place.name]
    entries = ledger_verify.read(place.ledger)[earlier:]
    steps = _steps(protocol, release)
    return SiteSummary(
        site=place.name,
        label=place.label,
        holder=place.policy.key,
        policy=place.policy.source,
        threshold=place.policy.threshold,
        simulated=place.simulated,
        source=place.source,
        period=place.period,
        births=None if release is None else release.rows,
        attrition=steps,
        releases=sum(e.release != "refusal" for e in entries),
        bytes_out=sum(e.payload_bytes for e in entries),
        cells_out=sum(e.cells for e in entries),
        cells_masked=sum(e.cells_masked for e in entries),
        ledger=f"{LEDGERS}/{place.ledger.name}",
        ledger_head=entries[-1].sha256() if entries else ledger.GENESIS,
        no_pregnancies=bool(steps) and steps[0].count == 0,
        notice=place.notice,
    )


def _steps(protocol: Protocol, release: AttritionRelease | None) -> tuple[AttritionStep, ...]:
    if release is None:
        return ()
    texts = {rule.key: rule.text for rule in population_rules(protocol.specification())}
    return tuple(
        AttritionStep(key, texts[key], count(pregnancies))
        for key, pregnancies in zip(release.keys, release.pregnancies, strict=True)
    )


def _parameters(protocol: Protocol, findings: Findings) -> tuple[tuple[str, str], ...]:
    document = protocol.document
    pairs = len(protocol.exposures) * len(protocol.outcomes)
    tested = int(findings.scan.testable.sum()) if findings.scan else 0
    return (
        ("false_share", str(document.scan.false_share.value)),
        ("least_expected", str(document.scan.least_expected.value)),
        ("level", str(document.scan.level.value)),
        ("power", str(document.scan.power.value)),
        ("pairs", str(pairs)),
        ("pairs_tested", str(tested)),
        ("p_threshold", f"{findings.scan.threshold:.3g}" if findings.scan else ""),
    )


def _notes(sites: tuple[SiteSummary, ...]) -> tuple[Text, ...]:
    notes = []
    for site in sites:
        if site.no_pregnancies:
            notes.append(
                Text(
                    f"{site.label.fr} : ce CDM ne contient aucune grossesse.",
                    f"{site.label.en}: this CDM holds no pregnancy.",
                )
            )
        elif site.births is None:
            notes.append(
                Text(
                    f"{site.label.fr} : trop peu de naissances pour rien en dire.",
                    f"{site.label.en}: too few births to say anything of them.",
                )
            )
        elif site.births == 0:
            notes.append(
                Text(
                    f"{site.label.fr} : aucune naissance ne remplit les règles du protocole.",
                    f"{site.label.en}: no birth meets the protocol's rules.",
                )
            )
    return tuple(notes)


def _same_people(places: tuple[Place, ...], ran: RunRecord) -> tuple[Text, ...]:
    """A note for two sites that read one CDM: its people would be counted twice."""
    labels = {place.name: place.label for place in places}
    first: dict[str, str] = {}
    notes = []
    for site, content in ran.inputs:
        one, two = labels[first.setdefault(content, site)], labels[site]
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


def write_result(protocol: Protocol, result: StudyResult, out: Path) -> None:
    """Write result.json, run.json and protocol.json beside their places, then rename them."""
    record.write(out / "protocol.json", record.as_json(protocol.data()))
    record.write(out / "run.json", record.as_json(asdict(result.run)))
    record.write(out / "result.json", result.to_json() + "\n")
