"""What a message says, in words for the person at an export desk who lets it through or not.

Read from the message itself, once its signature holds: which statistic, how many numbers, which
counts, how many withheld. Values are not repeated: they are in the file, which is plain text, and
a count that should not have left is not shown a second time, only said to be there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.federation.messages import (
    MessageError,
    SignedAnswer,
    SignedQuestion,
    carried,
    read_answer,
    read_question,
)
from transat.federation.questions import RELEASES, Question
from transat.federation.refusals import CODES
from transat.federation.wire import Refusal, WireError

WITHHELD: Final = -1  # a head count that stayed at its site
#: Smallest head count that may be seen outside a site (CASD), other than 0.
FLOOR: Final = 11

STATISTICS: Final = {
    "aalen_johansen": Text(
        "part des personnes ayant eu chaque genre d'événement, sur la grille de temps du permis",
        "share of people who had each kind of event, on the permit's time grid",
    ),
    "attrition": Text(
        "combien de grossesses et de femmes chaque règle a laissées",
        "how many pregnancies and women each rule left",
    ),
    "baseline_hazard": Text(
        "le risque de base d'un modèle de Cox, par intervalle de la grille du permis",
        "the baseline hazard of a Cox model, by interval of the permit's grid",
    ),
    "bins": Text(
        "combien de personnes entre deux bornes du protocole",
        "how many people between two edges of the protocol",
    ),
    "boosted_trees": Text(
        "une étape d'arbres de décision (sommes par tranche)",
        "one step of decision trees (sums by bin)",
    ),
    "clone_censor_weight": Text(
        "essai émulé : deux stratégies, sommes pondérées par intervalle de la grille du permis",
        "emulated trial: two strategies, weighted sums by interval of the permit's grid",
    ),
    "cox": Text(
        "une étape de régression de Cox (sommes sur les personnes)",
        "one step of a Cox regression (sums over people)",
    ),
    "cox_penalised": Text(
        "une étape de régression de Cox pénalisée (sommes sur les personnes)",
        "one step of a penalised Cox regression (sums over people)",
    ),
    "cox_unstratified": Text(
        "une étape de régression de Cox à risque de base commun (sommes de risque par intervalle)",
        "one step of a Cox regression with a common baseline (sums of risk by interval)",
    ),
    "discrete_hazard": Text(
        "une étape de régression des risques par intervalle (sommes sur les personnes)",
        "one step of a regression of hazards by interval (sums over people)",
    ),
    "fine_gray": Text(
        "une étape de régression de Fine et Gray (sommes de risque par intervalle)",
        "one step of a Fine and Gray regression (sums of risk by interval)",
    ),
    "firth": Text(
        "une étape de régression de Firth (sommes sur les personnes)",
        "one step of a Firth regression (sums over people)",
    ),
    "hazard_review": Text(
        "examen d'un modèle de survie sur des personnes qu'il n'a pas vues",
        "review of a survival model on people that it never saw",
    ),
    "inverse_variance": Text(
        "une régression ajustée sur le site seul (coefficients et variances)",
        "a regression fitted at the site alone (coefficients and variances)",
    ),
    "kaplan_meier": Text(
        "survie sur la grille de temps du permis", "survival on the permit's time grid"
    ),
    "log_rank": Text(
        "comparaison de groupes dans le temps (sommes, rien par date)",
        "comparison of groups over time (sums, nothing by date)",
    ),
    "logistic": Text(
        "une étape de régression logistique (sommes sur les personnes)",
        "one step of a logistic regression (sums over people)",
    ),
    "mantel_haenszel": Text(
        "médicaments et malformations, toutes les paires : effectifs et sommes",
        "medicines and malformations, all pairs: counts and sums",
    ),
    "multi_state": Text(
        "remplacement, décès avant lui et après lui, sur la grille de temps du permis",
        "replacement, death before it and after it, on the permit's time grid",
    ),
    "parametric": Text(
        "une étape de régression de survie paramétrique (sommes sur les personnes)",
        "one step of a parametric survival regression (sums over people)",
    ),
    "prevalence": Text("fréquence des malformations", "frequency of malformations"),
    "proportional_hazards": Text(
        "un test de l'hypothèse des risques proportionnels (sommes sur les personnes)",
        "a test of proportional hazards (sums over people)",
    ),
    "recalibration": Text(
        "un modèle ajusté à une autre rive : niveau, pente ou risque de base (sommes)",
        "a model set right for another shore: level, slope or baseline (sums)",
    ),
    "risk_histogram": Text(
        "combien de personnes par tranche de risque prédit et par intervalle de temps",
        "how many people by bin of predicted risk and interval of time",
    ),
    "tree_review": Text(
        "examen d'un modèle avant sa sortie : erreurs et attaques",
        "review of a model before it leaves: errors and attacks",
    ),
}
_UNKNOWN: Final = Text(
    "contenu qu'aucune statistique installée ici n'écrit",
    "content that no statistic installed here writes",
)


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a message: its name, how many numbers, how many withheld, its words if any."""

    name: str
    numbers: int
    withheld: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What one message says.

    kind: question, release, refusal, or unknown: signed, but in no installed statistic's words.
    statistic: an installed step's name, or a refusal's code. parts: its fields. counts: head counts
    that it states, by name, how many. small: names of the counts of 1 to FLOOR-1 among them:
    nothing of the kind may leave. brings: of a question, the sites whose answers to the round
    before come with it.
    """

    kind: str
    study: str
    site: str
    asked: str
    statistic: str
    text: Text
    parts: tuple[Part, ...]
    counts: tuple[tuple[str, int], ...] = ()
    small: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()

    @property
    def numbers(self) -> int:
        """Numbers in it, all fields together."""
        return sum(part.numbers for part in self.parts)

    @property
    def withheld(self) -> int:
        """Numbers that the gate kept in."""
        return sum(part.withheld for part in self.parts)


def said(payload: bytes, where: str) -> Said:
    """What a message says; where: its file, for the error.

    Raises
    ------
    InputError: bytes that are not a message, or whose signature does not hold.
    """
    try:
        signed: SignedAnswer | SignedQuestion = read_answer(payload)
    except MessageError:
        signed = _read_question(payload, where)
    try:
        return _answer(signed) if isinstance(signed, SignedAnswer) else _question(signed)
    except WireError:
        return Said("unknown", signed.study, signed.site, signed.asked, "", _UNKNOWN, ())


def _read_question(payload: bytes, where: str) -> SignedQuestion:
    try:
        return read_question(payload)
    except MessageError:
        raise InputError(
            Text(
                "ce n'est pas un message de Transat, ou il a été modifié.",
                "this is no message of Transat, or it has been changed.",
            ),
            where,
            Text("Demandez-le de nouveau à qui l'a écrit.", "Ask again for it where it was made."),
        ) from None


def _question(signed: SignedQuestion) -> Said:
    question = Question.decode(signed.body)
    return Said(
        "question", signed.study, signed.site, signed.asked, question.step,
        _text(question.step), _parts(question.parameters, signed.body), brings=_brought(signed),
    )  # fmt: skip


def _brought(signed: SignedQuestion) -> tuple[str, ...]:
    """The sites whose answers a question brings; raises WireError where one is none."""
    try:
        return tuple(carried(answer).site for answer in signed.evidence)
    except MessageError:
        raise WireError("evidence") from None


def _answer(signed: SignedAnswer) -> Said:
    release = RELEASES.decode(signed.body)
    parts = _parts(release, signed.body)
    if isinstance(release, Refusal):
        text = CODES.get(release.code, Text("calcul impossible", "computation failed"))
        return Said("refusal", signed.study, signed.site, signed.asked, release.code, text, parts)
    name = RELEASES.name_of(release)
    counts = release.counts() if hasattr(release, "counts") else {}
    return Said(
        "release", signed.study, signed.site, signed.asked, name, _text(name), parts,
        tuple((key, int(np.size(cells))) for key, cells in counts.items()),
        tuple(key for key, cells in counts.items() if _small(cells)),
    )  # fmt: skip


def _small(cells: Any) -> bool:
    found = np.asarray(cells)
    return bool(((found > 0) & (found < FLOOR)).any())


def _text(step: str) -> Text:
    return STATISTICS.get(step, Text(step, step))


def _parts(value: Any, body: bytes) -> tuple[Part, ...]:
    plain = json.loads(body)["fields"]
    return tuple(_part(f.name, plain[f.name]) for f in fields(value))


def _part(name: str, plain: Any) -> Part:
    numbers, withheld, words = 0, 0, []
    counts = isinstance(plain, dict) and str(plain.get("kind")).startswith("int")
    for leaf in _leaves(plain):
        if isinstance(leaf, str):
            words.append(leaf)
        elif leaf is None or (counts and leaf == WITHHELD):
            withheld += 1
        elif not isinstance(leaf, bool):
            numbers += 1
    return Part(name, numbers, withheld, tuple(words))


def _leaves(plain: Any) -> list[Any]:
    """Every value of plain data; of an array, its elements."""
    if isinstance(plain, dict):
        if set(plain) == {"kind", "shape", "data"}:
            return list(plain["data"])
        return [leaf for _, inner in sorted(plain.items()) for leaf in _leaves(inner)]
    if isinstance(plain, list):
        return [leaf for inner in plain for leaf in _leaves(inner)]
    return [plain]
