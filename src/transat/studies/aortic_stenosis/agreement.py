"""Whether the parts of the protocol name what the others have, before any site is asked."""

from __future__ import annotations

from itertools import pairwise

from transat.cohorts.landmarks import OF_PERSON
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.studies.aortic_stenosis.protocol import AorticStenosis, required


def agree(protocol: AorticStenosis) -> None:
    """Check every name of the document. Raises StudyError, with the field and the close match."""
    _landmarks(protocol)
    _outcomes(protocol)
    _models(protocol)
    _trial(protocol)


def _landmarks(protocol: AorticStenosis) -> None:
    document = protocol.document
    cohorts = [population.id for population in protocol.study.populations]
    for name, rule in document.landmarks.items():
        where = f"landmarks.{name}"
        required(protocol, where, [rule.value.cohort], cohorts)
        keys = [*OF_PERSON, *(measure.key for measure in protocol.measures(name))]
        required(protocol, f"{where}.features", keys, document.features)
        _same_cohort(protocol, where, rule.value.features, rule.value.cohort)
    for name, band in document.bands.items():
        required(protocol, f"bands.{name}", [band.value.feature], OF_PERSON)


def _outcomes(protocol: AorticStenosis) -> None:
    document = protocol.document
    for name, rule in document.outcomes.items():
        where, asked = f"outcomes.{name}", rule.value
        required(protocol, where, [asked.landmark], document.landmarks)
        follow_up = protocol.analysis(asked.follow_up).follow_up
        cohort = document.landmarks[asked.landmark].value.cohort
        _same_cohort(protocol, where, asked.follow_up, cohort)
        told = 0 if follow_up is None else 1 + len(follow_up.competing)
        if told != len(asked.kinds):
            raise _refused(
                protocol, where,
                "le suivi n'a pas autant de sortes d'événements que de noms.",
                "the follow-up has not as many kinds of event as there are names.",
            )  # fmt: skip
        grid = document.curves.grid.value
        if not set(asked.horizons) <= set(grid):
            raise _refused(
                protocol, where, "un horizon n'est pas une borne de la grille.",
                "a horizon is no edge of the grid.",
            )  # fmt: skip
    rising = document.curves.grid.value
    if any(b <= a for a, b in pairwise(rising)):
        raise _refused(protocol, "curves.grid", "les bornes ne croissent pas.",
                       "edges do not rise.")  # fmt: skip


def _models(protocol: AorticStenosis) -> None:
    document = protocol.document
    for name, rule in document.models.items():
        where = f"models.{name}"
        required(protocol, where, rule.value.outcomes, document.outcomes)
        for outcome in rule.value.outcomes:
            landmark = document.outcomes[outcome].value.landmark
            held = [column.key for column in protocol.columns(landmark)]
            required(protocol, where, rule.value.features, held)
    groups = [*OF_PERSON, *document.bands]
    required(protocol, "validation.groups", document.validation.groups.value, groups)
    required(protocol, "curves.by", [document.curves.by.value], groups)
    required(
        protocol, "validation.thresholds", document.validation.thresholds.value, document.outcomes
    )


def _trial(protocol: AorticStenosis) -> None:
    document, asked = protocol.document, protocol.document.trial.strategies.value
    required(protocol, "trial.strategies", [asked.outcome], document.outcomes)
    outcome = document.outcomes[asked.outcome].value
    states = [measure.key for measure in protocol.analysis(asked.states).measures]
    required(protocol, "trial.strategies", (*asked.treated, *asked.trigger), states)
    columns = [column.key for column in protocol.columns(outcome.landmark)]
    required(protocol, "trial.strategies.columns", asked.columns, columns)
    required(protocol, "policies.waiting", [document.policies.waiting.value.outcome],
             document.outcomes)  # fmt: skip


def _same_cohort(protocol: AorticStenosis, field: str, analysis: str, cohort: str) -> None:
    of = {part.id: part.cohort for part in protocol.study.analyses}
    if of.get(analysis, cohort) != cohort:
        raise _refused(
            protocol, field, "cette analyse est d'une autre cohorte.",
            "this analysis is of another cohort.",
        )  # fmt: skip


def _refused(protocol: AorticStenosis, field: str, fr: str, en: str) -> StudyError:
    return StudyError(
        Text(fr, en),
        f"{protocol.path}: {field}",
        Text("Corrigez le protocole.", "Correct the protocol."),
    )
