"""Are medicines filed under ATC codes that have moved?

Rule: a drug exposure whose ATC class, as source concept, by a relationship of it, or as concept, is
the old side of a move of the ATC between vintages. Class totals jump where a medicine moves
(gabapentin leaves the antiepileptics), so both shores must be brought to one vintage before they
are compared.
Source: `tables/atc_drift.csv` (data_sources.md §3.5).
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Final

from transat.core.languages import Text
from transat.engines.engine import quoted
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding, Part, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="old_atc",
    category="conformance",
    title=Text("Codes ATC d'une ancienne édition", "ATC codes of an old vintage"),
    question=Text(
        "Des médicaments sont-ils classés sous un code ATC qui a changé ?",
        "Are medicines filed under an ATC code that has moved?",
    ),
    next_step=Text(
        "Harmonisez de nouveau avec la table des changements d'ATC, ou nommez les deux codes dans "
        "l'étude.",
        "Harmonise again with the table of ATC moves, or name both codes in the study.",
    ),
    unit=Text("remises de médicament", "dispensings"),
    detail=Text("médicament et changement", "medicine and move"),
)
NO_ATC: Final = Text("Aucune remise n'a de code ATC.", "No dispensing has an ATC code.")


@cache
def moves() -> dict[str, tuple[str, str]]:
    """Old ATC -> (new ATC, substance)."""
    text = files("transat.tables").joinpath("atc_drift.csv").read_text("utf-8")
    return {r["old"]: (r["new"], r["substance"]) for r in csv.DictReader(text.splitlines())}


def classed(examined: Examined) -> None:
    """Make `atc_dispensing`: lines, first and last day of each ATC code met."""
    examined.engine.sql("""
        CREATE OR REPLACE TEMP TABLE atc_dispensing AS
        WITH own AS (SELECT concept_id, concept_code FROM concept WHERE vocabulary_id = 'ATC'),
        related AS (
            SELECT r.concept_id_1 AS concept_id, min(c.concept_code) AS concept_code
            FROM concept_relationship AS r JOIN own AS c ON c.concept_id = r.concept_id_2
            WHERE r.concept_id_1 NOT IN (SELECT concept_id FROM own) GROUP BY r.concept_id_1),
        used AS (
            SELECT drug_concept_id AS concept, drug_source_concept_id AS source, count(*) AS lines,
                   min(drug_exposure_start_date) AS first_day,
                   max(drug_exposure_start_date) AS last_day
            FROM drug_exposure GROUP BY drug_concept_id, drug_source_concept_id),
        classed AS (
            SELECT u.*, coalesce(s.concept_code, r.concept_code, c.concept_code) AS atc
            FROM used AS u LEFT JOIN own AS s ON s.concept_id = u.source
            LEFT JOIN related AS r ON r.concept_id = u.source
            LEFT JOIN own AS c ON c.concept_id = u.concept)
        SELECT atc, CAST(sum(lines) AS BIGINT) AS lines, min(first_day) AS first_day,
               max(last_day) AS last_day
        FROM classed WHERE atc IS NOT NULL GROUP BY atc""")


def find(examined: Examined) -> Finding:
    """Dispensings under an old ATC code, by medicine."""
    bounds = thresholds()[CHECK.key]
    classed(examined)
    total = int(examined.engine.scalar("SELECT sum(lines) FROM atc_dispensing") or 0)
    if not total:
        return not_applicable(CHECK, bounds, NO_ATC)
    old = ", ".join(quoted(code) for code in moves())
    rows = examined.engine.rows(
        f"SELECT atc, lines FROM atc_dispensing WHERE atc IN ({old}) ORDER BY atc"
    )
    parts = [Part(_label(code), int(lines), total) for code, lines in rows]
    taken = sum(p.numerator for p in parts)
    status = bounds.status(taken / total)
    return Finding(CHECK, status, taken, total, tuple(parts), bounds, partition=False)


def _label(code: str) -> Text:
    new, substance = moves()[code]
    said = f"{substance}, {code} → {new}"
    return Text(said, said)
