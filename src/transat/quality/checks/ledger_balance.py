"""Is every native line read accounted for?

Rule: for each native table, read = kept + set aside by a named rule + rejected, exactly.
Source: Transat's own identity (issue of harmonisation); no peer keeps a ledger.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import NO_LEDGER, Check, Finding, Part, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="ledger_balance",
    category="completeness",
    title=Text("Registre des lignes : l'égalité", "Ledger of lines: the balance"),
    question=Text(
        "Chaque ligne lue est-elle gardée, mise de côté ou rejetée ?",
        "Is every line read kept, set aside or rejected?",
    ),
    next_step=Text(
        "Le CDM a changé depuis son écriture, ou Transat a un défaut : refaites le CDM, et "
        "signalez la table si l'écart revient.",
        "The CDM has changed since it was written, or Transat has a defect: make it again, and "
        "report the table if the gap comes back.",
    ),
    unit=Text("tables natives", "native tables"),
    people=False,
    detail=Text("table native", "native table"),
)


def find(examined: Examined) -> Finding:
    """Native tables whose lines do not add up."""
    bounds = thresholds()[CHECK.key]
    if not examined.ledger:
        return not_applicable(CHECK, bounds, NO_LEDGER)
    rows = examined.engine.rows("""
        SELECT "table", sum(CASE WHEN kind = 'read' THEN "rows" WHEN kind = 'note' THEN 0
                                 ELSE -"rows" END) <> 0
                        OR bool_or("rows" < 0) OR NOT bool_or(kind = 'read')
        FROM ledger GROUP BY "table" ORDER BY "table" """)
    wrong = tuple(Part(Text(name, name), 1, 1) for name, unbalanced in rows if unbalanced)
    if not rows:
        return not_applicable(CHECK, bounds, NO_LEDGER)
    status = bounds.status(len(wrong) / len(rows))
    return Finding(CHECK, status, len(wrong), len(rows), wrong, bounds, partition=False)
