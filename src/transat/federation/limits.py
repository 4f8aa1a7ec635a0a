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
        "Les sommes des régressions sont comptées jusqu'à 5 % des lignes d'une population ; rien "
        "ne borne ce qu'elles diraient à qui connaît déjà presque toutes les personnes.",
        "Sums of regressions are counted up to 5% of a population's rows; nothing bounds what they "
        "would tell somebody who knows almost everybody already.",
    ),
    Text(
        "Ces sommes sortent avec tous leurs chiffres : des effectifs étant entiers, une recherche "
        "sur réseau (LLL) peut en trouver plus qu'il n'y a de sommes ; le compte ne le voit pas.",
        "These sums leave with all their digits: counts being whole, a lattice search (LLL) can "
        "find more of them than there are sums; counting the sums does not see it.",
    ),
    Text(
        "Un détenteur qui signe de fausses réponses peut mener un ajustement où il veut, et y lire "
        "des tableaux à trois entrées des autres ; ses réponses signées restent comme preuve.",
        "A holder who signs false answers can lead a fit where it wants, and read three-way tables "
        "of the others there; its signed answers remain as evidence.",
    ),
    Text(
        "Les groupes que les forêts disent sont comptés à part, jusqu'à 5 % des lignes eux aussi ; "
        "deux groupes de deux arbres ne sont comparés que lorsqu'ils sont des nœuds.",
        "The groups that forests tell are counted apart, up to 5% of the rows as well; groups of "
        "two trees are compared only where they are nodes.",
    ),
    Text(
        "Un modèle est attaqué par ses erreurs seulement ; une attaque qui en apprend d'autres "
        "pour les comparer peut faire mieux.",
        "A model is attacked by its errors only; an attack that learns other models to compare it "
        "with can do better.",
    ),
    Text(
        "Un modèle envoyé aux sites est regardé par le nombre de personnes qui y pèsent et par ses "
        "classes de risque, non par ce sur quoi il a été appris : ses sommes sortent exactes.",
        "A model sent to the sites is looked at by how many people weigh in it and by its bins of "
        "risk, not by what it was learnt on: its sums leave exact.",
    ),
    Text(
        "Un essai émulé, des états et des courbes des mêmes personnes sortent chacun sans petit "
        "effectif ; ce que leurs différences diraient n'est compté que pour tous ensemble.",
        "An emulated trial, states and curves of the same people each leave without a small count; "
        "what their differences would tell is counted for everybody together only.",
    ),
    Text(
        "Un CDM qui se dit simulé n'a pas ce budget : ne le dites jamais de données réelles.",
        "A CDM that says it is simulated has no such budget: never say so of real data.",
    ),
    Text(
        "Un site ne se souvient que de ce qui est sorti par lui, non d'un tableau exporté "
        "autrement.",
        "A site remembers what left through it only, not a table that was exported otherwise.",
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
        "La règle des professionnels (au moins trois prescripteurs ou hôpitaux) ne compte que là "
        "où la table du site les connaît ; celle d'INuTERO ne les désigne pas.",
        "The rule for professionals (at least three prescribers or hospitals) counts only where "
        "the site's table knows them; INuTERO's does not name them.",
    ),
    Text(
        "Rien ici ne remplace la personne du détenteur qui signe l'export.",
        "Nothing here stands in for the holder's person who signs the export.",
    ),
)
