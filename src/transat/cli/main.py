"""`transat`: choose the language, run one command, turn an error into one line and an exit code."""

from __future__ import annotations

import sys

from transat.core import languages
from transat.core.errors import InputError, TransatError
from transat.core.languages import LANGUAGES, Text


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
            raise
        sys.exit(_misused(say_itself()))


def _refused(error: TransatError) -> int:
    language = languages.current()
    print(f"transat: {error.title.in_(language)}: {error.message(language)}", file=sys.stderr)
    return error.exit_code


def _system(error: OSError) -> InputError:
    """What the system refused: a file that is not there, may not be read, a full disk."""
    return InputError(
        Text(f"le système refuse ({error.strerror}).", f"the system refuses ({error.strerror})."),
        str(error.filename or "transat"),
        Text(
            "Vérifiez que le fichier existe, que vous y avez accès et qu'il reste de la place.",
            "Check that the file exists, that you may use it and that there is room left.",
        ),
    )


def _misused(message: str) -> int:
    from transat.cli.say import spoken

    said = spoken(message)
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
