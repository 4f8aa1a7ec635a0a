"""A rule sets native lines aside, under a name, for a stated reason; each can be switched off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from transat.core.errors import ConfigError, close_match
from transat.core.languages import Text
from transat.engines.engine import quoted


@dataclass(frozen=True, slots=True)
class Rule:
    """One accounting rule on one native table.

    Parameters
    ----------
    key: short name, unique within a table; the same key on several tables is one rule.
    title, why: what it does and why, in both languages.
    source: the publication or documentation page that states it.
    table: the native table whose lines it sets aside; `EVERY_TABLE` for a rule on whole files.
    predicate_sql: true for the lines to set aside; NULL keeps the line. Empty when the rule is
        applied by a later step (netting of reversals), which then writes the ledger itself.
    default_on: whether it applies unless the user says otherwise.
    contested: it compares lines that share the table's `contested` key, and takes no other.
    fixed: a line that it takes has no place in OMOP at all, so it cannot be switched off.
    """

    key: str
    title: Text
    why: Text
    source: str
    table: str
    predicate_sql: str = ""
    default_on: bool = True
    fixed: bool = False
    contested: bool = False


#: Stands for the table in a rule that sets aside whole files, of any table.
EVERY_TABLE: Final = "*"

NO_OMOP_PLACE: Final = Rule(
    "no_omop_place",
    Text("table sans place dans OMOP", "table with no place in OMOP"),
    Text(
        "la source déclare cette table et aucune de ses lignes ne devient une ligne OMOP : elles "
        "sont comptées, rien n'en est lu.",
        "the source declares this table and none of its lines becomes an OMOP row: they are "
        "counted, and nothing of them is read.",
    ),
    "Transat",
    EVERY_TABLE,
    fixed=True,
)

SAME_FILE_TWICE: Final = Rule(
    "same_file_twice",
    Text("fichier livré deux fois", "file delivered twice"),
    Text(
        "octet pour octet (décompressé), c'est un autre fichier de la même table et de la même "
        "année.",
        "byte for byte (decompressed), it is another file of the same table and year.",
    ),
    "Transat",
    EVERY_TABLE,
    fixed=True,
)

#: Rules of every shore, on whole files.
ON_FILES: Final = (NO_OMOP_PLACE, SAME_FILE_TWICE)


def active(rules: Iterable[Rule], off: Iterable[str], on: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules that apply, in declared order, then those on whole files.

    `on` names rules that are off by default (T13). Raises ConfigError when `off` or `on` names a
    rule that does not exist, or a fixed one.
    """
    declared = (*rules, *ON_FILES)
    keys = {r.key for r in declared if not r.fixed}
    closed, opened = set(off), set(on)
    for key in sorted((closed | opened) - keys):
        near = close_match(key, keys) or ", ".join(sorted(keys))
        raise ConfigError(
            Text(f"règle inconnue ou fixe : {key}.", f"unknown or fixed rule: {key}."),
            "rules_off",
            Text(f"Règles qui se coupent : {near}.", f"Rules that can be off: {near}."),
        )
    if both := sorted(closed & opened):
        raise ConfigError(
            Text(f"règle demandée et coupée : {both[0]}.", f"rule both on and off: {both[0]}."),
            "rules_off",
            Text("Gardez --with ou --without.", "Keep --with or --without."),
        )
    return tuple(r for r in declared if (r.default_on or r.key in opened) and r.key not in closed)


def first_match_sql(rules: Iterable[Rule], table: str, *, contested: bool = True) -> str:
    """SQL branches ``WHEN predicate THEN key`` for `table`: the first rule takes the line.

    `contested` false leaves out the rules that compare lines with one another.
    """
    return " ".join(
        f"WHEN {r.predicate_sql} THEN {quoted(r.key)}"
        for r in rules
        if r.table == table and r.predicate_sql and (contested or not r.contested)
    )
