"""One language's page: rows, sentences and figures put into the template."""

from __future__ import annotations

from markupsafe import Markup

from transat.core.languages import LANGUAGES, Language
from transat.reports import csv_tables, rows
from transat.reports.environment import environment, spoken
from transat.reports.figures import MOST_DRAWN, forest, prevalence_figure
from transat.reports.frame import Section, Words, file_name, holders, record
from transat.reports.numbers import Numbers
from transat.reports.rows import PER_1000, SignalRow
from transat.reports.summary import summarise
from transat.reports.texts import catalogue, inside, text
from transat.reports.truth import truth_view
from transat.studies.results import NOTES, StudyResult

SECTIONS = (
    "summary", "population", "prevalence", "signals", "unseen", "truth", "left", "methods",
    "limits",
)  # fmt: skip
CSV_FOLDER = "tables"
WORDS = Words("page.per", "notice.text", "simulated.text")


def page(result: StudyResult, language: Language) -> str:
    """The whole report as one HTML document that loads nothing."""
    numbers = Numbers(language)
    signals, silent = rows.signals(result), rows.silent(result)
    truth = truth_view(result, result.truth) if result.truth is not None else None
    prevalences = rows.prevalences(result)
    other = next(name for name in LANGUAGES if name != language)
    return environment().get_template("report.html.j2").render(
        **spoken(language),
        other_file=file_name(other),
        per_1000=PER_1000,
        result=result,
        words=WORDS,
        sections=[_section(s) for s in SECTIONS if s != "truth" or truth is not None],
        holders=holders({site.holder for site in result.sites}),
        simulated=any(site.simulated for site in result.sites),
        notices=list(dict.fromkeys(site.notice for site in result.sites if site.notice)),
        summary=summarise(result, signals, silent, truth, numbers),
        attrition=rows.attrition(result),
        prevalences=prevalences,
        prevalence_figure=_drawn(prevalence_figure(prevalences, result.sites, numbers)),
        eurocat_sources=_sources(prevalences),
        signals=signals,
        forest=_drawn(forest(signals, result.sites, numbers)),
        drawn=MOST_DRAWN,
        largest_masked=max((site.threshold - 1 for site in result.sites), default=0),
        any_firth=any(s.signal.adjusted and s.signal.adjusted.method == "firth" for s in signals),
        refused_columns=_refused(signals, language),
        not_adjusted=_not_adjusted(signals, language),
        silent=silent,
        untestable=_untestable(silent, language),
        truth=truth,
        parameters=[(_label("parameter", k, language), v) for k, v in result.parameters],
        record=record(result.study, result.run, language),
        csv_folder=CSV_FOLDER,
        csv_files=csv_tables.NAMES,
    )  # fmt: skip


def _section(name: str) -> Section:
    return Section(name, f"{name}.title", f"sections/{name}.html.j2")


def _drawn(figure: str | None) -> Markup | None:
    # Written by matplotlib from our own numbers; its labels are escaped there.
    return None if figure is None else Markup(figure)


def _sources(prevalences: tuple[rows.PrevalenceRow, ...]) -> list[str]:
    cited = [row.eurocat for row in prevalences if row.eurocat is not None]
    return sorted({f"{c.source} (EUROCAT {c.period})" for c in cited})


def _refused(signals: tuple[SignalRow, ...], language: Language) -> list[str]:
    fitted = [row.signal.adjusted for row in signals if row.signal.adjusted is not None]
    values: dict[str, list[str]] = {}
    for name in sorted({column for adjusted in fitted for column in adjusted.columns_refused}):
        column, _, value = name.partition("=")
        label = _label("column", column, language)
        values.setdefault(label, []).extend([value] if value else [])
    return [f"{label} ({', '.join(v)})" if v else label for label, v in sorted(values.items())]


def _label(family: str, name: str, language: Language) -> str:
    """The name in words where the catalogue has it, else as the program writes it."""
    key = f"{family}.{name}"
    return text(key, language) if key in catalogue() else name


def _not_adjusted(signals: tuple[SignalRow, ...], language: Language) -> list[str]:
    said = []
    for row in signals:
        if row.signal.adjusted is None and row.signal.not_adjusted is not None:
            pair = f"{row.exposure.in_(language)}, {row.outcome.in_(language)}"
            reason = NOTES[row.signal.not_adjusted].in_(language)
            said.append(text("signals.reason", language, pair=pair, reason=reason))
    return said


def _untestable(silent: tuple[rows.SilentRow, ...], language: Language) -> list[str]:
    """One sentence per reason, naming its pairs."""
    pairs: dict[str, list[str]] = {}
    for row in sorted(silent, key=lambda row: (row.exposure.in_(language), row.pair.outcome)):
        if row.pair.state != "tested":
            pair = f"{row.exposure.in_(language)}, {inside(row.outcome.in_(language))}"
            pairs.setdefault(row.reading, []).append(pair)
    separator = "\u00a0; " if language == "fr" else "; "
    return [
        text(
            "unseen.untestable_of",
            language,
            reason=text(f"reading.{reason}", language),
            pairs=separator.join(named),
        )
        for reason, named in sorted(pairs.items())
    ]
