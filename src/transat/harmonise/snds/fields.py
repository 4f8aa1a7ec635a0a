"""The four fields of the PMSI as data: the same few tables, under other names and keys.

A field has a chaining table (who, from which day to which), a table of stays, and tables that hang
on them. In MCO a stay is one line; elsewhere it is several: the weeks of SSR (RHS), the
sub-sequences of HAD, the sequences of RIM-P. What names a stay and a line is said by
Documentation-SNDS, concepts_PMSI.md; columns are those of schema-snds fe17ef8. The lines to set
aside are those of depenses_hopital_public.md: error groups, care done for another establishment.

The ambulatory acts of RIM-P (T_RIPaaR3A) are not read: they have a month, no day, and no person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from transat.harmonise.native import NativeColumn
from transat.harmonise.snds.native.keys import column
from transat.tables.omop import INPATIENT_VISIT

#: Hospital at home: the nearest standard visit is a visit at home (OMOP CDM 5.4, visit concepts).
HOME_VISIT: Final = 581476


@dataclass(frozen=True, slots=True)
class Diagnoses:
    """A table of diagnoses beside the stays: its column of codes, and their role."""

    table: str
    code: str
    role: str


@dataclass(frozen=True, slots=True)
class Acts:
    """A table of acts: columns of the code, of the days since the entry in the stay (or in the
    unit, or since the line began: `since`), of how many times it was done.
    """

    table: str
    code: str
    vocabulary: str
    delay: str
    quantity: str
    since: Literal["stay", "unit", "line"] = "stay"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the PMSI.

    Parameters
    ----------
    key: MCO, SSR, HAD or RIP, as in the names of its tables.
    stays, chaining: the table of stays and that of persons and dates.
    establishment, number: the two columns that name a stay.
    line: columns (whole numbers) that, after those, name a line of the stay; none in MCO.
    offset: SQL over the stay's columns: days from admission to the line's first day.
    entry: SQL: days from admission to the entry in the line's unit; empty where it is the stay's.
    length: SQL: days that the line covers; empty where it ends as the next one begins.
    unit: SQL: type of the unit, as written.
    diagnoses: columns of the stay table with a diagnosis, and the role of each.
    beside: tables of diagnoses; a line of them hangs on a line of the stay.
    acts: tables of acts.
    columns: other columns of the stay table that are read.
    error, elsewhere: SQL predicates of T8 (error groups) and T10 (done for another establishment);
        empty where nothing is published.
    join, extra: what the stay table is joined to besides the chaining, and what that gives.
    visit: the OMOP visit concept of its stays.
    """

    key: str
    stays: str
    chaining: str
    establishment: str
    number: str
    diagnoses: tuple[tuple[str, str], ...]
    beside: tuple[Diagnoses, ...]
    acts: tuple[Acts, ...]
    line: tuple[str, ...] = ()
    offset: str = ""
    entry: str = ""
    length: str = ""
    unit: str = ""
    columns: tuple[NativeColumn, ...] = ()
    error: str = ""
    elsewhere: str = ""
    join: str = ""
    extra: tuple[str, ...] = ()
    visit: int = INPATIENT_VISIT

    @property
    def line_sql(self) -> str:
        """SQL: one whole number that names a line within its stay, in the order of lines."""
        if not self.line:
            return "CAST(0 AS BIGINT)"
        first = f"coalesce({self.line[0]}, 0)"
        return first if len(self.line) == 1 else f"{first} * 10000 + coalesce({self.line[1]}, 0)"

    @property
    def dependents(self) -> tuple[str, ...]:
        """Names of the tables of diagnoses and acts."""
        return (*(d.table for d in self.beside), *(a.table for a in self.acts))


def _numbered(stem: str, last: int, role: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"{stem}{n}", role) for n in range(1, last + 1))


MCO: Final = Field(
    key="MCO",
    stays="T_MCOaaB",
    chaining="T_MCOaaC",
    establishment="ETA_NUM",
    number="RSA_NUM",
    diagnoses=(("DGN_PAL", "DP"), ("DGN_REL", "DR")),
    beside=(Diagnoses("T_MCOaaD", "ASS_DGN", "DAS"),),
    acts=(Acts("T_MCOaaA", "CDC_ACT", "CCAM", "ENT_DAT_DEL", "NBR_EXE_ACT"),),
    columns=(
        column("AGE_ANN", "integer"),
        column("AGE_JOU", "integer"),
        column("AGE_GES", "integer"),
        column("DEL_REG_ENT", "integer"),
        column("POI_NAI", "integer"),
        column("COD_SEX", "integer"),
        column("GRG_GHM"),
        column("SEJ_TYP"),
        column("TYP_GEN_RSA", "integer"),
    ),
    error="GRG_GHM LIKE '90%'",
    elsewhere="(SEJ_TYP = 'B' AND coalesce(GRG_GHM, '') NOT LIKE '28%') OR ENT_MOD = '0' "
    "OR SOR_MOD = '0' OR TYP_GEN_RSA <> 0",
)

SSR: Final = Field(
    key="SSR",
    stays="T_SSRaaB",
    chaining="T_SSRaaC",
    establishment="ETA_NUM",
    number="RHA_NUM",
    line=("RHS_NUM",),
    offset="RHS_ANT_SEJ_ENT",
    entry="RHS_ANT_SEJ_ENT - coalesce(SEJ_ANT, 0)",
    unit="AUT_TYP_UM",
    # Main manifestation, purpose of care, cause; until 2009 the associated ones are here too.
    diagnoses=(
        ("MOR_PRP", "MMP"), ("FP_PEC", "FPP"), ("ETL_AFF", "AE"), *_numbered("ASS_DGN_", 20, "DAS"),
    ),
    beside=(Diagnoses("T_SSRaaD", "DGN_COD", "DAS"),),
    # Days since the entry in the unit: what the week's two ages, in stay and unit, differ by.
    acts=(
        Acts("T_SSRaaCCAM", "CCAM_ACT", "CCAM", "CCAM_DEL_ENT_UM", "CCAM_NBR_REA", "unit"),
        Acts("T_SSRaaCSARR", "CSARR_COD", "CSARR", "ENT_DAT_DEL_UM", "NBR_CSARR", "unit"),
    ),
    columns=(
        column("AGE_ANN", "integer"),
        column("COD_SEX", "integer"),
        column("RHS_ANT_SEJ_ENT", "integer"),
        column("SEJ_ANT", "integer"),
        column("AUT_TYP_UM"),
        column("GRG_GME"),
    ),
    error="GRG_GME LIKE '90%'",
    elsewhere="ENT_MOD = '0' OR SOR_MOD = '0'",
)  # fmt: skip

HAD: Final = Field(
    key="HAD",
    stays="T_HADaaB",
    chaining="T_HADaaC",
    establishment="ETA_NUM_EPMSI",
    number="RHAD_NUM",
    line=("SEQ_NUM", "SSEQ_NUM"),
    offset="SEQ_SEJ_NBJ + coalesce(SSEQ_SEQ_NBJ, 0)",
    length="SSEQ_NBJ",
    unit="PEC_PAL",
    diagnoses=(("DGN_PAL", "DP"), *_numbered("DGN_PAL", 7, "DAS")),
    beside=(
        Diagnoses("T_HADaaD", "DGN_ASS", "DAS"),
        Diagnoses("T_HADaaDMPP", "DGN_ASS_MPP", "DMPP"),
        Diagnoses("T_HADaaDMPA", "DGN_ASS_MPA", "DMPA"),
    ),
    acts=(Acts("T_HADaaA", "CCAM_COD", "CCAM", "DEL_DEB_SSEQ", "REAL_NBR", "line"),),
    columns=(
        column("AGE_ANN", "integer"),
        column("COD_SEX", "integer"),
        column("SEQ_SEJ_NBJ", "integer"),
        column("SSEQ_SEQ_NBJ", "integer"),
        column("SSEQ_NBJ", "integer"),
        column("PEC_PAL"),
    ),
    error="had_error",
    join="LEFT JOIN had_error AS e ON e.eta_key = ltrim(n.ETA_NUM_EPMSI, '0') "
    "AND e.rsa_key = ltrim(n.RHAD_NUM, '0') AND e.year_key = coalesce(n.file_year, 0) "
    "AND e.seq = coalesce(n.SEQ_NUM, 0) AND e.sseq = coalesce(n.SSEQ_NUM, 0)",
    extra=("e.eta_key IS NOT NULL AS had_error",),
    visit=HOME_VISIT,
)

RIP: Final = Field(
    key="RIP",
    stays="T_RIPaaRSA",
    chaining="T_RIPaaC",
    establishment="ETA_NUM_EPMSI",
    number="RIP_NUM",
    line=("SEQ_SEQ_NUM",),
    offset="DEL_DAT",
    length="SEQ_COU_NBJ",
    unit="FOR_ACT",
    diagnoses=(("DGN_PAL", "DP"),),
    beside=(Diagnoses("T_RIPaaRSAD", "ASS_DGN", "DAS"),),
    # Its delay counts from a sequence that the table does not name: the first one is taken.
    acts=(Acts("T_RIPaaCCAM", "CDC_ACT", "CCAM", "ENT_DAT_DEL", "NBR_EXE_ACT"),),
    columns=(
        column("AGE_ANN", "integer"),
        column("COD_SEX", "integer"),
        column("DEL_DAT", "integer"),
        column("SEQ_COU_NBJ", "integer"),
        column("FOR_ACT"),
    ),
)

#: In the order in which they are staged.
FIELDS: Final = (MCO, SSR, HAD, RIP)
