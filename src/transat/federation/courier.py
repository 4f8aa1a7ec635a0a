"""The way through export desks: a folder of questions out, a folder of answers in, days between.

    FOLDER/out/SITE/0001/…   an export of questions, for a person to carry to SITE
    FOLDER/in/SITE/…         exports of answers, as they came back (`collect` puts them there)

A study run with it asks all that it can ask, stops with `Posted`, and is run again when answers
have come: the coordinator's journal and this folder hold what was answered, so it goes on from
there. A question that is out is never put out twice. Questions asked in one run go into one export,
until an answer to one of them is back: an export that has been carried is closed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.federation.courier_export import (
    SUMS,
    Carried,
    file_name,
    is_export,
    listed,
    read,
    write,
)
from transat.federation.courier_manifest import manifest
from transat.federation.courier_words import Said, said
from transat.federation.messages import MessageError, SignedAnswer, read_answer, read_question
from transat.federation.transport import Posted, SiteMissing

OUT: Final = "out"
IN: Final = "in"
#: Seconds between two looks at the folder.
_LOOK: Final = 0.05


class Courier:
    """A transport whose messages are carried by people."""

    def __init__(self, folder: Path, sites: Iterable[str]) -> None:
        """folder: made if missing. sites: names of all that may be asked (the permit's)."""
        self._folder, self._sites = folder, frozenset(sites)
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()  # two studies may ask at once
        self._out = {site: self._asked_of(site) for site in sorted(self._sites)}
        self._seen: set[Path] = set()
        self._back: dict[str, _Back] = {}

    def sites(self) -> frozenset[str]:
        """Names of the sites that can be asked."""
        return self._sites

    def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
        """The answers that have been carried back; where one has not, its question is put out.

        questions, deadline: as `Transport.ask`; 0 looks once, which is what a person waits for.

        Raises
        ------
        Posted: not all are back. SiteMissing: an unknown site. InputError: an export that came back
        is not whole, or two different answers to one question did.
        """
        unknown = set(questions) - self._sites
        if unknown:
            raise SiteMissing(unknown)
        names = {site: read_question(payload).asked for site, payload in questions.items()}
        with self._lock:
            self._put_out(questions, names)
        end = time.monotonic() + deadline
        while True:
            with self._lock:
                damage = self._look()
            missing = {site for site, name in names.items() if name not in self._back}
            if not missing:
                return {site: self._back[name].payload for site, name in names.items()}
            if time.monotonic() >= end:
                raise damage or Posted(missing, str(self._folder))
            time.sleep(_LOOK)

    def _put_out(self, questions: Mapping[str, bytes], names: Mapping[str, str]) -> None:
        self._look()
        for site, payload in sorted(questions.items()):
            if names[site] not in self._out[site] and names[site] not in self._back:
                self._add(site, names[site], payload)

    def _add(self, site: str, name: str, payload: bytes) -> None:
        """One more question in the site's open export."""
        export = self._open.get(site)
        if export is None or any(asked in self._back for asked in export.asked):
            export = self._open[site] = _Open(_next(self._folder / OUT / site))
        export.add(name, payload)
        self._out[site].add(name)

    def _asked_of(self, site: str) -> set[str]:
        """Names of the questions that are out."""
        folders = exports(self._folder / OUT / site)
        return {read_question(m.payload).asked for folder in folders for m in read(folder)}

    def _look(self) -> InputError | None:
        """Take in what has come; what is not whole yet is looked at again, and told."""
        damage = None
        for export in _inside(self._folder / IN):
            if export not in self._seen:
                try:
                    self._take_in(export)
                    self._seen.add(export)
                except _NotWhole as error:
                    damage = error.error
        return damage

    def _take_in(self, export: Path) -> None:
        try:
            messages = read(export)
        except InputError as error:
            raise _NotWhole(error) from None
        for message in messages:
            came = _Back(export / message.file, message.payload)
            known = self._back.get(came.answer.asked)
            self._back[came.answer.asked] = came if known is None else _later(known, came)


class _Back:
    """An answer that came back, and its file."""

    def __init__(self, file: Path, payload: bytes) -> None:
        self.file, self.payload, self.answer = file, payload, answer_in(file, payload)


def _later(one: _Back, other: _Back) -> _Back:
    """Of two answers to one question, the one that the site's register has last.

    A site that could not answer (no permit yet, a disk that failed) says so, and once mended
    answers the same question: both are in its register, in that order.
    """
    if one.payload == other.payload:
        return one
    if one.answer.key != other.answer.key or one.answer.entries == other.answer.entries:
        raise _two(one.file, other.file)
    return max(one, other, key=lambda back: back.answer.entries)


class _Open:
    """An export that questions are added to."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self._folder = folder
        self._messages: list[Carried] = []
        self._said: list[Said] = []

    def add(self, name: str, payload: bytes) -> None:
        """One more question, the list and the manifest with it."""
        self.asked.append(name)
        message = Carried(file_name("question", len(self.asked), name), payload)
        self._messages.append(message)
        self._said.append(said(payload, message.file))
        write(self._folder, self._messages, manifest(self._messages, self._said))


class _NotWhole(Exception):
    """An export that may still be on its way into the folder."""

    def __init__(self, error: InputError) -> None:
        self.error = error
        super().__init__()


def _next(folder: Path) -> Path:
    """The place of a site's next export; one that a killed run left without a list is taken up."""
    numbers = [int(place.name) for place in _folders(folder) if place.name.isdigit()]
    last = folder / f"{max(numbers, default=0):04d}"
    if last.is_dir() and not any(last.glob(f"{SUMS}*")):
        for unlisted in last.glob("*.jsonl"):
            unlisted.unlink()
        return last
    return folder / f"{max(numbers, default=0) + 1:04d}"


def exports(folder: Path) -> list[Path]:
    """The exports right under a folder, in the order of their names."""
    return sorted(place for place in _folders(folder) if is_export(place))


def answer_in(path: Path, payload: bytes) -> SignedAnswer:
    """The signed answer of a file. Raises InputError when it is none."""
    try:
        return read_answer(payload)
    except MessageError:
        raise InputError(
            Text("ce fichier n'est pas une réponse signée.", "this file is no signed answer."),
            str(path),
            Text(
                "Retirez son envoi et demandez-le de nouveau au site.",
                "Take its export away and ask the site again for it.",
            ),
        ) from None


@dataclass(frozen=True, slots=True)
class Sent:
    """One export of questions: to which site, where, how many, how many answered."""

    site: str
    export: Path
    questions: int
    answered: int


def status(folder: Path) -> tuple[Sent, ...]:
    """Every export of questions of a courier's folder, by site and number.

    Raises
    ------
    InputError: no courier's folder, an export that is not whole.
    """
    if not (folder / OUT).is_dir():
        raise InputError(
            Text("ce dossier n'est pas celui d'un courrier.", "this is no courier's folder."),
            str(folder),
            Text(
                "Donnez celui que l'étude a écrit, avec « out » et « in ».",
                'Give the one that the study wrote, with "out" and "in".',
            ),
        )
    back = {
        answer_in(export / message.file, message.payload).asked
        for export in _inside(folder / IN)
        for message in read(export)
    }
    return tuple(
        _sent(site.name, export, back)
        for site in sorted(_folders(folder / OUT))
        for export in exports(site)
    )


def _sent(site: str, export: Path, back: set[str]) -> Sent:
    asked = [read_question(message.payload).asked for message in read(export)]
    return Sent(site, export, len(asked), sum(name in back for name in asked))


def purge(folder: Path) -> int:
    """Remove the messages of a courier's folder, or of an export; lists and manifests stay.

    Returns the number of files removed. For the end of a study: sums that a fit went through are
    not kept (rule G12).
    """
    removed = 0
    parts = [part for part in (folder / OUT, folder / IN) if part.is_dir()]
    for export in [export for part in parts or [folder] for export in _inside(part)]:
        for _, name in listed(export):
            if (export / name).exists():
                (export / name).unlink()
                removed += 1
        (export / SUMS).rename(export / f"{SUMS}.purged")
    return removed


def _inside(folder: Path) -> list[Path]:
    """Exports at any depth to three under a folder."""
    found, level = [], [folder]
    for _ in range(3):
        level = [place for above in level for place in _folders(above)]
        found += [place for place in level if is_export(place)]
    return sorted(found + ([folder] if is_export(folder) else []))


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [place for place in folder.iterdir() if place.is_dir() and not place.is_symlink()]


def _two(one: Path, other: Path) -> InputError:
    return InputError(
        Text(
            f"deux réponses différentes à la même question ; l'autre est {one}.",
            f"two different answers to one question; the other is {one}.",
        ),
        str(other),
        Text("Demandez au site laquelle est la sienne.", "Ask the site which one is its own."),
    )
