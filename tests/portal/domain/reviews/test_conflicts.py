"""Computed conflicts of interest and the lists of works they are found in."""

from __future__ import annotations

import json
from datetime import date

import pytest

from transat.core.errors import InputError
from transat.portal.domain.reviews.conflicts import (
    Conflict,
    Person,
    Stay,
    Supervision,
    Years,
    conflicts,
)
from transat.portal.domain.reviews.works import read_csv, read_orcid

OPENED = date(2023, 5, 11)
YEARS = Years(affiliation=5, coauthor=5, project=3, supervision=10)


def stay(what: str, start: str, end: str | None = None) -> Stay:
    return Stay(what, date.fromisoformat(start), date.fromisoformat(end) if end else None)


def found(reviewer: Person, member: Person, *pairs: Supervision) -> tuple[Conflict, ...]:
    return conflicts(reviewer, [member], pairs, YEARS, OPENED)


def test_same_organisation_within_the_years_be_it_one_after_the_other() -> None:
    reviewer = Person("r", organisations=(stay("laval", "2010-01-01", "2019-01-01"),))
    member = Person("m", organisations=(stay("laval", "2020-01-01"),))
    assert found(reviewer, member) == (Conflict("affiliation", "m", "laval", "2019-01-01"),)


@pytest.mark.parametrize(("end", "there"), [("2018-05-11", False), ("2018-05-12", True)])
def test_an_affiliation_counts_until_the_day_the_years_are_over(end: str, there: bool) -> None:
    reviewer = Person("r", organisations=(stay("laval", "2010-01-01", end),))
    member = Person("m", organisations=(stay("laval", "2000-01-01"),))
    assert bool(found(reviewer, member)) is there


def test_an_older_stay_does_not_hide_a_present_one() -> None:
    both = (stay("laval", "2001-01-01", "2004-01-01"), stay("laval", "2021-01-01"))
    assert found(Person("r", organisations=both), Person("m", organisations=both)) == (
        Conflict("affiliation", "m", "laval"),
    )


def test_coauthors_by_the_later_of_the_two_years_told() -> None:
    reviewer = Person("r", works=(("10.1000/a", 2017), ("10.1000/b", 2016)))
    member = Person("m", works=(("10.1000/a", 2018), ("10.1000/b", 2017)))
    assert found(reviewer, member) == (Conflict("coauthor", "m", "10.1000/a", "2018"),)


def test_supervision_counts_both_ways() -> None:
    pair = Supervision("m", "r", date(2015, 9, 1))
    assert found(Person("r"), Person("m"), pair) == (
        Conflict("supervision", "m", "m", "2015-09-01"),
    )
    assert found(Person("m"), Person("r"), pair)[0].member == "r"
    assert found(Person("r"), Person("m"), Supervision("m", "r", date(2013, 1, 1))) == ()
    assert found(Person("r"), Person("m"), Supervision("m", "x")) == ()


def test_a_project_in_common_and_a_reviewer_who_is_a_member() -> None:
    reviewer = Person("r", projects=(stay("p", "2020-01-01"),))
    member = Person("m", projects=(stay("p", "2021-01-01", "2022-01-01"),))
    assert found(reviewer, member) == (Conflict("project", "m", "p", "2022-01-01"),)
    assert found(reviewer, reviewer) == (Conflict("same_person", "r", "r"),)


def test_a_kind_the_call_does_not_ask_for_is_not_computed() -> None:
    both = (stay("laval", "2020-01-01"),)
    pair = (Person("r", both, (("10.1/x", 2022),), both), Person("m", both, (("10.1/x", 2022),)))
    none = Years(None, None, None, None)
    assert conflicts(pair[0], pair[1:], [Supervision("r", "m")], none, OPENED) == ()


def test_29_february_is_counted_back() -> None:
    member = Person("m", organisations=(stay("o", "2000-01-01", "2023-03-01"),))
    years = Years(1, None, None, None)
    told = conflicts(
        Person("r", organisations=member.organisations), [member], [], years, date(2024, 2, 29)
    )
    assert [c.kind for c in told] == ["affiliation"]


def test_csv_of_works_however_a_doi_is_written() -> None:
    content = "\ufeffwork;year\nhttps://doi.org/10.1000/ABC;2020\ndoi:10.1000/abc;2021\nno;2020\n"
    told = read_csv(content.encode())
    assert (told.works, told.left_out) == ((("10.1000/abc", 2021),), 1)


def test_works_of_an_orcid_record() -> None:
    def identifier(kind: str, value: str, relation: str) -> dict[str, str]:
        return {
            "external-id-type": kind,
            "external-id-value": value,
            "external-id-relationship": relation,
        }

    summary = {"publication-date": {"year": {"value": "2019"}}}
    ids = [identifier("doi", "10.1000/BOOK", "part-of"), identifier("doi", "10.1000/X", "self")]
    record = {
        "group": [
            {"external-ids": {"external-id": ids}, "work-summary": [summary]},
            {"external-ids": {"external-id": []}, "work-summary": [summary]},
            {"external-ids": None, "work-summary": [{"publication-date": None}]},
        ]
    }
    told = read_orcid(json.dumps(record).encode())
    assert (told.works, told.left_out) == ((("10.1000/x", 2019),), 2)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe", b'work,year\n"10.1/a,2020\n'])
def test_a_csv_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_csv(content)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"group": 3}', b"[" * 100_000, b"null"])
def test_a_record_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_orcid(content)
