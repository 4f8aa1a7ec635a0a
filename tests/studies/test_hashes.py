"""Two names of a protocol: what changes which."""

from __future__ import annotations

from pathlib import Path

import pytest

from transat.studies.hashes import canonical, hashes, without_prose
from transat.studies.protocol import read


def _changed(file: Path, before: str, after: str) -> tuple[bool, bool]:
    """Whether the logic hash and the document hash change."""
    first = hashes(read(file))
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")
    second = hashes(read(file))
    return first.logic != second.logic, first.document != second.document


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("# Data, not code", "# Data, never code", (False, False)),
        ("grammar: 1\n", "\n\ngrammar:   1\n", (False, False)),
        ("Intervalles à 95 %.", "Des intervalles à 95 %.", (False, True)),
        ("value: 365", "value: 364", (True, True)),
        ("policy: ramq", "policy: snds", (True, True)),
        ("ethics: []", "ethics: [CNIL-1]", (True, True)),
    ],
)
def test_what_changes_which_name(
    protocol_file: Path, before: str, after: str, changes: tuple[bool, bool]
) -> None:
    assert _changed(protocol_file, before, after) == changes


def test_a_code_list_is_part_of_the_logic_its_labels_are_not(protocol_file: Path) -> None:
    path = protocol_file.parent / "codes" / "exposures.csv"
    first = hashes(read(protocol_file))
    text = path.read_text("utf-8")
    path.write_text(text.replace("acide valproïque", "valproate"), "utf-8")
    labelled = hashes(read(protocol_file))
    assert labelled.logic == first.logic
    assert labelled.document != first.document
    path.write_text(text.replace("N03AG01,N03AG01", "N03AG01,N03AG01 N03AG02"), "utf-8")
    assert hashes(read(protocol_file)).logic != first.logic


def test_canonical_json_is_rfc_8785s_own_example() -> None:
    data = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '€$\x0f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical(data) == expected.encode()


def test_prose_is_only_what_has_both_languages() -> None:
    data = {"text": {"fr": "a", "en": "b"}, "kept": {"fr": "a"}, "list": [{"provenance": {"s": 1}}]}
    assert without_prose(data) == {"kept": {"fr": "a"}, "list": [{}]}
