"""Lists of works, from which co-authors are found: a CSV file or the works of an ORCID record.

CSV: a heading line `work,year`, then one work a line: a DOI (bare, `doi:…` or a doi.org address)
and the year. ORCID: the JSON that `https://pub.orcid.org/v3.0/{orcid}/works` answers; one work a
group, by the DOI whose relationship is `self`. Works without a DOI or a year are counted, not kept.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from transat.core.errors import InputError
from transat.core.languages import Text

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_PREFIX = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Works:
    """Works as (DOI in lower case, year), sorted, and how many entries could not be kept."""

    works: tuple[tuple[str, int], ...]
    left_out: int


def doi(text: str) -> str | None:
    """The bare DOI in lower case (DOIs do not tell case apart), or None."""
    bare = _PREFIX.sub("", text.strip()).lower()
    return bare if _DOI.fullmatch(bare) else None


def read_csv(content: bytes) -> Works:
    """Read a CSV list (UTF-8, comma or semicolon). Raises InputError without the two columns."""
    text = _decoded(content)
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = ";" if ";" in first else ","
    table = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        if not {"work", "year"} <= set(table.fieldnames or ()):
            raise _refused(Text("colonnes work et year absentes.", "no columns work and year."))
        return _kept((row["work"] or "", row["year"] or "") for row in table)
    except csv.Error as error:
        raise _refused(Text("ce n'est pas un tableau CSV.", "this is not a CSV table.")) from error


def read_orcid(content: bytes) -> Works:
    """Read the works of an ORCID record (API 3.0, JSON). Raises InputError if it is not one."""
    try:
        record = json.loads(_decoded(content))
    except (ValueError, RecursionError) as error:
        raise _refused(Text("ce n'est pas du JSON.", "this is not JSON.")) from error
    groups = record.get("group") if isinstance(record, dict) else None
    if not isinstance(groups, list):
        raise _refused(Text("aucune liste de travaux ORCID.", "no list of ORCID works."))
    return _kept(_of_group(group) for group in groups)


def _of_group(group: Any) -> tuple[str, str]:
    own = [
        str(identifier.get("external-id-value") or "")
        for identifier in _list(_at(group, "external-ids", "external-id"))
        if isinstance(identifier, dict)
        and str(identifier.get("external-id-type")).lower() == "doi"
        and str(identifier.get("external-id-relationship")).lower() == "self"
    ]
    years = [
        str(_at(summary, "publication-date", "year", "value") or "")
        for summary in _list(_at(group, "work-summary"))
    ]
    return min(filter(None, own), default=""), max(years, default="")


def _at(node: Any, *keys: str) -> Any:
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _list(node: Any) -> list[Any]:
    return node if isinstance(node, list) else []


def _kept(entries: Iterable[tuple[str, str]]) -> Works:
    kept: dict[str, int] = {}
    left_out = 0
    for place, (work, year) in enumerate(entries):
        if place >= _MOST:
            raise _refused(Text(f"plus de {_MOST} travaux.", f"more than {_MOST} works."))
        name = doi(work)
        if name is None or not re.fullmatch(r"[0-9]{4}", year.strip()):
            left_out += 1
            continue
        kept[name] = max(int(year), kept.get(name, 0))
    return Works(tuple(sorted(kept.items())), left_out)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(Text("le texte n'est pas en UTF-8.", "the text is not UTF-8.")) from error


def _refused(what: Text) -> InputError:
    next_step = Text(
        "Donnez un CSV « work,year » ou les travaux d'une fiche ORCID en JSON.",
        'Give a CSV "work,year" or the works of an ORCID record as JSON.',
    )
    return InputError(what, "works", next_step)
