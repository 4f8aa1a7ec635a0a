"""Events, counts and groups as words."""

from __future__ import annotations

from typing import Final

from transat.cohorts.language.prose.filters import code_set, filter_words
from transat.cohorts.language.prose.voice import Line, Voice
from transat.cohorts.language.prose.windows import EVENT, Anchor, shift_words, windows_words
from transat.cohorts.language.prose.words import NOUNS, attribute
from transat.cohorts.query.model import Count, Demographic, Group, Read, Shift
from transat.core.languages import Text

_NEEDS: Final = {
    "all": Text("toutes ces conditions", "all these conditions"),
    "any": Text("au moins une de ces conditions", "at least one of these conditions"),
    "at_least": Text("au moins {0} de ces conditions", "at least {0} of these conditions"),
    "at_most": Text("au plus {0} de ces conditions", "at most {0} of these conditions"),
}
_NONE: Final = Text("aucune de ces conditions", "none of these conditions")


def event_line(read: Read, voice: Voice) -> Line:
    """An event by itself: `un diagnostic de « X », âge au début : 18 au moins`."""
    feminine = NOUNS[read.domain][2]
    one = voice("une " if feminine else "un ", "an " if _vowel(read, voice) else "a ")
    return Line(one + described(read, voice, 1), inside(read, voice))


def described(read: Read, voice: Voice, times: int) -> str:
    """The noun, the codes and what is asked of the event."""
    one, many, feminine = NOUNS[read.domain]
    words = voice.text(one if times < 2 else many)
    words += _coded(read, voice)
    if read.first:
        words += voice(f", {'la première' if feminine else 'le premier'} de la personne",
                       ", the person's first")  # fmt: skip
    return ", ".join((words, *_moved(read, voice), *(filter_words(f, voice) for f in read.filters)))


def inside(read: Read, voice: Voice) -> tuple[Line, ...]:
    """What must hold around the event itself."""
    if read.within is None:
        return ()
    held = group_line(read.within, voice, EVENT)
    return (Line(voice("tel que", "such that") + voice.colon + held.text, held.under),)


def group_line(group: Group, voice: Voice, anchor: Anchor) -> Line:
    """A group and its members; a group that asks for its only member is that member."""
    members = tuple(member_line(m, voice, anchor) for m in group.members)
    if not members:
        return Line(voice("aucune condition", "no condition"))
    if len(members) == 1 and (group.need, group.times) in (("all", 0), ("any", 0), ("at_least", 1)):
        return _titled(group.text, members[0], voice)
    if group.need == "at_most" and group.times == 0:
        need = voice.text(_NONE)
    else:
        need = voice.text(_NEEDS[group.need]).format(voice.number(group.times))
    return _titled(group.text, Line(need + voice.colon.rstrip(), members), voice)


def member_line(member: Count | Demographic | Group, voice: Voice, anchor: Anchor) -> Line:
    """One condition of a group."""
    if isinstance(member, Group):
        return group_line(member, voice, anchor)
    if isinstance(member, Demographic):
        asked = ", ".join(filter_words(f, voice) for f in member.filters)
        return _titled(member.text, Line(asked or voice("aucune condition", "no condition")), voice)
    return _titled(member.text, count_line(member, voice, anchor), voice)


def count_line(count: Count, voice: Voice, anchor: Anchor) -> Line:
    """`au moins 2 diagnostics de « X », dans les 365 jours avant l'entrée`."""
    words = [_number(count, voice)]
    when = windows_words(count.windows, voice, anchor)
    if when:
        words.append(when)
    if count.same_visit:
        words.append(voice("dans la même visite", "in the same visit"))
    if count.outside_period:
        words.append(voice("même hors de la période d'observation",
                           "even outside the observation period"))  # fmt: skip
    return Line(", ".join(words), inside(count.events, voice))


def _number(count: Count, voice: Voice) -> str:
    """How many, of what."""
    times, feminine = count.times, NOUNS[count.events.domain][2]
    if count.distinct is not None:
        named = voice.quoted(voice.text(attribute(count.distinct)))
        many = described(count.events, voice, 2)
        values = voice.count(times, voice("valeur distincte", "distinct value"),
                             voice("valeurs distinctes", "distinct values"))  # fmt: skip
        return voice(f"{_how(count, voice)}{values} de {named} parmi les {many}",
                     f"{_how(count, voice)}{values} of {named} among {many}")  # fmt: skip
    said = described(count.events, voice, times)
    if times == 0 and count.comparison != "at_least":
        return voice("aucune " if feminine else "aucun ", "no ") + said
    if times == 1:
        one = voice("une" if feminine else "un", "one")
        return f"{_how(count, voice)}{one} {said}"
    return f"{_how(count, voice)}{voice.number(times)} {said}"


def _how(count: Count, voice: Voice) -> str:
    return {
        "at_least": voice("au moins ", "at least "),
        "at_most": voice("au plus ", "at most "),
        "exactly": voice("exactement ", "exactly "),
    }[count.comparison]


def _coded(read: Read, voice: Voice) -> str:
    """` de « X »`: by concept or source concept; else it says which of the two is compared."""
    said = ""
    if read.any_codes is not None:
        said += voice(" de ", " of ") + code_set(read.any_codes, voice)
    if read.codes is not None:
        said += voice(" de concept ", " with concept ") + code_set(read.codes, voice)
    if read.source_codes is not None:
        said += voice(" de code source ", " with source code ") + code_set(read.source_codes, voice)
    return said


def _moved(read: Read, voice: Voice) -> list[str]:
    said = []
    if read.start != Shift("start"):
        from_ = shift_words(read.start, voice)
        said.append(voice(f"compté à partir de : {from_}", f"taken from {from_}"))
    if read.end != Shift("end"):
        until = shift_words(read.end, voice)
        said.append(voice(f"compté jusqu'à : {until}", f"taken until {until}"))
    if read.start_on is not None:
        day = voice.day(read.start_on)
        said.append(voice(f"compté à partir du {day}", f"taken from {day}"))
    if read.end_on is not None:
        day = voice.day(read.end_on)
        said.append(voice(f"compté jusqu'au {day}", f"taken until {day}"))
    return said


def _titled(text: Text | None, line: Line, voice: Voice) -> Line:
    """The author's sentence, when there is one, with the formal one under it."""
    return line if text is None else Line(voice.text(text), (line,))


def _vowel(read: Read, voice: Voice) -> bool:
    return voice.text(NOUNS[read.domain][0])[0] in "aeiou"
