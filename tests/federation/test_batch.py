"""Independent parts: all are begun before the study stops to wait for its letters."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from transat.federation.batch import each
from transat.federation.transport import Posted, SiteMissing


def waits(begun: list[str], *sites: str) -> Callable[[], str]:
    def part() -> str:
        begun.append("+".join(sites))
        raise Posted(set(sites), "here")

    return part


def test_the_parts_in_order() -> None:
    assert each([lambda: 1, lambda: 2]) == [1, 2]


def test_all_are_begun_and_every_site_awaited_is_named() -> None:
    begun: list[str] = []
    with pytest.raises(Posted) as posted:
        each([waits(begun, "france"), lambda: "done", waits(begun, "france", "quebec")])
    assert begun == ["france", "france+quebec"]
    assert posted.value.sites == {"france", "quebec"}


def test_a_site_that_is_silent_on_a_network_ends_the_study_at_once() -> None:
    begun: list[str] = []

    def silent() -> str:
        raise SiteMissing({"quebec"})

    with pytest.raises(SiteMissing) as missing:
        each([silent, waits(begun, "france")])
    assert not isinstance(missing.value, Posted)
    assert begun == []


def test_what_is_posted_says_where_and_crosses_processes() -> None:
    posted = pickle.loads(pickle.dumps(Posted({"quebec", "france"}, "letters")))
    assert posted.sites == {"quebec", "france"}
    assert posted.where == "letters"
    assert "france, quebec" in posted.message("fr")
    assert "transat courier status" in posted.message("en")
