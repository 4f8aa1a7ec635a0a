"""The frame of a study's page, whatever the study: its sections, and the sentences of its own."""

from __future__ import annotations

from dataclasses import dataclass

from transat.core.languages import Language, Text
from transat.federation import policy
from transat.reports.numbers import Numbers
from transat.reports.texts import text
from transat.studies.results import RunRecord, StudyIdentity


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its anchor, the key of its title, its template."""

    name: str
    title: str
    template: str


@dataclass(frozen=True, slots=True)
class Words:
    """Keys of the sentences that differ from study to study: in what risks are given, what the
    page is not, and that its people do not exist."""

    per: str
    notice: str
    simulated: str


def file_name(language: Language) -> str:
    """Name of the report in one language."""
    return f"report.{language}.html"


def holders(keys: set[str]) -> dict[str, Text]:
    """Name of each site's holder, from the policy installed under that key."""
    held = policy.installed()
    return {key: held[key].holder if key in held else Text(key, key) for key in keys}


def record(study: StudyIdentity, run: RunRecord, language: Language) -> list[tuple[str, str]]:
    """What was run, line by line; instants in UTC, hashes in full."""
    numbers = Numbers(language)

    def named(key: str, pairs: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
        return [(text(key, language, name=name), value) for name, value in pairs]

    seconds = tuple((name, numbers.decimal(value, 1)) for name, value in run.seconds)
    return [
        (text("methods.logic", language), study.logic_sha256),
        (text("methods.document", language), study.document_sha256),
        (text("methods.started", language), run.started),
        (text("methods.finished", language), run.finished),
        *named("methods.version", run.versions),
        *named("methods.seed", tuple((name, str(seed)) for name, seed in run.seeds)),
        *named("methods.input", run.inputs),
        *named("methods.seconds", seconds),
    ]
