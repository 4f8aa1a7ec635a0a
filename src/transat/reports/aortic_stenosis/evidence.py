"""What a run of aortic stenosis answers to TRIPOD+AI and PROBAST+AI, from its own artefacts.

An item is answered only with what the result, the protocol's sentences or the record hold; an item
about people (funding, ethics, interpretation) is left for the team, and stays flagged as empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from transat.core.languages import LANGUAGES, Text
from transat.reports.aortic_stenosis.words import Words
from transat.reports.evidence.forms import Answer
from transat.studies.aortic_stenosis.results import ValveResult

RESULT, PROTOCOL, RECORD = "result.json", "protocol.json", "run.json"

Said = Callable[[ValveResult, Words], str | None]


def tripod(result: ValveResult) -> dict[str, Answer]:
    """Answers to TRIPOD+AI, by item."""
    return _answered(result, _TRIPOD)


def probast(result: ValveResult) -> dict[str, Answer]:
    """What bears on PROBAST+AI's questions, by question; never a judgement of bias."""
    return _answered(result, _PROBAST)


def _answered(result: ValveResult, asked: dict[str, tuple[Said, str]]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for key, (say, where) in asked.items():
        spoken = [say(result, Words(result, language)) for language in LANGUAGES]
        fr, en = spoken
        if fr and en:
            found[key] = Answer(Text(fr, en), where)
    return found


def _in(words: Words, fr: str, en: str) -> str:
    return fr if words.language == "fr" else en


def _title(result: ValveResult, words: Words) -> str | None:
    return result.study.title.in_(words.language)


def _purpose(result: ValveResult, words: Words) -> str | None:
    return result.study.purpose.in_(words.language)


def _rules(prefix: str) -> Said:
    """The protocol's own sentences under a prefix."""

    def said(result: ValveResult, words: Words) -> str | None:
        told = [t.in_(words.language) for key, t in result.study.texts if key.startswith(prefix)]
        return " ".join(told) or None

    return said


def _sources(result: ValveResult, words: Words) -> str | None:
    told = [f"{words.site(s.site)} ({s.source})" for s in result.sites if s.source]
    virtual = any(s.simulated for s in result.sites)
    note = _in(words, " Personnes virtuelles.", " Virtual people.") if virtual else ""
    return "; ".join(told).replace("; ", _in(words, " ; ", "; ")) + "." + note if told else None


def _dates(result: ValveResult, words: Words) -> str | None:
    told = [f"{words.site(s.site)} {s.period[0]} → {s.period[1]}" for s in result.sites if s.period]
    return ", ".join(told) or None


def _features(result: ValveResult, words: Words) -> str | None:
    if not result.features:
        return None
    told = [
        f"{words.feature(f.name)} [{f.unit}] ({words.of('known', f.available_at)})"
        for f in result.features
    ]
    return _in(words, " ; ", "; ").join(told)


def _missing(result: ValveResult, words: Words) -> str | None:
    kinds = sorted({f.missing for f in result.features})
    parts = []
    for kind in kinds:
        names = [words.feature(f.name) for f in result.features if f.missing == kind]
        parts.append(f"{words.of('absent', kind)} ({len(names)})")
    return ", ".join(parts) or None


def _models(result: ValveResult, words: Words) -> str | None:
    if not result.models:
        return None
    names = ", ".join(dict.fromkeys(m.model for m in result.models))
    return _in(
        words,
        f"Un risque instantané de Cox par sorte d'événement, stratifié par rive, Efron ({names}).",
        f"One Cox hazard for each kind of event, stratified by shore, Efron ({names}).",
    )


def _sizes(result: ValveResult, words: Words) -> str | None:
    told = [
        f"{m.model}, {words.of('kind', h.kind)} ({words.sites(m.learnt_on)}) : "
        f"{words.numbers.count(h.persons)} / {words.numbers.count(h.events)}"
        for m in result.models
        for h in m.hazards
    ]
    if not told:
        return None
    head = _in(words, "Personnes / événements : ", "People / events: ")
    return head + "; ".join(told).replace(" : ", _in(words, " : ", ": "))


def _both_ways(result: ValveResult, words: Words) -> str | None:
    ways = dict.fromkeys(
        (words.sites(v.learnt_on), words.sites(v.judged_on)) for v in result.validations
    )
    if not ways:
        return None
    told = "; ".join(f"{a} → {b}" for a, b in ways)
    return _in(words, f"Appris puis jugé : {told}.", f"Learnt, then judged: {told}.")


def _metrics(result: ValveResult, words: Words) -> str | None:
    names = dict.fromkeys(m.name for v in result.validations for m in v.metrics)
    return ", ".join(words.of("metric", name) for name in names) or None


def _performance(result: ValveResult, words: Words) -> str | None:
    told = [
        f"{v.model}, {words.of('kind', v.kind)}, {words.numbers.decimal(v.horizon, 0)} "
        f"({words.sites(v.judged_on)}) : {words.of('metric', m.name)} "
        f"{words.metric(m.name, m.figure)}"
        for v in result.validations
        for m in v.metrics[:1]
        if m.figure is not None
    ]
    return "; ".join(told).replace(" : ", _in(words, " : ", ": ")) or None


def _horizon(result: ValveResult, words: Words) -> str | None:
    told = [
        f"{words.outcome(p.name)} ({', '.join(words.of('kind', k) for k in p.kinds)})"
        for p in result.populations
    ]
    return _in(words, " ; ", "; ").join(told) or None


def _flow(result: ValveResult, words: Words) -> str | None:
    told = [
        f"{words.outcome(p.name)} : "
        + ", ".join(f"{words.site(s.site)} {words.numbers.count(s.rows)}" for s in p.sites)
        for p in result.populations
    ]
    return "; ".join(told).replace(" : ", _in(words, " : ", ": ")) or None


def _code(result: ValveResult, words: Words) -> str | None:
    versions = dict(result.run.versions)
    made = versions.get("transat")
    return (
        _in(
            words,
            f"Transat {made}, Apache-2.0 ; protocole {result.study.logic_sha256}.",
            f"Transat {made}, Apache-2.0; protocol {result.study.logic_sha256}.",
        )
        if made
        else None
    )


def _files(result: ValveResult, words: Words) -> str | None:
    names = [m.file for m in result.models if m.file]
    if not names:
        return None
    told = ", ".join(names)
    return _in(
        words, f"Fichiers de modèle, lisibles sans Transat : {told}.",
        f"Model files, readable without Transat: {told}.",
    )  # fmt: skip


def _data(result: ValveResult, words: Words) -> str | None:
    holders = ", ".join(dict.fromkeys(s.holder for s in result.sites))
    return _in(
        words,
        f"Aucune ligne ne sort ; les données se demandent à leurs détenteurs ({holders}).",
        f"No row leaves; the data are asked of their holders ({holders}).",
    )


def _leaks(result: ValveResult, words: Words) -> str | None:
    if not result.features:
        return None
    return _in(
        words,
        f"Les {len(result.features)} prédicteurs ont passé l'audit des fuites : aucun n'est connu "
        "après la date repère.",
        f"All {len(result.features)} predictors passed the leak audit: none is known after the "
        "landmark.",
    )


def _same(result: ValveResult, words: Words) -> str | None:
    return _in(
        words,
        "Un seul protocole, exécuté sans changement sur chaque rive.",
        "One protocol, run unchanged on every shore.",
    )


def _limits(result: ValveResult, words: Words) -> str | None:
    if not result.withheld:
        return None
    count = len(result.withheld)
    return _in(
        words, f"Questions sans réponse ou sans estimation : {count} (voir le rapport).",
        f"Questions without answer or estimate: {count} (see the report).",
    )  # fmt: skip


_TRIPOD: Final[dict[str, tuple[Said, str]]] = {
    "1": (_title, PROTOCOL),
    "4": (_purpose, PROTOCOL),
    "5a": (_sources, RESULT),
    "5b": (_dates, RESULT),
    "6b": (_rules("landmarks."), PROTOCOL),
    "7": (_same, PROTOCOL),
    "8a": (_horizon, PROTOCOL),
    "9a": (_rules("models."), PROTOCOL),
    "9b": (_features, PROTOCOL),
    "11": (_missing, PROTOCOL),
    "12a": (_rules("validation.sites"), PROTOCOL),
    "12c": (_models, RESULT),
    "12d": (_both_ways, RESULT),
    "12e": (_metrics, RESULT),
    "12g": (_files, RESULT),
    "14": (_rules("validation.groups"), PROTOCOL),
    "15": (_rules("validation.thresholds"), PROTOCOL),
    "16": (_same, PROTOCOL),
    "18c": (_code, RECORD),
    "18e": (_data, RESULT),
    "18f": (_code, RECORD),
    "20a": (_flow, RESULT),
    "21": (_sizes, RESULT),
    "22": (_files, RESULT),
    "23a": (_performance, RESULT),
    "23b": (_both_ways, RESULT),
    "26": (_limits, RESULT),
    "27a": (_missing, PROTOCOL),
}
_PARTICIPANTS = {"1": (_sources, RESULT), "3": (_rules("landmarks."), PROTOCOL)}
_PREDICTORS = {
    "1": (_same, PROTOCOL),
    "2": (_same, PROTOCOL),
    "3": (_leaks, PROTOCOL),
    "4": (_leaks, PROTOCOL),
}
_OUTCOME = {"1": (_horizon, PROTOCOL), "2": (_same, PROTOCOL)}
_PROBAST: Final[dict[str, tuple[Said, str]]] = {
    **{f"{part}1.{k}": v for part in "DE" for k, v in _PARTICIPANTS.items()},
    **{f"{part}2.{k}": v for part in "DE" for k, v in _PREDICTORS.items()},
    **{f"{part}3.{k}": v for part in "DE" for k, v in _OUTCOME.items()},
    "D4.1": (_sizes, RESULT),
    "D4.3": (_missing, PROTOCOL),
    "E4.1": (_both_ways, RESULT),
    "E4.3": (_missing, PROTOCOL),
    "E4.5": (_both_ways, RESULT),
    "E4.7": (_metrics, RESULT),
}
