"""Every `bash` and `python` block of the README and of the documentation runs, in order.

Blocks marked `text` are shown, not run: they need a reader's own data, or show what is printed.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RUN = ("bash", "python")


def pages() -> list[Path]:
    with (DOCS / "pages.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    return [ROOT / "README.md", *(DOCS / row[lang] for lang in ("fr", "en") for row in listed)]


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(kind, code) for kind, code in BLOCK.findall(page.read_text("utf-8")) if kind in RUN]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all pages: they must not tread on one another."""
    return tmp_path_factory.mktemp("reader")


def test_every_block_says_its_language() -> None:
    kinds = {kind for page in pages() for kind, _ in BLOCK.findall(page.read_text("utf-8"))}
    assert kinds <= {*RUN, "text"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [p for p in pages() if blocks(p)], ids=lambda p: str(p.relative_to(ROOT))
)
def test_blocks_run(page: Path, folder: Path) -> None:
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = dict(os.environ, PATH=beside, NO_COLOR="1")
    for kind, code in blocks(page):
        command = ["bash", "-euo", "pipefail", "-c"] if kind == "bash" else [sys.executable, "-c"]
        done = subprocess.run(
            [*command, code], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
