"""What the gate does not check: said to a committee beside what it does."""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text

NOT_COVERED: Final[tuple[Text, ...]] = (
    Text(
        "Les sommes sur les strates (attendus, variances, sommes de Mantel-Haenszel) des paires "
        "montrées sortent exactes ; ce que toutes ensemble diraient d'une strate n'est pas borné.",
        "Sums over strata (expected counts, variances, Mantel-Haenszel sums) of shown pairs leave "
        "exact; what all of them together would tell of one stratum is not bounded.",
    ),
    Text(
        "Le nombre de questions est borné modèle par modèle et pour une exécution, pas sur "
        "l'ensemble des modèles qui partagent des colonnes.",
        "Rounds are bounded model by model and within one run, not over all models that share "
        "columns.",
    ),
    Text(
        "La dominance (une ou deux personnes faisant presque toute une somme) n'est pas vérifiée "
        "pour les colonnes continues des régressions.",
        "Dominance (one or two people making almost all of a sum) is not checked for the "
        "continuous columns of regressions.",
    ),
    Text(
        "Des groupes disjoints sont retirés d'un effectif le long d'un seul arbre à la fois, et "
        "par familles trouvées de proche en proche, non par toutes les familles possibles.",
        "Disjoint groups are subtracted from a count along one tree at a time, and by families "
        "found greedily, not by every possible family.",
    ),
    Text(
        "Un zéro est montré : il dit que personne dans ce groupe n'est atteint.",
        "A zero is shown: it says that nobody in that group is affected.",
    ),
    Text(
        "La règle des professionnels (au moins trois prescripteurs ou hôpitaux) n'est pas "
        "vérifiée : aucune colonne de l'étude ne les désigne.",
        "The rule for professionals (at least three prescribers or hospitals) is not checked: no "
        "column of the study names them.",
    ),
    Text(
        "Rien ici ne remplace la personne du détenteur qui signe l'export.",
        "Nothing here stands in for the holder's person who signs the export.",
    ),
)
