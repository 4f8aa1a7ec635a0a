"""Do the parts of a finished study's record belong together, and who signed which?

Looked at, without a network and without any site: every holder signed the permit; protocol and
result are the permit's, by their SHA-256; every register's chain and signatures hold, and all that
left for the study was permitted; the registers and what each counter-signed of the others agree;
every answer that the coordinator took is in its site's register, with the same body; the result
names states that the registers went through. What it cannot say: that nobody left out the end of a
register that no other counter-signed, nor that holders or coordinator own the keys that the permit
names: compare those with what each published.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from transat.core.errors import DataQualityError
from transat.core.languages import Text
from transat.federation import ledger_verify, messages, permit_file
from transat.federation.bundle import (
    ANSWERS,
    PERMIT,
    PROTOCOL,
    RESULT,
    content,
    manifest_of,
    refused,
    signed_part,
)
from transat.federation.keys import signed_by
from transat.federation.ledger import Entry, broken
from transat.federation.messages import MessageError, SignedAnswer
from transat.federation.permit import Permit
from transat.federation.permit import verify as verify_permit

#: The two SHA-256 of a protocol as plain data: of its logic, of the whole document.
Names = Callable[[Any], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SiteChecked:
    """One site: entries of its register (0 where it is not there), releases of the study, bytes of
    all its answers to it, and the head that the result names."""

    site: str
    entries: int
    releases: int
    bytes: int
    head: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A bundle that holds. agreed: counter-signatures found true. answers: that the coordinator
    took, each found in its register. signed: whether the coordinator signed the whole."""

    project: str
    study: str
    permit: str
    sites: tuple[SiteChecked, ...]
    agreed: int
    answers: int
    signed: bool


def verify(path: Path, names: Names) -> Checked:
    """Check a whole bundle.

    names: gives the two SHA-256 of a protocol from its plain data.

    Raises
    ------
    InputError: no bundle. DataQualityError: a part does not fit, named with its line.
    PermitRefused: a holder's signature is missing. ConfigError: the permit cannot be read.
    """
    files = content(path)
    manifest, permit = manifest_of(files), _permit(path, files)
    protocol, result = _json(path, files, PROTOCOL), _json(path, files, RESULT)
    _same(path, PROTOCOL, names(protocol), (permit.study, permit.document))
    of, heads = _meant(path, result)
    _same(path, RESULT, of, (permit.study, permit.document))
    told = (manifest["study"], manifest["document"], manifest["permit"])
    _same(path, PERMIT, told, (permit.study, permit.document, permit.sha256()))
    registers, agreed = _registers(path, files, permit)
    answers = _answers(path, files, permit, registers)
    _same(path, RESULT, tuple(sorted(heads)), tuple(sorted(permit.sites)))
    return Checked(
        permit.project, permit.study, permit.sha256(),
        tuple(_site(path, s, permit, heads[s], registers.get(s), answers) for s in sorted(heads)),
        agreed, len(answers), _signed(path, manifest, permit),
    )  # fmt: skip


def _permit(path: Path, files: Mapping[str, bytes]) -> Permit:
    raw = files.get(PERMIT, b"")
    permit = permit_file.parse(raw.decode("utf-8", "replace"), f"{path}: {PERMIT}")
    verify_permit(permit)
    return permit


def _json(path: Path, files: Mapping[str, bytes], name: str) -> Any:
    try:
        return json.loads(files[name])
    except (KeyError, ValueError, RecursionError):
        raise refused(path, name, _UNREADABLE) from None


def _meant(path: Path, result: Any) -> tuple[tuple[str, str], dict[str, str]]:
    """The protocol that a result is of, and the state of each site's register that it names."""
    try:
        study = result["study"]
        heads = {str(s["site"]): str(s["ledger_head"]) for s in result["sites"]}
        return (study["logic_sha256"], study["document_sha256"]), heads
    except (KeyError, TypeError):
        raise refused(path, RESULT, _UNREADABLE) from None


def _same(path: Path, name: str, found: object, expected: object) -> None:
    if found != expected:
        raise refused(path, name, _ANOTHER)


def _registers(
    path: Path, files: Mapping[str, bytes], permit: Permit
) -> tuple[dict[str, tuple[Entry, ...]], int]:
    """The registers by site, each and all together as they must be, and their statements."""
    with tempfile.TemporaryDirectory() as folder:
        places = {}
        for site in sorted(permit.sites):
            if f"ledgers/{site}.jsonl" in files:
                places[site] = Path(folder) / f"{site}.jsonl"
                places[site].write_bytes(files[f"ledgers/{site}.jsonl"])
        try:
            registers = {site: _register(place, site, permit) for site, place in places.items()}
            pairs = combinations(places.values(), 2)
            return registers, sum(ledger_verify.agree(one, two) for one, two in pairs)
        except DataQualityError as error:
            where = error.where.replace(f"{folder}/", f"{path}: ledgers/")
            raise DataQualityError(error.what, where, error.next_step) from None


def _register(place: Path, site: str, permit: Permit) -> tuple[Entry, ...]:
    ledger_verify.verify(place)
    ledger_verify.under(place, permit)
    entries = ledger_verify.read(place)
    for entry in entries:
        if entry.site != site:
            raise broken(place, entry.number + 1, _ANOTHER)
    return entries


def _answers(
    path: Path, files: Mapping[str, bytes], permit: Permit,
    registers: Mapping[str, tuple[Entry, ...]],
) -> tuple[SignedAnswer, ...]:  # fmt: skip
    """Every answer that the coordinator took; each is in its site's register, if that is here."""
    found = []
    lines = files.get(ANSWERS, b"").decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            answer = messages.read_head(line)
        except MessageError:
            raise refused(path, f"{ANSWERS}:{number}", _UNREADABLE) from None
        terms = permit.sites.get(answer.site)
        if terms is None or (answer.key, answer.study) != (terms.key, permit.study):
            raise refused(path, f"{ANSWERS}:{number}", _ANOTHER)
        register = registers.get(answer.site)
        if register is not None and not _entered(answer, line, register):
            raise refused(path, f"{ANSWERS}:{number}", _NOT_ENTERED)
        found.append(answer)
    return tuple(found)


def _entered(answer: SignedAnswer, line: str, register: tuple[Entry, ...]) -> bool:
    if not 0 < answer.entries <= len(register):
        return False
    entry = register[answer.entries - 1]
    body: str = json.loads(line)["body_sha256"]
    said = (entry.sha256(), entry.asked, entry.payload_sha256)
    return said == (answer.head, answer.asked, body)


def _site(
    path: Path, site: str, permit: Permit, head: str, register: tuple[Entry, ...] | None,
    answers: tuple[SignedAnswer, ...],
) -> SiteChecked:  # fmt: skip
    """What left one site for the study, once the state that the result names has been found."""
    heads = {a.head for a in answers if a.site == site} | {e.sha256() for e in register or ()}
    if head not in heads:
        raise refused(path, RESULT, _NO_STATE)
    left = [e for e in register or () if e.study == permit.study]
    releases = sum(e.release != "refusal" for e in left)
    size = sum(e.payload_bytes for e in left)
    return SiteChecked(site, len(register or ()), releases, size, head)


def _signed(path: Path, manifest: Mapping[str, Any], permit: Permit) -> bool:
    """Whether the coordinator signed the bundle; another's signature is an error."""
    if not manifest["key"]:
        return False
    by = manifest["key"] == permit.coordinator
    if not by or not signed_by(manifest["key"], manifest["signature"], signed_part(manifest)):
        raise refused(path, "bundle.json", _NOT_SIGNED)
    return True


_UNREADABLE = Text("ce fichier n'est pas lisible.", "this file cannot be read.")
_ANOTHER = Text(
    "ce fichier est celui d'une autre étude ou d'un autre site que le permis.",
    "this file is of another study or another site than the permit.",
)
_NOT_ENTERED = Text(
    "cette réponse n'est pas dans le registre de son site.",
    "this answer is not in its site's register.",
)
_NO_STATE = Text(
    "le résultat nomme un état de registre que rien ici ne montre.",
    "the result names a state of a register that nothing here shows.",
)
_NOT_SIGNED = Text(
    "la signature n'est pas celle du coordonnateur que nomme le permis.",
    "the signature is not that of the coordinator whom the permit names.",
)
