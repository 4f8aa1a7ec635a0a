"""One language's page of aortic stenosis: names, numbers and figures put into the template."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from transat.core.languages import LANGUAGES, Language
from transat.reports.aortic_stenosis import csv_tables, evidence, figures
from transat.reports.aortic_stenosis.card import card_name
from transat.reports.aortic_stenosis.words import Words
from transat.reports.environment import environment, spoken
from transat.reports.evidence import forms
from transat.reports.frame import Section, file_name, holders, record
from transat.reports.frame import Words as Frame
from transat.reports.texts import text
from transat.studies.aortic_stenosis.results import CurveTold, ValidationTold, ValveResult

WORDS = Frame("valve.per", "valve.notice", "valve.simulated")
SECTIONS = (
    "brief", "people", "curves", "models", "judged", "trial", "waiting", "errors", "truth",
    "withheld", "left", "evidence", "methods",
)  # fmt: skip
SHARED = {"left": "sections/left.html.j2"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A validation with its name and figures."""

    told: ValidationTold
    name: str
    calibration: Markup | None
    decisions: Markup | None


@dataclass(frozen=True, slots=True)
class OutcomeCurves:
    """Curves of one outcome over all sites, at the edges that they share, and its figure."""

    name: str
    edges: tuple[float, ...]
    curves: tuple[CurveTold, ...]
    figure: Markup | None


def page(result: ValveResult, language: Language) -> str:
    """The whole report as one HTML document that loads nothing."""
    words = Words(result, language)
    tripod = forms.filled("tripod_ai", evidence.tripod(result))
    probast = forms.filled("probast_ai", evidence.probast(result))
    other = next(name for name in LANGUAGES if name != language)
    return environment().get_template("report.html.j2").render(
        **spoken(language),
        other_file=file_name(other),
        result=result,
        w=words,
        words=WORDS,
        sections=[_section(s) for s in SECTIONS if s != "truth" or result.truth],
        holders=holders({site.holder for site in result.sites}),
        simulated=any(site.simulated for site in result.sites),
        notices=list(dict.fromkeys(site.notice for site in result.sites if site.notice)),
        brief=_brief(result, words),
        curves=[c for p in result.populations if (c := _curves(result, p.name, words))],
        judged=[_judgement(v, k, words) for k, v in enumerate(result.validations)],
        trial_figure=_drawn(figures.trial(result.trial, words) if result.trial else None),
        evidence=(("tripod_ai", tripod), ("probast_ai", probast)),
        record=record(result.study, result.run, language),
        card_file=card_name(language),
        csv_folder=csv_tables.CSV_FOLDER,
        csv_files=csv_tables.NAMES,
    )  # fmt: skip


def _section(name: str) -> Section:
    return Section(name, f"valve.{name}", SHARED.get(name, f"valve/{name}.html.j2"))


def _drawn(figure: str | None) -> Markup | None:
    # Written by matplotlib from our own numbers; its labels are escaped there.
    return None if figure is None else Markup(figure)


def _curves(result: ValveResult, outcome: str, words: Words) -> OutcomeCurves | None:
    together = tuple(c for c in result.curves if c.outcome == outcome and c.site is None)
    if not together:
        return None
    drawn = _drawn(figures.curves(result.curves, outcome, words))
    edges = set.intersection(*(set(c.edges) for c in together))
    yearly = tuple(sorted(e for e in edges if e % 12 == 0)) or tuple(sorted(edges))
    return OutcomeCurves(words.outcome(outcome), yearly, together, drawn)


def _judgement(told: ValidationTold, number: int, words: Words) -> Judgement:
    name = text(
        "valve.judged_caption", words.language, model=told.model,
        kind=words.of("kind", told.kind), horizon=words.numbers.decimal(told.horizon, 0),
        learnt=words.sites(told.learnt_on), judged=words.sites(told.judged_on),
    )  # fmt: skip
    return Judgement(
        told,
        name,
        _drawn(figures.calibration(told, number, name, words)),
        _drawn(figures.decisions(told, number, name, words)),
    )


def _brief(result: ValveResult, words: Words) -> list[str]:
    language, numbers = words.language, words.numbers
    said = [
        text(
            "valve.brief_people", language, outcomes=len(result.populations),
            sites=len(result.sites), models=len(result.models), judged=len(result.validations),
        )
    ]  # fmt: skip
    for v in result.validations:
        best = next((m for m in v.metrics if m.figure is not None and not m.group), None)
        if best is not None:
            said.append(
                text(
                    "valve.brief_best", language, model=v.model, kind=words.of("kind", v.kind),
                    horizon=numbers.decimal(v.horizon, 0), learnt=words.sites(v.learnt_on),
                    judged=words.sites(v.judged_on), metric=words.of("metric", best.name),
                    figure=words.metric(best.name, best.figure),
                )
            )  # fmt: skip
    if result.trial is not None and result.trial.difference:
        said.append(_trial(result, words))
    if result.withheld:
        said.append(text("valve.brief_withheld", language, count=len(result.withheld)))
    return said


def _trial(result: ValveResult, words: Words) -> str:
    assert result.trial is not None
    return text(
        "valve.brief_trial", words.language,
        difference=words.per_100(result.trial.difference[-1]),
        months=words.numbers.decimal(result.trial.edges[-1], 0),
        ratio=words.ratio(result.trial.hazard_ratio),
    )  # fmt: skip
