"""What is asked of an attribute, as words: `âge au début, en années : de 18 à 49`."""

from __future__ import annotations

from datetime import date
from typing import Final

from transat.cohorts.language.prose.voice import Voice
from transat.cohorts.language.prose.words import CONCEPTS, VALUES, attribute
from transat.cohorts.query.model import (
    Abnormal,
    CodeSet,
    ConceptIn,
    DateIs,
    Filter,
    NumberIs,
    TextIs,
)
from transat.core.languages import Text

#: `{0}` is the value; `between` has `{1}` too.
_NUMBERS: Final = {
    "<": Text("moins de {0}", "under {0}"),
    "<=": Text("{0} au plus", "{0} at most"),
    "=": Text("{0}", "{0}"),
    "!=": Text("autre que {0}", "other than {0}"),
    ">": Text("plus de {0}", "over {0}"),
    ">=": Text("{0} au moins", "{0} at least"),
    "between": Text("de {0} à {1}", "{0} to {1}"),
    "not between": Text("hors de {0} à {1}", "outside {0} to {1}"),
}
_DATES: Final = {
    "<": Text("avant le {0}", "before {0}"),
    "<=": Text("jusqu'au {0}", "until {0}"),
    "=": Text("le {0}", "on {0}"),
    "!=": Text("un autre jour que le {0}", "another day than {0}"),
    ">": Text("après le {0}", "after {0}"),
    ">=": Text("à partir du {0}", "from {0}"),
    "between": Text("du {0} au {1}", "from {0} to {1}"),
    "not between": Text("hors de la période du {0} au {1}", "outside {0} to {1}"),
}
_TEXTS: Final = {
    "is": Text("{0}", "{0}"),
    "starts": Text("commence par {0}", "starts with {0}"),
    "contains": Text("contient {0}", "contains {0}"),
    "ends": Text("finit par {0}", "ends with {0}"),
}
#: Years and identifiers are written without separators.
_UNGROUPED: Final = ("_of_birth", "_id")
#: More ids than a reader follows are counted.
_IDS: Final = 8


def filter_words(asked: Filter, voice: Voice) -> str:
    """One filter as words."""
    if isinstance(asked, Abnormal):
        return voice(
            "résultat anormal (hors de son intervalle, ou noté anormal)",
            "abnormal value (outside its range, or recorded as abnormal)",
        )
    return voice.text(attribute(asked.attribute)) + voice.colon + _asked(asked, voice)


def code_set(codes: CodeSet, voice: Voice) -> str:
    """A code set by what it is called."""
    return voice.quoted(voice.names[codes])


def concepts(ids: tuple[int, ...], voice: Voice, last: str) -> str:
    """Concept ids, by their word when they have one."""
    said = [voice.text(CONCEPTS[i]) if i in CONCEPTS else f"concept {i}" for i in ids[:_IDS]]
    if len(ids) > _IDS:
        more = len(ids) - _IDS
        said.append(voice(f"{more} autres concepts", f"{more} other concepts"))
    return voice.listed(said, last) or voice("aucun concept", "no concept")


def _asked(asked: ConceptIn | NumberIs | DateIs | TextIs, voice: Voice) -> str:
    if isinstance(asked, ConceptIn):
        return _concept(asked, voice)
    if isinstance(asked, TextIs):
        shown = VALUES.get(asked.text)
        word = voice.text(shown) if shown else voice.quoted(asked.text)
        said = voice.text(_TEXTS[asked.operator]).format(word)
        return voice(f"pas : {said}", f"not: {said}") if asked.negated else said
    words = _NUMBERS if isinstance(asked, NumberIs) else _DATES
    whole = asked.attribute.endswith(_UNGROUPED)
    first, last = (_value(each, voice, whole) for each in (asked.value, asked.extent))
    return voice.text(words[asked.operator]).format(first, last)


def _concept(asked: ConceptIn, voice: Voice) -> str:
    if asked.among is None:
        return voice("inconnu", "unknown") if asked.excluded else voice("connu", "known")
    if isinstance(asked.among, CodeSet):
        named = code_set(asked.among, voice)
        return voice(f"hors de {named}", f"not in {named}") if asked.excluded else named
    if asked.excluded:
        named = concepts(asked.among, voice, voice("ni", "nor"))
        return voice(f"ni {named}", f"neither {named}") if len(asked.among) > 1 else voice(
            f"autre que {named}", f"other than {named}")  # fmt: skip
    return concepts(asked.among, voice, voice("ou", "or"))


def _value(value: float | date | None, voice: Voice, ungrouped: bool) -> str:
    if value is None:
        return "?"
    if isinstance(value, date):
        return voice.day(value)
    return str(int(value)) if ungrouped and value == int(value) else voice.number(value)
