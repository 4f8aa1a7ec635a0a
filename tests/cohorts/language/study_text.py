"""Small study files for the tests: a whole one, whose parts a test replaces."""

from __future__ import annotations

from pathlib import Path

from transat.cohorts import language
from transat.cohorts.language import Study

EXAMPLES = Path(language.__file__).parent / "examples"

HEADER = "set,vocabulary,code,match,action,descendants,label_fr,label_en,source,checked\n"
LINES = (
    "stenosis,CIM10,I35.0,prefix,include,no,Sténose,Stenosis,OMS,yes\n"
    "stenosis,ICD10,I350,exact,include,no,Sténose,Stenosis,OMS,partly\n"
    "failure,CIM10,I50,prefix,include,no,Insuffisance,Failure,OMS,yes\n"
    "failure,CIM10,I509,exact,exclude,no,Insuffisance SAI,Failure NOS,OMS,yes\n"
)
CSV = HEADER + LINES

HEAD = """\
grammar: 1
study: {id: test-study, version: 0.1.0, ethics: []}
title: {fr: Essai, en: Trial}
windows:
  first_trimester: {fr: premier trimestre, en: first trimester, days: [0, 13w6d]}
codes:
  stenosis: {fr: sténose, en: stenosis, file: codes.csv, set: stenosis}
  failure: {fr: insuffisance, en: failure, file: codes.csv, set: failure}
  drugs:
    {fr: médicaments, en: drugs, concepts: [{id: 7, descendants: true}, {id: 8, exclude: true}]}
cohorts:
  - id: people
    title: {fr: Des gens, en: People}
"""
ENTRY = """\
    entry:
      fr: Un diagnostic
      en: A diagnosis
      events: [{condition: stenosis}]
"""
ANALYSIS = """\
analyses:
  - id: table
    title: {fr: Table, en: Table}
    cohort: people
"""


def text(rest: str = "", entry: str = ENTRY, analysis: str = "") -> str:
    """A study with one cohort, `people`; `rest` follows its entry."""
    return HEAD + entry + rest + (ANALYSIS + analysis if analysis else "")


def opener(csv: str = CSV) -> language.reader.Opener:
    """Answers codes.csv."""

    def read(name: str) -> bytes:
        if name != "codes.csv":
            raise FileNotFoundError(name)
        return csv.encode()

    return read


def study(rest: str = "", entry: str = ENTRY, analysis: str = "", csv: str = CSV) -> Study:
    """The study of `text`."""
    return language.parse(text(rest, entry, analysis), "study.yaml", opener(csv))
