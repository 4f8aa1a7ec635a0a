"""Property: whatever is repeated or cancelled, in whatever order, what was served stays."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from quebec_by_hand import HandMade

from transat.engines.duckdb import DuckDB

DRUGS = "V_DEM_PAIMT_MED_CM"

#: For one person: copies of each dispensing served that day, copies of each cancellation.
copies = st.integers(1, 3)
person = st.tuples(st.lists(copies, max_size=3), st.lists(copies, max_size=3))


@settings(max_examples=12, deadline=None)
@given(people=st.lists(person, min_size=1, max_size=25), order=st.integers(0, 999))
def test_each_cancellation_takes_one_dispensing_and_copies_never_count(
    people: list[tuple[list[int], list[int]]], order: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        extract = HandMade(Path(folder) / "extract").people(*map(str, range(len(people))))
        for number, (served, cancelled) in enumerate(people):
            for place, times in enumerate(served):
                for _ in range(times):
                    line(extract, number, SMED_NBR_JR_DUREE_TRAIT=str(10 + place))
            for place, times in enumerate(cancelled):
                for _ in range(times):
                    line(extract, number, SMED_QTE_MED="-60", SMED_MNT_AUTOR_MED=f"-{10 + place}")
        with DuckDB(threads=2) as engine:
            extract.cdm(shuffle=order).attach(engine)
            found = dict(
                engine.rows(
                    "SELECT CAST(person_source_value AS INTEGER), count(drug_exposure_id) "
                    "FROM person LEFT JOIN drug_exposure USING (person_id) GROUP BY 1"
                )
            )
    assert found == {
        number: max(len(served) - len(cancelled), 0)
        for number, (served, cancelled) in enumerate(people)
    }


def line(extract: HandMade, number: int, **changes: str) -> None:
    extract.line(DRUGS, SMED_NO_INDIV_BEN_BANLS=str(number), **changes)
