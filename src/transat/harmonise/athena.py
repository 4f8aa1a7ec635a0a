"""An Athena vocabulary as it is downloaded: a zip, or its folder, of tables in TAB-separated text.

OHDSI's files have no quoting; other people's have commas and quotes, or are Parquet. The separator
is read from the header. Views `athena_TABLE` have the columns and types of OMOP 5.4.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Final

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.engine import Engine, identifier
from transat.harmonise.context import Context
from transat.tables.omop import VOCABULARY_TABLES, tables

#: Without these there is nothing to map with.
REQUIRED: Final = ("concept", "concept_relationship", "vocabulary")

_ENDINGS: Final = (".csv", ".tsv", ".txt", ".parquet")


def open_views(engine: Engine, context: Context, path: Path) -> str:
    """Make one view ``athena_TABLE`` for each vocabulary table; return the vocabulary's version.

    A table that the vocabulary lacks is an empty view. A zip is unpacked in the work folder.
    Raises InputError for a path that is no vocabulary, lacks a required table, or is damaged.
    """
    files = _files(path, context.work / "athena")
    missing = [name for name in REQUIRED if name not in files]
    if missing:
        raise _not_a_vocabulary(path, missing)
    for name in VOCABULARY_TABLES:
        engine.sql(
            f"CREATE OR REPLACE VIEW athena_{name} AS {_select(engine, name, files.get(name))}"
        )
    said = engine.scalar(
        "SELECT vocabulary_version FROM athena_vocabulary WHERE vocabulary_id = 'None' "
        "ORDER BY vocabulary_version DESC"
    )
    return str(said) if said else "unknown"


def _select(engine: Engine, name: str, file: Path | None) -> str:
    declared = tables()[name]
    if file is None:
        nulls = ", ".join(f"CAST(NULL AS {_type(c.type)}) AS {c.name}" for c in declared.columns)
        return f"SELECT {nulls} WHERE false"
    raw = f"raw_athena_{name}"
    parquet = file.suffix.lower() == ".parquet"
    if parquet:
        engine.view_parquet(raw, [file])
    else:
        separator, quote = _writing(file)
        engine.read_csv_text(raw, [file], separator, quote=quote)
    spelled = {c.lower(): c for c in engine.columns(raw)}
    columns = ", ".join(
        f"{_value(spelled.get(c.name), c.type, parquet)} AS {c.name}" for c in declared.columns
    )
    return f"SELECT {columns} FROM {raw}"


def _value(column: str | None, kind: str, parquet: bool) -> str:
    if column is None:
        return f"CAST(NULL AS {_type(kind)})"
    name = identifier(column)
    if kind == "date" and not parquet:
        return _date(name)
    return f"nullif({name}, '')" if kind == "text" else f"try_cast({name} AS {_type(kind)})"


def _date(name: str) -> str:
    """OHDSI writes 19700101, others 1970-01-01; these files have tens of millions of lines."""
    parts = f"left({name}, 4) || '-' || substring({name}, 5, 2) || '-' || right({name}, 2)"
    return (
        f"CASE WHEN length({name}) = 8 THEN try_cast({parts} AS DATE) "
        f"ELSE try_cast({name} AS DATE) END"
    )


def _type(kind: str) -> str:
    return {"integer": "INTEGER", "float": "DOUBLE", "date": "DATE"}.get(kind, "VARCHAR")


def _writing(file: Path) -> tuple[str, str]:
    """Separator and quote: OHDSI's tab-separated files have none."""
    with file.open("rb") as stream:
        header = stream.readline()
    return ("\t", "") if b"\t" in header else (",", '"')


def _files(path: Path, work: Path) -> dict[str, Path]:
    """The file of each vocabulary table, whatever the case of its name."""
    if path.is_dir():
        return {
            file.stem.lower(): file
            for file in sorted(path.iterdir())
            if file.suffix.lower() in _ENDINGS and file.stem.lower() in VOCABULARY_TABLES
        }
    if not zipfile.is_zipfile(path):
        raise _not_a_vocabulary(path, [])
    try:
        return _unpacked(path, work)
    except (zipfile.BadZipFile, EOFError) as error:
        raise InputError(
            Text("archive coupée ou abîmée.", "cut or damaged archive."),
            str(path),
            Text("Téléchargez-la de nouveau d'Athena.", "Download it again from Athena."),
        ) from error


def _unpacked(path: Path, work: Path) -> dict[str, Path]:
    work.mkdir(exist_ok=True)
    found: dict[str, Path] = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = Path(member.filename)
            # A Mac adds one file of its own beside each (``__MACOSX/._CONCEPT.csv``).
            wanted = name.suffix.lower() in _ENDINGS and not name.name.startswith(".")
            if not wanted or name.stem.lower() not in VOCABULARY_TABLES:
                continue
            target = work / f"{name.stem.lower()}{name.suffix.lower()}"
            if not target.is_file() or target.stat().st_size != member.file_size:
                with archive.open(member) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 22)
            found[name.stem.lower()] = target
    return found


def _not_a_vocabulary(path: Path, missing: list[str]) -> InputError:
    named = ", ".join(f"{name.upper()}.csv" for name in missing or REQUIRED)
    return InputError(
        Text(
            f"ce n'est pas un vocabulaire Athena : il manque {named}.",
            f"this is not an Athena vocabulary: {named} is missing.",
        ),
        str(path),
        Text(
            "Donnez le zip téléchargé d'Athena, ou le dossier de ses tables.",
            "Name the zip downloaded from Athena, or the folder of its tables.",
        ),
    )
