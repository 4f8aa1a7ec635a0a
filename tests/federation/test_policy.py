"""Holders' files: complete, sourced, never under eleven."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.core.errors import ConfigError
from transat.federation import policy

FILES = sorted((Path(policy.__file__).parent / "policies").glob("*.yaml"))


def test_each_holder_gives_every_rule_its_value_source_and_status() -> None:
    found = policy.installed()
    assert set(found) == {"snds", "hdh", "efemeris", "isq", "ramq"}
    for holder in found.values():
        assert holder.threshold == 11
        assert holder.source
        assert [r.key for r in holder.rules] == list(policy.CHECKS)
        assert {n for r in holder.rules for n in r.values} == set(policy.LIMITS)
        assert all(r.source and r.signed_by.fr and r.read_on.year >= 2026 for r in holder.rules)
    assert found["ramq"].checked == "no"  # ISQ's number is not public: said, not hidden
    assert {policy.RULES[key] for key in policy.CHECKS} == {f"G{k}" for k in range(1, 16)}


def test_the_stricter_of_two_holds_and_nothing_loosens() -> None:
    snds, ramq = policy.installed()["snds"], policy.installed()["ramq"].tightened(15)
    assert ramq.tightened(3).threshold == 15
    joint = snds.with_others([ramq])
    assert joint.threshold == 15
    assert joint.sha256() != snds.sha256()


@given(
    values=st.dictionaries(st.sampled_from(sorted(policy.LIMITS)), st.floats(0, 1e6)),
    threshold=st.integers(0, 100),
)
def test_nothing_that_a_permit_says_loosens_a_number(
    values: dict[str, float], threshold: int
) -> None:
    before = policy.installed()["snds"]
    after = before.tightened(threshold, values)
    assert after.threshold >= before.threshold
    for name, limit in policy.LIMITS.items():
        gain = after.limit(name) - before.limit(name)
        assert gain >= 0 if limit.more else gain <= 0
    assert after.tightened(threshold, values) == after


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("value: 11", "value: 5", "threshold.value"),
        ("threshold:", "treshold:", "threshold"),
        ("key: cell_floor", "key: cell_flor", "cell_flor"),
        ("parameters_share: 0.1", "parameters_share: 0.33", "few_events.parameters_share"),
        ("residual_freedom: 10", "residual_freedom: 9", "few_events.residual_freedom"),
        ("leavers: 11", "leafers: 11", "time_grid.leafers"),
        ("holder:", "key: again\nholder:", "key"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    file = tmp_path / "holder.yaml"
    file.write_text(FILES[0].read_text("utf-8").replace(before, after, 1), "utf-8")
    with pytest.raises(ConfigError) as refused:
        policy.load(file)
    assert said in refused.value.message("en")
    assert str(file) in refused.value.where
