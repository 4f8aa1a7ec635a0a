"""The CDM being judged: an engine with its tables, and the few views that several checks read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, get_args

from transat.engines import cdm_check
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine, identifier
from transat.harmonise.run import LEDGER
from transat.harmonise.shore import ShoreName
from transat.quality.finding import Part, year_text

#: Transat's own table of pregnancies, beside OMOP's.
PREGNANCY: Final = "pregnancy"
#: Relationships of FACT_RELATIONSHIP, person 1 to person 2: parent to child, child to parent.
PARENT_TO_CHILD: Final = 581436
CHILD_TO_PARENT: Final = 581435
#: Days between an end of pregnancy and the birth date of its child, as `cohorts` links them: 7, or
#: 16 where only the month of birth is known and the day is set at its middle.
LINK_DAYS: Final = 7
MONTH_DAYS: Final = 16


@dataclass(slots=True)
class Examined:
    """One CDM attached to an engine.

    shore: the source, when Transat wrote the CDM. ledger: whether a ledger is there, as the view
    `ledger` (table, kind, rule, rows). Views: `known_pregnancy` (episode_id, person_id, start_date,
    end_date, outcome, gestation_days), `mother_infant` (mother_id, infant_id), `born` (person_id,
    birth_date, day_known).
    """

    cdm: Cdm
    engine: Engine
    shore: ShoreName | None
    ledger: bool
    _rows: dict[str, int] = field(default_factory=dict)

    def rows(self, table: str) -> int:
        """Rows of a table or view."""
        if table not in self._rows:
            counted = self.engine.scalar(f"SELECT count(*) FROM {identifier(table)}")
            self._rows[table] = int(counted or 0)
        return self._rows[table]

    def by_year(self, flags: str, lines: str = "1") -> list[Part]:
        """Parts by year of a query that gives `day` and whether it is counted, `flag`.

        lines: how many records one row of the query stands for, a column of it.
        """
        rows = self.engine.rows(
            f"SELECT year(day), CAST(sum(CASE WHEN flag THEN {lines} ELSE 0 END) AS BIGINT), "
            f"CAST(sum({lines}) AS BIGINT) "
            f"FROM ({flags}) AS flagged GROUP BY 1 ORDER BY 1 NULLS LAST"
        )
        return [Part(year_text(y), int(n), int(d)) for y, n, d in rows]


@contextmanager
def examined(cdm: Cdm) -> Iterator[Examined]:
    """Attach a CDM for its checks.

    Raises
    ------
    InputError: a table that cannot be read or lacks a needed column; names the file.
    """
    cdm_check.check(cdm)
    with DuckDB() as engine:
        cdm.attach(engine)
        ledger = (cdm.path / LEDGER).is_file()
        if ledger:
            engine.view_parquet("ledger", [cdm.path / LEDGER])
        said = cdm.metadata.get("source")
        shore: ShoreName | None = next((s for s in get_args(ShoreName) if s == said), None)
        _pregnancies(engine, cdm)
        _links(engine)
        yield Examined(cdm, engine, shore, ledger)


def _pregnancies(engine: Engine, cdm: Cdm) -> None:
    written = cdm.path_of(PREGNANCY)
    if written.is_file():
        engine.view_parquet("pregnancy_file", [written])
        engine.sql(
            "CREATE OR REPLACE VIEW known_pregnancy AS SELECT episode_id, person_id, start_date, "
            "end_date, outcome, gestation_days FROM pregnancy_file"
        )
        return
    engine.sql(
        "CREATE OR REPLACE VIEW known_pregnancy AS SELECT e.episode_id, e.person_id, "
        "e.episode_start_date AS start_date, e.episode_end_date AS end_date, "
        "e.episode_source_value AS outcome, CAST(date_diff('day', e.episode_start_date, "
        "e.episode_end_date) AS INTEGER) AS gestation_days FROM episode AS e JOIN concept AS c "
        "ON c.concept_id = e.episode_concept_id "
        "WHERE c.vocabulary_id = 'Transat' AND c.concept_code = 'pregnancy'"
    )


def _links(engine: Engine) -> None:
    engine.sql(f"""
        CREATE OR REPLACE VIEW mother_infant AS
        SELECT fact_id_1 AS mother_id, fact_id_2 AS infant_id FROM fact_relationship
        WHERE relationship_concept_id = {PARENT_TO_CHILD}
        UNION
        SELECT fact_id_2, fact_id_1 FROM fact_relationship
        WHERE relationship_concept_id = {CHILD_TO_PARENT}""")
    engine.sql("""
        CREATE OR REPLACE VIEW born AS
        SELECT person_id, birth_datetime IS NOT NULL OR day_of_birth IS NOT NULL AS day_known,
               coalesce(CAST(birth_datetime AS DATE),
                        try_cast(year_of_birth || '-' || lpad(CAST(coalesce(month_of_birth, 7)
                            AS VARCHAR), 2, '0') || '-' || lpad(CAST(coalesce(day_of_birth, 15)
                            AS VARCHAR), 2, '0') AS DATE)) AS birth_date
        FROM person""")
