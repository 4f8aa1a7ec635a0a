"""Scores of reviews: weights, "not assessable", faults, the pass mark."""

from __future__ import annotations

from fractions import Fraction

import pytest

from transat.portal.domain.reviews.scoring import Criterion, Score, faults, score, standing

CRITERIA = (
    Criterion("quality", Fraction(50), Fraction(0), Fraction(5), Fraction(1, 10), required=True),
    Criterion("team", Fraction(30), Fraction(0), Fraction(5), Fraction(1, 10)),
    Criterion("benefit", Fraction(20), Fraction(0), Fraction(5), Fraction(1, 10)),
)


def test_weights_count() -> None:
    marks = {"quality": Fraction(4), "team": Fraction(3), "benefit": Fraction(5)}
    assert score(CRITERIA, marks).value == Fraction(50 * 4 + 30 * 3 + 20 * 5, 100)


def test_not_assessable_leaves_with_its_weight_and_is_no_zero() -> None:
    without = score(CRITERIA, {"quality": Fraction(4), "team": Fraction(3), "benefit": None})
    assert without.value == Fraction(50 * 4 + 30 * 3, 80)
    assert without.left_out == ("benefit",)


def test_leaving_out_a_criterion_marked_as_the_others_changes_no_mean() -> None:
    marks: dict[str, Fraction | None] = dict.fromkeys(
        ("quality", "team", "benefit"), Fraction(7, 2)
    )
    assert score(CRITERIA, marks).value == score(CRITERIA, {**marks, "team": None}).value


def test_nothing_assessed_is_no_score() -> None:
    assert score(CRITERIA, dict.fromkeys(("quality", "team"), None)).value is None


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({"quality": Fraction(4), "team": None, "benefit": None}, ()),
        ({"quality": None, "team": None, "benefit": None}, (("quality", "required"),)),
        ({"quality": Fraction(4), "team": None}, (("benefit", "missing"),)),
        (
            {"quality": Fraction(51, 10), "team": Fraction(1, 3), "benefit": None},
            (("quality", "off_scale"), ("team", "off_scale")),
        ),
        (
            {"quality": Fraction(0), "team": None, "benefit": None, "style": Fraction(1)},
            (("style", "unknown"),),
        ),
    ],
)
def test_faults_are_named(marks: dict[str, Fraction | None], expected: tuple[object, ...]) -> None:
    assert faults(CRITERIA, marks) == expected


def test_standing_of_a_dossier() -> None:
    three = [Score(Fraction(v), (), ()) for v in (3, 4)] + [Score(None, (), ())]
    told = standing(three, Fraction(7, 2))
    assert (told.mean, told.lowest, told.highest, told.scored) == (Fraction(7, 2), 3, 4, 2)
    assert told.passes is True
    assert standing(three, None).passes is None
    assert standing([Score(None, (), ())], Fraction(1)).passes is None


@pytest.mark.parametrize("weight", [Fraction(0), Fraction(-1)])
def test_a_weight_is_more_than_nothing(weight: Fraction) -> None:
    with pytest.raises(ValueError, match="weight"):
        Criterion("quality", weight, Fraction(0), Fraction(5))
