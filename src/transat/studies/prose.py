"""A protocol as plain text in French or English, for a committee that will sign it.

Written from the same model that runs, in its order, with both hashes: what is read is what runs.
"""

from __future__ import annotations

import json
from typing import Any, Final

from transat.core.languages import Language, Text
from transat.federation.limits import NOT_COVERED
from transat.studies.hashes import hashes
from transat.studies.protocol import Protocol

LEAVES: Final = Text("Ce qui sort de chaque site", "What leaves each site")
UNCHECKED: Final = Text(
    "Ce que le contrôle de sortie ne vérifie pas", "What the export gate does not check"
)
SITES: Final = Text("Sites", "Sites")
PURPOSE: Final = Text("But", "Purpose")
LISTS: Final = Text("Listes de codes", "Code lists")
NAMES: Final = Text("Noms de ce protocole (SHA-256)", "Names of this protocol (SHA-256)")
STATUS: Final[dict[str, Text]] = {
    "yes": Text("source lue", "source read"),
    "partly": Text("source lue en partie", "source read in part"),
    "direction": Text("sens lu, sans nombre", "direction read, no figure"),
    "recalled": Text("de mémoire", "recalled"),
    "no": Text("source non lue", "source not read"),
}


def prose(protocol: Protocol[Any], language: Language) -> str:
    """The protocol as text, lines ending with a newline."""
    document = protocol.document
    lines = [
        document.title.text().in_(language),
        f"{document.study.id} {document.study.version}",
        *_part(PURPOSE, [document.purpose.text().in_(language)], language),
        *_part(SITES, _sites(protocol, language), language),
    ]
    for part, title in protocol.PARTS.items():
        said = [
            f"{text.in_(language)} [{key} = {_formal(protocol, key)}]"
            for key, text in protocol.rules()
            if key.startswith(part + ".")
        ]
        lines += _part(title, said, language)
    lines += _part(LISTS, protocol.lists(language), language)
    lines += _part(LEAVES, _leaves(protocol, language), language)
    unchecked = [text.in_(language) for text in NOT_COVERED]
    lines += _part(UNCHECKED, unchecked, language)
    names = hashes(protocol)
    kinds = (Text("logique", "logic"), Text("document", "document"))
    both = zip(kinds, (names.logic, names.document), strict=True)
    lines += _part(NAMES, [f"{kind.in_(language)} {name}" for kind, name in both], language)
    return "\n".join(lines) + "\n"


def _part(title: Text, items: list[str], language: Language) -> list[str]:
    heading = title.in_(language)
    return ["", heading, "-" * len(heading), *(f"  - {item}" for item in items)]


def _formal(protocol: Protocol[Any], key: str) -> str:
    """The rule's value as it runs, beside its sentence: a reader sees when the two disagree."""
    part, name = key.split(".")
    plain = protocol.rule(part, name).model_dump(mode="json")
    return json.dumps(plain["value"], ensure_ascii=False)


def _sites(protocol: Protocol[Any], language: Language) -> list[str]:
    held = protocol.policies()
    threshold = Text("effectif minimal", "smallest count")
    colon, semicolon = (" : ", " ; ") if language == "fr" else (": ", "; ")
    return [
        f"{site.label.text().in_(language)} [{site.name}]{colon}"
        f"{held[site.name].holder.in_(language)}{semicolon}"
        f"{threshold.in_(language)} {held[site.name].threshold} "
        f"({STATUS[held[site.name].checked].in_(language)})"
        for site in protocol.document.sites
    ]


def _leaves(protocol: Protocol[Any], language: Language) -> list[str]:
    held = protocol.policies()
    first = held[protocol.document.sites[0].name]
    return [rule.text.in_(language) for rule in first.rules]
