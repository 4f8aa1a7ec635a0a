"""`transat`: choose the language, run one command, turn an error into one line and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path
from typing import Final

from transat.core import languages
from transat.core.errors import InputError, TransatError
from transat.core.languages import LANGUAGES, Text

#: What the system says in English only, in French too.
SYSTEM: Final = {
    errno.ENOENT: "fichier ou dossier introuvable",
    errno.EACCES: "accès refusé",
    errno.EPERM: "opération non permise",
    errno.EEXIST: "le fichier existe déjà",
    errno.ENOTDIR: "ce n'est pas un dossier",
    errno.EISDIR: "c'est un dossier",
    errno.ENOSPC: "plus de place sur le disque",
    errno.EROFS: "disque en lecture seule",
}
#: Set to any value, it shows the whole trace of an error that Transat did not expect. The trace may
#: hold a value of a row: for the site's own people only.
WHOLE_TRACE: Final = "TRANSAT_TRACE"
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h


def main() -> None:
    """Entry point of the `transat` command."""
    arguments = choose_language(sys.argv[1:])
    from typer import Abort

    from transat.cli.app import app

    try:
        sys.exit(app(arguments, prog_name="transat", standalone_mode=False))
    except TransatError as error:
        sys.exit(_refused(error))
    except OSError as error:
        sys.exit(_refused(_system(error)))
    except (Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        # The library's own errors of usage, and nothing else, can say themselves like this.
        say_itself = getattr(error, "format_message", None)
        if say_itself is None:
            sys.exit(_unexpected(error))
        sys.exit(_misused(say_itself()))


def _refused(error: TransatError) -> int:
    language = languages.current()
    colon = " : " if language == "fr" else ": "
    print(f"transat: {error.title.in_(language)}{colon}{error.message(language)}", file=sys.stderr)
    return error.exit_code


def _system(error: OSError) -> InputError:
    """What the system refused: a file that is not there, may not be read, a full disk."""
    said = error.strerror or type(error).__name__
    in_french = SYSTEM.get(error.errno or 0, said)
    return InputError(
        Text(f"le système refuse ({in_french}).", f"the system refuses ({said})."),
        str(error.filename or "transat"),
        Text(
            "Vérifiez que le fichier existe, que vous y avez accès et qu'il reste de la place.",
            "Check that the file exists, that you may use it and that there is room left.",
        ),
    )


def _unexpected(error: Exception) -> int:
    """An error that nobody foresaw: what kind and where, never its text, which may hold a value."""
    if WHOLE_TRACE in os.environ:
        traceback.print_exception(error)
        return UNEXPECTED
    if isinstance(error, MemoryError):
        return _refused(_no_memory())
    kind = type(error).__name__
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "transat" in f.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "transat"
    said = Text(
        f"erreur inattendue ({kind}, {where}). Rien n'a été laissé à moitié écrit. Signalez-la ; "
        f"{WHOLE_TRACE}=1 en montre le détail, qui peut contenir une valeur d'un patient.",
        f"unexpected error ({kind}, {where}). Nothing was left half-written. Please report it; "
        f"{WHOLE_TRACE}=1 shows the details, which may hold a patient's value.",
    )
    print(f"transat: {said.in_(languages.current())}", file=sys.stderr)
    return UNEXPECTED


def _no_memory() -> InputError:
    return InputError(
        Text("la mémoire ne suffit pas.", "there is not enough memory."),
        "transat",
        Text(
            "Fermez d'autres programmes, ou travaillez sur une plus grande machine.",
            "Close other programs, or work on a larger machine.",
        ),
    )


def _misused(message: str) -> int:
    from transat.cli.say import spoken

    said = " ".join(spoken(message).split()) if "Usage" not in message else spoken(message)
    is_help = said.startswith("Usage")  # a group called without a command
    print(said if is_help else f"transat: {said}", file=sys.stderr)
    return 2


def choose_language(arguments: list[str]) -> list[str]:
    """Take `--lang fr|en` out of `arguments`, wherever it stands, and speak that language.

    It must be known before the commands are declared: their help is in that language.
    """
    kept: list[str] = []
    following = iter(arguments)
    for argument in following:
        if argument == "--lang":
            _speak(next(following, ""))
        elif argument.startswith("--lang="):
            _speak(argument.removeprefix("--lang="))
        else:
            kept.append(argument)
    return kept


def _speak(name: str) -> None:
    if name not in LANGUAGES:
        print("transat: --lang fr | en", file=sys.stderr)
        sys.exit(2)
    languages.choose(name)
