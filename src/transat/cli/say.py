"""One sentence in the language spoken, and commands whose help is in that language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from transat.cli.words import in_french, types_in_french
from transat.core.languages import Text, current


def say(fr: str, en: str) -> str:
    """The sentence in the current language."""
    return Text(fr, en).in_(current())


def spoken(text: str) -> str:
    """A sentence of the command-line library in the current language."""
    return in_french(text) if current() == "fr" else text


def spoken_types(text: str) -> str:
    """Names of types of the command-line library in the current language."""
    return types_in_french(text) if current() == "fr" else text


class _Command(TyperCommand):
    def get_help(self, ctx: Any) -> str:
        return spoken(super().get_help(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """As the library does, with the names of types spoken before columns are aligned."""
        written = formatter.write_dl

        def write(rows: Sequence[tuple[str, str]], *rest: Any, **named: Any) -> None:
            written([(spoken_types(first), second) for first, second in rows], *rest, **named)

        formatter.write_dl = write
        super().format_options(ctx, formatter)


class _Group(TyperGroup):
    def get_help(self, ctx: Any) -> str:
        return spoken(super().get_help(ctx))


class _Defaulting(_Group):
    """A group in which a first argument that names no command is the first of `run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["run", *args]
        return list(super().parse_args(ctx, args))


def group(fr: str, en: str, defaults: bool = False) -> typer.Typer:
    """A group of commands; called without one, it shows its help.

    defaults: it has a command `run`, which is meant when no command is named.
    """
    return typer.Typer(
        cls=_Defaulting if defaults else _Group,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help=say(fr, en),
    )


def command(app: typer.Typer, name: str, fr: str, en: str) -> Callable[[Any], Any]:
    """Declare a command: `command(app, "demo", "…", "…")(function)`."""
    return app.command(name, cls=_Command, help=say(fr, en), short_help=say(fr, en))
