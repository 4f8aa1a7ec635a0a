"""Periods of days in SQL: cut to what the extract can see, then merged."""

from __future__ import annotations

from typing import Final

#: Native dates of care, by kept table: they say the extract's period when nothing else does.
_CARE: Final = {
    "V_SEJ_HOSP_CM": "SHOP_DAT_ADMIS_SEJ_HOSP",
    "V_EPISO_SOIN_DURG_CM": "SURG_JOUR_DEBUT",
    "I_SMOD_SERV_MD_CM": "SMOD_DAT_SERV",
    "V_DEM_PAIMT_MED_CM": "SMED_DAT_SERV",
}


def care_dates() -> str:
    """SQL of the dates of all kept care, one column."""
    return " UNION ALL ".join(f"SELECT {date} FROM kept_{t}" for t, date in _CARE.items())


def merged_sql(spans: str, first: str, last: str) -> str:
    """SQL (person_id, first_day, last_day) of merged periods; both days belong to the period.

    Parameters
    ----------
    spans: query (person_id, first_day, last_day), both days included, NULL where open.
    first, last: SQL dates of the extract's own bounds, included.

    Periods that overlap or follow each other the next day become one; each is cut to [first, last]
    and to the person's life, and dropped when nothing is left.
    """
    return f"""
        WITH life AS (
            SELECT p.person_id, min(f.BENF_DAT_NAISS) AS born, min(d.death_date) AS died
            FROM kept_V_FICH_ID_BEN_CM AS f
            JOIN person_number AS p ON p.number = f.BENF_NO_INDIV_BEN_BANLS
            LEFT JOIN dead AS d ON d.person_id = p.person_id
            GROUP BY p.person_id
        ), cut AS (
            SELECT s.person_id,
                   greatest(coalesce(s.first_day, {first}), {first}, life.born) AS first_day,
                   least(coalesce(s.last_day, {last}), {last}, coalesce(life.died, {last}))
                       AS last_day
            FROM ({spans}) AS s
            JOIN life ON life.person_id = s.person_id
        ), marked AS (
            SELECT *, max(last_day) OVER (
                PARTITION BY person_id ORDER BY first_day, last_day
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS reached
            FROM cut WHERE first_day <= last_day
        ), grouped AS (
            SELECT *, count(*) FILTER (WHERE reached IS NULL OR first_day > reached + 1) OVER (
                PARTITION BY person_id ORDER BY first_day, last_day
                ROWS UNBOUNDED PRECEDING
            ) AS island
            FROM marked
        )
        SELECT person_id, min(first_day) AS first_day, max(last_day) AS last_day
        FROM grouped GROUP BY person_id, island
    """
