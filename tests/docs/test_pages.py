"""The two trees say the same things: twins, links, titles, French spacing."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
WRITTEN = sorted(ROOT.glob("*.md"))
FENCE = re.compile(r"```.*?```", re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def twins() -> list[tuple[str, str]]:
    with (DOCS / "pages.csv").open(encoding="utf-8", newline="") as file:
        return [(row["fr"], row["en"]) for row in csv.DictReader(file)]


def prose(path: Path) -> str:
    return CODE.sub("", FENCE.sub("", path.read_text("utf-8")))


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_has_its_twin_and_is_listed() -> None:
    listed = {name for pair in twins() for name in pair}
    found = {str(p.relative_to(DOCS)) for lang in ("fr", "en") for p in (DOCS / lang).rglob("*.md")}
    assert found == listed


def test_twins_have_the_same_shape() -> None:
    for pair in twins():
        shapes = [
            [line.split(" ")[0] for line in prose(DOCS / name).splitlines() if line[:1] == "#"]
            for name in pair
        ]
        assert shapes[0] == shapes[1], pair


@pytest.mark.parametrize(
    "page", [*WRITTEN, *sorted(DOCS.rglob("*.md"))], ids=lambda p: str(p.relative_to(ROOT))
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if re.match(r"https?://|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), target


@pytest.mark.parametrize(
    "page", sorted((DOCS / "fr").rglob("*.md")), ids=lambda p: str(p.relative_to(DOCS))
)
def test_french_pages_keep_signs_on_the_line(page: Path) -> None:
    loose = re.findall(r"\S+ [;:!?»%](?=\s|$)|« \S+", prose(page))
    assert loose == []


def test_every_page_is_reached_from_its_index() -> None:
    for place, index in enumerate(("fr/index.md", "en/index.md")):
        linked = {str((DOCS / index).parent / link) for link in LINK.findall(prose(DOCS / index))}
        missing = [pair[place] for pair in twins()[1:] if str(DOCS / pair[place]) not in linked]
        assert missing == []
