"""How much of each native table does each rule take?

Rule: the share of the lines read of a table that one rule sets aside, or that is rejected. Warns
where it is more than a fifth, but for a rule that takes a whole table by its definition (T14).
Source: `ledger.parquet` of the CDM; the bound is Transat's.
"""

from __future__ import annotations

from typing import Final

from transat.core.counts import may_leave
from transat.core.languages import Text
from transat.harmonise.run import shore_of
from transat.quality.examined import Examined
from transat.quality.finding import NO_LEDGER, Check, Finding, Part, Status, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="set_aside",
    category="completeness",
    title=Text("Lignes mises de côté, par règle", "Lines set aside, by rule"),
    question=Text(
        "Quelle part de chaque table chaque règle prend-elle ?",
        "What share of each table does each rule take?",
    ),
    next_step=Text(
        "Comparez à l'extrait simulé ; harmonisez sans la règle (--without) pour mesurer son "
        "effet.",
        "Compare with the simulated extract; harmonise without the rule (--without) to measure "
        "its effect.",
    ),
    unit=Text("règles au-delà de la borne", "rules beyond the bound"),
    people=False,
    detail=Text("table et règle", "table and rule"),
)
NO_LINES: Final = Text("Aucune règle n'a pris de ligne.", "No rule took a line.")


def find(examined: Examined) -> Finding:
    """Rules that take more of a table than the bound; how many lines, the panel of lines tells."""
    bounds = thresholds()[CHECK.key]
    if not examined.ledger:
        return not_applicable(CHECK, bounds, NO_LEDGER)
    rows = examined.engine.rows("""
        SELECT l."table", l.rule, CAST(l."rows" AS BIGINT), CAST(r."rows" AS BIGINT)
        FROM ledger AS l JOIN ledger AS r ON r."table" = l."table" AND r.kind = 'read'
        WHERE l.kind IN ('rule', 'reject') AND r."rows" > 0 AND l."rows" > 0
        ORDER BY l."table", l.rule""")
    if not rows:
        return not_applicable(CHECK, bounds, NO_LINES)
    whole = _whole_tables(examined)
    beyond = [
        (table, rule, int(taken), int(read))
        for table, rule, taken, read in rows
        if bounds.status(taken / read) != "pass" and (table, rule) not in whole
    ]
    # A share of a table tells the lines it is made of: small ones stay unsaid.
    parts = tuple(
        Part(Text(f"{table}, {rule}", f"{table}, {rule}"), 1, 1, note=_note(taken / read))
        for table, rule, taken, read in beyond
        if may_leave(taken) and may_leave(read - taken)
    )
    status: Status = "warn" if beyond else "pass"
    return Finding(CHECK, status, len(beyond), len(rows), parts, bounds, partition=False)


def _note(share: float) -> Text:
    percent = round(100 * share)
    return Text(f"{percent} % des lignes de la table", f"{percent}% of the table's lines")


def _whole_tables(examined: Examined) -> set[tuple[str, str]]:
    """(table, rule) of the rules that take every line of their table."""
    if examined.shore is None:
        return set()
    return {(r.table, r.key) for r in shore_of(examined.shore).rules if r.predicate_sql == "true"}
