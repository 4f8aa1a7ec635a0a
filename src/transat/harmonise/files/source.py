"""Where the bytes of a native file are: a file, gzipped or not, or a member of a zip archive."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from transat.harmonise.files.faults import cut, empty, locked, packed

ZIP: Final = ".zip"
GZIP: Final = ".gz"

#: Bit of a zip member's flags that says that it is encrypted.
_ENCRYPTED: Final = 1


@dataclass(frozen=True, slots=True)
class Source:
    """One file as delivered; `member` is its name inside the zip archive at `path`, if in one."""

    path: Path
    member: str | None = None

    def __str__(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}/{self.member}"

    @property
    def name(self) -> str:
        """The file's own name, without its folders."""
        return self.path.name if self.member is None else PurePosixPath(self.member).name

    @property
    def gzipped(self) -> bool:
        """Whether its name says gzip."""
        return self.name.lower().endswith(GZIP)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Its bytes, decompressed.

        Raises InputError where an archive is cut, damaged or under a password.
        """
        with ExitStack() as opened:
            try:
                stream = self._bytes(opened)
                if self.gzipped:
                    unzipped = opened.enter_context(closing(gzip.GzipFile(fileobj=stream)))
                    stream = cast("IO[bytes]", unzipped)
                yield stream
            except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
                raise cut(str(self)) from error

    def _bytes(self, opened: ExitStack) -> IO[bytes]:
        if self.member is None:
            return opened.enter_context(self.path.open("rb"))
        archive = opened.enter_context(zipfile.ZipFile(self.path))
        if archive.getinfo(self.member).flag_bits & _ENCRYPTED:
            raise locked(str(self))
        try:
            return opened.enter_context(archive.open(self.member))
        except RuntimeError as error:  # what zipfile raises for a compression that it lacks
            raise packed(str(self)) from error


def sources(path: Path) -> tuple[Source, ...]:
    """The file at `path`; of a zip archive, every member that is a file.

    Raises InputError for an archive that is cut, is not one, or holds nothing.
    """
    if path.suffix.lower() != ZIP:
        return (Source(path),)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m.filename for m in archive.infolist() if not m.is_dir()]
    except zipfile.BadZipFile as error:
        raise cut(str(path)) from error
    if not members:
        raise empty(str(path))
    return tuple(Source(path, m) for m in sorted(members))
