"""The attrition of cohorts as a page: a figure and the table beside it, small counts masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from markupsafe import Markup

from transat.cohorts.attrition import masked_steps
from transat.core.counts import MASKED
from transat.core.errors import InputError
from transat.core.languages import LANGUAGES, Language, Text
from transat.reports import drawing
from transat.reports.cohort_screen import KINDS
from transat.reports.drawing import GREY, SITES
from transat.reports.environment import environment, spoken
from transat.reports.files import write_beside
from transat.reports.numbers import Numbers
from transat.reports.texts import text, typeset

#: Cohorts drawn on one page, the first by their numbers.
MOST_DRAWN: Final = 12
#: Letters of a step on one line of the figure.
_WIDTH: Final = 44
_ID: Final = "cohort_definition_id"


@dataclass(frozen=True, slots=True)
class Step:
    """What is left after one step; None where a count may not be shown.

    removed: persons that the step took out, None when either count is masked, or for the first.
    """

    text: Text
    events: int | None
    persons: int | None
    removed: int | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """One cohort on the page."""

    name: Text
    steps: tuple[Step, ...]
    figure: Markup | None


def page_name(language: Language) -> str:
    """Name of the page in one language."""
    return f"attrition.{language}.html"


def write_attrition(cohorts: Path, out: Path) -> list[Path]:
    """Write `attrition.fr.html` and `attrition.en.html` under `out`; return their paths.

    cohorts: a folder that `transat cohort` wrote. Raises InputError when it is not one.
    """
    read = _read(cohorts)
    out.mkdir(parents=True, exist_ok=True)
    return [
        write_beside(out / page_name(language), _page(*read, language)) for language in LANGUAGES
    ]


def attrition_page(cohorts: Path, language: Language) -> str:
    """The page in one language, as one HTML document that loads nothing."""
    return _page(*_read(cohorts), language)


def steps(rows: Sequence[dict[str, Any]]) -> tuple[Step, ...]:
    """The steps of one definition, masked; rows as `attrition.parquet` has them."""
    ordered = sorted(rows, key=lambda row: int(row["step"]))
    left = masked_steps([row["events"] for row in ordered], [row["persons"] for row in ordered])
    found: list[Step] = []
    before: int | None = None
    for row, (e, p) in zip(ordered, left, strict=True):
        removed = None if p is None or before is None else before - p
        found.append(Step(_text(row), e, p, removed))
        before = p
    return tuple(found)


def attrition_figure(name: Text, left: Sequence[Step], language: Language, key: str) -> str | None:
    """One bar per step, as long as the persons left; None when no count may be shown.

    key: distinguishes the figures of one page.
    """
    known = [step.persons for step in left if step.persons is not None]
    if not any(known):
        return None
    numbers, most = Numbers(language), max(known)
    labels = [fill(typeset(step.text.in_(language), language), _WIDTH) for step in left]
    with drawing.canvas(7.6, 0.5 + 0.16 * sum(3 + label.count("\n") for label in labels)) as (
        figure, axes,
    ):  # fmt: skip
        drawing.rows(axes, labels)
        for line, step in enumerate(left):
            shown = numbers.count(step.persons)
            if step.persons is None:
                axes.text(most * 0.01, line, MASKED.in_(language), va="center", color=GREY,
                          style="italic")  # fmt: skip
                continue
            axes.barh(line, step.persons, height=0.5, color=SITES[0][0], zorder=2)
            axes.text(step.persons + most * 0.01, line, shown, va="center", zorder=3)
        axes.set_xlim(0, most * 1.18)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        return drawing.svg(
            figure,
            f"attrition-{key}",
            text("attrition.figure", language, name=name.in_(language)),
            text("attrition.figure_description", language, steps=len(left)),
        )


def _page(attrition: pa.Table, names: dict[int, Text], language: Language) -> str:
    by_id: dict[int, list[dict[str, Any]]] = {}
    for row in attrition.to_pylist():
        by_id.setdefault(row[_ID], []).append(row)
    drawn = [_drawn(n, names, by_id[n], language) for n in sorted(by_id)[:MOST_DRAWN]]
    words = spoken(language)
    return environment().get_template("judgement.html.j2").render(
        **words,
        title=text("attrition.title", language),
        purpose=text("attrition.purpose", language),
        simulated=False,
        other_file=page_name(words["other"]),
        sections=[("attrition", text("attrition.cohorts", language))],
        cohorts=drawn,
        others=len(by_id) - len(drawn),
    )  # fmt: skip


def _drawn(
    number: int, names: dict[int, Text], rows: list[dict[str, Any]], language: Language
) -> Drawn:
    name = names.get(number, Text(f"Cohorte {number}", f"Cohort {number}"))
    left = steps(rows)
    figure = attrition_figure(name, left, language, str(number))
    # Written by matplotlib from our own numbers; its labels are escaped there.
    return Drawn(name, left, None if figure is None else Markup(figure))


def _text(row: dict[str, Any]) -> Text:
    if row["rule"] is None:
        return KINDS[row["kind"]]
    nth = row["rule"] + 1
    fr, en = row.get("rule_name_fr"), row.get("rule_name_en")
    return Text(fr or f"Règle {nth}", en or f"Rule {nth}")


def _read(folder: Path) -> tuple[pa.Table, dict[int, Text]]:
    try:
        attrition = pq.read_table(folder / "attrition.parquet")
        named = pq.read_table(folder / "cohort_definition.parquet").to_pylist()
    except (OSError, pa.ArrowInvalid):
        raise InputError(
            Text("ce n'est pas un dossier de cohortes.", "this is not a folder of cohorts."),
            str(folder),
            Text(
                "Donnez un dossier écrit par « transat cohort DEFINITION --cdm CDM --out ».",
                'Give a folder that "transat cohort DEFINITION --cdm CDM --out" wrote.',
            ),
        ) from None
    return attrition, {row[_ID]: Text(row["name_fr"], row["name_en"]) for row in named}
