"""What is shown never holds a count of 1 to 10, nor lets one be computed by subtraction."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from transat.core.languages import Text
from transat.quality.checks.net_quantity import CHECK
from transat.quality.finding import Finding, Part
from transat.quality.masking import Share, about, apart, hidden, partition, shown, single
from transat.quality.thresholds import thresholds

SMALL = range(1, 11)
LINES = st.integers(0, 60).flatmap(lambda d: st.tuples(st.integers(0, d), st.just(d)))
WIDE = st.one_of(LINES, st.tuples(st.integers(0, 12), st.integers(400, 420)))


def visible(share: Share) -> list[int]:
    """Every number that a reader has of one share, its complement with it."""
    n, d = share.numerator, share.denominator
    told = [v for v in (n, d) if v is not None]
    return told + ([d - n] if n is not None and d is not None else [])


def differences(values: list[int | None], total: int | None) -> list[int]:
    """What is left of a total when all the parts shown are taken away."""
    return [] if total is None else [total - sum(v for v in values if v is not None)]


@given(st.lists(WIDE, min_size=1, max_size=8))
def test_no_small_count_in_a_partition_nor_by_subtraction(pairs: list[tuple[int, int]]) -> None:
    total, parts = partition(pairs)
    for share in (total, *parts):
        assert not [v for v in visible(share) if v in SMALL]
    lines = [p.denominator for p in parts]
    counted = [p.numerator for p in parts]
    left = [
        None if p.numerator is None or p.denominator is None else p.denominator - p.numerator
        for p in parts
    ]
    whole_left = (
        None
        if total.numerator is None or total.denominator is None
        else total.denominator - total.numerator
    )
    found = [
        *differences(lines, total.denominator),
        *differences(counted, total.numerator),
        *differences(left, whole_left),
    ]
    assert not [v for v in found if v in SMALL]


@given(st.lists(WIDE, min_size=1, max_size=5))
def test_a_hidden_small_count_has_two_values_at_least(pairs: list[tuple[int, int]]) -> None:
    """Exhaustively: other numerators agree with all that is shown, for each small one hidden."""
    total, parts = partition(pairs)
    if total.numerator is None:
        return
    places = [i for i, p in enumerate(parts) if p.numerator is None]
    for place in places:
        if pairs[place][0] in SMALL and parts[place].denominator is not None:
            others = [i for i in places if i != place]
            assert others, "a lone hidden count is its total less the others"


@given(st.lists(WIDE, min_size=1, max_size=8))
def test_what_is_shown_is_true(pairs: list[tuple[int, int]]) -> None:
    total, parts = partition(pairs)
    for share, (n, d) in zip(parts, pairs, strict=True):
        assert share.numerator in (None, n)
        assert share.denominator in (None, d)
    assert total.denominator in (None, sum(d for _, d in pairs))
    assert total.numerator in (None, sum(n for n, _ in pairs))


def test_large_counts_are_all_shown() -> None:
    total, parts = partition([(100, 200), (0, 50), (60, 60)])
    assert total == Share(160, 310)
    assert parts == [Share(100, 200), Share(0, 50), Share(60, 60)]


def test_one_hidden_part_hides_a_second() -> None:
    assert hidden([3, 40, 20]) == [True, False, True]
    assert hidden([3, 0, 0]) == [True, False, False]  # nothing else to hide: the total goes
    total, _ = partition([(3, 100), (0, 100)])
    assert total == Share(None, 200)


def test_several_hidden_parts_are_not_small_together() -> None:
    assert hidden([3, 4, 40, 50]) == [True, True, True, False]
    assert hidden([6, 7, 40, 50]) == [True, True, False, False]


def test_the_rest_of_a_line_counts_too() -> None:
    assert single(97, 100) == Share(None, 100)
    assert single(100, 100) == Share(100, 100)
    assert single(4, 9) == Share(None, None)


def test_a_group_is_apart_from_those_that_hold_it() -> None:
    assert apart(50, [61, 200])
    assert not apart(50, [60])
    assert apart(50, [50])


def test_a_share_told_about_spans_twice_the_threshold() -> None:
    assert about(3, 40_000) == 0.0
    assert about(1_234, 2_400) == 0.51
    assert about(3, 100) is None


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(0, 30))
def test_parts_of_one_denominator(counts: list[int], rest: int) -> None:
    whole = sum(counts) + rest
    parts = tuple(Part(Text(str(i), str(i)), c, whole) for i, c in enumerate(counts))
    bounds = thresholds()[CHECK.key]
    finding = Finding(CHECK, "pass", sum(counts), whole, parts, bounds, partition=False)
    told = shown(finding)
    for share in (told.share, *(p.share for p in told.parts)):
        assert not [v for v in visible(share) if v in SMALL]
    values = [p.share.numerator for p in told.parts]
    assert not [v for v in differences(values, told.share.numerator) if v in SMALL]
    if told.share.denominator is not None and told.share.numerator is not None:
        pairs = list(combinations((told.share.denominator, told.share.numerator), 2))
        assert all(abs(a - b) not in SMALL for a, b in pairs)
