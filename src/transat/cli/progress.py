"""Progress on long work: a bar on a terminal, one line a step elsewhere; always on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from transat.core.languages import Text, current


class Progress(Protocol):
    """What a long piece of work calls as it goes."""

    def __call__(self, done: int, total: int, text: Text) -> None: ...


def steps(show: Progress, text: Text) -> Callable[[str, int, int], None]:
    """A callback for work that counts its steps: all of them move one bar, `text`."""

    def show_step(what: str, done: int, total: int) -> None:
        show(done + 1, total, text)

    return show_step


@contextmanager
def progress() -> Iterator[Progress]:
    """Show progress until the work ends."""
    if sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


def _lines() -> Progress:
    said: list[str] = []

    def show(done: int, total: int, text: Text) -> None:
        line = text.in_(current())
        if line not in said[-1:]:
            said.append(line)
            print(f"· {line}", file=sys.stderr, flush=True)

    return show


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with RichProgress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, object] = {}

        def show(done: int, total: int, text: Text) -> None:
            line = text.in_(current())
            if line not in tasks:
                tasks[line] = bars.add_task(line, total=total)
            bars.update(tasks[line], completed=done, total=total)  # type: ignore[arg-type]

        yield show
