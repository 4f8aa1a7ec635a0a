"""The protocol's file: strict, bilingual, and complaining with a line and a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from transat.core.errors import StudyError
from transat.studies.protocol import read


def test_inutero_reads_and_every_rule_speaks_both_languages() -> None:
    protocol = read()
    assert len(protocol.rules()) == 17
    for _, text in protocol.rules():
        assert text.fr != text.en
    specification = protocol.specification()
    assert specification.window("t1").end_day == 90
    assert len(specification.exposures) == len(protocol.exposures) == 129


def test_every_outcome_is_a_eurocat_group_of_cohorts() -> None:
    from transat.cohorts.code_sets import read_csv

    known = {row["key"] for row in read_csv("eurocat.csv")}
    assert {o.key for o in read().outcomes} <= known


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("  ages:", "  agees:", '"population.agees"; did you mean "ages"'),
        ("false_share:", "flase_share:", 'did you mean "false_share"'),
        ("value: [15, 50]", "value: [15]", "population.ages.value"),
        ("value: 365", "value: '365'", "population.follow_up_days.value"),
        ("value: infant", "value: child", "population.unit.value"),
        ("version: 0.1.0", "version: new", "study.version"),
        ("required: true", "required: oui", "sites.0.required"),
    ],
)
def test_a_wrong_field_names_file_line_and_field(
    protocol_file: Path, before: str, after: str, said: str
) -> None:
    text = protocol_file.read_text("utf-8")
    assert before in text
    protocol_file.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(StudyError) as refused:
        read(protocol_file)
    assert said in refused.value.what.en
    file, line = refused.value.where.rsplit(":", 1)
    assert file == str(protocol_file)
    # Within the field: its own line, or the line of its value.
    assert after in "\n".join(
        text.replace(before, after, 1).splitlines()[int(line) - 1 : int(line) + 1]
    )
    assert refused.value.exit_code == 10


def test_a_missing_language_is_refused(protocol_file: Path) -> None:
    text = protocol_file.read_text("utf-8").replace(', en: "France (SNDS)"', "")
    protocol_file.write_text(text, "utf-8")
    with pytest.raises(StudyError) as refused:
        read(protocol_file)
    assert "sites.0.label.en" in refused.value.what.fr


def test_a_reference_pair_must_be_in_the_lists(protocol_file: Path) -> None:
    pairs = protocol_file.parent / "codes" / "reference_pairs.csv"
    pairs.write_text(pairs.read_text("utf-8").replace("N03AG01,spina_bifida", "N03AG01,spina_bif"))
    with pytest.raises(StudyError) as refused:
        read(protocol_file)
    assert 'did you mean "spina_bifida"' in refused.value.what.en


def test_unknown_words_of_cohorts_are_refused(protocol_file: Path) -> None:
    text = protocol_file.read_text("utf-8").replace("[live_birth]", "[live_brith]")
    protocol_file.write_text(text, "utf-8")
    with pytest.raises(StudyError):
        read(protocol_file)


@pytest.mark.parametrize("content", ["", "- a\n", "a: [", "a: 1\na: 2\n"])
def test_what_is_no_document_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(content, "utf-8")
    with pytest.raises(StudyError) as refused:
        read(file)
    assert str(file) in refused.value.where


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError):
        read(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("N03AG01,N03AG01,", "N03AG01,,", None),
        ("code,", "Code,", 1),
        ("A02BC01,A02BC01", "A02BC,A02BC01", None),
    ],
)
def test_a_broken_list_names_its_line(
    protocol_file: Path, before: str, after: str, line: int | None
) -> None:
    path = protocol_file.parent / "codes" / "exposures.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace(before, after, 1), "utf-8")
    changed = next(i for i, row in enumerate(text.splitlines(), 1) if before in row)
    with pytest.raises(StudyError) as refused:
        read(protocol_file)
    assert refused.value.where == f"{path}:{line or changed}"


def test_a_holders_own_stricter_file_holds_for_both_shores(protocol_file: Path) -> None:
    from transat.federation import policy

    shipped = Path(policy.__file__).parent / "policies" / "ramq.yaml"
    own = (
        shipped.read_text("utf-8")
        .replace("value: 11", "value: 20")
        .replace("key: ramq", "key: own")
    )
    (protocol_file.parent / "own.yaml").write_text(own, "utf-8")
    text = protocol_file.read_text("utf-8").replace("policy: ramq", "policy: own.yaml")
    protocol_file.write_text(text, "utf-8")
    held = read(protocol_file).policies()
    assert held["quebec"].threshold == 20


def test_an_unknown_policy_and_a_site_named_twice_are_refused(protocol_file: Path) -> None:
    text = protocol_file.read_text("utf-8")
    protocol_file.write_text(text.replace("policy: ramq", "policy: ramc"), "utf-8")
    with pytest.raises(StudyError) as refused:
        read(protocol_file)
    assert "ramq" in refused.value.what.fr
    protocol_file.write_text(text.replace("name: quebec", "name: france"), "utf-8")
    with pytest.raises(StudyError) as refused:
        read(protocol_file)
    assert "france" in refused.value.what.en


@pytest.mark.parametrize(
    ("before", "after", "where", "said"),
    [
        ("value: 90\n", "value: -90\n", "population.lead_in_days.value", "au moins 0"),
        ("value: 0.95", "value: 95", "scan.level.value", "moins de 1"),
        ("value: 0.1\n", "value: 0.0\n", "scan.false_share.value", "plus de 0"),
        ("value: 40", "value: -4", "adjustment.at_most.value", "au moins 0"),
        ("value: 365", "value: 365.5", "population.follow_up_days.value", "un nombre entier"),
        ("required: true", "required: 'yes'", "sites.0.required", "true ou false"),
        ("unit:\n    value: infant", "unit:\n    value: baby", "unit", "'infant' ou 'pregnancy'"),
        ("[15, 50]", "[15, 50, 60]", "population.ages.value", "au plus 2 valeurs"),
    ],
)
def test_a_value_out_of_range_is_refused_in_french(
    protocol_file: Path, before: str, after: str, where: str, said: str
) -> None:
    text = protocol_file.read_text("utf-8")
    assert before in text
    protocol_file.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(StudyError) as refused:
        read(protocol_file)
    assert where in refused.value.what.fr
    assert said in refused.value.what.fr
    assert "should" not in refused.value.what.fr


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("[15, 50]", "[50, 15]", "ages"),
        ("[2013, 2018]", "[2018, 2013]", "years"),
        ("[year, age_band, diabetes, hypertension]", "[year, age_bnad]", "scan.strata"),
        ("obesity, drugs_before", "obesty, drugs_before", "adjustment.columns"),
        ("obesity, drugs_before", "region, drugs_before", "adjustment.columns"),
        ("[live_birth]", "[live_brith]", "pregnancy_outcomes"),
    ],
)
def test_what_only_a_site_would_find_is_refused_when_read(
    protocol_file: Path, before: str, after: str, where: str
) -> None:
    text = protocol_file.read_text("utf-8")
    assert before in text
    protocol_file.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(StudyError) as refused:
        read(protocol_file)
    assert refused.value.where == f"{protocol_file}: {where}"


def test_another_encoding_is_said_so(protocol_file: Path) -> None:
    text = protocol_file.read_text("utf-8")
    codes = protocol_file.parent / "codes" / "exposures.csv"
    listed = codes.read_text("utf-8")
    for file, content in ((codes, listed), (protocol_file, text)):
        file.write_bytes(content.encode("latin-1", "replace"))
        with pytest.raises(StudyError, match="UTF-8") as refused:
            read(protocol_file)
        assert refused.value.where.startswith(str(file))


def test_a_list_saved_by_a_spreadsheet_is_read_or_explained(protocol_file: Path) -> None:
    codes = protocol_file.parent / "codes" / "exposures.csv"
    text, before = codes.read_text("utf-8"), read(protocol_file)
    codes.write_text(text.replace("\n", "\r\n"), "utf-8-sig", newline="")
    assert read(protocol_file).exposures == before.exposures
    codes.write_text(text.replace(",", ";"), "utf-8")
    with pytest.raises(StudyError, match="virgules") as refused:
        read(protocol_file)
    assert "code,atc_prefixes,label_fr" in refused.value.what.en


@pytest.mark.parametrize(
    ("code", "said"),
    [("ZZZ", "pas un code ATC"), ("a02ba02", "pas un code ATC"), ("A10BX07", "A10BJ02")],
)
def test_a_code_that_would_find_nobody_is_refused(
    protocol_file: Path, code: str, said: str
) -> None:
    codes = protocol_file.parent / "codes" / "exposures.csv"
    text = codes.read_text("utf-8")
    codes.write_text(text.replace("A02BA02,A02BA02", f"{code},{code}", 1), "utf-8")
    with pytest.raises(StudyError, match=said) as refused:
        read(protocol_file)
    assert refused.value.where == f"{codes}:2"
