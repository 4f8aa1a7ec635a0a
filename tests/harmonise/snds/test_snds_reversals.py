"""T4 whatever the order: reversals and overlapping deliveries, through a whole harmonisation.

Each dispensing is written as several signed lines that add up to its boxes, every one under a
nine-column key and a flow month of its own, before or after the line that it corrects; some lines
are delivered a second time. The CDM is the truth and the ledger counts each line once.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snds_extract import ANNA, PARACETAMOL, VALPROATE, NativeExtract, harmonised

PEOPLE = (ANNA["BEN_NIR_PSA"], "BeaBeaBeaBeaBea12")
ATC = {PARACETAMOL: "N02BE01", VALPROATE: "N03AG01"}

#: Signed lines that add up to nothing: taken back whole; in part; twice, then put right.
nothing = st.integers(1, 6).flatmap(
    lambda n: st.sampled_from([[n, -n], [n + 1, -n, -1], [n, -n, -n, n], [-n, 2 * n, -n]])
)
#: (person, day, product, day of prescription) to the boxes of each line that stays, and the
#: corrections beside them. No line that stays: the dispensing was a mistake.
dispensings = st.dictionaries(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.integers(1, 9),
        st.sampled_from(sorted(ATC)),
        st.sampled_from([None, "05/02/2015", "20/02/2015"]),
    ),
    st.tuples(st.lists(st.integers(1, 4), max_size=3), st.lists(nothing, max_size=3)),
    min_size=1,
    max_size=8,
)
Truth = dict[tuple[str, int, str, str | None], tuple[list[int], list[list[int]]]]


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(truth=dispensings, seed=st.integers(0, 10_000), repeated=st.floats(0, 0.6))
def test_reversals_and_repeats_net_to_the_truth(truth: Truth, seed: int, repeated: float) -> None:
    chance = random.Random(seed)
    extract = NativeExtract().person()
    extract.person(BEN_NIR_PSA=PEOPLE[1], BEN_NIR_ANO="ANObea")
    signed = [
        (key, boxes)
        for key, (kept, corrections) in truth.items()
        for boxes in (*kept, *(n for correction in corrections for n in correction))
    ]
    chance.shuffle(signed)
    for (person, day, product, prescribed), boxes in signed:
        extract.line(
            f"{day:02d}/03/2015",
            box={"PHA_PRS_C13": product, "PHA_ACT_QSN": boxes},
            BEN_NIR_PSA=person,
            PRE_PRE_DTD=prescribed,
            PRS_ACT_QTE=boxes,
        )
        flow = f"01/{chance.randint(1, 12):02d}/{chance.choice((2015, 2016))}"
        for table in ("ER_PRS_F", "ER_PHA_F"):
            extract.tables[table][-1]["FLX_DIS_DTD"] = flow
    twice = [n for n in range(len(signed)) if chance.random() < repeated]
    for table in ("ER_PRS_F", "ER_PHA_F"):
        lines = extract.tables.get(table, [])
        lines += [dict(lines[n]) for n in twice]
        chance.shuffle(lines)
    with tempfile.TemporaryDirectory() as folder:
        found = harmonised(extract, Path(folder))
        expected = sorted(
            (f"2015-03-{day:02d}", ATC[product], float(sum(kept)))
            for (_, day, product, _), (kept, _) in truth.items()
            if kept
        )
        assert sorted(drug[:3] for drug in found.drugs()) == expected
        ledger = found.ledger
        read = len(signed) + len(twice)
        assert ledger.get(("ER_PHA_F", "read"), 0) == read
        assert ledger.get(("ER_PHA_F", "kept"), 0) == len(expected)
        for table in ("ER_PRS_F", "ER_PHA_F"):
            assert ledger.get((table, "same_line_twice"), 0) == len(twice)
        assert ledger.get(("ER_PHA_F", "T4"), 0) == len(signed) - len(expected)
        negative = sum(boxes < 0 for _, boxes in signed)
        assert ledger.get(("ER_PHA_F", "note:negative_lines"), 0) == negative
