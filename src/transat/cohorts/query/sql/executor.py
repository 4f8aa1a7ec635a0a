"""Runs the query model as SQL, on DuckDB or on Spark, and shows the text that it runs."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from transat.cohorts.query.analysis import answer_schema
from transat.cohorts.query.executor import ATTRITION_SCHEMA, COHORT_SCHEMA, Executed
from transat.cohorts.query.sql.analysis import statements as of_analysis
from transat.cohorts.query.sql.attributes import pregnancies
from transat.cohorts.query.sql.codes import Codes
from transat.cohorts.query.sql.cohort import Statement, statements
from transat.core.errors import DataQualityError, InputError
from transat.core.languages import Text
from transat.engines.choose import open_engine

if TYPE_CHECKING:
    from transat.cohorts.query.analysis import Analysis
    from transat.cohorts.query.executor import Definition
    from transat.engines.cdm import Cdm
    from transat.engines.engine import Engine

_HEAD: Final = (
    "-- Une vue par table OMOP (colonnes absentes : NULL) ; jours, fenêtres fermées.\n"
    "-- One view per OMOP table (missing columns: NULL); days, closed windows.\n"
)


class Sql:
    """The executor of SQL.

    Parameters
    ----------
    engine: ``duckdb`` or ``spark``.
    memory_limit: cap in DuckDB's notation, e.g. ``"3GB"``.
    threads: worker threads; default, those of the machine, at most 8.

    Raises ConfigError for an unknown engine, and for Spark where Java or PySpark is missing.
    """

    def __init__(
        self, engine: str = "duckdb", memory_limit: str = "3GB", threads: int | None = None
    ) -> None:
        self.engine, self.memory_limit, self.threads = engine, memory_limit, threads

    def run(self, cdm: Cdm, definitions: Sequence[Definition]) -> Executed:
        """All definitions, one after the other; code sets are resolved once for all."""
        with self._attached(cdm) as engine:
            given = _run(engine, script(definitions))
        cohorts = _table(given["cohort"], COHORT_SCHEMA)
        attrition = _table(given["attrition"], ATTRITION_SCHEMA)
        return Executed(
            cohorts.sort_by([(name, "ascending") for name in COHORT_SCHEMA.names]),
            attrition.sort_by([("cohort_definition_id", "ascending"), ("step", "ascending")]),
        )

    def analyse(self, cdm: Cdm, analysis: Analysis) -> pa.Table:
        """One row per period of the cohort, with its columns (analysis.answer_schema)."""
        with self._attached(cdm) as engine:
            given = _run(engine, analysis_script(analysis))
        return _table(given["analysis"], answer_schema(analysis))

    @contextmanager
    def _attached(self, cdm: Cdm) -> Iterator[Engine]:
        with (
            _told_of(cdm),
            tempfile.TemporaryDirectory(prefix="transat-") as spill,
            open_engine(self.engine, self.memory_limit, self.threads, Path(spill)) as engine,
        ):
            cdm.attach(engine, wide=True)
            engine.sql(f"CREATE OR REPLACE VIEW pregnancy AS {_pregnancies(cdm, engine)}")
            yield engine


@contextmanager
def _told_of(cdm: Cdm) -> Iterator[None]:
    """A value that is not of its column's type is the CDM's defect."""
    try:
        yield
    except DataQualityError:
        raise InputError(
            Text(
                "une colonne de ce CDM ne se lit pas dans le type qu'elle a dans OMOP.",
                "a column of this CDM does not read as the type that OMOP gives it.",
            ),
            str(cdm.path),
            Text(
                "Lancez avec « --engine columns », qui nomme la table.",
                'Run with "--engine columns", which names the table.',
            ),
        ) from None


def script(definitions: Iterable[Definition]) -> list[Statement]:
    """Every statement that runs for these definitions, in order."""
    codes = Codes()
    made = [one for definition in definitions for one in statements(definition, codes)]
    return [*map(Statement, codes.statements()), *made]


def analysis_script(analysis: Analysis) -> list[Statement]:
    """Every statement that runs for an analysis, in order."""
    codes = Codes()
    made = of_analysis(analysis, codes)
    return [*map(Statement, codes.statements()), *made]


def text(definitions: Iterable[Definition]) -> str:
    """What a reviewer reads: the script of these definitions, as DuckDB runs it."""
    return written(script(definitions))


def written(made: Iterable[Statement]) -> str:
    """Statements as one text, each ended by a semicolon."""
    return _HEAD + "".join(f"\n{one.text};\n" for one in made)


def _run(engine: Engine, made: Iterable[Statement]) -> dict[str, list[pa.Table]]:
    given: dict[str, list[pa.Table]] = defaultdict(list)
    for one in made:
        if one.gives:
            given[one.gives].append(engine.arrow(one.text))
        else:
            engine.sql(one.text)
    return given


def _pregnancies(cdm: Cdm, engine: Engine) -> str:
    file = cdm.path_of("pregnancy")
    if not file.is_file():
        return pregnancies(None, ())
    engine.view_parquet("raw_pregnancy", [file])
    return pregnancies("raw_pregnancy", engine.columns("raw_pregnancy"))


def _table(parts: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    if not parts:
        return schema.empty_table()
    return pa.concat_tables([part.select(schema.names).cast(schema) for part in parts])
