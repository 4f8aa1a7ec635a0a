"""The model card: one page per language, a card for each model of one outcome.

A card says what the model foresees, for whom and when, who must not use it, what it reads, where it
was learnt and judged, what is known to be wrong with it, and the file that it is; all from the
result and the model files beside it. What only people can say (whom to write to) is left for the
team and flagged as empty.

Source of what a card says: Mitchell M et al. (2019) Model Cards for Model Reporting,
arXiv:1810.03993.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from transat.core.languages import LANGUAGES, Language, Text
from transat.federation.keys import signed_by
from transat.learners import model_file
from transat.learners.model_document import Document
from transat.learners.model_document import Feature as FeatureOfFile
from transat.reports.aortic_stenosis.words import Words, ranks_nobody
from transat.reports.environment import environment, spoken
from transat.reports.frame import Words as Frame
from transat.reports.frame import file_name
from transat.reports.texts import text
from transat.studies.aortic_stenosis.results import (
    FeatureTold,
    Metric,
    ModelTold,
    PopulationTold,
    ValidationTold,
    ValveResult,
    Withheld,
)

DISCRIMINATION: Final = ("concordance", "auc", "brier", "ipa")
CALIBRATION: Final = ("observed_over_expected", "intercept", "slope", "ici")
_MISSING: Final = "_missing"


@dataclass(frozen=True, slots=True)
class Input:
    """A feature that the model reads, in words."""

    name: str
    unit: str
    between: str
    known: str
    missing: str


@dataclass(frozen=True, slots=True)
class Version:
    """A model as it was learnt on some sites. hazards: kind of event, people, events, columns left
    out. sha256: of its file; '' where none lies beside the result. signatures: public keys whose
    signature holds."""

    name: str
    sites: str
    hazards: tuple[tuple[str, str, str, str], ...]
    file: str
    sha256: str
    made: str
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Metrics of one group in one judgement; cells empty, and why, where it has none."""

    judgement: str
    horizon: str
    group: str
    cells: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Card:
    """One model of one outcome. rules: whom it is for, rule by rule. purpose, landmark: sentences
    of the protocol."""

    anchor: str
    title: str
    outcome: Text
    kinds: tuple[str, ...]
    horizons: tuple[str, ...]
    purpose: Text | None
    landmark: Text | None
    rules: tuple[Text, ...]
    inputs: tuple[Input, ...]
    versions: tuple[Version, ...]
    discrimination: tuple[Line, ...]
    calibration: tuple[Line, ...]
    limits: tuple[str, ...]


def card_name(language: Language) -> str:
    """Name of the page of cards in one language."""
    return f"model_card.{language}.html"


def documents(result: ValveResult, out: Path) -> dict[str, Document]:
    """The model files that lie beside the result, by the name that the result gives them.

    Raises
    ------
    InputError : a file that is not a model.
    """
    named = {model.file for model in result.models if model.file}
    return {file: model_file.read(out / file) for file in named if (out / file).is_file()}


def card_page(result: ValveResult, files: Mapping[str, Document], language: Language) -> str:
    """Every card as one HTML document that loads nothing. files: as `documents`."""
    words = Words(result, language)
    other = next(name for name in LANGUAGES if name != language)
    return environment().get_template("valve/card.html.j2").render(
        **spoken(language),
        other_file=card_name(other),
        report_file=file_name(language),
        result=result,
        w=words,
        words=Frame("valve.per", "valve.notice", "valve.simulated"),
        simulated=any(site.simulated for site in result.sites),
        cards=cards(result, files, words),
        discrimination=DISCRIMINATION,
        calibration=CALIBRATION,
    )  # fmt: skip


def cards(result: ValveResult, files: Mapping[str, Document], words: Words) -> tuple[Card, ...]:
    """A card for each model and outcome, in the order of the result."""
    pairs = dict.fromkeys((model.model, model.outcome) for model in result.models)
    return tuple(_card(result, files, words, *pair) for pair in pairs)


def _card(
    result: ValveResult, files: Mapping[str, Document], words: Words, model: str, outcome: str
) -> Card:
    told = [m for m in result.models if (m.model, m.outcome) == (model, outcome)]
    judged = [v for v in result.validations if (v.model, v.outcome) == (model, outcome)]
    about = next((p for p in result.populations if p.name == outcome), None)
    sentences = dict(result.study.texts)
    horizons = sorted({v.horizon for v in judged})
    return Card(
        anchor=f"{model}-{outcome}",
        title=f"{model} ({words.outcome(outcome)})",
        outcome=about.text if about else Text(outcome, outcome),
        kinds=tuple(words.of("kind", kind) for kind in about.kinds) if about else (),
        horizons=tuple(words.numbers.decimal(h, 0) for h in horizons),
        purpose=sentences.get(f"models.{model}"),
        landmark=sentences.get(f"landmarks.{about.landmark}") if about else None,
        rules=_rules(about),
        inputs=tuple(_inputs(result, files, told, words)),
        versions=tuple(_version(m, files.get(m.file), words) for m in told),
        discrimination=tuple(_lines(judged, DISCRIMINATION, words)),
        calibration=tuple(_lines(judged, CALIBRATION, words)),
        limits=tuple(_limits(result, about, told, judged, words)),
    )


def _rules(about: PopulationTold | None) -> tuple[Text, ...]:
    steps = [step.text for site in (about.sites if about else ()) for step in site.attrition]
    return tuple(dict.fromkeys(steps))


def _inputs(
    result: ValveResult, files: Mapping[str, Document], told: list[ModelTold], words: Words
) -> Iterator[Input]:
    """What any version reads. A model file says the range that it is held to; else the protocol."""
    read = {
        term.name.removesuffix(_MISSING)
        for model in told
        for hazard in model.hazards
        for term in hazard.coefficients
    }
    held = {f.name: f for m in told if m.file in files for f in files[m.file].features}
    for feature in result.features:
        if feature.name in read:
            yield Input(
                words.feature(feature.name),
                feature.unit,
                _between(feature, held.get(feature.name), words),
                words.of("known", feature.available_at),
                _missing(feature, words),
            )


def _between(feature: FeatureTold, held: FeatureOfFile | None, words: Words) -> str:
    low, high = (held.low, held.high) if held else (feature.low, feature.high)
    if low is None or high is None:
        return text("card.no_range", words.language)
    return text("card.between", words.language, low=_plain(low, words), high=_plain(high, words))


def _plain(value: float, words: Words) -> str:
    return words.numbers.decimal(value, 0 if value == int(value) else 1)


def _missing(feature: FeatureTold, words: Words) -> str:
    said = words.of("absent", feature.missing)
    return said if feature.fill is None else f"{said} ({_plain(feature.fill, words)})"


def _version(told: ModelTold, document: Document | None, words: Words) -> Version:
    numbers = words.numbers
    hazards = tuple(
        (
            words.of("kind", h.kind), numbers.count(h.persons), numbers.count(h.events),
            _columns(h.dropped, words),
        )
        for h in told.hazards
    )  # fmt: skip
    sites = words.sites(told.learnt_on)
    name = text("card.learnt_on", words.language, sites=sites)
    if document is None:
        return Version(name, sites, hazards, "", "", "", ())
    signed = model_file.content(document)
    holding = (k for k, s in sorted(document.signatures.items()) if signed_by(k, s, signed))
    made = text(
        "card.made", words.language, format=document.format, version=document.made.version,
        day=numbers.day(document.made.date),
    )  # fmt: skip
    sha256 = model_file.sha256(document)
    return Version(name, sites, hazards, told.file, sha256, made, tuple(holding))


def _lines(judged: list[ValidationTold], names: tuple[str, ...], words: Words) -> Iterator[Line]:
    """One line for each judgement and group; a combination of groups without metrics has none."""
    for v in judged:
        way = text(
            "card.way", words.language, learnt=words.sites(v.learnt_on),
            judged=words.sites(v.judged_on),
        )  # fmt: skip
        for group in dict.fromkeys(m.group for m in v.metrics):
            of = {m.name: m for m in v.metrics if m.group == group}
            known = any(of[name].figure is not None for name in names if name in of)
            if not known and "," in group:
                continue
            masked = any(m.masked for m in of.values())
            why = text("valve.masked" if masked else "card.no_metric", words.language)
            cells = tuple(_cell(of.get(name), words) for name in names) if known else ()
            yield Line(way, words.numbers.decimal(v.horizon, 0), words.group(group), cells, why)


def _cell(metric: Metric | None, words: Words) -> str:
    return words.metric(metric.name, metric.figure) if metric else words.metric("", None)


def _limits(
    result: ValveResult,
    about: PopulationTold | None,
    told: list[ModelTold],
    judged: list[ValidationTold],
    words: Words,
) -> Iterator[str]:
    language = words.language
    if any(site.simulated for site in result.sites):
        yield text("card.virtual", language)
    if about is not None and about.evidence == "claims":
        yield text("card.by_codes", language)
    seen = {v.learnt_on for v in judged}
    for model in told:
        if model.learnt_on not in seen:
            yield text("card.not_judged", language, sites=words.sites(model.learnt_on))
        yield from _of_hazards(model, about, words)
    if any(hazard.dropped for model in told for hazard in model.hazards):
        yield text("card.dropped", language)
    if any(ranks_nobody(metric.name, metric.figure) for v in judged for metric in v.metrics):
        yield text("card.one_class_why", language)
    for each in result.withheld:
        if about is not None and each.outcome == about.name:
            yield _withheld(each, words)


def _of_hazards(model: ModelTold, about: PopulationTold | None, words: Words) -> Iterator[str]:
    sites, language = words.sites(model.learnt_on), words.language
    for hazard in model.hazards:
        kind = words.of("kind", hazard.kind)
        if not hazard.converged:
            yield text("card.not_converged", language, sites=sites, kind=kind)
    learnt = {hazard.kind for hazard in model.hazards}
    for name in about.kinds if about else ():
        if name not in learnt:
            yield text("card.no_hazard", language, sites=sites, kind=words.of("kind", name))


def _withheld(each: Withheld, words: Words) -> str:
    site = words.site(each.site) if each.site else words.site(None)
    reason = each.reason.in_(words.language).rstrip(".")
    columns = _columns(each.columns, words)
    said = f"{reason} ({columns})" if columns else reason
    return text(
        "card.withheld", words.language, step=words.of("step", each.step), site=site, reason=said
    )


def _columns(names: tuple[str, ...], words: Words) -> str:
    """What each column is, in a few words: its sentence up to the first pause."""
    return ", ".join(re.split(r"[,;]", words.feature(name))[0].strip() for name in names)
