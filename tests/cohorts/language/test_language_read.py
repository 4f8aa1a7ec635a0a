"""A study file becomes the nodes that it says; what does not fit is refused where it stands."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from study_text import EXAMPLES, HEAD, opener, study, text

from transat.cohorts import language
from transat.cohorts.query.model import (
    CodeItem,
    ConceptIn,
    Count,
    DateIs,
    Demographic,
    FixedOffset,
    Group,
    NumberIs,
    ObservationEnd,
    Persistence,
    Read,
    Shift,
    TextIs,
    Window,
)
from transat.core.errors import StudyError
from transat.core.languages import Text

SEX = ConceptIn("person.gender_concept_id", (8532,))
RULE = "    rules:\n      - id: one\n        fr: Une règle\n        en: A rule\n"


def rule(lines: str) -> Group:
    return study(RULE + "".join(f"        {line}\n" for line in lines.splitlines())).populations[
        0
    ].cohort.rules[0].group  # fmt: skip


def refusal(written: str) -> StudyError:
    with pytest.raises(StudyError) as caught:
        language.parse(written, "study.yaml", opener())
    return caught.value


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda p: p.stem)
def test_examples_are_read(path: Path) -> None:
    read = language.read(path)
    assert read.populations
    assert read.analyses
    assert read.used == frozenset(read.codes)


def test_a_short_study_is_the_simplest_cohort() -> None:
    cohort = study().populations[0].cohort
    codes = cohort.entry.reads[0].any_codes
    assert codes is not None
    assert codes.codes == (
        CodeItem("CIM10", "I350", prefix=True),
        CodeItem("ICD10", "I350", prefix=False),
    )
    assert cohort.entry.reads == (Read("condition_occurrence", any_codes=codes),)
    assert (cohort.entry.limit, cohort.limit, cohort.gap) == ("all", "all", 0)
    assert cohort.exit == ObservationEnd()
    assert cohort.name == Text("Des gens", "People")
    assert cohort.entry.text == Text("Un diagnostic", "A diagnosis")


def test_entry_words() -> None:
    entry = (
        "    entry:\n      fr: A\n      en: B\n      take: first\n      observed_before: 365\n"
        "      observed_after: 30\n      events:\n"
        "        - {drug: drugs, match: source, first: true, starts: end, ends: start + 30}\n"
        "        - {pregnancy: any, where: {outcome: live_birth}}\n"
    )
    found = study(entry=entry).populations[0].cohort.entry
    assert (found.prior_days, found.post_days, found.limit) == (365, 30, "first")
    drug, pregnancy = found.reads
    assert drug.source_codes is not None
    assert drug.any_codes is drug.codes is None
    assert (drug.first, drug.start, drug.end) == (True, Shift("end"), Shift("start", 30))
    assert pregnancy == Read("pregnancy", filters=(TextIs("outcome", "is", "live_birth"),))


def test_codes_of_a_domain_without_source_codes_are_its_concepts() -> None:
    entry = "    entry: {fr: A, en: B, events: [{condition_era: stenosis}]}\n"
    read = study(entry=entry).populations[0].cohort.entry.reads[0]
    assert read.codes is not None
    assert read.any_codes is None


def test_counts_and_groups() -> None:
    failure = study().codes["failure"].codes
    read = Read("condition_occurrence", any_codes=failure)
    assert rule("has: {condition: failure}\ndays: [-30, 0]") == Group(
        "all", (Count(read, (Window(-30, 0),)),)
    )
    assert rule("has_not: {condition: failure}\ndays: [ever, -1]") == Group(
        "all", (Count(read, (Window("period_start", -1),), "at_most", 0),)
    )
    assert rule("has: {condition: failure}\nat_most: 2\nsame_visit: true\nby: end") == Group(
        "all",
        (Count(read, (Window("period_start", "period_end", event="end"),), "at_most", 2,
               same_visit=True),),
    )  # fmt: skip
    assert rule(
        "of:\n  - has: {condition: failure}\n    exactly: 2\n    distinct: visit_occurrence_id\n"
        "  - where: {age: [18, 64], sex: female}\nat_least: 1"
    ) == Group(
        "at_least",
        (
            Count(read, (Window("period_start", "period_end"),), "exactly", 2,
                  "visit_occurrence_id"),
            Demographic((NumberIs("age_at_start", "between", 18, 64), SEX)),
        ),
        1,
    )  # fmt: skip


def test_a_rule_keeps_its_sentence_and_its_name() -> None:
    population = study(RULE + "        where: {age: 40}\n").populations[0]
    assert population.rules == ("one",)
    assert population.cohort.rules[0].name == Text("Une règle", "A rule")


def test_washout_is_a_rule_without_the_entry_events_before() -> None:
    population = study("    washout: {fr: Rien, en: Nothing, days: 365}\n").populations[0]
    cohort = population.cohort
    assert population.rules == ("washout",)
    assert cohort.rules[0].group == Group(
        "all", (Count(cohort.entry.reads[0], (Window(-365, -1),), "at_most", 0),)
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{until: end}", FixedOffset(0, "end")),
        ("{until: start + 365}", FixedOffset(365)),
        ("{until: end - 1}", FixedOffset(-1, "end")),
    ],
)
def test_exit(written: str, expected: FixedOffset) -> None:
    assert study(f"    exit: {written}\n").populations[0].cohort.exit == expected


def test_exit_with_exposure_and_the_rest() -> None:
    cohort = study(
        "    exit: {while_on: drugs, gap: 60, grace: 7, days_supply: 30}\n"
        "    censor: [{death: any}]\n    eras: {gap: 10}\n    keep: last\n"
        "    dates: [2012-01-01, null]\n"
    ).populations[0].cohort  # fmt: skip
    assert isinstance(cohort.exit, Persistence)
    assert (cohort.exit.gap, cohort.exit.offset, cohort.exit.days_supply) == (60, 7, 30)
    assert cohort.censoring == (Read("death"),)
    assert (cohort.gap, cohort.limit) == (10, "last")
    assert (cohort.from_date, cohort.to_date) == (date(2012, 1, 1), None)


def test_having_asks_around_the_event_itself() -> None:
    entry = (
        "    entry: {fr: A, en: B, events: [{visit: any, where: {start_date: [2012-01-01, null]},"
        " having: [{has: {condition: failure}, days: [start, end]}]}]}\n"
    )
    read = study(entry=entry).populations[0].cohort.entry.reads[0]
    assert read.filters == (DateIs("start_date", ">=", date(2012, 1, 1)),)
    assert read.within is not None
    assert read.within.members[0].windows == (  # type: ignore[union-attr]
        Window(0, "period_end"),
        Window("period_start", 0, index="end"),
    )


def test_columns_and_follow_up() -> None:
    analysis = study(
        analysis=(
            "    exposures:\n"
            "      - {id: t1, fr: A, en: B, column: any, of: {drug: drugs},"
            " covered: first_trimester, grace: 7, at_least: 2}\n"
            "    outcomes:\n"
            "      - {id: late, fr: A, en: B, column: days_to_first, of: {death: any},"
            " days: [end, ever], outside_observation: true}\n"
            "    covariates:\n"
            "      - {id: last, fr: A, en: B, column: last_value, of: {measurement: any},"
            " days: [-365, -1], value: value_as_number}\n"
            "    follow_up: {fr: A, en: B, outcome: {death: any}, competing: [{visit: any}],"
            " censor: [{drug: drugs}], days: [1, 365]}\n"
        )
    ).analyses[0].analysis  # fmt: skip
    t1, late, last = analysis.measures
    assert (t1.covered, t1.grace, t1.at_least, t1.role, t1.windows) == (
        (0, 97),
        7,
        2,
        "exposure",
        (),
    )
    assert late.windows == (Window(0, "period_end", index="end"),)
    assert (late.outside_period, late.role, late.what) == (True, "outcome", "days_to_first")
    assert (last.attribute, last.role) == ("value_as_number", "covariate")
    follow_up = analysis.follow_up
    assert follow_up is not None
    assert (follow_up.from_day, follow_up.to_day) == (1, 365)
    assert follow_up.competing == (Read("visit_occurrence"),)


ONE = text(RULE + "        has: {condition: failure}\n        days: [-30, 0]\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("grammar: 1", "grammar: ¤2", "« grammar » attend 1"),
        ("grammar: 1", "¤gramar: 1", "vouliez-vous « grammar »"),
        ("{fr: Essai, en: Trial}", "¤{fr: Essai}", "il manque « en »"),
        ("{fr: Essai, en: Trial}", "{fr: ¤'', en: Trial}", "attend un texte"),
        ("id: one\n        fr: Une règle\n        en: A rule\n",
         "¤id: one\n        fr: Une règle\n", "il manque « en »"),
        ("condition: failure", "¤conditon: failure", "vouliez-vous « condition »"),
        ("condition: failure", "condition: ¤failur", "vouliez-vous « failure »"),
        ("{condition: failure}", "¤{condition: failure, drug: drugs}", "d'un seul"),
        ("[-30, 0]", "¤[0, -30]", "finit avant de commencer"),
        ("[-30, 0]", "¤[-30]", "[premier, dernier]"),
        ("[-30, 0]", "[-30, ¤evr]", "vouliez-vous « ever »"),
        ("[-30, 0]", "¤first_trimster", "vouliez-vous « first_trimester »"),
        ("[-30, 0]", "[¤-010, 0]", "un nombre entier"),
        ("[-30, 0]", "[-30, 0]\n        ¤days: [1, 2]", "écrit deux fois"),
        ("days: [-30, 0]", "at_least: ¤0", "toujours vrai"),
        ("has: {", "at_least: ¤2\n        has_not: {", "ne va pas avec « has_not »"),
        ("id: one", "id: ¤One", "un nom court"),
        ("    rules:", "    rules: ¤[]\n    dates:", "au moins un élément"),
        ("    rules:", "    ¤rulez:", "vouliez-vous « rules »"),
        ("file: codes.csv", "file: ¤other.csv", "ne peut pas être lu"),
        ("file: codes.csv", "file: ¤../codes.csv", "sous le dossier"),
        ("file: codes.csv", "sha256: ¤" + 64 * "f" + ", file: codes.csv", "empreinte"),
        ("set: failure", "set: ¤failur", "vouliez-vous « failure »"),
        (", set: failure", "", "dites lequel"),
        ("[{id: 7, ", "[{id: ¤sept, ", "un nombre entier"),
        ("drugs:\n    {", "any:\n    ¤{", "ne peut pas servir de nom"),
        ("fr: Une règle", "fr: ¤*ancre", "renvois et étiquettes YAML"),
        ("fr: Une règle", "fr: ¤!texte Une règle", "renvois et étiquettes YAML"),
        ("id: one", "¤<<: {id: one}", "renvois et étiquettes YAML"),
        ("fr: Une règle", "fr: [", "YAML"),
    ],
)  # fmt: skip
def test_refused_with_the_place_and_the_close_match(old: str, new: str, said: str) -> None:
    """¤ stands before the place that the error should name."""
    assert old in ONE
    before, marked, after = ONE.replace(old, new, 1).partition("¤")
    error = refusal(before + after)
    assert said in error.message("fr")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert error.where.startswith("study.yaml:")
    if marked:
        assert error.where == f"study.yaml:{line}:{column}"


@pytest.mark.parametrize(
    ("rest", "analysis", "said"),
    [
        ("    exit: {until: end, gap: 3}\n", "", "ne va qu'avec « while_on »"),
        ("    exit: {}\n", "", "until ou while_on"),
        ("    exit: {while_on: any}\n", "", "un ensemble de codes"),
        ("    dates: [2012-01-01, 2011-01-01]\n", "", "finit avant de commencer"),
        ("    dates: [2012-02-30, null]\n", "", "un jour AAAA-MM-JJ"),
        (RULE + "        where: {agee: 3}\n", "", "vouliez-vous « age »"),
        (RULE + "        where: {age: [9, 3]}\n", "", "à l'envers"),
        (RULE + "        where: {age: [null, null]}\n", "", "au moins une borne"),
        (RULE + "        where: {sex: women}\n", "", "female, male"),
        (RULE + "        of: [{where: {age: 3}}]\n        at_least: 2\n", "", "2 conditions"),
        (RULE + "        has: {pregnancy: any, where: {outcome: livebirth}}\n", "", "live_birth"),
        (RULE + "        has: {pregnancy: stenosis}\n", "", "n'ont pas de code"),
        (RULE + "        has: {drug_era: drugs, match: source}\n", "", "code source"),
        (RULE + "        has: {condition: any}\n        distinct: vist\n", "", "n'est pas connu"),
        ("", "    exposures: []\n", "au moins un élément"),
        ("", "", ""),
        ("", "    covariates:\n      - {id: time, fr: A, en: B, column: any, of: {visit: any},"
             " days: [0, 1]}\n", "existe déjà"),
        ("", "    covariates:\n      - {id: a, fr: A, en: B, column: any, of: {visit: any}}\n",
         "il manque « days »"),
        ("", "    covariates:\n      - {id: a, fr: A, en: B, column: count, of: {visit: any},"
             " covered: [0, 1]}\n", "ne va pas avec « count »"),
        ("", "    covariates:\n      - {id: a, fr: A, en: B, column: last_value,"
             " of: {measurement: any}, days: [0, 1], value: unit_source_value}\n",
         "n'est pas connu"),
        ("", "    follow_up: {fr: A, en: B, outcome: {death: any}, days: [-1, 3]}\n",
         "à partir de 0"),
    ],
)  # fmt: skip
def test_refused(rest: str, analysis: str, said: str) -> None:
    if not rest and not analysis:
        assert "ne mesure rien" in refusal(
            text() + "analyses: [{id: a, title: {fr: A, en: B}, cohort: people}]\n"
        ).message("fr")
        return
    error = refusal(text(rest, analysis=analysis))
    assert said in error.message("fr")
    assert error.where.startswith("study.yaml:")


def test_a_name_is_given_once() -> None:
    twice = text() + (HEAD.split("cohorts:\n")[1] + text().split("People}\n")[1])
    assert "deux fois" in refusal(twice).message("fr")


def test_without_an_opener_only_concepts_are_read() -> None:
    with pytest.raises(StudyError, match="ne peut pas être lu"):
        language.parse(text(), "study.yaml")


@pytest.mark.parametrize("raw", [b"", b"- 1\n", b"\xff\xfe", b"a: b: c", b"\x00", b"[" * 5000])
def test_files_that_are_no_study(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(raw)
    with pytest.raises(StudyError) as caught:
        language.read(path)
    assert caught.value.where.startswith(f"{path}:")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="ne peut pas être lu"):
        language.read(tmp_path / "none.yaml")
