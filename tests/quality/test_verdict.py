"""May a study run? The list of decisive checks, the refusals, the masked JSON, the panel."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from quality_by_hand import Tables, dispensing, numbers_in, sound, spoilt, write
from test_planted_defects import PLANTED, found

from transat.core.errors import InputError
from transat.quality import dqd
from transat.quality.as_json import judgement
from transat.quality.checks.all import CHECKS
from transat.quality.dqd import check_types
from transat.quality.dqd_shown import by_category, next_steps, shown_checks
from transat.quality.examined import examined
from transat.quality.readiness import readiness
from transat.quality.report import Judgement, judge
from transat.quality.verdict import NOBODY, Verdict, fatal_checks, verdict


def judged(folder: Path, spoil: Callable[[Tables], None] = lambda t: None) -> Judgement:
    tables = sound()
    spoil(tables)
    return judge(write(folder, tables))


def dqd_of(folder: Path, spoil: Callable[[Tables], None], *tables: str) -> dqd.DqdResult:
    """DQD's checks of some tables of a spoilt CDM."""
    others = {c.table for c in dqd.checks()} - set(tables)
    return dqd.run(spoilt(folder, spoil), excluding=others)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    return judged(tmp_path_factory.mktemp("good") / "cdm")


def test_a_sound_cdm_may_be_studied(good: Judgement) -> None:
    assert good.verdict.obstacles == ()
    assert good.verdict.may_run
    assert len(good.dqd) == 2535


DECISIVE = [
    (key, spoil)
    for key, spoil, _, status in PLANTED
    if status == "fail" and key in {f.check for f in fatal_checks()}
]


@pytest.mark.parametrize(
    ("key", "spoil"), DECISIVE, ids=[f"{key}-{spoil.__name__}" for key, spoil in DECISIVE]
)
def test_a_failed_decisive_check_forbids_a_study(
    tmp_path: Path, good: Judgement, key: str, spoil: Callable[[Tables], None]
) -> None:
    findings = tuple(found(spoilt(tmp_path / "cdm", spoil)).values())
    said = verdict(findings, good.dqd, observed=120)
    assert [o.check for o in said.obstacles] == [key]


def test_two_persons_of_one_number_forbid_a_study(tmp_path: Path) -> None:
    twice = dqd_of(tmp_path / "cdm", lambda t: t["person"].append(dict(t["person"][0])), "person")
    assert [(o.check, o.where) for o in verdict((), twice, observed=120).obstacles] == [
        ("isPrimaryKey", "person.person_id")
    ]


def test_overlapping_observation_forbids_a_study(tmp_path: Path) -> None:
    def twice(t: Tables) -> None:
        t["observation_period"].append(dict(t["observation_period"][0], observation_period_id=900))

    said = verdict((), dqd_of(tmp_path / "cdm", twice, "observation_period"), observed=120)
    assert [o.check for o in said.obstacles] == ["measureObservationPeriodOverlap"]


def test_rows_of_unknown_persons_forbid_a_study_beyond_one_percent(tmp_path: Path) -> None:
    def strangers(many: int) -> Callable[[Tables], None]:
        def add(t: Tables) -> None:
            day = date(2015, 2, 1)
            t["drug_exposure"] += [dispensing(1000 + i, 1, day) for i in range(1000)]
            t["drug_exposure"] += [dispensing(3000 + i, 9999, day) for i in range(many)]

        return add

    def foreign(many: int) -> Verdict:
        seen = dqd_of(tmp_path / str(many), strangers(many), "drug_exposure")
        return verdict((), seen, observed=120)

    assert foreign(5).may_run
    many = foreign(40)
    assert [(o.check, o.where) for o in many.obstacles] == [
        ("isForeignKey", "drug_exposure.person_id")
    ]


def test_nobody_observed_forbids_a_study(tmp_path: Path) -> None:
    tables = {"person": sound()["person"]}
    seen = {o.check for o in judge(write(tmp_path / "cdm", tables)).verdict.obstacles}
    assert NOBODY in seen


def test_a_broken_cdm_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "cdm", sound())
    whole = (folder / "drug_exposure.parquet").read_bytes()
    (folder / "drug_exposure.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"drug_exposure\.parquet"):
        judge(folder)
    with pytest.raises(InputError, match=r"person\.parquet"):
        judge(tmp_path)


def test_decisive_checks_exist_and_say_why() -> None:
    known = {check.key for check, _ in CHECKS} | set(check_types()) | {NOBODY}
    assert {f.check for f in fatal_checks()} <= known
    assert len(fatal_checks()) >= 10


def test_every_dqd_type_says_what_to_do() -> None:
    assert set(next_steps()) == set(check_types())


def test_dqd_checks_are_grouped_and_failures_come_first(good: Judgement) -> None:
    groups = by_category(good.dqd)
    assert sum(len(g) for g in groups.values()) == 27
    for of in groups.values():
        failing = [bool(g.failed) for g in of]
        assert failing == sorted(failing, reverse=True)
    counted = sum(len(g.failed) + g.passed + g.not_applicable + g.errors
                  for of in groups.values() for g in of)  # fmt: skip
    assert counted == len(good.dqd)


def test_no_small_count_in_the_json(tmp_path: Path, good: Judgement) -> None:
    def spoil_all(t: Tables) -> None:
        for key, spoil, _, _ in PLANTED:
            if key not in ("outcome_split", "newborn_without_mother", "mother_child_linkage"):
                spoil(t)

    for said in (good, judged(tmp_path / "cdm", spoil_all)):
        answer = judgement(said)
        own = [c for c in answer["checks"] if c["unit"]["en"] not in UNMASKED]
        exempt = ("cdmTable", "cdmField")
        dqd = [c for c in answer["dqd"]["checks"] if c["check"] not in exempt]
        seen = numbers_in([own, dqd, answer["coverage"], answer["readiness"]])
        assert len(seen) > 500
        assert not [n for n in seen if 1 <= n <= 10]


#: What is counted there is not people.
UNMASKED = {
    check.unit.en for check, _ in CHECKS if not check.people
}  # series, native tables, rules


def test_dqd_denominators_do_not_tell_empty_cells(tmp_path: Path) -> None:
    """5 of 120 persons lack a month of birth: 120 and 115 are never told together."""

    def some_unknown(t: Tables) -> None:
        for row in t["person"][-5:]:
            row["month_of_birth"] = None

    shown = shown_checks(dqd_of(tmp_path / "cdm", some_unknown, "person"))
    counts = {
        one.share.denominator for one in shown
        if one.check.table == "person" and one.share.denominator is not None
    }  # fmt: skip
    assert 120 in counts
    assert 115 not in counts


def test_the_panel(good: Judgement) -> None:
    panel = good.readiness
    assert panel.years == (2012, 2019)
    assert panel.persons == 120
    assert panel.observed.numerator == 120
    assert panel.native
    assert panel.received == ("ER_PHA_F",)
    assert "ER_PRS_F" in panel.missing
    (lines,) = panel.lines
    assert (lines.table, lines.read, lines.kept, lines.rejected) == ("ER_PHA_F", 1000, 900, 0)
    assert [(rule, count) for rule, _, count in lines.rules] == [("T4", 100)]


def test_a_rule_of_few_lines_is_masked_with_another(tmp_path: Path) -> None:
    def few(t: Tables) -> None:
        t["ledger"] += [{"table": "ER_PHA_F", "kind": "rule", "rule": "T5", "rows": 4}]
        t["ledger"][1]["rows"] = 896

    with examined(spoilt(tmp_path / "cdm", few)) as site:
        (lines,) = readiness(site).lines
    assert {rule: count for rule, _, count in lines.rules} == {"T4": None, "T5": None}
    assert lines.kept == 896


def test_the_answer_is_json_and_says_the_verdict(good: Judgement) -> None:
    answer = json.loads(json.dumps(judgement(good)))
    assert answer["may_run"] is True
    assert answer["shore"] == "snds"
    assert len(answer["checks"]) == len(CHECKS)
