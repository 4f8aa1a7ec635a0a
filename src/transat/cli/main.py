"""`transat`: choose the language, run one command, turn an error into one line and an exit code."""

from __future__ import annotations

import sys
from typing import cast

from transat.core import languages
from transat.core.errors import TransatError
from transat.core.languages import LANGUAGES, Language


def main() -> None:
    """Entry point of the `transat` command."""
    arguments = choose_language(sys.argv[1:])
    from typer import Abort, BadParameter

    from transat.cli.app import app
    from transat.cli.say import spoken

    usage_error = BadParameter.__mro__[1]  # the library's own base of all errors of usage
    try:
        sys.exit(app(arguments, prog_name="transat", standalone_mode=False))
    except TransatError as error:
        language = languages.current()
        print(f"transat: {error.title.in_(language)}: {error.message(language)}", file=sys.stderr)
        sys.exit(error.exit_code)
    except usage_error as error:
        message = spoken(error.format_message())  # type: ignore[attr-defined]
        is_help = message.startswith("Usage")  # a group called without a command
        print(message if is_help else f"transat: {message}", file=sys.stderr)
        sys.exit(2)
    except (Abort, KeyboardInterrupt):
        sys.exit(130)


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
    languages.choose(cast(Language, name))
