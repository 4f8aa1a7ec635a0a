"""G2: a count leaves when it is zero or at least the threshold, and so does what it leaves over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from made_sites import draw
from numpy.typing import NDArray
from one_question import answered, asked, data, refusal
from scipy.sparse import csc_array

from transat.federation.checks.cell_floor import WITHHELD, CellFloor, names_too_small, too_small
from transat.statistics import prevalence


@given(counts=hnp.arrays(np.int64, 20, elements=st.integers(-1, 60)), least=st.integers(11, 40))
def test_small_is_one_to_the_threshold(counts: NDArray[np.int64], least: int) -> None:
    wanted = [1 <= count < least for count in counts.tolist()]
    assert too_small(counts, least).tolist() == wanted
    assert names_too_small({"a": counts, "b": np.zeros(1, np.int64)}, least) == (
        ("a",) if any(wanted) else ()
    )


def test_a_group_of_seven_is_withheld_and_one_of_none_is_told() -> None:
    rows = draw(1, 2000)
    y = rows.outcomes.toarray()
    y[:, 2], y[:, 3] = 0, np.arange(2000) < 7
    y[:, 0] |= y[:, 3]
    release = answered(CellFloor(), asked(data(replace(rows, outcomes=csc_array(y))), "prevalence"))
    assert isinstance(release, prevalence.Release)
    assert release.cases[3] == WITHHELD
    assert release.cases[2] == 0
    assert release.cases[0] >= 11


def test_seven_births_are_not_told() -> None:
    no = refusal(CellFloor(), asked(data(draw(1, 7)), "prevalence"))
    assert no is not None
    assert no.code == "cell_floor"
    assert "persons" in no.columns


def test_masks_made_for_a_lower_threshold_let_nothing_out() -> None:
    question = asked(data(draw(1, 2000)), "prevalence")
    stricter = replace(question, policy=question.policy.tightened(20))
    no = refusal(CellFloor(), stricter)
    assert no is not None
    assert (no.code, no.columns) == ("cell_floor", ("threshold",))
    assert refusal(CellFloor(), question) is None
