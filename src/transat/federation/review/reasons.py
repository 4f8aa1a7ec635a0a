"""Why a file is not approved: a closed list, so that reasons can be counted and may leave.

What a reviewer adds in words is a note, which stays at the desk. The first five are those that
reviewers of OpenSAFELY give most often (reference on federation, section 4.5): unrounded counts
about 30 %, missing context 25 %, low counts 20 %, no underlying data 10 %, file type 10 %.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text

REASONS: Final[dict[str, Text]] = {
    "unrounded": Text(
        "des effectifs ne sont pas arrondis comme la règle le demande",
        "counts are not rounded as the rule asks",
    ),
    "no_context": Text(
        "on ne sait pas ce que le fichier décrit : population, période, variables",
        "what the file describes is not said: population, period, variables",
    ),
    "low_counts": Text(
        "des effectifs sont sous le seuil, ou s'en déduisent",
        "counts are below the threshold, or follow from others",
    ),
    "no_underlying": Text(
        "les effectifs sous une figure, un taux ou un modèle manquent",
        "counts under a figure, a rate or a model are missing",
    ),
    "file_type": Text(
        "ce type de fichier ne se relit pas, ou emporte des données cachées",
        "this type of file cannot be read over, or carries hidden data",
    ),
    "differencing": Text(
        "la différence avec une sortie précédente désigne peu de personnes",
        "the difference with an earlier release points at few people",
    ),
    "dominance": Text(
        "une personne ou un établissement fait presque tout un total",
        "one person or establishment makes up most of a total",
    ),
    "professional": Text(
        "un professionnel ou un établissement peut être reconnu",
        "a professional or an establishment can be recognised",
    ),
    "model": Text(
        "le rapport d'attaque du modèle manque ou ne suffit pas",
        "the model's attack report is missing or not enough",
    ),
    "not_in_protocol": Text(
        "le protocole ne prévoit pas cette sortie", "the protocol does not foresee this output"
    ),
    "other": Text("autre raison, dite dans une note", "another reason, said in a note"),
}
