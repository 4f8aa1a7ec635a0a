"""Study files damaged at random: letters, lines, words of the language, values, whole branches."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from transat.cohorts.language.grammar import SHAPES

WORDS = sorted({key.name for keys in SHAPES.values() for key in keys})
VALUES = (
    "", "null", "~", "true", "no", "0", "-1", "1e9", "0x1F", "010", "1_000", "12:30:45", ".inf",
    ".nan", "99999999999999999999", "2012-13-45", "[]", "{}", "[null, null]", "[1, 2, 3]", "ever",
    "any", "end + 99999", "13w9d", "'> '", "!!python/object:os.system x", "*a", "&a b", "|", ">",
    "'", '"', "\u0000", "\t", "é" * 50, "x" * 3000, "{fr: a, en: b}", "{not: {not: 1}}",
)  # fmt: skip
Mutation = Callable[[str, Random], str]


def mutated(text: str, chance: Random) -> str:
    """`text` with one to three damages."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        text = chance.choice(MUTATIONS)(text, chance)
    return text


def _letter(text: str, chance: Random) -> str:
    place = chance.randrange(len(text) + 1)
    new = chance.choice(("", *"abz019:{}[],-'\"#&*!|>%@` \n\t\\é\u2028\u00a0"))
    return text[:place] + new + text[place + chance.choice((0, 1)) :]


def _lines(text: str, chance: Random) -> str:
    lines = text.split("\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(4):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case _:
            lines[one] = chance.choice((" ", "  ", "\t")) + lines[one]
    return "\n".join(lines)


def _word(text: str, chance: Random) -> str:
    """A keyword becomes another, or is misspelt."""
    found = list(re.finditer(r"[a-z_]+(?=:)", text))
    if not found:
        return text
    at = chance.choice(found)
    word = at[0]
    cut = chance.randrange(len(word))
    new = chance.choice((chance.choice(WORDS), word[:cut] + word[cut + 1 :], word + "s"))
    return text[: at.start()] + new + text[at.end() :]


def _value(text: str, chance: Random) -> str:
    found = list(re.finditer(r"(?<=: )[^\n,{}]+", text))
    if not found:
        return text
    at = chance.choice(found)
    return text[: at.start()] + chance.choice(VALUES) + text[at.end() :]


def _branch(text: str, chance: Random) -> str:
    """A span between two brackets goes, or is doubled."""
    found = list(re.finditer(r"[\[{][^\[\]{}]*[\]}]", text))
    if not found:
        return text
    at = chance.choice(found)
    return text[: at.start()] + chance.choice(("", at[0] * 2, f"[{at[0]}]")) + text[at.end() :]


def _number(text: str, chance: Random) -> str:
    found = list(re.finditer(r"-?\d+", text))
    if not found:
        return text
    at = chance.choice(found)
    new = chance.choice((str(-int(at[0])), str(int(at[0]) * 10**9), f"{at[0]}.5", "x"))
    return text[: at.start()] + new + text[at.end() :]


MUTATIONS: tuple[Mutation, ...] = (_letter, _lines, _word, _value, _branch, _number)
