"""How much of each native table does each rule take?

Rule: the share of the lines read of a table that one rule sets aside, or that is rejected. Warns
where it is more than a fifth, but for a rule that takes a whole table by its definition (T14).
Source: `ledger.parquet` of the CDM; the bound is Transat's.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.harmonise.run import shore_of
from transat.quality.examined import Examined
from transat.quality.finding import NO_LEDGER, Check, Finding, Part, not_applicable
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
    unit=Text("lignes natives", "native lines"),
    detail=Text("table et règle", "table and rule"),
)


def find(examined: Examined) -> Finding:
    """Lines taken by each rule of each table, the largest shares first."""
    bounds = thresholds()[CHECK.key]
    if not examined.ledger:
        return not_applicable(CHECK, bounds, NO_LEDGER)
    rows = examined.engine.rows("""
        SELECT l."table", l.rule, CAST(l."rows" AS BIGINT), CAST(r."rows" AS BIGINT)
        FROM ledger AS l JOIN ledger AS r ON r."table" = l."table" AND r.kind = 'read'
        WHERE l.kind IN ('rule', 'reject') AND r."rows" > 0 AND l."rows" > 0
        ORDER BY l."rows" / r."rows" DESC, l."table", l.rule""")
    read = int(examined.engine.scalar("SELECT sum(\"rows\") FROM ledger WHERE kind = 'read'") or 0)
    if not read:
        return not_applicable(CHECK, bounds, NO_LEDGER)
    parts = tuple(
        Part(Text(f"{table}, {rule}", f"{table}, {rule}"), int(taken), int(whole), group=table)
        for table, rule, taken, whole in rows
    )
    whole = _whole_tables(examined)
    worst = max((n / d for t, rule, n, d in rows if (t, rule) not in whole), default=0.0)
    return Finding(
        CHECK, bounds.status(worst), sum(p.numerator for p in parts), read, parts, bounds,
        partition=False,
    )  # fmt: skip


def _whole_tables(examined: Examined) -> set[tuple[str, str]]:
    """(table, rule) of the rules that take every line of their table."""
    if examined.shore is None:
        return set()
    return {(r.table, r.key) for r in shore_of(examined.shore).rules if r.predicate_sql == "true"}
