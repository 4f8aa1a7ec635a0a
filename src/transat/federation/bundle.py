"""The record of a finished study in one file, which anyone can verify without a network.

A zip archive: `permit.toml`, `protocol.json` (the document with its code lists), `result.json`,
`run.json`, `answers.jsonl` (the signed head of every answer that the coordinator took, which holds
the SHA-256 of its body), `ledgers/SITE.jsonl` (each site's register up to its last entry of the
study) and `bundle.json`, which names them all by size and SHA-256 and which the coordinator may
sign. The same content always gives the same bytes. What it proves: `bundle_verify`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from transat.core.errors import DataQualityError, InputError
from transat.core.languages import Text
from transat.federation import coordinator_journal, permit_file
from transat.federation.keys import Key
from transat.federation.ledger import canonical, entry_of
from transat.federation.ledger_verify import lines, verify
from transat.federation.permit import Permit

MANIFEST: Final = "bundle.json"
PERMIT: Final = "permit.toml"
PROTOCOL: Final = "protocol.json"
RESULT: Final = "result.json"
ANSWERS: Final = "answers.jsonl"
#: Every name that a bundle may hold.
NAMES: Final = re.compile(
    r"bundle\.json|permit\.toml|(protocol|result|run)\.json|answers\.jsonl"
    r"|ledgers/[a-z0-9_-]{1,20}\.jsonl"
)
#: Bytes of the longest content that is read from one.
LONGEST: Final = 1 << 30


def make(
    folder: Path,
    to: Path,
    ledgers: Mapping[str, Path] | None = None,
    journal: Path | None = None,
    key: Key | None = None,
) -> None:
    """Write the bundle of the study in `folder` (its output, with permit.toml) to the file `to`.

    ledgers: by site, the registers that holders sent, in place of those in `folder/ledgers`.
    journal: the coordinator's, in place of `folder/answers.jsonl`. key: the coordinator's, to sign
    with.

    Raises
    ------
    InputError: `to` exists, or a file of the study is missing. DataQualityError: a register or the
    journal is damaged. ConfigError: the permit cannot be read.
    """
    if to.exists():
        raise _missing(to, Text("ce fichier existe déjà.", "this file exists already."))
    permit = permit_file.read(folder / PERMIT)
    files = {name: _read(folder / name) for name in (PERMIT, PROTOCOL, RESULT)}
    for name in ("run.json", ANSWERS):
        if (folder / name).exists():
            files[name] = _read(folder / name)
    if journal is not None:
        heads = coordinator_journal.heads(journal)
        files[ANSWERS] = b"".join(line.encode() + b"\n" for line in heads)
    for site in sorted(permit.sites):
        given = (ledgers or {}).get(site, folder / "ledgers" / f"{site}.jsonl")
        if given.exists() or site in (ledgers or {}):
            files[f"ledgers/{site}.jsonl"] = _until_last(given, permit)
    _write(to, {**files, MANIFEST: _manifest(permit, files, key)})


def content(path: Path) -> dict[str, bytes]:
    """The files of a bundle, as its manifest names them; the manifest is among them.

    Raises
    ------
    InputError: no such file, or no bundle. DataQualityError: a file is missing, too many, or not
    what the manifest says.
    """
    files = _unzipped(path)
    manifest = _plain_manifest(path, files.get(MANIFEST, b""))
    named: dict[str, Any] = manifest["files"]
    for name in sorted(set(named) ^ (set(files) - {MANIFEST})):
        raise refused(path, name, _NOT_NAMED)
    for name, said in named.items():
        if said != _named(files[name]):
            raise refused(path, name, _CHANGED)
    return files


def manifest_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The manifest among the files that `content` gave."""
    found: dict[str, Any] = json.loads(files[MANIFEST])
    return found


def signed_part(manifest: Mapping[str, Any]) -> bytes:
    """What the coordinator signs of a manifest."""
    return canonical({k: v for k, v in manifest.items() if k != "signature"})


def refused(path: Path, name: str, what: Text) -> DataQualityError:
    """The error for a file of a bundle that does not fit the others."""
    return DataQualityError(
        what,
        f"{path}: {name}",
        Text(
            "Ne vous fiez pas à cet ensemble ; demandez-en un autre au coordonnateur.",
            "Do not rely on this bundle; ask the coordinator for another one.",
        ),
    )


_NOT_NAMED: Final = Text(
    "ce fichier manque, ou l'ensemble ne le nomme pas.",
    "this file is missing, or the bundle does not name it.",
)
_CHANGED: Final = Text(
    "ce fichier n'est pas celui que nomme l'ensemble.", "this file is not the one that is named."
)


def _manifest(permit: Permit, files: Mapping[str, bytes], key: Key | None) -> bytes:
    said = {
        "transat": 1, "kind": "bundle", "study": permit.study, "document": permit.document,
        "permit": permit.sha256(), "files": {name: _named(raw) for name, raw in files.items()},
        "key": key.public if key else "",
    }  # fmt: skip
    return canonical({**said, "signature": key.sign(signed_part(said)) if key else ""})


def _named(raw: bytes) -> dict[str, Any]:
    return {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def _plain_manifest(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
        fields = {"transat", "kind", "study", "document", "permit", "files", "key", "signature"}
        whole = set(found) == fields and isinstance(found["files"], dict)
        if whole and (found["transat"], found["kind"]) == (1, "bundle") and canonical(found) == raw:
            return dict(found)
    except (ValueError, TypeError, RecursionError):
        pass
    raise refused(path, MANIFEST, Text("ce n'est pas un ensemble.", "this is no bundle."))


def _until_last(path: Path, permit: Permit) -> bytes:
    """A register up to its last entry of the study; later ones are other studies' own."""
    verify(path)
    raw = lines(path)
    ours = [n for n, line in enumerate(raw, 1) if entry_of(line).study == permit.study]
    last = max(ours, default=0)
    return b"".join(line + b"\n" for line in raw[:last])


def _write(to: Path, files: Mapping[str, bytes]) -> None:
    """The archive, the same bytes for the same files; beside its place, then renamed."""
    partial = to.with_name(to.name + ".partial")
    to.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, raw)
    os.replace(partial, to)


def _unzipped(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            held = archive.infolist()
            names = [entry.filename for entry in held]
            if len(set(names)) < len(names) or sum(e.file_size for e in held) > LONGEST:
                raise refused(path, MANIFEST, _NOT_NAMED)
            for name in names:
                if not NAMES.fullmatch(name):
                    raise refused(path, ascii(name), _NOT_NAMED)
            return {name: archive.read(name) for name in names}
    except (OSError, zipfile.BadZipFile, EOFError, ValueError, RuntimeError, zlib.error):
        raise _missing(
            path, Text("ce n'est pas un ensemble lisible.", "this is no bundle that can be read.")
        ) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise _missing(path, Text("ce fichier manque.", "this file is missing.")) from None


def _missing(path: Path, what: Text) -> InputError:
    return InputError(
        what,
        str(path),
        Text("Vérifiez le chemin, puis recommencez.", "Check the path, then try again."),
    )
