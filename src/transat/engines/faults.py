"""What DuckDB says of a file, a disk or a memory that failed it, told without its own words.

DuckDB quotes the line that it could not read, so its message never goes further: neither shown, nor
kept as the cause of what is shown.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import duckdb

from transat.core.errors import ConfigError, DataQualityError, InputError, TransatError
from transat.core.languages import Text

_NAMED: Final = re.compile(r"^\s*file = (.*)$|[Ff]ile ['\"]([^'\"\n]+)['\"]", re.MULTILINE)
#: Of a damaged Parquet page, DuckDB may not say in which file it is.
_DAMAGED: Final = ("don't know what type", "TProtocolException", "ecompression failure")
_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")


def explained(error: duckdb.Error, scratch: Path, read: Path | None = None) -> TransatError | None:
    """The error to show for a file, a disk, a memory or a value; None when the query is at fault.

    Parameters
    ----------
    scratch: folder where the engine spills.
    read: the file being opened, when one is and the message names none.
    """
    said = str(error)
    named = _NAMED.search(said)
    file = Path((named[1] or named[2]).strip()) if named else read
    if "No space left on device" in said or "failed to offload" in said:
        return disk_full(scratch)
    if isinstance(error, duckdb.OutOfMemoryException):
        return out_of_memory()
    misfits = duckdb.ConversionException | duckdb.OutOfRangeException
    if isinstance(error, misfits) or "Could not parse string" in said:
        return misfit(scratch)
    if file is None and any(sign in said for sign in _DAMAGED):
        return unreadable(Path("*.parquet"))
    if file is None:
        return not_written(scratch) if isinstance(error, duckdb.IOException) else None
    if line := _LINE.search(said):
        return ragged(file, int(line[1]))
    if "Cannot open file" in said or "Could not write" in said:
        return not_written(file)
    return unreadable(file)


def unreadable(path: Path) -> InputError:
    """The error for a file that is not what its name says."""
    return InputError(
        Text("fichier illisible ou abîmé.", "unreadable or damaged file."),
        str(path),
        Text(
            "Vérifiez son format, son encodage et qu'il est complet, puis relancez.",
            "Check its format, its encoding and that it is complete, then run again.",
        ),
    )


def ragged(path: Path, line: int) -> InputError:
    """The error for a line that the engine could not cut into the header's columns."""
    return InputError(
        Text(
            f"la ligne {line} ne suit pas l'en-tête (colonnes ou guillemets).",
            f"line {line} does not follow the header (columns or quotes).",
        ),
        str(path),
        Text(
            "Corrigez la ligne ou réexportez le fichier, puis relancez.",
            "Correct the line or export the file again, then run again.",
        ),
    )


def not_written(path: Path) -> InputError:
    """The error for a place that cannot be opened or written."""
    return InputError(
        Text("impossible d'ouvrir ou d'écrire ici.", "cannot open or write here."),
        str(path),
        Text(
            "Vérifiez que le dossier existe, vos droits et le disque, puis relancez.",
            "Check that the folder exists, your rights and the disk, then run again.",
        ),
    )


def disk_full(scratch: Path) -> ConfigError:
    """The error for a full disk; `scratch` is where the engine spills."""
    return ConfigError(
        Text("le disque est plein.", "the disk is full."),
        str(scratch),
        Text(
            "Libérez de la place ou écrivez sur un autre disque, puis relancez.",
            "Free some space or write to another disk, then run again.",
        ),
    )


def out_of_memory() -> ConfigError:
    """The error for a memory cap that the work does not fit in."""
    return ConfigError(
        Text("la mémoire accordée ne suffit pas.", "the memory granted is not enough."),
        "memory_limit",
        Text(
            "Accordez plus de mémoire, ou moins de fils d'exécution, puis relancez.",
            "Grant more memory, or fewer threads, then run again.",
        ),
    )


def misfit(work: Path) -> DataQualityError:
    """The error for a value that does not fit the type of its column; it is never quoted."""
    return DataQualityError(
        Text(
            "une valeur lue ne tient pas dans le type de sa colonne.",
            "a value that was read does not fit the type of its column.",
        ),
        str(work),
        Text(
            "C'est un défaut de Transat : signalez-le avec le nom de l'étape, sans la valeur.",
            "This is a defect of Transat: report it with the step's name, without the value.",
        ),
    )
