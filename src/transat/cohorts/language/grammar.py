"""The grammar of a study file: every keyword, what it takes and what it means.

The reader checks keywords against these shapes, `schema` writes them as a JSON schema, and the
reference page lists them: what an editor suggests is what the reader takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from transat.core.languages import Text

#: What a scalar may be; `schema` says each as JSON.
Scalar = Literal[
    "name", "study_id", "version", "sentence", "path", "sha256", "yes", "whole", "positive",
    "day", "days", "dates", "shift", "code_set", "condition", "attribute", "concept",
]  # fmt: skip


#: What each scalar is, for a reader.
SCALARS: Final[dict[Scalar, Text]] = {
    "name": Text("nom court (minuscules, chiffres, _)", "short name (small letters, digits, _)"),
    "study_id": Text("minuscules, chiffres, tirets", "small letters, digits, dashes"),
    "version": Text("`1.2.3`", "`1.2.3`"),
    "sentence": Text("texte", "text"),
    "path": Text("chemin sous le dossier du document", "path below the document's folder"),
    "sha256": Text("64 chiffres hexadécimaux", "64 hexadecimal digits"),
    "yes": Text("`true` ou `false`", "`true` or `false`"),
    "whole": Text("nombre entier, 0 ou plus", "whole number, 0 or more"),
    "positive": Text("nombre entier, 1 ou plus", "whole number, 1 or more"),
    "concept": Text("CONCEPT_ID", "CONCEPT_ID"),
    "day": Text("jours, ou `ever`", "days, or `ever`"),
    "days": Text("`[premier, dernier]`, ou une fenêtre nommée",
                 "`[first, last]`, or a named window"),
    "dates": Text("`[AAAA-MM-JJ, AAAA-MM-JJ]`, `null` sans borne",
                  "`[YYYY-MM-DD, YYYY-MM-DD]`, `null` for no bound"),
    "shift": Text("`start`, `end`, `start + 14`", "`start`, `end`, `start + 14`"),
    "code_set": Text("ensemble de codes, ou `any`", "code set, or `any`"),
    "condition": Text("valeur, `[de, à]`, `\"> 3\"`, ensemble de codes, `known`, `unknown`, "
                      "`{not: …}`",
                      "value, `[from, to]`, `\"> 3\"`, code set, `known`, `unknown`, `{not: …}`"),
    "attribute": Text("attribut", "attribute"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OneOf:
    """One word of a closed list."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A mapping of one of SHAPES."""

    name: str


@dataclass(frozen=True, slots=True)
class Many:
    """A list with at least `least` members of one kind."""

    of: Value
    least: int = 1


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping whose keys are names (or, for `condition`, attributes) and values of one kind."""

    of: Value
    keys: Scalar = "name"


Value = Scalar | OneOf | Shape | Many | Named


@dataclass(frozen=True, slots=True)
class Key:
    """One keyword of a shape."""

    name: str
    value: Value
    text: Text
    required: bool = False


#: Keyword of an event and the table that holds it.
DOMAIN_WORDS: Final = {
    "condition": "condition_occurrence",
    "procedure": "procedure_occurrence",
    "drug": "drug_exposure",
    "measurement": "measurement",
    "observation": "observation",
    "device": "device_exposure",
    "visit": "visit_occurrence",
    "visit_detail": "visit_detail",
    "specimen": "specimen",
    "death": "death",
    "condition_era": "condition_era",
    "drug_era": "drug_era",
    "dose_era": "dose_era",
    "observation_period": "observation_period",
    "payer_plan_period": "payer_plan_period",
    "pregnancy": "pregnancy",
}
#: The set of codes that asks nothing.
ANY: Final = "any"
#: No bound: the edge of the observation period.
EVER: Final = "ever"
COLUMN_KINDS: Final = (
    "any", "count", "days_to_first", "days_since_last", "days_covered", "last_value",
)  # fmt: skip


def _said(fr: str, en: str, required: bool = True) -> tuple[Key, Key]:
    return (
        Key("fr", "sentence", Text(fr, f"{en} (in French)"), required),
        Key("en", "sentence", Text(f"{fr} (en anglais)", en), required),
    )


def _events() -> tuple[Key, ...]:
    named = Text("ensemble de codes, ou any", "a code set, or any")
    return tuple(
        Key(word, "code_set", Text(f"Table {table} : {named.fr}", f"Table {table}: {named.en}"))
        for word, table in DOMAIN_WORDS.items()
    )


_EVENT: Final = (
    *_events(),
    Key("match", OneOf(("either", "standard", "source")),
        Text("Concept comparé : l'un des deux (par défaut), standard, ou source",
             "Concept compared: either (the default), standard, or source")),
    Key("first", "yes", Text("Seulement le premier de la personne, dans toutes ses données",
                             "Only the person's first, in all their data")),
    Key("where", Named("condition", "attribute"),
        Text("Ce que valent ses attributs ; tout doit être vrai",
             "What its attributes are; all must hold")),
    Key("starts", "shift", Text("Le jour où il commence : start + 14, end…",
                                "The day it starts: start + 14, end…")),
    Key("ends", "shift", Text("Le jour où il finit : end, start + 30…",
                              "The day it ends: end, start + 30…")),
    Key("having", Many(Shape("condition")), Text("Conditions autour de cet événement",
                                                 "Conditions around this event")),
)  # fmt: skip

_AROUND: Final = (
    Key("days", "days", Text("Jours [premier, dernier], tous deux compris : 0 est le début de la "
                             "référence ; end, end + 30 ; ever ; ou une fenêtre nommée",
                             "Days [first, last], both included: 0 is the start of the "
                             "reference; end, end + 30; ever; or a named window")),
    Key("by", OneOf(("start", "end", "overlap")),
        Text("Ce qui tombe dans la fenêtre : le début de l'événement (par défaut), sa fin, ou "
             "l'un de ses jours",
             "What lies in the window: the event's start (the default), its end, or any of its "
             "days")),
    Key("outside_observation", "yes",
        Text("Compter aussi hors de la période d'observation de la référence",
             "Also count outside the reference's observation period")),
)  # fmt: skip

_CONDITION: Final = (
    Key("has", Shape("event"), Text("Il y a de tels événements", "There are such events")),
    Key("has_not", Shape("event"), Text("Il n'y en a aucun", "There is none")),
    Key("at_least", "whole", Text("Au moins tant (1 par défaut)", "At least so many (default 1)")),
    Key("at_most", "whole", Text("Au plus tant", "At most so many")),
    Key("exactly", "whole", Text("Exactement tant", "Exactly so many")),
    *_AROUND,
    Key("same_visit", "yes", Text("Dans le même séjour ou la même visite", "In the same visit")),
    Key("distinct", "sentence", Text("Compter les valeurs distinctes de cet attribut",
                                     "Count the distinct values of this attribute")),
    Key("where", Named("condition", "attribute"),
        Text("Âge, sexe, dates : de la personne et de l'événement de référence",
             "Age, sex, dates: of the person and the reference event")),
    Key("all", Many(Shape("condition")), Text("Toutes ces conditions", "All these conditions")),
    Key("any", Many(Shape("condition")), Text("L'une de ces conditions",
                                              "Any of these conditions")),
    Key("of", Many(Shape("condition")), Text("Au moins, ou au plus, tant de ces conditions",
                                             "At least, or at most, so many of these conditions")),
)  # fmt: skip

SHAPES: Final[dict[str, tuple[Key, ...]]] = {
    "document": (
        Key("grammar", OneOf(("1",)), Text("Version de cette grammaire : 1",
                                           "Version of this grammar: 1"), True),
        Key("study", Shape("study"), Text("Quelle étude", "Which study"), True),
        Key("title", Shape("text"), Text("Titre", "Title"), True),
        Key("purpose", Shape("text"), Text("But", "Purpose")),
        Key("windows", Named(Shape("window")), Text("Fenêtres nommées", "Named windows")),
        Key("codes", Named(Shape("codes")), Text("Ensembles de codes", "Code sets")),
        Key("cohorts", Many(Shape("cohort")), Text("Qui, et quand", "Who, and when"), True),
        Key("analyses", Many(Shape("analysis")),
            Text("Ce qu'on mesure autour", "What is measured around")),
    ),
    "study": (
        Key("id", "study_id", Text("Nom court", "Short name"), True),
        Key("version", "version", Text("Version, 1.2.3", "Version, 1.2.3"), True),
        Key("ethics", Many("sentence", 0), Text("Numéros des avis", "Numbers of the approvals")),
    ),
    "text": (
        Key("fr", "sentence", Text("En français", "In French"), True),
        Key("en", "sentence", Text("En anglais", "In English"), True),
    ),
    "window": (
        *_said("Ce qu'est cette fenêtre", "What this window is"),
        Key("days", "days", Text("Jours [premier, dernier] ; 13w6d est la semaine 13 plus 6 jours",
                                 "Days [first, last]; 13w6d is week 13 plus 6 days"), True),
    ),
    "codes": (
        *_said("Ce que désigne cet ensemble", "What this set means"),
        Key("file", "path", Text("Fichier CSV, à côté de ce fichier", "CSV file beside this one")),
        Key("set", "name", Text("Les lignes de ce nom dans la colonne set",
                                "The lines of this name in column set")),
        Key("sha256", "sha256", Text("Empreinte attendue du fichier", "Expected SHA-256 of the "
                                     "file")),
        Key("concepts", Many(Shape("concept")), Text("Concepts OMOP", "OMOP concepts")),
    ),
    "concept": (
        Key("id", "concept", Text("CONCEPT_ID", "CONCEPT_ID"), True),
        Key("descendants", "yes", Text("Avec ses descendants", "With its descendants")),
        Key("mapped", "yes", Text("Avec ce qui s'y rattache (Maps to)",
                                  "With what maps to it (Maps to)")),
        Key("exclude", "yes", Text("Retirer au lieu d'ajouter", "Take out instead of in")),
    ),
    "cohort": (
        Key("id", "name", Text("Nom court", "Short name"), True),
        Key("title", Shape("text"), Text("Titre", "Title"), True),
        Key("entry", Shape("entry"), Text("Ce qui fait entrer", "What lets in"), True),
        Key("washout", Shape("washout"), Text("Délai sans événement d'entrée",
                                              "Time without an entry event")),
        Key("rules", Many(Shape("rule")), Text("Règles, dans l'ordre", "Rules, in order")),
        Key("keep", OneOf(("all", "first", "last")),
            Text("De chaque personne, après les règles : tous les événements (par défaut), le "
                 "premier, le dernier",
                 "Of each person, after the rules: all events (the default), the first, the last")),
        Key("exit", Shape("exit"), Text("Quand la période finit", "When the period ends")),
        Key("censor", Many(Shape("event")), Text("Événements qui finissent la période",
                                                 "Events that end the period")),
        Key("eras", Shape("eras"), Text("Périodes proches réunies", "Close periods joined")),
        Key("dates", "dates", Text("Périodes coupées à [premier, dernier jour]",
                                   "Periods cut to [first, last day]")),
    ),
    "entry": (
        *_said("Qui entre, et quand", "Who enters, and when"),
        Key("events", Many(Shape("event")), Text("L'un de ces événements", "Any of these events"),
            True),
        Key("take", OneOf(("all", "first", "last")),
            Text("De chaque personne, avant les règles : tous (par défaut), le premier, le dernier",
                 "Of each person, before the rules: all (the default), the first, the last")),
        Key("observed_before", "whole", Text("Jours d'observation avant", "Days observed before")),
        Key("observed_after", "whole", Text("Jours d'observation après", "Days observed after")),
    ),
    "washout": (
        *_said("Ce délai, en une phrase", "This time, in a sentence"),
        Key("days", "day", Text("Jours avant l'entrée, ou ever", "Days before entry, or ever"),
            True),
    ),
    "rule": (
        Key("id", "name", Text("Nom court", "Short name"), True),
        *_said("La règle, en une phrase", "The rule, in a sentence"),
        *_CONDITION,
    ),
    "condition": (*_said("La condition, en une phrase", "The condition, in a sentence", False),
                  *_CONDITION),
    "event": _EVENT,
    "exit": (
        Key("until", "shift", Text("end, start + 365… ; la fin de l'observation si rien n'est dit",
                                   "end, start + 365…; the end of observation when nothing is "
                                   "said")),
        Key("while_on", "code_set", Text("Tant que dure l'exposition à ces médicaments",
                                         "As long as exposure to these drugs lasts")),
        Key("gap", "whole", Text("Jours permis entre deux expositions (30)",
                                 "Days allowed between two exposures (30)")),
        Key("grace", "whole", Text("Jours ajoutés à chaque exposition (0)",
                                   "Days added to each exposure (0)")),
        Key("days_supply", "positive", Text("Durée de chaque exposition, au lieu de la sienne",
                                            "Length of each exposure, instead of its own")),
    ),
    "eras": (Key("gap", "whole", Text("Jours entre deux périodes réunies",
                                      "Days between two periods that are joined"), True),),
    "analysis": (
        Key("id", "name", Text("Nom court", "Short name"), True),
        Key("title", Shape("text"), Text("Titre", "Title"), True),
        Key("cohort", "name", Text("De quelle cohorte", "Of which cohort"), True),
        Key("exposures", Many(Shape("column")), Text("Expositions", "Exposures")),
        Key("outcomes", Many(Shape("column")), Text("Issues", "Outcomes")),
        Key("covariates", Many(Shape("column")), Text("Covariables", "Covariates")),
        Key("follow_up", Shape("follow_up"), Text("Suivi", "Follow-up")),
    ),
    "column": (
        Key("id", "name", Text("Nom de la colonne", "Name of the column"), True),
        *_said("Ce que dit la colonne", "What the column says"),
        Key("column", OneOf(COLUMN_KINDS),
            Text("any : 1 ou 0 ; count ; days_to_first ; days_since_last ; days_covered ; "
                 "last_value",
                 "any: 1 or 0; count; days_to_first; days_since_last; days_covered; last_value"),
            True),
        Key("of", Shape("event"), Text("De quels événements", "Of which events"), True),
        *_AROUND,
        Key("covered", "days", Text("Jours [premier, dernier] depuis le début : ceux qu'un "
                                    "événement couvre sont comptés",
                                    "Days [first, last] from the start: those that an event covers "
                                    "are counted")),
        Key("until_end", "yes",
            Text("Pour covered : les jours d'après la fin de la période ne comptent pas",
                 "For covered: days after the period's end do not count")),
        Key("grace", "whole", Text("Jours ajoutés à chaque événement (0)",
                                   "Days added to each event (0)")),
        Key("at_least", "positive", Text("Pour any : tant d'événements, ou de jours couverts",
                                         "For any: so many events, or days covered")),
        Key("value", "sentence", Text("Pour last_value : quel attribut",
                                      "For last_value: which attribute")),
    ),
    "follow_up": (
        *_said("Le suivi, en une phrase", "The follow-up, in a sentence"),
        Key("outcome", Shape("event"), Text("Ce qu'on attend", "What is awaited"), True),
        Key("competing", Many(Shape("event")), Text("Événements concurrents", "Competing events")),
        Key("censor", Many(Shape("event")), Text("Ce qui arrête le suivi", "What stops it")),
        Key("days", "days", Text("Jours [premier, dernier ou ever] après le début",
                                 "Days [first, last or ever] after the start")),
    ),
}  # fmt: skip


def keys(shape: str) -> dict[str, Key]:
    """The keywords of a shape by name, in the order of the grammar."""
    return {key.name: key for key in SHAPES[shape]}
