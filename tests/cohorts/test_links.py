"""One infant per row, to the pregnancy it was born of; births without an infant are counted."""

from __future__ import annotations

from pathlib import Path

from hand_cdm import LMP, Hand, day

from transat.cohorts import links
from transat.cohorts.links import BirthYear, LinkReport
from transat.cohorts.pregnancies import pregnancies
from transat.engines.duckdb import DuckDB


def linked(hand: Hand, path: Path) -> tuple[list[tuple[int, int]], LinkReport]:
    cdm = hand.write(path / "cdm")
    with DuckDB(threads=1) as engine:
        cdm.attach(engine)
        pregnancies(engine)
        rows = engine.rows(
            "SELECT infant_id, year(end_date) FROM pregnancy_infant JOIN pregnancy "
            "USING (episode_id) ORDER BY infant_id"
        )
        return [(int(i), int(y)) for i, y in rows], links.report(engine)


def test_each_infant_goes_to_the_birth_nearest_to_its_own(tmp_path: Path) -> None:
    hand = Hand()
    hand.woman(1)
    hand.birth(1, 11)
    hand.birth(1, 12, lmp=day(500))
    hand.birth(1, None, lmp=day(1000))
    rows, report = linked(hand, tmp_path)
    assert rows == [(11, 2015), (12, 2017)]
    years = (BirthYear(2015, 1, 0), BirthYear(2017, 1, 0), BirthYear(2018, 1, 1))
    assert report == LinkReport(infants=2, ambiguous=0, orphans=0, years=years)


def test_an_infant_of_two_mothers_or_of_no_birth_is_counted_and_left_out(tmp_path: Path) -> None:
    hand = Hand()
    hand.woman(1)
    hand.woman(2)
    hand.birth(1, 11)
    hand.link(2, 11)
    hand.infant(12, 2, day(100))
    rows, report = linked(hand, tmp_path)
    assert rows == []
    assert (report.infants, report.ambiguous, report.orphans) == (0, 1, 1)
    assert report.years == (BirthYear(2015, 1, 1),)


def test_the_birth_date_may_differ_by_a_week_or_be_known_by_month_only(tmp_path: Path) -> None:
    hand = Hand()
    for mother, shift in ((1, 7), (2, 8)):
        hand.woman(mother)
        hand.birth(mother, None)
        hand.infant(10 + mother, mother, day(280 + shift))
    hand.woman(3)
    end = hand.birth(3, None)
    hand.add("person", person_id=13, gender_concept_id=8532, year_of_birth=end.year,
             month_of_birth=end.month)  # fmt: skip
    hand.link(3, 13)
    assert end == day(280, LMP)
    assert [infant for infant, _ in linked(hand, tmp_path)[0]] == [11, 13]
