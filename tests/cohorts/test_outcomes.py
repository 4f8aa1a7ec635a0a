"""EUROCAT groups: which codes make a case, which conditions refuse it, and nesting."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hand_cdm import Hand, day
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transat.cohorts.build import build
from transat.cohorts.eurocat import groups, minor_codes
from transat.cohorts.specification import PopulationSpecification
from transat.core.errors import StudyError

ALL = tuple(groups())


def specification(**changes: object) -> PopulationSpecification:
    values: dict[str, object] = {
        "exposures": (), "outcomes": ALL, "strata": (), "confounders": ()
    }  # fmt: skip
    return PopulationSpecification(**(values | changes))  # type: ignore[arg-type]


def cases(
    path: Path, codes: list[str], gestation: int = 280, when: date | None = None,
    vocabulary: str = "CIM10", hospital: bool = True, **changes: object,
) -> set[str]:  # fmt: skip
    hand = Hand()
    hand.woman(1)
    end = hand.birth(1, 2, days=gestation)
    for code in codes:
        hand.condition(2, code, when or end, vocabulary=vocabulary, hospital=hospital)
    table, _ = build(hand.write(path / "cdm"), specification(**changes))
    assert table.n == 1
    return {key for key in table.outcome_codes if table.outcome(key)[0]}


SPINA = {"any_major", "nervous_system", "neural_tube_defects", "spina_bifida"}
HEART = {"any_major", "congenital_heart_defects"}
PDA = HEART | {"pda_as_only_chd_in_term_infants"}
CHROMOSOMAL = {"chromosomal", "down_syndrome"}


@pytest.mark.parametrize(
    ("codes", "gestation", "expected"),
    [
        (["Q054"], 280, SPINA),
        (["Q0541"], 280, SPINA),
        (["Q054", "Q000"], 280, SPINA - {"spina_bifida"} | {"anencephalus_and_similar"}),
        (["Q054", "Q012"], 280, SPINA - {"spina_bifida"} | {"encephalocele"}),
        (["Q054", "Q039"], 280, SPINA),
        (["Q039"], 280, {"any_major", "nervous_system", "hydrocephalus"}),
        (["Q210"], 280, HEART | {"ventricular_septal_defect"}),
        (["Q210", "Q213"], 280,
         HEART | {"severe_congenital_heart_defects", "tetralogy_of_fallot"}),
        (["Q250"], 259, PDA),
        (["Q250"], 258, set()),
        (["Q256"], 258, set()),
        (["Q250", "Q211"], 280, HEART | {"atrial_septal_defect"}),
        (["Q250", "Q211"], 258, HEART | {"atrial_septal_defect"}),
        (["Q359"], 280, {"any_major", "oro_facial_clefts", "cleft_palate"}),
        (["Q359", "Q042"], 280,
         {"any_major", "nervous_system", "arhinencephaly_holoprosencephaly"}),
        (["Q531"], 280, set()),
        (["Q544"], 280, set()),
        (["Q541"], 280, {"any_major", "genital", "hypospadias"}),
        (["Q900"], 280, CHROMOSOMAL),
        (["Q900", "Q210"], 280, CHROMOSOMAL),
        (["P95"], 280, set()),
    ],
)  # fmt: skip
def test_the_groups_of_an_infant(
    tmp_path: Path, codes: list[str], gestation: int, expected: set[str]
) -> None:
    assert cases(tmp_path, codes, gestation) == expected


def test_syndromes_may_be_left_in_and_other_causes_taken_out(tmp_path: Path) -> None:
    both = cases(tmp_path / "a", ["Q900", "Q210"], excluded_causes=())
    assert both == CHROMOSOMAL | HEART | {"ventricular_septal_defect"}
    alcohol = cases(tmp_path / "b", ["Q860", "Q210"])
    assert "fetal_alcohol_syndrome" in alcohol
    assert "ventricular_septal_defect" in alcohol
    alone = cases(tmp_path / "c", ["Q860", "Q210"], excluded_causes=("non_drug",))
    assert alone == {"fetal_alcohol_syndrome"}


@pytest.mark.parametrize(("after", "counts"), [(364, True), (365, False)])
def test_diagnoses_count_until_the_end_of_follow_up(
    tmp_path: Path, after: int, counts: bool
) -> None:
    found = cases(tmp_path, ["Q054"], when=day(280 + after))
    assert found == (SPINA if counts else set())


def test_hospital_codes_decide_unless_told_otherwise(tmp_path: Path) -> None:
    assert cases(tmp_path / "a", ["Q054"], hospital=False) == set()
    assert cases(tmp_path / "b", ["Q054"], hospital=False, hospital_codes_only=False) == SPINA
    assert cases(tmp_path / "c", ["741"], vocabulary="ICD9", hospital_codes_only=False) == set()
    assert cases(tmp_path / "d", ["Q0549"], vocabulary="ICD10CA") == SPINA


def test_pregnancy_outcomes_are_outcomes_too(tmp_path: Path) -> None:
    hand = Hand()
    hand.woman(1)
    hand.birth(1, 2)
    hand.condition(1, "O034", day(600), hand.visit(1, day(600)))
    asked = specification(
        unit="pregnancy",
        outcomes=("spontaneous_abortion", "any_major"),
        pregnancy_outcomes=("live_birth", "spontaneous_abortion"),
    )
    table, _ = build(hand.write(tmp_path / "cdm"), asked)
    assert table.outcome("spontaneous_abortion").tolist() == [0, 1]


def test_an_unknown_outcome_is_refused_with_a_near_name(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="spina_bifida"):
        cases(tmp_path, [], outcomes=("spina_bifidda",))


def test_the_file_is_a_tree_that_drops_minor_anomalies() -> None:
    assert len(ALL) == 85
    for group in groups().values():
        if group.parent:
            assert ALL.index(group.parent) < ALL.index(group.key)
        assert not [c for c in minor_codes() if group.include and group.holds(c)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ["Q000", "Q012", "Q054", "Q039", "Q02", "Q042", "Q359", "Q210", "Q213", "Q250",
                 "Q256", "Q900", "Q870", "Q860", "P350", "Q868", "Q541", "Q750"]
            ),
            max_size=4,
        ),
        min_size=1, max_size=6,
    ),
    st.sets(st.sampled_from(["chromosomal", "genetic", "non_drug"])),
    st.booleans(),
)  # fmt: skip
def test_a_case_of_a_group_is_a_case_of_its_parent(
    tmp_path_factory: pytest.TempPathFactory,
    infants: list[list[str]],
    causes: set[str],
    preterm: bool,
) -> None:
    hand = Hand()
    for number, codes in enumerate(infants):
        mother = hand.woman(1 + number)
        end = hand.birth(mother, 100 + number, days=250 if preterm else 280)
        for code in codes:
            hand.condition(100 + number, code, end)
    path = tmp_path_factory.mktemp("nested")
    table, _ = build(hand.write(path / "cdm"), specification(excluded_causes=tuple(causes)))
    dense = table.outcomes.toarray()
    for child, parent in enumerate(table.outcome_parents):
        if parent >= 0:
            assert (dense[:, child] <= dense[:, parent]).all()
