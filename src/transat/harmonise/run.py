"""A native extract to an OMOP CDM 5.4, with the ledger that accounts for every line."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from transat import __version__
from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.engines.cdm import Cdm, CdmWriter
from transat.engines.choose import open_engine
from transat.engines.engine import Engine
from transat.harmonise import concepts
from transat.harmonise.context import Context, Progress
from transat.harmonise.delivered import account
from transat.harmonise.delivered import columns as columns_of
from transat.harmonise.extract import Extract, find
from transat.harmonise.ledger import Ledger
from transat.harmonise.native import NativeTable
from transat.harmonise.referentials import with_referentials
from transat.harmonise.report import Report
from transat.harmonise.rules import Rule, active
from transat.harmonise.shore import Shore, ShoreName
from transat.harmonise.staging import collect_rejects, stage
from transat.harmonise.vocabulary import LOCAL, Words, prepare

LEDGER: Final = "ledger.parquet"
REJECTS: Final = "rejects.parquet"


def shore_of(name: str, columns: Path | None = None) -> Shore:
    """The declared shore called `name`; `columns` is a mapping file where the shore takes one.

    Raises ConfigError for an unknown shore, MappingError for a mapping file that does not fit.
    """
    if name not in get_args(ShoreName):
        known = ", ".join(get_args(ShoreName))
        raise ConfigError(
            Text(f"source inconnue : {name}.", f"unknown source: {name}."),
            "harmonise",
            Text(f"Sources connues : {known}.", f"Known sources: {known}."),
        )
    declared = importlib.import_module(f"transat.harmonise.{name}.shore").declare(columns)
    assert isinstance(declared, Shore)
    return declared


def harmonise(
    shore: str,
    source: Path,
    to: Path,
    *,
    rules_off: Collection[str] = (),
    rules_on: Collection[str] = (),
    columns: Path | None = None,
    vocabulary: Path | None = None,
    referentials: Path | None = None,
    engine: str = "duckdb",
    memory_limit: str = "3GB",
    threads: int | None = None,
    progress: Progress | None = None,
    then: Callable[[Cdm], object] | None = None,
) -> Report:
    """Harmonise the native extract in `source` into a CDM folder at `to`.

    Parameters
    ----------
    shore: ``snds``, ``quebec`` or ``conception``.
    rules_off: keys of accounting rules to leave out.
    rules_on: keys of rules that are off by default, to apply (T13).
    columns: mapping file of the extract's own column names (where the shore takes one).
    vocabulary: an Athena vocabulary, zip or folder; without one, concepts are local.
    referentials: a folder of the referentials that the extract lacks (IR_PHA_R, NU_UCD_R, DPD).
    engine: ``duckdb``, or ``spark`` where its optional part is installed: the same result.
    memory_limit: cap of the engine's memory; work beyond it spills beside `to`.
    progress: called before each step with (what, steps done, steps in all).
    then: called with the CDM once its tables are written and before it takes its place, to add
        what is derived from them.

    Nothing is left at `to` unless everything succeeded. A run that was killed leaves `<to>.partial`
    (native rows in it); the same command goes on from the files that were complete. Raises
    InputError, ConfigError, MappingError, or DataQualityError when the ledger does not balance.
    """
    declared = shore_of(shore, columns)
    rules = active(declared.rules, rules_off, rules_on)
    tell = _Teller(progress, 2 + len(declared.stages) + len(declared.steps))
    tell("extract")
    extract = with_referentials(
        find(source, declared.tables, declared.published), referentials, declared.tables
    )
    to = Path(to).absolute()
    run = _fingerprint(shore, extract, rules, columns, engine, vocabulary, referentials)
    with (
        CdmWriter(to, run) as writer,
        open_engine(engine, memory_limit, threads, _spill(writer)) as sql,
    ):
        context = Context(
            extract,
            rules,
            Ledger(),
            writer.work,
            checkpoints=writer.checkpoints,
            referentials=referentials,
        )
        _stage(sql, declared, context, tell)
        account(context)
        tell("concept")
        concepts.gather(sql, context, declared.steps)
        words = prepare(sql, context, vocabulary)
        rows = _write(sql, writer, declared, context, words, tell)
        context.ledger.check()
        sql.register("ledger_entries", context.ledger.arrow())
        sql.write_parquet("SELECT * FROM ledger_entries", writer.partial / LEDGER)
        rejects = collect_rejects(sql, context, writer.partial / REJECTS)
        cdm = writer.finish(_metadata(declared, context, rows, words.version), then)
    missing = tuple(t.name for t in declared.tables if t.name not in extract.files)
    return Report(
        cdm,
        tuple(context.ledger),
        rows,
        rejects,
        missing,
        extract.unknown,
        rules,
        dict(context.findings),
        columns_of(extract, declared.tables, declared.published),
    )


def _stage(engine: Engine, declared: Shore, context: Context, tell: _Teller) -> None:
    for part in declared.stages:
        tell(part.name if isinstance(part, NativeTable) else part.__name__)
        if isinstance(part, NativeTable):
            stage(engine, part, context)
        else:
            part(engine, context)


def _write(
    engine: Engine,
    writer: CdmWriter,
    declared: Shore,
    context: Context,
    words: Words,
    tell: _Teller,
) -> dict[str, int]:
    """Write the OMOP tables, then those of the vocabulary; the rows of each."""
    rows: dict[str, int] = {}
    for step in declared.steps:
        tell(step.NAME)
        query = words.standard(engine, step.NAME, step.build(engine, context))
        rows[step.NAME] = writer.write(engine, step.NAME, query)
    for name, query in words.tables().items():
        rows[name] = writer.write(engine, name, query)
    return rows


def _metadata(
    declared: Shore, context: Context, rows: Mapping[str, int], vocabulary: str
) -> dict[str, Any]:
    """What `transat.json` says: where the CDM came from and by which rules."""
    period, notice = context.extract.period, context.extract.notice
    totals: dict[str, int] = {"read": 0, "kept": 0, "rule": 0, "reject": 0}
    for entry in context.ledger:
        if entry.kind in totals:
            totals[entry.kind] += entry.rows
    return {
        "source": declared.name,
        "title": declared.title,
        "transat": __version__,
        "cdm": "5.4",
        "vocabulary": "local" if vocabulary == LOCAL else vocabulary,
        "period": [period.start.isoformat(), period.end.isoformat()] if period else None,
        "simulated": context.extract.simulated,
        "notice": {"fr": notice.fr, "en": notice.en} if notice else None,
        "rules": [{"key": r.key, "table": r.table, "source": r.source} for r in context.rules],
        "ledger": totals,
        "rows": dict(rows),
        "findings": dict(context.findings),
    }


def _spill(writer: CdmWriter) -> Path:
    """Where the engine spills; what a killed run spilled is of no use."""
    folder = writer.work / "spill"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _fingerprint(
    shore: str,
    extract: Extract,
    rules: tuple[Rule, ...],
    columns: Path | None,
    engine: str,
    vocabulary: Path | None,
    referentials: Path | None,
) -> str:
    """What makes two runs the same: version, engine, rules, mapping, and every file as it lies."""
    files = [f.path for table in sorted(extract.files) for f in extract.files[table]]
    files += [f for folder in (vocabulary, referentials) for f in _within(folder)]
    # A copy may bear the old file's size and date of change (cp -p), but not its change of state.
    seen = [(str(f), s.st_size, s.st_mtime_ns, s.st_ctime_ns) for f in files for s in (f.stat(),)]
    mapping = columns.read_text("utf-8") if columns is not None else None
    keys = [(r.table, r.key) for r in rules]
    period = str(extract.period)
    return json.dumps([__version__, shore, engine, keys, mapping, period, seen], ensure_ascii=False)


def _within(folder: Path | None) -> list[Path]:
    """A file, or every file of a folder; nothing for None or for a path that is not there."""
    if folder is None or not folder.exists():
        return []
    return sorted(f for f in folder.rglob("*") if f.is_file()) if folder.is_dir() else [folder]


class _Teller:
    """Numbers the steps for the progress callback."""

    def __init__(self, progress: Progress | None, steps: int) -> None:
        self._progress, self._steps, self._done = progress, steps, 0

    def __call__(self, what: str) -> None:
        if self._progress is not None:
            self._progress(what, self._done, self._steps)
        self._done += 1
