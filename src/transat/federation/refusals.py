"""Refusals inside a site: a code and names of columns, never a value."""

from __future__ import annotations

from typing import Any

from transat.core.errors import DisclosureRefused
from transat.core.languages import Text

#: Suffix of the file where a site keeps, for itself, what went wrong.
TROUBLE = ".trouble.log"

#: What each refusal code means, to a person.
CODES: dict[str, Text] = {
    "unreadable": Text("ce n'est pas une question", "this is not a question"),
    "not_signed": Text(
        "la question, ou ce qu'elle transmet, n'est pas signée par qui le permis nomme",
        "the question, or what it passes on, is not signed by whom the permit names",
    ),
    "permit": Text(
        "aucun permis du site ne couvre la question", "no permit of the site covers the question"
    ),
    "expired": Text("le permis n'a pas cours ce jour", "the permit does not run on this day"),
    "forked": Text(
        "le registre d'un autre site a été récrit", "another site's register was rewritten"
    ),
    "failed": Text("le calcul a échoué sur ce site", "the computation failed at this site"),
    "closed_list": Text(
        "cette réponse n'est pas dans la liste fermée", "this answer is not in the closed list"
    ),
    "cell_floor": Text(
        "un effectif énoncé est sous le seuil", "a count that it states is below the threshold"
    ),
    "between_releases": Text(
        "la réponse diffère trop peu de ce qui est déjà sorti",
        "the answer differs too little from what already left",
    ),
    "implied_tables": Text(
        "l'étape laisserait retrouver un effectif sous le seuil",
        "the step would let a count below the threshold be recovered",
    ),
    "coefficients": Text(
        "les coefficients demandés isoleraient quelques personnes",
        "the coefficients asked for would isolate a few people",
    ),
    "rounds": Text(
        "trop de questions sur ce modèle ou sur cette population",
        "too many questions about this model or this population",
    ),
    "not_installed": Text(
        "cette statistique n'est pas installée sur le site",
        "this statistic is not installed at the site",
    ),
    "few_events": Text(
        "trop de colonnes pour le nombre de cas", "too many columns for the number of cases"
    ),
    "dominance": Text(
        "une ou deux personnes feraient presque toute une somme",
        "one or two people would make almost all of a sum",
    ),
    "time_grid": Text(
        "des intervalles de temps auraient trop peu de sorties de suivi",
        "bins of time would have too few people leaving follow-up",
    ),
    "bins": Text(
        "des nœuds ou des classes auraient trop peu de personnes",
        "nodes or bins would have too few people",
    ),
    "overlap": Text(
        "cette population diffère trop peu d'une autre déjà interrogée",
        "this population differs too little from another one asked about before",
    ),
    "rare_words": Text(
        "des codes portés par trop peu de personnes", "codes that too few people carry"
    ),
    "professionals": Text(
        "des effectifs reposeraient sur trop peu de professionnels",
        "counts would rest on too few professionals",
    ),
    "leak": Text(
        "des variables n'étaient pas encore connues au jour de référence",
        "features were not yet known on the landmark",
    ),
    "models": Text(
        "le modèle trahirait qui a servi à l'apprendre",
        "the model would tell who it was learnt from",
    ),
}


class Refused(DisclosureRefused):
    """A refusal inside a site: its code, the columns it names, and the merges that would pass.

    merge: as `wire.Refusal.merge`.
    """

    def __init__(
        self, code: str, columns: tuple[str, ...] = (), merge: tuple[str, ...] = ()
    ) -> None:
        self.code, self.columns, self.merge = code, columns, merge
        super().__init__(CODES[code], ", ".join(columns) or code, next_step(merge))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.columns, self.merge)


def next_step(merge: tuple[str, ...]) -> Text:
    """What the reader of a refusal can do, from the merges that it names."""
    joined = [" + ".join(said.split("|")) for said in merge if not said.startswith("-")]
    dropped = [said[1:] for said in merge if said.startswith("-")]
    fr = [f"Regroupez {', '.join(joined)}."] if joined else []
    en = [f"Merge {', '.join(joined)}."] if joined else []
    if dropped:
        fr.append(f"Retirez {', '.join(dropped)}.")
        en.append(f"Drop {', '.join(dropped)}.")
    if not merge:
        return Text(
            "Retirez ou regroupez ces colonnes, puis recommencez.",
            "Drop or merge these columns, then try again.",
        )
    return Text(" ".join(fr), " ".join(en))
