"""A request for review on the screen: what a reviewer must see before voting."""

from __future__ import annotations

import json
from collections.abc import Iterator

from transat.cli.say import say
from transat.core.counts import THRESHOLD
from transat.core.languages import current
from transat.federation.review.counts import counts_of
from transat.federation.review.desk import Desk
from transat.federation.review.reasons import REASONS
from transat.federation.review.records import Counted, Opinion, OutputFile, changes
from transat.federation.review.rules import Request
from transat.federation.review.states import TEXTS


def plain(text: str) -> str:
    """The text without what would move or hide something on a terminal: others wrote it."""
    return "".join(c if c.isprintable() or c in "\u00a0\u202f" else "\ufffd" for c in text)


def lines(request: Request, desk: Desk) -> Iterator[str]:
    """The lines: head, files, who has voted; what they said, once votes are open."""
    return map(plain, _lines(request, desk))


def _lines(request: Request, desk: Desk) -> Iterator[str]:
    language = current()
    manifest = request.manifest
    yield manifest.title.in_(language)
    yield manifest.purpose.in_(language)
    yield f"{say('état', 'state')}     {TEXTS[request.state].in_(language)}"
    yield f"{say('étude', 'study')}    {manifest.study}"
    yield f"{say('permis', 'permit')}   {manifest.permit}"
    yield f"{say('auteur', 'author')}   {request.author}"
    against = changes(request.earlier, manifest)
    for file in manifest.files:
        yield ""
        yield from _file(file, against[file.name] if request.earlier is not None else "")
        if counts_of(file.name, desk.file(request.name, file.sha256)) != file.counts:
            yield "  " + say(
                "ATTENTION : ce ne sont pas les effectifs du fichier.",
                "BEWARE: these are not the counts in the file.",
            )
    for name in (n for n, what in against.items() if what == "gone"):
        yield say(f"{name} : retiré depuis", f"{name}: gone since")
    yield ""
    for site in sorted(request.terms.reviewers):
        cast = sum(key in request.seals for key in request.eligible(site))
        yield say(f"votes, {site} : {cast}", f"votes, {site}: {cast}")
    for key, given in sorted(request.votes.items()):
        yield ""
        yield f"{key} ({', '.join(request.terms.of(key))})"
        for opinion in given:
            yield from _opinion(opinion, request, desk)
    if request.end is not None and request.end.reason is not None:
        yield REASONS[request.end.reason].in_(language)


def _file(file: OutputFile, against: str) -> Iterator[str]:
    said = {
        "new": say("nouveau", "new"),
        "changed": say("changé", "changed"),
        "same": say("inchangé", "unchanged"),
    }.get(against, "")
    size = say(f"{file.size} octets", f"{file.size} bytes")
    yield f"{file.name}  {size}  {file.sha256[:16]}…  {said}".rstrip()
    yield f"  {file.context.in_(current())}"
    for count in file.counts:
        yield f"  {_counted(count)}"
    if file.underlying:
        under = ", ".join(file.underlying)
        yield say(f"  effectifs dans : {under}", f"  counts in: {under}")


def _counted(count: Counted) -> str:
    least = say("aucun", "none") if count.least is None else str(count.least)
    if count.least is not None and count.least < THRESHOLD:
        least = say("SOUS LE SEUIL", "BELOW THE THRESHOLD")
    rounded = say("arrondis", "rounded") if count.rounded else say("exacts", "exact")
    return say(
        f"{count.column} : {count.shown} montrés ({rounded}), {count.masked} masqués, "
        f"le plus petit {least}",
        f"{count.column}: {count.shown} shown ({rounded}), {count.masked} masked, smallest {least}",
    )


def _opinion(opinion: Opinion, request: Request, desk: Desk) -> Iterator[str]:
    said = say("approuvé", "approved")
    if opinion.reason is not None:
        said = REASONS[opinion.reason].in_(current())
    yield f"  {opinion.file}  {said}"
    if opinion.note is not None:
        yield f"    {json.loads(desk.noted(request.name, opinion.note))['text']}"
