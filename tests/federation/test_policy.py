"""Holders' files: complete, sourced, never under eleven."""

from __future__ import annotations

from pathlib import Path

import pytest

from transat.core.errors import ConfigError
from transat.federation import policy

FILES = sorted((Path(policy.__file__).parent / "policies").glob("*.yaml"))


def test_both_holders_are_installed_with_source_and_status() -> None:
    found = policy.installed()
    assert set(found) == {"snds", "ramq"}
    for holder in found.values():
        assert holder.threshold == 11
        assert holder.source
        assert {r.key for r in holder.rules} == set(policy.CHECKS)
    assert found["ramq"].checked == "no"  # ISQ's number is not public: said, not hidden


def test_the_stricter_of_two_holds_and_nothing_loosens() -> None:
    snds, ramq = policy.installed()["snds"], policy.installed()["ramq"].tightened(15)
    assert policy.strictest([snds, ramq]) == 15
    assert ramq.tightened(3).threshold == 15


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("value: 11", "value: 5", "threshold.value"),
        ("threshold:", "treshold:", "threshold"),
        ("key: cell_floor", "key: cell_flor", "cell_flor"),
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
