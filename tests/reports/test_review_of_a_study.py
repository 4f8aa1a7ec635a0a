"""A finished study goes through the review desk, by the commands that people type."""

from __future__ import annotations

import datetime
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from transat import __version__
from transat.cli import main
from transat.core import languages
from transat.core.errors import DisclosureRefused, InputError
from transat.federation import permit_file
from transat.federation.keys import Key
from transat.federation.permit import Permit, sign, terms_for
from transat.federation.policy import installed
from transat.reports.inutero import write_report
from transat.studies import class_b
from transat.studies.results import StudyResult

REVIEWERS = {"france": ("anne", "bruno"), "quebec": ("chloe", "denis")}


@pytest.fixture
def study(result: StudyResult, tmp_path: Path) -> Path:
    out = tmp_path / "study"
    write_report(result, out)
    (out / "result.json").write_text(result.to_json(), encoding="utf-8")
    return out


@pytest.fixture
def permit(result: StudyResult, tmp_path: Path) -> Path:
    keys = {}
    for name in ("author", *REVIEWERS["france"], *REVIEWERS["quebec"]):
        keys[name] = Key.new()
        keys[name].write(tmp_path / name)
    holders = {site: Key.new() for site in REVIEWERS}
    drafted = Permit(
        project="INuTERO",
        study=result.study.logic_sha256,
        document=result.study.document_sha256,
        version=__version__,
        cohorts=("3" * 64,),
        steps=("prevalence",),
        rounds=10,
        starts=datetime.date(2026, 1, 1),
        ends=datetime.date(2027, 1, 1),
        coordinator=Key.new().public,
        sites={
            site: terms_for(
                installed()[policy],
                holders[site].public,
                Key.new().public,
                reviewers=[keys[who].public for who in REVIEWERS[site]],
            )
            for site, policy in (("france", "snds"), ("quebec", "ramq"))
        },
        signatures={},
    )
    for holder in holders.values():
        drafted = sign(drafted, holder)
    path = tmp_path / "permit.toml"
    permit_file.write(drafted, path)
    return path


def transat(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What the command prints; it must succeed."""
    code = called(*arguments)
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


def called(*arguments: object) -> int:
    try:
        with pytest.MonkeyPatch.context() as patch:
            spoken = ("--lang", "fr") if "--lang" not in arguments else ()
            patch.setattr(sys, "argv", ["transat", *spoken, *map(str, arguments)])
            main.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_from_the_study_to_what_is_published(
    study: Path, permit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk, out = tmp_path / "desk", tmp_path / "released"
    said = transat(capsys, "review", "submit", study, "--desk", desk, "--permit", permit,
                   "--key", tmp_path / "author")  # fmt: skip
    name = said.splitlines()[0]
    assert "soumise" in said
    shown = transat(capsys, "review", "show", desk, name, "--files", tmp_path / "copy")
    assert "tables/pairs.csv" in shown
    assert "effectifs dans : tables/attrition.csv" in shown  # under the pages
    assert (tmp_path / "copy" / "tables" / "pairs.csv").is_file()
    table = "tables/signals.csv"
    transat(capsys, "review", "vote", desk, name, "--key", tmp_path / "anne",
            "--change", f"{table}=no_context", "--note", f"{table}=quelle période ?")  # fmt: skip
    hidden = transat(capsys, "review", "show", desk, name)
    assert "votes, france : 1" in hidden
    assert "quelle période" not in hidden
    for who in ("bruno", "chloe", "denis"):
        transat(capsys, "review", "vote", desk, name, "--key", tmp_path / who)
    assert "examinée" in transat(capsys, "review", "list", desk)
    for who in ("anne", "bruno", "chloe"):
        transat(capsys, "review", "open", desk, name, "--key", tmp_path / who)
    assert "quelle période" in transat(capsys, "review", "show", desk, name)
    assert called("review", "release", desk, name, "--key", tmp_path / "anne", "--out", out) == 15
    transat(capsys, "review", "vote", desk, name, "--key", tmp_path / "anne")
    (one,) = json.loads(transat(capsys, "review", "list", desk, "--json"))
    assert one["state"] == "approved"
    transat(capsys, "review", "release", desk, name, "--key", tmp_path / "anne", "--out", out)
    assert "approuvés par 4" in transat(capsys, "review", "verify", out, "--permit", permit)
    (out / table).write_text("exposure\n", encoding="utf-8")
    assert called("review", "verify", out, "--permit", permit) == 12


@pytest.mark.parametrize("lang", languages.LANGUAGES)
def test_a_returned_request_comes_back_with_other_files(
    study: Path,
    permit: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    lang: languages.Language,
) -> None:
    desk, author = tmp_path / "desk", tmp_path / "author"
    said = transat(capsys, "--lang", lang, "review", "submit", study, "--desk", desk, "--permit",
                   permit, "--key", author, "--pending")  # fmt: skip
    name = said.splitlines()[0]
    transat(capsys, "review", "submit", study, "--desk", desk, "--key", author, "--request", name)
    everybody = [who for site in REVIEWERS.values() for who in site]
    for who in everybody:
        transat(capsys, "review", "vote", desk, name, "--key", tmp_path / who,
                "--change", "report.fr.html=not_in_protocol")  # fmt: skip
    for who in everybody[:-1]:
        transat(capsys, "review", "open", desk, name, "--key", tmp_path / who)
    back = ("review", "return", desk, name, "--key", tmp_path / "chloe", "--reason")
    assert called(*back, "ugly") == 15
    transat(capsys, *back, "not_in_protocol")
    (study / "report.fr.html").unlink()
    transat(capsys, "review", "submit", study, "--desk", desk, "--key", author, "--request", name)
    shown = transat(capsys, "--lang", lang, "review", "show", desk, name)
    gone = {"fr": "report.fr.html : retiré depuis", "en": "report.fr.html: gone since"}
    assert gone[lang] in shown
    (one,) = json.loads(transat(capsys, "review", "list", desk, "--json"))
    assert one["state"] == "submitted"
    assert one["voted"] == []
    transat(capsys, "review", "withdraw", desk, name, "--key", author)
    assert called("review", "vote", desk, name, "--key", tmp_path / "anne") == 15


def test_every_file_has_its_context_and_counts(study: Path, result: StudyResult) -> None:
    manifest = class_b.manifest(study, "9" * 64)
    assert manifest.study == result.study.logic_sha256
    for file in manifest.files:
        assert result.study.title.fr in file.context.fr
        assert file.counts or file.underlying, file.name
        for count in file.counts:
            assert count.least is None or count.least >= 11
    masked = {c.column: c.masked for f in manifest.files for c in f.counts}
    assert masked["exposed_cases"] > 0


@pytest.mark.parametrize("where", ["tables/prevalences.csv", "result.json"])
def test_a_count_of_few_is_refused_by_its_column(
    study: Path, result: StudyResult, where: str
) -> None:
    few = replace(result.prevalences[0], cases=7)
    spoiled = replace(result, prevalences=(few, *result.prevalences[1:]))
    if where == "result.json":
        (study / where).write_text(spoiled.to_json(), encoding="utf-8")
    else:
        text = (study / where).read_text("utf-8").splitlines()
        cells = text[1].split(",")
        text[1] = ",".join([*cells[:2], "7", *cells[3:]])
        (study / where).write_text("\n".join(text), encoding="utf-8")
    with pytest.raises(DisclosureRefused, match="cases") as refused:
        class_b.manifest(study, "9" * 64)
    assert "7" not in str(refused.value)


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        class_b.manifest(tmp_path, "9" * 64)
