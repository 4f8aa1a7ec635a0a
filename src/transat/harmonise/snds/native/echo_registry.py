"""The echocardiography registry that comes with an SNDS extract, tied by the insured's number."""

from __future__ import annotations

from typing import Final

from transat.harmonise.echo_registry import DAY, MEASURES, TABLE
from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import GEM, PERSON_JOIN, PSA, column

#: What tells two examinations of a person apart: an equal line is the same one.
EXAMINATION: Final = ("person_id", DAY, *(m.column for m in MEASURES))

REGISTRE_ECHO: Final = NativeTable(
    TABLE,
    (
        PSA,
        GEM,
        column(DAY, "date", "needed", True),
        *(column(m.column, "number", "checked") for m in MEASURES),
    ),
    joins=PERSON_JOIN,
    extra=("p.person_id AS person_id",),
    contested=EXAMINATION,
)
