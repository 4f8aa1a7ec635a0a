"""Property: whatever is repeated or cancelled, in whatever order, what was served stays."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quebec_by_hand import HandMade

from transat.engines.duckdb import DuckDB


@dataclass(frozen=True)
class Source:
    """A table of signed lines: who, what tells two services of a day apart, how one is undone."""

    table: str
    person: str
    served: str
    undone: dict[str, str]
    told_apart_by: str
    refused: dict[str, str]
    omop: str


SOURCES = [
    Source(
        table="V_DEM_PAIMT_MED_CM",
        person="SMED_NO_INDIV_BEN_BANLS",
        served="SMED_NBR_JR_DUREE_TRAIT",
        undone={"SMED_QTE_MED": "-60"},
        told_apart_by="SMED_MNT_AUTOR_MED",
        refused={"SMED_COD_STA_DECIS": "REF"},
        omop="drug_exposure",
    ),
    Source(
        table="I_SMOD_SERV_MD_CM",
        person="SMOD_NO_INDIV_BEN_BANLS",
        served="SMOD_COD_ROLE",
        undone={"SMOD_MNT_PAIMT": "-40.00"},
        told_apart_by="SMOD_COD_ENTEN",
        refused={"SMOD_COD_STA_DECIS": "REF"},
        omop="procedure_occurrence",
    ),
]

#: For one person: copies of each service given that day, copies of each cancellation, and refusals.
copies = st.integers(1, 3)
person = st.tuples(st.lists(copies, max_size=3), st.lists(copies, max_size=3), st.integers(0, 2))


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.omop)
@settings(max_examples=8, deadline=None)
@given(people=st.lists(person, min_size=1, max_size=25), order=st.integers(0, 999))
def test_each_cancellation_takes_one_service_and_copies_never_count(
    source: Source, people: list[tuple[list[int], list[int], int]], order: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        extract = HandMade(Path(folder) / "extract").people(*map(str, range(len(people))))
        for number, (served, cancelled, refused) in enumerate(people):
            who = {source.person: str(number)}
            for place, times in enumerate(served):
                for _ in range(times):
                    extract.line(source.table, **who, **{source.served: str(10 + place)})
            for place, times in enumerate(cancelled):
                apart = {source.told_apart_by: str(10 + place)}
                for _ in range(times):
                    extract.line(source.table, **who, **source.undone, **apart)
            for _ in range(refused):
                extract.line(source.table, **who, **source.refused)
        with DuckDB(threads=2) as engine:
            extract.cdm(shuffle=order).attach(engine)
            found = dict(
                engine.rows(
                    f"SELECT CAST(person_source_value AS INTEGER), count({source.omop}_id) "
                    f"FROM person LEFT JOIN {source.omop} USING (person_id) GROUP BY 1"
                )
            )
    assert found == {
        number: max(len(served) - len(cancelled), 0)
        for number, (served, cancelled, _) in enumerate(people)
    }
