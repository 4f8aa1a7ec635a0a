"""An export's manifest, in French then in English, and the same words for one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from transat.core.languages import LANGUAGES, Language, Text
from transat.federation.courier_export import SUMS, Carried
from transat.federation.courier_fields import FIELDS
from transat.federation.courier_words import FLOOR, Part, Said

_KINDS: Final = {
    "question": Text("question", "question"),
    "release": Text("réponse", "answer"),
    "refusal": Text("refus", "refusal"),
    "unknown": Text("inconnu", "unknown"),
}
_COLON: Final = Text(" : ", ": ")
#: Names of columns that are shown at most; the file has them all.
_SHOWN: Final = 12
_BROUGHT: Final = (
    Text("avec la réponse d'un autre site, déjà sortie", "with another site's answer, already out"),
    Text(
        "avec des réponses d'autres sites, déjà sorties", "with other sites' answers, already out"
    ),
)
_NUMBERS: Final = Text("nombre", "number"), Text("nombres", "numbers")
_MESSAGES: Final = Text("message", "message"), Text("messages", "messages")
_BYTES: Final = Text("octet", "byte"), Text("octets", "bytes")
_KEPT: Final = (
    Text("retenu au site", "kept at the site"),
    Text("retenus au site", "kept at the site"),
)
_COUNTS: Final = (
    Text("effectif dit ou déduit", "count stated or implied"),
    Text("effectifs dits ou déduits", "counts stated or implied"),
)


def manifest(messages: Sequence[Carried], told: Sequence[Said]) -> str:
    """The text of an export's manifest; told: what each message says."""
    read = list(zip(messages, told, strict=True))
    parts = ["TRANSAT"]
    parts += [_in(read, language) for language in LANGUAGES]
    return "\n\n".join(parts) + "\n"


def summary(message: Said, language: Language) -> str:
    """One line: what it is and how much is in it."""
    kind = _KINDS[message.kind].in_(language)
    line = f"{kind}{_COLON.in_(language)}{message.text.in_(language)}"
    if message.kind == "unknown":
        return line
    if message.kind == "refusal":
        return f"{line} ({message.statistic})"
    found = [_many(message.numbers, *_NUMBERS)]
    if message.kind == "release":
        counts = sum(size for _, size in message.counts)
        found.append(_many(counts, *_COUNTS))
        found.append(_many(message.withheld, *_KEPT))
    return f"{line} ({', '.join(text.in_(language) for text in found)})"


def about(message: Said, language: Language) -> list[str]:
    """Which columns a question or a refusal names, and what else a question brings to the site."""
    if message.kind not in ("question", "refusal"):
        return []
    lines = [
        f"  {_named(part, language)}{', '.join(part.words[:_SHOWN])}{_more(part)}"
        for part in message.parts
        if part.words and part.name != "code"
    ]
    if message.brings:
        text = _BROUGHT[len(message.brings) > 1].in_(language)
        lines.append(f"  {text}{_COLON.in_(language)}{', '.join(message.brings)}")
    return lines


def details(message: Said, language: Language) -> list[str]:
    """Lines for one message: what it is about, each field, and what may not leave."""
    texts = [
        Text(f"étude {message.study}", f"study {message.study}"),
        Text(f"site {message.site}", f"site {message.site}"),
        Text(f"question {message.asked}", f"question {message.asked}"),
    ]
    lines = [text.in_(language) for text in texts]
    lines += [_part(part, language) for part in message.parts]
    if message.brings:
        lines += about(message, language)[-1:]
    return lines + warnings(message, language)


def warnings(message: Said, language: Language) -> list[str]:
    """What must stop the export; nothing where every count is 0 or at least the floor."""
    found = []
    if message.kind == "unknown":
        found.append(
            Text(
                "ARRÊTEZ : ce contenu n'est pas dans la liste fermée. Ne laissez pas sortir ce "
                "fichier.",
                "STOP: this content is not in the closed list. Do not let this file out.",
            )
        )
    if message.small:
        names = ", ".join(message.small)
        found.append(
            Text(
                f"ARRÊTEZ : un effectif de 1 à {FLOOR - 1} se trouve dans {names}. Ne laissez pas "
                "sortir ce fichier.",
                f"STOP: a count of 1 to {FLOOR - 1} is in {names}. Do not let this file out.",
            )
        )
    return [text.in_(language) for text in found]


def _part(part: Part, language: Language) -> str:
    found = []
    if part.words:
        found.append(", ".join(part.words[:_SHOWN]) + _more(part))
    if part.numbers:
        found.append(_many(part.numbers, *_NUMBERS).in_(language))
    if part.withheld:
        found.append(_many(part.withheld, *_KEPT).in_(language))
    return f"  {_named(part, language)}{', '.join(found) if found else '—'}"


def _named(part: Part, language: Language) -> str:
    name = FIELDS[part.name].in_(language) if part.name in FIELDS else part.name
    return f"{name}{_COLON.in_(language)}"


def _more(part: Part) -> str:
    return ", …" if len(part.words) > _SHOWN else ""


def _many(number: int, one: Text, more: Text) -> Text:
    """A number with its noun; in French 0 is singular, in English plural."""
    french, english = (one if number < 2 else more).fr, (one if number == 1 else more).en
    return Text(f"{number} {french}", f"{number} {english}")


def _in(read: Sequence[tuple[Carried, Said]], language: Language) -> str:
    lines = [_title(read, language), ""]
    for number, (message, found) in enumerate(read, 1):
        octets = _many(len(message.payload), *_BYTES)
        lines.append(f"{number}. {message.file}")
        lines.append(f"   {summary(found, language)}")
        lines += [f"   {line}" for line in about(found, language)]
        lines.append(f"   {octets.in_(language)}, SHA-256 {message.sha256}")
        lines += [f"   {warning}" for warning in warnings(found, language)]
    lines += ["", _footer(language)]
    return "\n".join(lines)


def _title(read: Sequence[tuple[Carried, Said]], language: Language) -> str:
    sites = ", ".join(sorted({found.site for _, found in read}))
    study = ", ".join(sorted({found.study[:16] for _, found in read}))
    size = sum(len(message.payload) for message, _ in read)
    if read[0][0].file.startswith("question"):
        head = Text(
            f"FRANÇAIS. Questions à porter au site « {sites} », étude {study}. Aucune ligne de "
            "patient n'y entre : ce sont des demandes.",
            f'ENGLISH. Questions to carry to the site "{sites}", study {study}. No patient row is '
            "in them: they ask.",
        )
    else:
        head = Text(
            f"FRANÇAIS. Réponses du site « {sites} », étude {study}, à porter au coordonnateur. "
            "Sommes et effectifs qui ont passé le contrôle du site ; aucune ligne de patient.",
            f'ENGLISH. Answers of the site "{sites}", study {study}, to carry to the coordinator. '
            "Sums and counts that passed the site's gate; no patient row.",
        )
    numbers = sum(found.numbers for _, found in read)
    total = _many(len(read), *_MESSAGES), _many(size, *_BYTES), _many(numbers, *_NUMBERS)
    return f"{head.in_(language)}\n{', '.join(text.in_(language) for text in total)}."


def _footer(language: Language) -> str:
    return Text(
        f"Pour vérifier : « sha256sum -c {SUMS} » ; « transat courier show » dit chaque message "
        "en détail. Portez le dossier entier ; un caractère changé et il est refusé.",
        f'To check: "sha256sum -c {SUMS}"; "transat courier show" tells each message in detail. '
        "Carry the whole folder; one character changed and it is refused.",
    ).in_(language)
