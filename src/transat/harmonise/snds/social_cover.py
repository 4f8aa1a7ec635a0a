"""Which scheme somebody was under, with which complementary cover, exempted for which illness.

Scheme: RGM_GRG_COD of prestation lines. It holds from the first line that bears it to the day
before the first that bears another; the first reaches back to the start of observation.
Complementary cover of people of small means: contracts 89 of IR_ORC_R; for who has none there
(IR_ORC_R knows the general scheme only), the days of lines exempted by it (BEN_CMU_TOP = 1, or
BEN_CTA_TYP = 89), days less than a year apart in one period since rights last a year. Those lines
under-count: another exemption may prevail (Documentation-SNDS, complementaire_sante_solidaire.md).
Long-term illness: IR_IMB_R, as the conditions (T15); 5 % of the exempted are not in it (ALD page).
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE

#: C2S replaced CMU-C (and ACS) on this day (T18).
C2S_FROM: Final = "DATE '2019-11-01'"
_RIGHTS_LAST: Final = 365
#: No end is written as no date, 1600 or a year of the far future.
_OPEN_END: Final = "DATE '2999-12-31'"
_SCHEME, _COMPLEMENTARY, _ILLNESS = 1, 2, 3


def social_covers(engine: Engine, context: Context) -> None:
    """View `social_cover`: person_id, kind, payer, first_day, last_day (included), stopped."""
    _schemes(engine, context)
    _complementary(engine, context)
    illness = (
        "SELECT person_id, IMB_ALD_DTD AS first_day, "
        f"CASE WHEN IMB_ALD_DTF >= IMB_ALD_DTD THEN IMB_ALD_DTF ELSE {_OPEN_END} END AS last_day "
        "FROM kept_IR_IMB_R WHERE IMB_ALD_DTD IS NOT NULL"
    )
    no_stop = "CAST(NULL AS VARCHAR)"
    context.materialise(
        engine,
        "social_cover",
        f"SELECT person_id, {_SCHEME} AS kind, payer, first_day, last_day, {no_stop} AS stopped "
        f"FROM scheme UNION ALL {_renamed(context)} UNION ALL "
        f"SELECT person_id, {_ILLNESS}, 'ALD', first_day, last_day, {no_stop} "
        f"FROM ({_united(illness, 0)})",
    )


def _schemes(engine: Engine, context: Context) -> None:
    """View `scheme`: person_id, payer, first_day, last_day; whole lives for who never changes."""
    seen = "SELECT DISTINCT person_id, RGM_GRG_COD FROM kept_line WHERE RGM_GRG_COD IS NOT NULL"
    context.materialise(
        engine,
        "scheme_seen",
        "SELECT person_id, min(RGM_GRG_COD) AS code, count(*) AS schemes "
        f"FROM ({seen}) GROUP BY person_id",
    )
    # Two schemes on one day: the first code, so that the order of lines cannot matter.
    days = (
        "SELECT l.person_id, l.EXE_SOI_DTD AS day, min(l.RGM_GRG_COD) AS code FROM kept_line AS l "
        "JOIN scheme_seen AS s ON s.person_id = l.person_id AND s.schemes > 1 "
        "WHERE l.RGM_GRG_COD IS NOT NULL GROUP BY l.person_id, l.EXE_SOI_DTD"
    )
    changes = (
        "SELECT person_id, day, code, before FROM (SELECT *, lag(code) OVER "
        f"(PARTITION BY person_id ORDER BY day) AS before FROM ({days})) "
        "WHERE before IS NULL OR before <> code"
    )
    first, name = "DATE '1900-01-01'", "'RGM_GRG_COD:' || code"
    context.materialise(
        engine,
        "scheme",
        f"SELECT person_id, {name} AS payer, {first} AS first_day, {_OPEN_END} AS last_day "
        f"FROM scheme_seen WHERE schemes = 1 UNION ALL SELECT person_id, {name}, "
        f"CASE WHEN before IS NULL THEN {first} ELSE day END, "
        "coalesce(lead(day) OVER (PARTITION BY person_id ORDER BY day) - 1, "
        f"{_OPEN_END}) FROM ({changes})",
    )


def _complementary(engine: Engine, context: Context) -> None:
    """View `complementary`: person_id, first_day, last_day, source (native table)."""
    contracts = (
        "SELECT person_id, MLL_CTA_DSD AS first_day, "
        f"CASE WHEN MLL_CTA_DSF >= MLL_CTA_DSD THEN MLL_CTA_DSF ELSE {_OPEN_END} END AS last_day "
        "FROM kept_IR_ORC_R"
    )
    exempted = (
        "SELECT DISTINCT person_id, EXE_SOI_DTD AS first_day, EXE_SOI_DTD AS last_day "
        "FROM kept_line WHERE cmu_c AND person_id NOT IN (SELECT person_id FROM kept_IR_ORC_R)"
    )
    context.materialise(
        engine,
        "complementary",
        f"SELECT *, 'IR_ORC_R' AS source FROM ({_united(contracts, 0)}) UNION ALL "
        f"SELECT *, 'ER_PRS_F' FROM ({_united(exempted, _RIGHTS_LAST)})",
    )
    if not context.applies("T18"):
        return
    cut = engine.rows(
        "SELECT source, count(*) FROM complementary "
        f"WHERE first_day < {C2S_FROM} AND last_day >= {C2S_FROM} GROUP BY source"
    )
    for table, periods in cut:
        context.ledger.record(str(table), f"{NOTE}T18", int(periods))


def _renamed(context: Context) -> str:
    """SQL: complementary cover, under the name of its time (T18) or under both in one piece."""
    columns = f"SELECT person_id, {_COMPLEMENTARY} AS kind"
    if not context.applies("T18"):
        return f"{columns}, 'CMU-C/C2S', first_day, last_day, NULL FROM complementary"
    return (
        f"{columns}, 'CMU-C', first_day, least(last_day, {C2S_FROM} - 1), "
        f"CASE WHEN last_day >= {C2S_FROM} THEN 'T18' END FROM complementary "
        f"WHERE first_day < {C2S_FROM} UNION ALL "
        f"{columns}, 'C2S', greatest(first_day, {C2S_FROM}), last_day, NULL FROM complementary "
        f"WHERE last_day >= {C2S_FROM}"
    )


def _united(periods: str, gap: int) -> str:
    """SQL: of `periods` (person_id, first_day, last_day), those at most `gap` + 1 days apart in
    one piece.
    """
    reached = (
        "max(last_day) OVER (PARTITION BY person_id ORDER BY first_day, last_day "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    )
    return (
        "SELECT person_id, min(first_day) AS first_day, max(last_day) AS last_day FROM ("
        "SELECT *, sum(opens) OVER (PARTITION BY person_id ORDER BY first_day, last_day "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS piece FROM ("
        f"SELECT *, CASE WHEN first_day <= {reached} + {gap + 1} THEN 0 ELSE 1 END AS opens "
        f"FROM ({periods}))) GROUP BY person_id, piece"
    )
