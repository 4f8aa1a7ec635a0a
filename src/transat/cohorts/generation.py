"""From definitions and a CDM to a folder: cohorts, attrition, and what each definition found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from transat import __version__
from transat.cohorts.definitions import Batch, Source
from transat.cohorts.query.concept_sets import resolve
from transat.cohorts.query.domains import DOMAINS
from transat.cohorts.query.model import CodeSet, Read
from transat.core.errors import ConfigError, InputError, close_match
from transat.core.folders import partial_of, replace_folder
from transat.core.languages import Text
from transat.engines.duckdb import DuckDB

if TYPE_CHECKING:
    from transat.cohorts.query.executor import Executed, Executor
    from transat.engines.cdm import Cdm

EngineName = Literal["columns", "duckdb", "spark", "reference"]
ENGINES: Final[tuple[EngineName, ...]] = get_args(EngineName)
#: Files of a folder of cohorts. `record` says what made it.
COHORTS, ATTRITION, DEFINITIONS = "cohort.parquet", "attrition.parquet", "cohort_definition.parquet"
RECORD: Final = "transat.json"
#: What a definition found. 'no_table': the CDM lacks the tables of every entry event; 'no_concept':
#: its CONCEPT holds none of the concepts that let in; 'nobody': all that is there, and nobody fits.
FOUND: Final = ("periods", "nobody", "no_table", "no_concept")


@dataclass(frozen=True, slots=True)
class Generated:
    """The tables written, and the finding of each definition (FOUND), in the order of the batch."""

    executed: Executed
    found: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many definitions gave each finding."""
        tally = Counter(self.found)
        return {name: tally[name] for name in FOUND}


def executor(engine: EngineName) -> Executor:
    """The executor of that name. Raises ConfigError when an optional part is missing."""
    if engine == "columns":
        from transat.cohorts.query.columns.executor import Columns

        return Columns()
    if engine == "reference":
        from transat.cohorts.query.reference import Reference

        return Reference()
    from transat.cohorts.query.sql.executor import Sql

    return Sql(engine)


def engine_named(name: str) -> EngineName:
    """The engine of that name. Raises ConfigError when there is none."""
    for engine in ENGINES:
        if name == engine:
            return engine
    near = close_match(name, ENGINES) or ", ".join(ENGINES)
    raise ConfigError(
        Text(f"moteur inconnu : {name}.", f"unknown engine: {name}."),
        "--engine",
        Text(f"Choisissez : {near}.", f"Choose: {near}."),
    )


def generate(
    cdm: Cdm, batch: Batch, engine: EngineName = "columns", out: Path | None = None
) -> Generated:
    """Run every definition of `batch` on `cdm`; write the folder `out` when it is given.

    The folder holds `cohort.parquet` (OMOP's COHORT), `attrition.parquet` with the name of each
    rule, `cohort_definition.parquet` and `transat.json`. Exact counts of persons are in it: it
    stays on the site. Raises InputError when `out` holds something else, or for a CDM that cannot
    be read.
    """
    if out is not None:
        _replaceable(out)
    _observed(cdm)
    executed = executor(engine).run(cdm, batch.definitions)
    made = Generated(executed, tuple(_findings(cdm, batch, executed)))
    if out is not None:
        _write(out, cdm, batch, made, engine)
    return made


def analyse(cdm: Cdm, batch: Batch, engine: EngineName, out: Path) -> list[Path]:
    """Write ``STUDY.ANALYSIS.parquet`` in `out` for each analysis of the batch; return the files.

    Raises InputError when the batch holds no analysis, or for a CDM that cannot be read.
    """
    parts = [(study.id, part) for study in batch.studies for part in study.analyses]
    if not parts:
        raise InputError(
            Text("aucune analyse dans cette étude.", "no analysis in this study."),
            ", ".join(source.name for source in batch.sources[:3]),
            Text("Ajoutez-y « analyses ».", 'Add "analyses" to it.'),
        )
    _observed(cdm)
    computing = executor(engine)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for study, part in parts:
        path = out / f"{study}.{part.id}.parquet"
        partial = path.with_name(path.name + ".partial")
        pq.write_table(computing.analyse(cdm, part.analysis), partial, compression="zstd")
        written.append(partial.replace(path))
    return written


def attrition_of(folder: Path) -> pa.Table:
    """The attrition that a folder of cohorts holds. Raises InputError when it is not one."""
    return _read(folder, ATTRITION)


def rows_of(folder: Path) -> tuple[pa.Table, dict[int, Text]]:
    """COHORT_SCHEMA of a folder of cohorts, and the title of each definition.

    Raises InputError when it is not one.
    """
    named = _read(folder, DEFINITIONS).to_pylist()
    titles = {r["cohort_definition_id"]: Text(r["name_fr"], r["name_en"]) for r in named}
    return _read(folder, COHORTS), titles


def _read(folder: Path, name: str) -> pa.Table:
    try:
        return pq.read_table(folder / name)
    except (OSError, pa.ArrowInvalid):
        raise InputError(
            Text("ce n'est pas un dossier de cohortes.", "this is not a folder of cohorts."),
            str(folder),
            Text("Écrivez-le : « transat cohort … --out ».", 'Write it: "transat cohort … --out".'),
        ) from None


def _findings(cdm: Cdm, batch: Batch, executed: Executed) -> Iterator[str]:
    there = set(executed.cohorts["cohort_definition_id"].unique().to_pylist())
    empty = [s for s in batch.sources if s.definition.cohort_definition_id not in there]
    known = _known(cdm, empty)
    for source in batch.sources:
        reads = source.definition.cohort.entry.reads
        if source.definition.cohort_definition_id in there:
            yield "periods"
        elif not any(cdm.path_of(DOMAINS[r.domain].table).is_file() for r in reads):
            yield "no_table"
        elif not any(all(known[s] for s in _sets(r)) for r in reads):
            yield "no_concept"
        else:
            yield "nobody"


def _known(cdm: Cdm, sources: list[Source]) -> dict[CodeSet, bool]:
    """Whether the CDM's CONCEPT holds a concept of each code set that lets in."""
    sets = [s for e in sources for r in e.definition.cohort.entry.reads for s in _sets(r)]
    if not sets:
        return {}
    with DuckDB() as engine:
        cdm.attach(engine, wide=True)
        return {s: len(ids) > 0 for s, ids in resolve(engine, sets).items()}


def _sets(read: Read) -> tuple[CodeSet, ...]:
    wanted = (read.codes, read.source_codes, read.any_codes)
    return tuple(s for s in wanted if s is not None)


def _write(out: Path, cdm: Cdm, batch: Batch, made: Generated, engine: str) -> None:
    with partial_of(out) as partial:
        pq.write_table(made.executed.cohorts, partial / COHORTS, compression="zstd")
        pq.write_table(_attrition(batch, made.executed.attrition), partial / ATTRITION)
        pq.write_table(_definitions(batch, made), partial / DEFINITIONS)
        (partial / RECORD).write_text(_record(cdm, batch, made, engine), "utf-8")
        replace_folder(partial, out)


def _attrition(batch: Batch, attrition: pa.Table) -> pa.Table:
    """ATTRITION_SCHEMA and the name of each rule, in both languages."""
    names = {
        (s.definition.cohort_definition_id, n): rule.name
        for s in batch.sources
        for n, rule in enumerate(s.definition.cohort.rules)
    }
    keys = zip(
        attrition["cohort_definition_id"].to_pylist(), attrition["rule"].to_pylist(), strict=True
    )
    said = [names.get(key) for key in keys]
    return attrition.append_column(
        "rule_name_fr", pa.array([s and s.fr for s in said], pa.string())
    ).append_column("rule_name_en", pa.array([s and s.en for s in said], pa.string()))


def _definitions(batch: Batch, made: Generated) -> pa.Table:
    sources = batch.sources
    return pa.table(
        {
            "cohort_definition_id": pa.array(
                [s.definition.cohort_definition_id for s in sources], pa.int64()
            ),
            "name_fr": pa.array([s.title.fr for s in sources], pa.string()),
            "name_en": pa.array([s.title.en for s in sources], pa.string()),
            "file": pa.array([s.name for s in sources], pa.string()),
            "form": pa.array([s.form for s in sources], pa.string()),
            "found": pa.array(made.found, pa.string()),
        }
    )


def _record(cdm: Cdm, batch: Batch, made: Generated, engine: str) -> str:
    said = {
        "kind": "cohorts",
        "transat": __version__,
        "engine": engine,
        "cdm": cdm.path.name,
        "definitions": len(batch.sources),
        "refused": [error.where for error in batch.refused],
        "found": made.counts,
    }
    return json.dumps(said, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _observed(cdm: Cdm) -> None:
    """Raises InputError for a CDM where nobody can enter a cohort, whatever the definition."""
    path = cdm.path_of("observation_period")
    if not path.is_file():
        raise InputError(
            Text("table absente : OBSERVATION_PERIOD.", "missing table: OBSERVATION_PERIOD."),
            str(path),
            Text(
                "Ajoutez-la : personne n'entre dans une cohorte hors d'une période d'observation.",
                "Add it: nobody enters a cohort outside an observation period.",
            ),
        )


def _replaceable(out: Path) -> None:
    """Raises InputError unless `out` is absent, empty, or a folder of cohorts."""
    inside = {f.name for f in out.iterdir()} if out.is_dir() else set()
    if (not out.exists() or out.is_dir()) and inside <= {COHORTS, ATTRITION, DEFINITIONS, RECORD}:
        return
    raise InputError(
        Text(
            "ce dossier contient autre chose que des cohortes.",
            "this folder holds something else than cohorts.",
        ),
        str(out),
        Text("Donnez un autre dossier.", "Name another folder."),
    )
