"""The ATC of a hospital drug (UCD7): recorded, listed, or found by its name. Never a guess.

NU_UCD_R has names and no ATC. Three sources, the surest first: the CIP of IR_PHA_R that carry the
same UCD (`recorded`); Transat's own list (`list`); the name (`by name`): the longest beginning of
the label that is a brand or a substance of IR_PHA_R or of `tables/hospital_names.csv`. A name that
several ATC share, or that a combination begins with (LAMIVUDINE/ZIDOVUDINE), gives none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from transat.engines.engine import Engine
from transat.harmonise.atc import atc_sql
from transat.harmonise.context import Context
from transat.tables.drug_codes import hospital_names

#: A word, or what joins two substances into a combination.
_TOKENS: Final = re.compile(r"[A-Z0-9]+|[/+,]")
_JOINTS: Final = frozenset("/+,")

Name = tuple[str, ...]


def tokens(label: str) -> Name:
    """The words of a label in capitals without accents; a joint of a combination is '+'.

    'Émtriva 200 mg' -> ('EMTRIVA', '200', 'MG'); 'LAMIVUDINE/ZIDOVUDINE' has '+' in the middle. A
    joint between digits is a strength or a decimal comma, not a combination.
    """
    plain = unicodedata.normalize("NFKD", label.upper()).encode("ascii", "ignore").decode()
    found: list[str] = []
    for match in _TOKENS.finditer(plain):
        word = match.group()
        if word not in _JOINTS:
            found.append(word)
        elif found and not found[-1].isdigit():
            found.append("+")
    return tuple(found)


def atc_by_name(label: str, names: dict[Name, frozenset[str]]) -> tuple[str | None, bool]:
    """The ATC of the longest beginning of `label` that is in `names`; whether it was ambiguous.

    (None, False) when no beginning is a name; (None, True) when the name has several ATC or the
    label goes on as a combination.
    """
    words = tokens(label)
    for length in range(len(words), 0, -1):
        found = names.get(words[:length])
        if found is None:
            continue
        combined = length < len(words) and words[length] == "+"
        if combined or len(found) > 1:
            return None, True
        return next(iter(found)), False
    return None, False


def gather_names(rows: Iterable[tuple[str | None, str]]) -> dict[Name, frozenset[str]]:
    """Every name with the ATC that products of that name have; `rows` are (label, atc).

    A name of digits, or of one letter, says nothing and is left out.
    """
    gathered: dict[Name, set[str]] = {}
    for label, atc in rows:
        words = tokens(label or "")
        if any(len(w) > 1 and not w.isdigit() for w in words):
            gathered.setdefault(words, set()).add(atc)
    return {name: frozenset(found) for name, found in gathered.items()}


def hospital_atc(engine: Engine, context: Context) -> None:
    """View `hospital_atc` (code, atc, how, place): UCD7 with an ATC, recorded or by name.

    Needs `kept_IR_PHA_R`, `kept_NU_UCD_R` and `atc_move`. Findings: `ucd_ambiguous` names.
    """
    by_name, ambiguous = _named(engine)
    context.findings["ucd_ambiguous"] = ambiguous
    engine.register(
        "ucd_by_name",
        pa.table(
            {
                "code": pa.array(list(by_name), pa.string()),
                "atc": pa.array(list(by_name.values()), pa.string()),
            }
        ),
    )
    context.materialise(
        engine,
        "hospital_atc",
        "SELECT lpad(PHA_CIP_UCD, 7, '0') AS code, min(atc) AS atc, 'recorded' AS how, 1 AS place "
        f"FROM (SELECT PHA_CIP_UCD, coalesce(new, {atc_sql('PHA_ATC_C07')}) AS atc "
        f"FROM kept_IR_PHA_R LEFT JOIN atc_move ON old = {atc_sql('PHA_ATC_C07')}) AS sold "
        "WHERE atc IS NOT NULL AND length(ltrim(PHA_CIP_UCD, '0')) BETWEEN 6 AND 7 "
        "GROUP BY 1 HAVING count(DISTINCT atc) = 1 "
        "UNION ALL SELECT code, atc, 'by name', 3 FROM ucd_by_name",
    )


def _named(engine: Engine) -> tuple[dict[str, str], int]:
    """UCD7 of the hospital list with the ATC of their name, and how many names are ambiguous."""
    sold = engine.arrow(
        f"SELECT DISTINCT label, coalesce(new, atc) AS atc FROM ("
        f"SELECT PHA_MED_COM AS label, {atc_sql('PHA_ATC_C07')} AS atc FROM kept_IR_PHA_R "
        f"UNION ALL SELECT PHA_NOM_PA, {atc_sql('PHA_ATC_C07')} FROM kept_IR_PHA_R) AS named "
        "LEFT JOIN atc_move ON old = atc WHERE label IS NOT NULL AND atc IS NOT NULL"
    )
    names = gather_names(
        [
            *zip(sold["label"].to_pylist(), sold["atc"].to_pylist(), strict=True),
            *hospital_names().items(),
        ]
    )
    listed = engine.arrow(
        "SELECT DISTINCT right(lpad(UCD_UCD_COD, 13, '0'), 7) AS code, UCD_DSN_LIB AS label "
        "FROM kept_NU_UCD_R WHERE UCD_DSN_LIB IS NOT NULL ORDER BY code, label"
    )
    found: dict[str, str] = {}
    ambiguous = 0
    for code, label in zip(listed["code"].to_pylist(), listed["label"].to_pylist(), strict=True):
        atc, doubtful = atc_by_name(label, names)
        ambiguous += doubtful
        if atc is not None:
            found.setdefault(code, atc)
    return found, ambiguous
