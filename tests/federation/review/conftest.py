"""A desk in a folder, two holders with two reviewers each, and one study to publish."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from transat import __version__
from transat.core.languages import Text
from transat.federation import permit_file
from transat.federation.keys import Key
from transat.federation.permit import Permit, sign, terms_for
from transat.federation.policy import installed
from transat.federation.review import submission, votes
from transat.federation.review.desk import FolderDesk
from transat.federation.review.records import Counted, Manifest, OutputFile
from transat.federation.review.rules import Request
from transat.federation.review.terms import read_terms
from transat.federation.review.votes import Given

STUDY, DOCUMENT = "1" * 64, "2" * 64
FRANCE, QUEBEC = ("anne", "bruno"), ("chloe", "denis")


@dataclass(frozen=True)
class People:
    """Keys, in memory and on disk, of the author, the reviewers and a stranger."""

    folder: Path
    keys: dict[str, Key]

    def file(self, name: str) -> Path:
        return self.folder / name


@dataclass(frozen=True)
class Office:
    """A desk with its people and its permit."""

    desk: FolderDesk
    people: People
    permit: Path
    outputs: Path

    def manifest(self) -> Manifest:
        return manifest_of(self.outputs, read_terms(self.permit).permit)

    def submitted(self) -> str:
        author = self.people.keys["author"]
        put = submission.put(self.desk, self.manifest(), self.outputs, author, self.permit)
        return submission.submit(self.desk, put.name, author).name

    def vote(self, request: str, who: str, **change: str) -> Request:
        given = {file.replace("__", "/") + ".csv": Given(why) for file, why in change.items()}
        key = self.people.keys[who]
        return votes.vote(self.desk, request, given, key, self.people.file(who))

    def open(self, request: str, who: str) -> Request:
        return votes.opened(self.desk, request, self.people.keys[who], self.people.file(who))

    def approved(self) -> str:
        request = self.submitted()
        for who in (*FRANCE, *QUEBEC):
            self.vote(request, who)
        for who in (*FRANCE, *QUEBEC)[:-1]:
            self.open(request, who)
        return request


def manifest_of(outputs: Path, permit: str) -> Manifest:
    files = []
    for path in sorted(outputs.rglob("*.csv")):
        content = path.read_bytes()
        files.append(
            OutputFile(
                path.relative_to(outputs).as_posix(),
                hashlib.sha256(content).hexdigest(),
                len(content),
                "table",
                Text("cas par région", "cases by region"),
                (Counted("cases", 2, 1, 14, False),),
                (),
            )
        )
    return Manifest(
        STUDY, DOCUMENT, permit, Text("Étude", "Study"), Text("But", "Purpose"), tuple(files)
    )


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    folder = tmp_path_factory.mktemp("people")
    names = ("author", "stranger", "hub", "holder_f", "holder_q", "site_f", "site_q")
    keys = {name: Key.new() for name in (*names, *FRANCE, *QUEBEC)}
    for name, key in keys.items():
        key.write(folder / name)
    return People(folder, keys)


def signed_permit(people: People, **reviewers: tuple[str, ...]) -> Permit:
    keys = people.keys
    named = {"france": FRANCE, "quebec": QUEBEC, **reviewers}
    policies = {"france": "snds", "quebec": "ramq"}
    permit = Permit(
        project="INuTERO",
        study=STUDY,
        document=DOCUMENT,
        version=__version__,
        cohorts=("3" * 64,),
        steps=("prevalence",),
        rounds=10,
        starts=datetime.date(2026, 1, 1),
        ends=datetime.date(2027, 1, 1),
        coordinator=keys["hub"].public,
        sites={
            site: terms_for(
                installed()[policy],
                keys[f"holder_{site[0]}"].public,
                keys[f"site_{site[0]}"].public,
                reviewers=[keys[who].public for who in named[site]],
            )
            for site, policy in policies.items()
        },
        signatures={},
    )
    return sign(sign(permit, keys["holder_f"]), keys["holder_q"])


@pytest.fixture
def office(people: People, tmp_path: Path) -> Office:
    outputs = tmp_path / "outputs"
    (outputs / "tables").mkdir(parents=True)
    (outputs / "tables" / "one.csv").write_text("cases\n14\n27\n\n", encoding="utf-8")
    (outputs / "two.csv").write_text("cases\n14\n31\n\n", encoding="utf-8")
    permit = tmp_path / "permit.toml"
    permit_file.write(signed_permit(people), permit)
    return Office(FolderDesk(tmp_path / "desk", read_terms), people, permit, outputs)


@pytest.fixture
def other_permit(people: People, tmp_path: Path) -> Path:
    """Of the same study, signed by the same holders, with another reviewer."""
    permit = tmp_path / "other.toml"
    permit_file.write(signed_permit(people, france=("anne", "stranger")), permit)
    return permit
