"""Prose says what runs: in both languages, every difference of logic, no small count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest
from study_text import EXAMPLES, study

from transat.cohorts import language
from transat.cohorts.language.prose import prose
from transat.cohorts.query.executor import ATTRITION_SCHEMA
from transat.cohorts.query.model import (
    Abnormal,
    CodeSet,
    Cohort,
    ConceptIn,
    ConceptItem,
    Count,
    DateIs,
    Demographic,
    Entry,
    FixedOffset,
    Group,
    NumberIs,
    Persistence,
    Read,
    Rule,
    Shift,
    TextIs,
    Window,
)
from transat.core.languages import LANGUAGES, Language, Text

DIABETES = CodeSet((ConceptItem(201826, descendants=True),), name="Diabetes")
READ = Read("condition_occurrence", codes=DIABETES)
COHORT = Cohort(Entry((READ,)))


def ruled(*members: Count | Demographic | Group) -> Cohort:
    return replace(COHORT, rules=(Rule(Group("all", members), Text("Règle", "Rule")),))


def lines(cohort: Cohort, language_: Language) -> list[str]:
    return [line.strip() for line in prose(cohort, language_).splitlines()]


def count(low: int | str, high: int | str, **changes: object) -> Count:
    return Count(READ, (Window(low, high),), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("member", "french", "english"),
    [
        (count(-730, 0),
         "au moins un diagnostic de concept « Diabetes », dans les 730 jours avant l'entrée, "
         "ou le jour même",
         'at least one diagnosis with concept "Diabetes", in the 730 days before entry, '
         "or on the day"),
        (count("period_start", -1, comparison="at_most", times=0),
         "aucun diagnostic de concept « Diabetes », avant l'entrée",
         'no diagnosis with concept "Diabetes", before entry'),
        (count(1, 1, comparison="exactly", times=2),
         "exactement 2 diagnostics de concept « Diabetes », exactement 1 jour après l'entrée",
         'exactly 2 diagnoses with concept "Diabetes", exactly 1 day after entry'),
        (count(-30, 30, same_visit=True, outside_period=True),
         "au moins un diagnostic de concept « Diabetes », de 30 jours avant à 30 jours après "
         "l'entrée, dans la même visite, même hors de la période d'observation",
         'at least one diagnosis with concept "Diabetes", from 30 days before to 30 days after '
         "entry, in the same visit, even outside the observation period"),
        (Count(Read("drug_exposure"), (Window(0, "period_end", "end", "end"),), times=3,
               distinct="visit_occurrence_id"),
         "au moins 3 valeurs distinctes de « visite » parmi les expositions à un médicament, "
         "avec une fin située après la fin de l'événement d'entrée, ou le jour même",
         'at least 3 distinct values of "visit" among drug exposures, ending after the end of '
         "the entry event, or on the day"),
        (Demographic((NumberIs("age_at_start", ">=", 18),
                      ConceptIn("person.gender_concept_id", (8532,)))),
         "âge au début, en années : 18 au moins, sexe : femme",
         "age at start, in years: 18 at least, sex: female"),
    ],
)  # fmt: skip
def test_conditions(member: Count | Demographic, french: str, english: str) -> None:
    assert f"- {french}" in lines(ruled(member), "fr")
    assert f"- {english}" in lines(ruled(member), "en")


@pytest.mark.parametrize(
    ("asked", "french", "english"),
    [
        (NumberIs("value_as_number", "between", 1, 2.5), "résultat : de 1 à 2,5",
         "value: 1 to 2.5"),
        (NumberIs("value_as_number", "<", 12345), "résultat : moins de 12 345",
         "value: under 12,345"),
        (DateIs("start_date", "between", date(2012, 1, 1), date(2013, 2, 2)),
         "date de début : du 1er janvier 2012 au 2 février 2013",
         "start date: from 1 January 2012 to 2 February 2013"),
        (TextIs("value_as_string", "contains", "x", negated=True),
         "résultat (texte) : pas : contient « x »", 'value (text): not: contains "x"'),
        (ConceptIn("unit_concept_id", None), "unité : connu", "unit: known"),
        (ConceptIn("unit_concept_id", (1, 2), excluded=True), "unité : ni concept 1 ni concept 2",
         "unit: neither concept 1 nor concept 2"),
        (Abnormal(), "résultat anormal (hors de son intervalle, ou noté anormal)",
         "abnormal value (outside its range, or recorded as abnormal)"),
    ],
)  # fmt: skip
def test_filters(asked: NumberIs, french: str, english: str) -> None:
    cohort = Cohort(Entry((Read("measurement", filters=(asked,)),)))
    assert f"- une mesure, {french}" in lines(cohort, "fr")
    assert f"- a measurement, {english}" in lines(cohort, "en")


def test_events_that_are_first_or_moved() -> None:
    moved = replace(READ, first=True, start=Shift("end", 1), end=Shift("start", -30))
    assert (
        "- un diagnostic de concept « Diabetes », le premier de la personne, compté à partir de : "
        "1 jour après la fin, compté jusqu'à : 30 jours avant le début"
    ) in lines(Cohort(Entry((moved,))), "fr")


@pytest.mark.parametrize(
    ("ends", "french"),
    [
        (FixedOffset(0, "end"),
         "jusqu'à : la fin de l'événement d'entrée, au plus tard à la fin de l'observation"),
        (Persistence(DIABETES, 60, 7, 30),
         "tant que dure l'exposition à « Diabetes », avec 60 jours au plus entre deux expositions, "
         "chacune de 30 jours, prolongée de 7 jours"),
    ],
)  # fmt: skip
def test_ends(ends: FixedOffset, french: str) -> None:
    assert f"- {french}" in lines(replace(COHORT, exit=ends), "fr")


def test_sets_of_one_name_are_told_apart() -> None:
    other = CodeSet((ConceptItem(1),), name="Diabetes")
    said = prose(Cohort(Entry((READ, replace(READ, codes=other)))), "en")
    assert '"Diabetes": OMOP concepts 201826+' in said
    assert '"Diabetes (2)": OMOP concepts 1' in said


def test_a_study_says_its_labels_sentences_and_names() -> None:
    read = language.read(EXAMPLES / "aortic_stenosis.yaml")
    for tongue in LANGUAGES:
        said = prose(read, tongue)
        assert read.hashes.logic in said
        assert read.hashes.document in said
        for population in read.populations:
            assert population.cohort.entry.text is not None
            assert population.cohort.entry.text.in_(tongue) in said
            assert all(rule.name.in_(tongue) in said for rule in population.cohort.rules)
        for part in read.analyses:
            assert all(m.text and m.text.in_(tongue) in said for m in part.analysis.measures)
        assert all(codes.label.in_(tongue) in said for codes in read.codes.values())


def test_no_sentence_is_in_the_other_language() -> None:
    read = language.read(EXAMPLES / "pregnancy_antiepileptics.yaml")
    assert "observation continue" in prose(read, "fr")
    assert not {"période", "avant", "événement", "grossesse"} & set(prose(read, "en").split())
    assert not {"before", "period", "event", "pregnancy"} & set(prose(read, "fr").split())


def attrition(steps: list[tuple[str, int | None, int, int]], definition: int = 1) -> pa.Table:
    rows = [
        {"cohort_definition_id": definition, "step": n, "kind": kind, "rule": rule,
         "events": events, "persons": persons}
        for n, (kind, rule, events, persons) in enumerate(steps)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, ATTRITION_SCHEMA)


STEPS: list[tuple[str, int | None, int, int]] = [
    ("entry", None, 1500, 1200),
    ("rule", 0, 1490, 1193),
    ("limit", None, 1100, 1100),
    ("cohort", None, 7, 7),
]


def test_attrition_stands_beside_its_rule_and_small_counts_are_masked() -> None:
    said = lines_of(prose(ruled(count(0, 0)), "fr", attrition(STEPS)))
    assert said.index("- → 1 500 événements, 1 200 personnes") < said.index("1. Règle")
    after = said[said.index("1. Règle") :]
    assert after[2] == "- → masqué"  # seven persons fewer would be told by subtraction
    assert "- → 1 100 événements, 1 100 personnes" in after
    assert "- → masqué" in after[after.index("Jusqu'à quand") :]
    assert " 7 " not in " ".join(said)


def test_order_of_the_attritions_rows_changes_nothing() -> None:
    table = attrition(STEPS)
    turned = table.take(list(range(table.num_rows))[::-1])
    assert prose(ruled(count(0, 0)), "en", turned) == prose(ruled(count(0, 0)), "en", table)


def test_attrition_of_several_definitions_is_not_mixed() -> None:
    both = pa.concat_tables([attrition(STEPS), attrition(STEPS, 2)])
    with pytest.raises(ValueError, match="more than one"):
        prose(ruled(count(0, 0)), "fr", both)
    said = prose(study(), "fr", attrition([("entry", None, 20, 20)]))
    assert "→ 20 événements, 20 personnes" in said
    assert "→" not in prose(study(), "fr", attrition([("entry", None, 20, 20)], 2))


def lines_of(said: str) -> list[str]:
    return [line.strip() for line in said.split("Ensembles de codes")[0].splitlines() if line]
