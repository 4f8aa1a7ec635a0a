"""`transat`: choose the language, run one command, turn an error into one line and an exit code."""

from __future__ import annotations

import sys

from transat.core import languages
from transat.core.errors import TransatError
from transat.core.languages import LANGUAGES


def main() -> None:
    """Entry point of the `transat` command."""
    arguments = choose_language(sys.argv[1:])
    from typer import Abort

    from transat.cli.app import app

    try:
        sys.exit(app(arguments, prog_name="transat", standalone_mode=False))
    except TransatError as error:
        language = languages.current()
        print(f"transat: {error.title.in_(language)}: {error.message(language)}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        # The library's own errors of usage, and nothing else, can say themselves like this.
        say_itself = getattr(error, "format_message", None)
        if say_itself is None:
            raise
        sys.exit(_misused(say_itself()))


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
