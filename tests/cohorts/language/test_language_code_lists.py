"""Code lists: what a line means, what is refused and at which line."""

from __future__ import annotations

import hashlib

import pytest
from study_text import CSV, HEADER, LINES, opener, study, text

from transat.cohorts import language
from transat.cohorts.query.model import CodeItem, ConceptItem
from transat.core.errors import StudyError


def test_lines_become_items_in_one_order() -> None:
    found = study().codes["failure"]
    assert found.codes.codes == (
        CodeItem("CIM10", "I50"),
        CodeItem("CIM10", "I509", prefix=False, excluded=True),
    )
    assert [line.line for line in found.lines] == [4, 5]
    assert found.lines[0].label is not None
    assert found.lines[0].label.fr == "Insuffisance"
    assert (found.lines[0].source, found.lines[0].checked) == ("OMS", "yes")


def test_order_of_lines_and_columns_is_no_logic() -> None:
    lines = LINES.splitlines(keepends=True)
    turned = HEADER + "".join(reversed(lines))
    swapped = "\n".join(
        ",".join([row.split(",")[9], *row.split(",")[:9]]) for row in CSV.strip().split("\n")
    )
    assert study(csv=turned).codes["failure"].codes == study().codes["failure"].codes
    assert study(csv=swapped + "\n").codes["failure"].codes == study().codes["failure"].codes
    assert study(csv=turned).hashes.logic == study().hashes.logic


def test_concepts_written_in_place_and_in_a_file() -> None:
    assert study().codes["drugs"].codes.concepts == (
        ConceptItem(7, descendants=True),
        ConceptItem(8, excluded=True),
    )
    line = "failure,OMOP,2000000007,exact,include,yes,Insuffisance,Failure,OMS,yes\n"
    assert study(csv=CSV + line).codes["failure"].codes.concepts == (
        ConceptItem(2000000007, descendants=True),
    )


def test_a_spreadsheets_mark_and_optional_columns() -> None:
    csv = "\ufeffvocabulary,code,match,action,label_fr,label_en,source,checked\n" + (
        "CIM10,I35,prefix,include,A,B,OMS,yes\n"
    )
    written = text().replace(", set: stenosis", "").replace(
        "  failure: {fr: insuffisance, en: failure, file: codes.csv, set: failure}\n", ""
    )  # fmt: skip
    read = language.parse(written, "study.yaml", opener(csv))
    assert read.codes["stenosis"].codes.codes == (CodeItem("CIM10", "I35"),)


def test_the_expected_file() -> None:
    sha256 = hashlib.sha256(CSV.encode()).hexdigest()
    written = text().replace("set: stenosis", f"set: stenosis, sha256: {sha256}")
    assert language.parse(written, "study.yaml", opener()).codes
    with pytest.raises(StudyError, match="empreinte"):
        language.parse(written, "study.yaml", opener(CSV + "\n"))


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("vocabulary", "vocabulaire", 1, "vouliez-vous « vocabulary »"),
        ("vocabulary,", "", 1, "colonnes absentes"),
        ("CIM10,I35.0", "cim-10,I35.0", 2, "vouliez-vous « CIM10 »"),
        ("CIM10,I35.0", "CIM10,???", 2, "pas un code"),
        ("CIM10,I35.0,prefix", "CIM10,I35.0,prefixe", 2, "vouliez-vous « prefix »"),
        ("I350,exact,include", "I350,exact,garder", 3, "include, exclude"),
        ("ICD10,I350", "ATC,ZZZ", 3, "pas un code ATC"),
        ("ICD10,I350", "OMOP,I350", 3, "en chiffres"),
        ("Sténose,Stenosis,OMS,yes", ",Stenosis,OMS,yes", 2, "« label_fr » est vide"),
        ("Sténose,Stenosis,OMS,yes", "Sténose,Stenosis,OMS,oui", 2, "yes, partly, no"),
        ("Sténose,Stenosis,OMS,yes", "Sténose,Stenosis,OMS,yes,more", 2, "11 cellules"),
        ("Sténose,Stenosis,OMS,yes", 'Sténose,"Stenosis,OMS,yes', 5, "pas du CSV"),
        ("I50,prefix,include,no", "I50,prefix,include,maybe", 4, "yes, no"),
    ],
)
def test_refused_at_the_line(old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(StudyError) as caught:
        study(csv=CSV.replace(old, new, 1))
    assert caught.value.where == f"codes.csv:{line}"
    assert said in caught.value.message("fr")


def test_a_code_of_an_older_atc_is_refused() -> None:
    from transat.tables.drug_codes import atc_drift

    old, new = sorted(atc_drift().items())[0]
    with pytest.raises(StudyError, match=new):
        study(csv=CSV.replace("ICD10,I350", f"ATC,{old}"))


def test_not_utf8() -> None:
    with pytest.raises(StudyError, match="UTF-8"):
        language.parse(text(), "study.yaml", lambda name: b"\xff\xff")
