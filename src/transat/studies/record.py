"""The record that every run leaves: versions, instants, fingerprints of inputs."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import transat

PACKAGES = ("duckdb", "numpy", "scipy", "pyarrow", "pydantic", "rfc8785")


def versions() -> tuple[tuple[str, str], ...]:
    """Versions of Transat, Python and the packages that compute."""
    named = [("transat", transat.__version__), ("python", platform.python_version())]
    return tuple(named + [(name, version(name)) for name in PACKAGES])


def now() -> str:
    """The instant, UTC, ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def fingerprint(cdm: Path) -> str:
    """SHA-256 of a CDM folder: its transat.json, and the name and content of every Parquet file."""
    whole = hashlib.sha256()
    files = sorted(f for f in cdm.iterdir() if f.suffix in (".parquet", ".json"))
    for file in files:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        whole.update(f"{file.name} {digest}\n".encode())
    return whole.hexdigest()


def write(path: Path, text: str) -> None:
    """Write a text file beside its place, then rename it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def as_json(data: object) -> str:
    """Indented JSON with a newline."""
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
