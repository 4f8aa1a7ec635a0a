"""The folder that a study writes: seen to be usable before any site is asked anything."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from transat.core.errors import InputError
from transat.core.languages import Text

#: What a run writes in its folder, besides the ledgers.
WRITTEN: Final = (
    "result.json", "run.json", "protocol.json", "report.fr.html", "report.en.html", "tables",
    "model_card.fr.html", "model_card.en.html",
)  # fmt: skip
#: Written and removed: a disk that is full or read-only says so at once.
PROBE: Final = 16_384


def prepare(out: Path, ledgers: str) -> None:
    """Make `out` and its folder of ledgers, and write there once.

    Files that a study did not write are left as they are. Raises InputError when one of them has a
    name that this run would write over; OSError when the system refuses.
    """
    if out.exists() and not out.is_dir():
        raise _refused(out, Text("ce n'est pas un dossier.", "this is not a folder."))
    others = [name for name in WRITTEN if (out / name).exists()]
    if others and not (out / ledgers).is_dir():
        named = ", ".join(others)
        raise _refused(
            out,
            Text(
                f"ce dossier n'est pas celui d'une étude et contient déjà : {named}.",
                f"this folder is not a study's and already holds: {named}.",
            ),
        )
    (out / ledgers).mkdir(parents=True, exist_ok=True)
    for folder in (out, out / ledgers):
        probe = folder / ".probe.partial"
        try:
            probe.write_bytes(bytes(PROBE))
        finally:
            probe.unlink(missing_ok=True)


def _refused(out: Path, what: Text) -> InputError:
    return InputError(what, str(out), Text("Donnez un autre dossier.", "Name another folder."))
