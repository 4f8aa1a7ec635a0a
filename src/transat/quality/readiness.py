"""What a holder or a programme officer asks first: what came, what years, who, what was lost.

The panel of data_sources.md §7: tables received and expected, years, lines read and set aside by
rule, persons, observation and coverage, linkage, mapping, breaks. Counts are masked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from transat.core.counts import may_leave
from transat.core.counts import shown as count_shown
from transat.core.languages import Text
from transat.harmonise.run import shore_of
from transat.quality.masking import Share, hidden, single
from transat.tables.omop import tables as omop_tables

if TYPE_CHECKING:
    from transat.quality.examined import Examined

#: The tables without which a CDM says nothing of care; they are expected of a CDM of any origin.
EXPECTED: Final = (
    "person", "observation_period", "payer_plan_period", "visit_occurrence",
    "condition_occurrence", "drug_exposure", "procedure_occurrence", "measurement", "death",
    "fact_relationship", "episode", "cdm_source", "concept",
)  # fmt: skip

#: The share of lines kept has this many decimals, and is told of this many lines at least: one step
#: of it is then 22 lines or more.
ROUNDED: Final = 3
LEAST_READ: Final = 22_000


@dataclass(frozen=True, slots=True)
class NativeLines:
    """Lines of one native table: read, kept, rejected, and set aside by rule; None is masked."""

    table: str
    read: int | None
    kept: int | None
    rejected: int | None
    rules: tuple[tuple[str, Text, int | None], ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The panel.

    native: whether the tables are those of the native extract (else OMOP's). received, missing:
    their names. years: first and last year observed. observed, covered: persons with an observation
    period and with drug coverage. lines: by native table, empty without a ledger. kept: share of
    all native lines, rounded so that it tells no small number of lines; no total is told, from
    which the lines of one table could be subtracted.
    """

    native: bool
    received: tuple[str, ...]
    missing: tuple[str, ...]
    years: tuple[int, int] | None
    persons: int | None
    observed: Share
    covered: Share
    lines: tuple[NativeLines, ...]
    kept: float | None


def readiness(examined: Examined) -> Readiness:
    """The panel of one CDM."""
    engine = examined.engine
    persons = examined.rows("person")
    years = engine.rows(
        "SELECT min(year(observation_period_start_date)), max(year(observation_period_end_date)) "
        "FROM observation_period"
    )[0]
    received, missing = _tables(examined)
    lines = _lines(examined) if examined.ledger else ()
    return Readiness(
        native=examined.ledger and examined.shore is not None,
        received=received,
        missing=missing,
        years=None if years[0] is None else (int(years[0]), int(years[1])),
        persons=count_shown(persons),
        observed=single(_people(examined, "observation_period"), persons),
        covered=single(_people(examined, "payer_plan_period"), persons),
        lines=lines,
        kept=_kept(examined) if examined.ledger else None,
    )


def _people(examined: Examined, table: str) -> int:
    return int(
        examined.engine.scalar(
            f"SELECT count(*) FROM (SELECT DISTINCT t.person_id FROM {table} AS t "
            "JOIN person AS p ON p.person_id = t.person_id) AS people"
        )
        or 0
    )


def _tables(examined: Examined) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if examined.ledger and examined.shore is not None:
        named = {str(r[0]) for r in examined.engine.rows('SELECT DISTINCT "table" FROM ledger')}
        expected = [t.name for t in shore_of(examined.shore).tables]
    else:
        named = {t for t in omop_tables() if examined.rows(t)}
        expected = list(EXPECTED)
    order = [*expected, *sorted(named - set(expected))]
    return tuple(t for t in order if t in named), tuple(t for t in order if t not in named)


def _kept(examined: Examined) -> float | None:
    totals = dict(
        examined.engine.rows('SELECT kind, CAST(sum("rows") AS BIGINT) FROM ledger GROUP BY kind')
    )
    read, kept = int(totals.get("read") or 0), int(totals.get("kept") or 0)
    return round(kept / read, ROUNDED) if read >= LEAST_READ else None


def _lines(examined: Examined) -> tuple[NativeLines, ...]:
    titles = _titles(examined)
    fates: dict[str, dict[str, int]] = {}
    for table, rule, rows in examined.engine.rows("""
        SELECT "table", CASE WHEN kind = 'reject' THEN 'reject' ELSE rule END,
               CAST(sum("rows") AS BIGINT)
        FROM ledger WHERE kind <> 'note' GROUP BY 1, 2 ORDER BY 1, 2"""):
        fates.setdefault(str(table), {})[str(rule)] = int(rows)
    return tuple(_fates(table, fate, titles) for table, fate in fates.items())


def _fates(table: str, fate: dict[str, int], titles: dict[str, Text]) -> NativeLines:
    """What became of a table's lines: the fates share them out."""
    read = fate.pop("read", 0)
    if not may_leave(read):
        return NativeLines(table, None, None, None, ())
    flags = dict(zip(fate, hidden(list(fate.values())), strict=True))

    def told(name: str) -> int | None:
        return None if flags.get(name) else fate.get(name, 0)

    rules = tuple(
        (name, titles.get(name, Text(name, name)), told(name))
        for name in fate
        if name not in ("kept", "reject") and fate[name]
    )
    return NativeLines(table, read, told("kept"), told("reject"), rules)


def _titles(examined: Examined) -> dict[str, Text]:
    if examined.shore is None:
        return {}
    return {rule.key: rule.title for rule in shore_of(examined.shore).rules}
