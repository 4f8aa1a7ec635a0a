"""The protocol of aortic stenosis: strict, bilingual, carried whole, and audited before it runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from transat.cohorts.landmark_audit import LeakFound
from transat.core.errors import StudyError
from transat.studies.aortic_stenosis.protocol import PROTOCOL, AorticStenosis
from transat.studies.carried import carried, written
from transat.studies.hashes import hashes
from transat.studies.prose import prose
from transat.studies.protocol import read


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The protocol with its cohort file and code lists, where a test may change them."""
    shutil.copytree(PROTOCOL.parent, tmp_path / "valve", ignore=shutil.ignore_patterns("*.py*"))
    return tmp_path / "valve" / "protocol.yaml"


def _changed(path: Path, before: str, after: str) -> Path:
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    return path


def test_it_reads_and_every_rule_speaks_both_languages() -> None:
    protocol = read(PROTOCOL)
    assert isinstance(protocol, AorticStenosis)
    for key, text in protocol.rules():
        assert text.fr != text.en, key
    for language in ("fr", "en"):
        said = prose(protocol, language)
        assert all(text.in_(language) in said for _, text in protocol.rules())


def test_each_outcome_is_a_population_with_a_name_of_its_own() -> None:
    names = hashes(read(PROTOCOL))
    assert list(names.cohorts) == list(read(PROTOCOL).document.outcomes)
    assert len(set(names.cohorts.values())) == len(names.cohorts)


def test_the_same_protocol_comes_back_from_one_file() -> None:
    protocol = read(PROTOCOL)
    again = carried(written(protocol), Path("valve.json"))
    assert hashes(again) == hashes(protocol)
    assert again.rules() == protocol.rules()
    assert again.study.hashes == protocol.study.hashes


@pytest.mark.parametrize(
    ("before", "after"), [(b"[-365,0]", b"[-366,0]"), (b'"grace":3', b'"grace":4')]
)
def test_a_changed_rule_has_another_name(before: bytes, after: bytes) -> None:
    content, names = written(read(PROTOCOL)), hashes(read(PROTOCOL))
    assert before in content
    try:
        again = hashes(carried(content.replace(before, after, 1), Path("valve.json")))
    except StudyError:  # the file of cohorts is no longer the one of its name
        return
    assert again.logic != names.logic
    assert not set(again.cohorts.values()) & set(names.cohorts.values())


def test_a_file_of_cohorts_with_another_name_is_refused() -> None:
    plain = json.loads(written(read(PROTOCOL)))
    plain["cohorts"]["logic"] = "0" * 64
    with pytest.raises(StudyError) as refused:
        carried(json.dumps(plain).encode(), Path("valve.json"))
    assert "valve.json" in refused.value.where


def test_prose_and_comments_do_not_make_another_study(copied: Path) -> None:
    names = hashes(read(copied))
    _changed(copied, "Moins de 75 ans.", "Âgé de moins de 75 ans.")
    _changed(copied.parent / "cohorts.yaml", "cohorts:", "# a comment\ncohorts:")
    again = hashes(read(copied))
    assert (again.logic, again.cohorts) == (names.logic, names.cohorts)
    assert again.document != names.document


def test_a_planted_leak_in_a_window_is_refused_by_name(copied: Path) -> None:
    _changed(
        copied.parent / "cohorts.yaml",
        "column: any, of: {condition: kidney_disease}, days: [ever, -1]",
        "column: any, of: {condition: kidney_disease}, days: [ever, 30]",
    )
    with pytest.raises(LeakFound) as leak:
        read(copied)
    assert leak.value.names == ("kidney_disease",)
    assert str(copied) in leak.value.where


def test_a_diagnosis_is_not_known_before_its_stay_ends(copied: Path) -> None:
    _changed(
        copied,
        '  diabetes:\n    value: {unit: "1", available_at: stay_end',
        '  diabetes:\n    value: {unit: "1", available_at: day',
    )
    with pytest.raises(LeakFound) as leak:
        read(copied)
    assert leak.value.names == ("diabetes",)


@pytest.mark.parametrize(
    ("before", "after", "where", "said"),
    [
        ("cohort: echo,", "cohort: ehco,", "landmarks.echo", '"ehco"'),
        ("outcomes: [tavi_death]", "outcomes: [tavi_deaths]", "models.tavi", '"tavi_death"'),
        ("kinds: [replacement, death]", "kinds: [replacement]", "outcomes.echo_replacement",
         "kinds of event"),
        ("horizons: [1, 12]", "horizons: [1, 13]", "outcomes.tavi_death", "no edge"),
        ("value: [1, 2, 3,", "value: [1, 3, 2,", "curves.grid", "rise"),
        ("treated: [replacement_day]", "treated: [replaced_day]", "trial.strategies",
         '"replacement_day"'),
        ("follow_up: echo_progression", "follow_up: claims_replacement",
         "outcomes.echo_progression", "another cohort"),
        ("value: [man,", "value: [woman,", "validation.groups", "woman"),
        ("kind: aortic_stenosis", "kind: aortic_stenos", "kind", "aortic_stenosis"),
    ],
)  # fmt: skip
def test_a_name_that_nothing_bears_is_refused_where_it_stands(
    copied: Path, before: str, after: str, where: str, said: str
) -> None:
    _changed(copied, before, after)
    with pytest.raises(StudyError) as refused:
        read(copied)
    assert where in refused.value.where
    assert said in refused.value.what.en
