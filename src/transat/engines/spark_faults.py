"""What Spark says of a file, a disk or a memory that failed it, told without its own words.

Spark quotes the value that it could not read and the line that it stopped at, so its message goes
no further: neither shown, nor kept as the cause of what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException

from transat.engines.faults import disk_full, out_of_memory, ragged, unreadable
from transat.engines.sql_spark import UntranslatableError

_FILE: Final = re.compile(r"file:/+(/?[^\s,;'\"]+)")
_CONDITION: Final = re.compile(r"\[([A-Z][A-Z_.]+)\]")
_MALFORMED: Final = "MALFORMED"
#: Of a file that is not what its name says.
_DAMAGED: Final = ("FAILED_READ_FILE", "CANNOT_READ", "PATH_NOT_FOUND", "FileNotFoundException",
                   "not a Parquet file", "UNABLE_TO_INFER_SCHEMA", "CANNOT_MERGE_SCHEMAS",
                   "EOFException", "ZipException")  # fmt: skip

#: The number of the first line of a file that does not follow its header; None when there is none.
RaggedLine = Callable[[Path], int | None]


class SparkFaultError(Exception):
    """A fault that is neither of a file, a disk nor a memory, by the name that Spark gives it."""


@contextmanager
def told(scratch: Path, read: Path | None, ragged_line: RaggedLine) -> Iterator[None]:
    """Within it, Spark's errors are raised as ours.

    Parameters
    ----------
    scratch: folder where Spark spills.
    read: the file being opened, when one is and the message names none.
    ragged_line: finds the line of a delimited file that Spark could not read.
    """
    try:
        yield
    except AnalysisException as error:
        said = str(error)
        if any(sign in said for sign in _DAMAGED):
            raise unreadable(_file(said) or read or Path("*.parquet")) from None
        raise UntranslatableError(said.split("== SQL ==")[0]) from None
    except (PySparkException, Py4JError) as error:
        raise _explained(str(error), scratch, read, ragged_line) from None


def _explained(said: str, scratch: Path, read: Path | None, ragged_line: RaggedLine) -> Exception:
    if "No space left on device" in said:
        return disk_full(scratch)
    if "OutOfMemoryError" in said:
        return out_of_memory()
    file = _file(said) or read
    if _MALFORMED in said and file is not None:
        line = ragged_line(file)
        return unreadable(file) if line is None else ragged(file, line)
    if any(sign in said for sign in _DAMAGED):
        return unreadable(file or Path("*.parquet"))
    condition = _CONDITION.search(said)
    return SparkFaultError(condition[1] if condition else "INTERNAL_ERROR")


def _file(said: str) -> Path | None:
    named = _FILE.search(said)
    if named is None:
        return None
    return Path("/" + unquote(named[1].rstrip(".")).lstrip("/"))
