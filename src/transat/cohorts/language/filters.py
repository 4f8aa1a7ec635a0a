"""`where`: what the attributes of an event are.

    where: {age: [65, null], sex: female, value_as_number: "> 4", unit_concept_id: [8876],
            start_date: [2013-01-01, 2018-12-31], outcome: live_birth, stop_reason: {contains: x}}

A list is a closed range; of concepts, it is any of them. `known` and `unknown` ask only whether
the attribute is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, cast

from transat.cohorts.language.attributes import ALIASES, SEXES, VALUES, kinds
from transat.cohorts.language.context import Context
from transat.cohorts.language.place import Place
from transat.cohorts.query.model import (
    Abnormal,
    ConceptIn,
    DateIs,
    Filter,
    NumberIs,
    Operator,
    TextIs,
    TextOperator,
)
from transat.core.errors import StudyError
from transat.core.languages import Text

#: `> 4`: an operator and what it compares with.
COMPARED: Final = r"(<=|>=|!=|<|>|=) ?(.+)"
TEXT_OPERATORS: Final = ("is", "starts", "contains", "ends")
NOT: Final = "not"


def filters(place: Place, domain: str | None, context: Context) -> tuple[Filter, ...]:
    """The filters of a `where`; domain None: of the event that lets in and its person.

    Raises StudyError for an attribute that is not one of the domain's, or a value of another kind.
    """
    known = kinds(domain)
    words = [*(a for a, real in ALIASES.items() if real in known), *known]
    if domain == "measurement":
        words.append("abnormal")
    entries = place.entries(words)
    if not entries:
        raise place.expected("au moins un attribut", "at least one attribute")
    made = [_filter(value, name, known, context) for name, value in entries.items()]
    return tuple(f for group in made for f in group)


def _filter(place: Place, name: str, known: Mapping[str, str], context: Context) -> list[Filter]:
    if name == "abnormal":
        if not place.yes():
            raise place.expected("true", "true")
        return [Abnormal()]
    attribute = ALIASES.get(name, name)
    kind = known[attribute]
    if kind == "concept":
        return [_concept(place, attribute, context, name == "sex")]
    if kind == "text":
        return [_text(place, attribute)]
    return [_ordered(place, attribute, kind)]


def _concept(
    place: Place, attribute: str, context: Context, sex: bool, excluded: bool = False
) -> ConceptIn:
    if place.kind == "map":
        if excluded:
            raise place.expected("un concept", "a concept")
        inner = place.entries((NOT,))
        if NOT not in inner:
            raise place.expected("un concept", "a concept")
        return _concept(inner[NOT], attribute, context, sex, excluded=True)
    if place.kind == "list":
        ids = tuple(sorted({p.concept() for p in place.each()}))
        return ConceptIn(attribute, ids, excluded)
    if place.kind == "int":
        return ConceptIn(attribute, (place.concept(),), excluded)
    if sex:
        return ConceptIn(attribute, (SEXES[place.word(tuple(SEXES))],), excluded)
    word = place.word(("known", "unknown", *context.codes))
    if word in context.codes:
        return ConceptIn(attribute, context.code_set(place), excluded)
    return ConceptIn(attribute, None, excluded != (word == "unknown"))


def _text(place: Place, attribute: str, negated: bool = False) -> TextIs:
    if place.kind != "map":
        return TextIs(attribute, "is", _value(place, attribute), negated)
    entries = place.entries((*TEXT_OPERATORS, NOT))
    if len(entries) != 1 or (negated and NOT in entries):
        raise place.expected("une seule comparaison", "one comparison")
    word, value = next(iter(entries.items()))
    if word == NOT:
        return _text(value, attribute, negated=True)
    said = _value(value, attribute) if word == "is" else value.sentence()
    return TextIs(attribute, cast(TextOperator, word), said, negated)


def _value(place: Place, attribute: str) -> str:
    """A text; where its values are known, one of them: another would match nobody in silence."""
    return place.word(VALUES[attribute]) if attribute in VALUES else place.sentence()


def _ordered(place: Place, attribute: str, kind: str) -> NumberIs | DateIs:
    if place.kind == "list":
        return _range(place, attribute, kind)
    compared = re.fullmatch(COMPARED, place.word_of()) if place.kind == "str" else None
    if compared:
        return _compared(place, attribute, kind, cast(Operator, compared[1]), compared[2])
    if kind == "date":
        return DateIs(attribute, "=", place.date())
    return NumberIs(attribute, "=", place.number())


def _compared(
    place: Place, attribute: str, kind: str, operator: Operator, written: str
) -> NumberIs | DateIs:
    if kind == "date":
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
            raise place.expected("un jour AAAA-MM-JJ", "a day YYYY-MM-DD")
        try:
            return DateIs(attribute, operator, date.fromisoformat(written))
        except ValueError:
            raise place.expected("un jour AAAA-MM-JJ", "a day YYYY-MM-DD") from None
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", written):
        raise place.expected("une comparaison avec un nombre", "a comparison with a number")
    return NumberIs(attribute, operator, float(written))


def _range(place: Place, attribute: str, kind: str) -> NumberIs | DateIs:
    first, last = place.pair()
    if kind == "date":
        low = None if first.kind == "null" else first.date()
        high = None if last.kind == "null" else last.date()
        if low is not None and high is not None:
            _rising(place, low <= high)
            return DateIs(attribute, "between", low, high)
        if low is None and high is None:
            raise _open(place)
        return DateIs(attribute, "<=", high) if low is None else DateIs(attribute, ">=", low)  # type: ignore[arg-type]
    least = None if first.kind == "null" else first.number()
    most = None if last.kind == "null" else last.number()
    if least is not None and most is not None:
        _rising(place, least <= most)
        return NumberIs(attribute, "between", least, most)
    if least is None and most is None:
        raise _open(place)
    return NumberIs(attribute, "<=", most) if least is None else NumberIs(attribute, ">=", least)  # type: ignore[arg-type]


def _rising(place: Place, right: bool) -> None:
    if not right:
        raise place.refused(
            Text("cet intervalle est à l'envers : rien n'y est.",
                 "this range is from high to low: nothing is in it.")
        )  # fmt: skip


def _open(place: Place) -> StudyError:
    return place.expected("au moins une borne", "at least one bound")
