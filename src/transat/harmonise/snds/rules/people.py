"""Rules on beneficiaries, long-term illnesses, maternity and causes of death."""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.harmonise.rules import Rule
from transat.harmonise.snds.rules.identity import DOC, FICTIVE, UNKNOWN, at, fictive_sql

#: Three kinds of exemption that are long-term illnesses (IMB_ETM_NAT).
ALD_KINDS: Final = (41, 43, 45)
BIRTH_YEAR: Final = Rule(
    "birth_year_impossible",
    Text("année de naissance impossible", "impossible birth year"),
    Text("OMOP exige une année de naissance.", "OMOP requires a year of birth."),
    "OMOP CDM 5.4",
    "IR_BEN_R",
    "BEN_NAI_ANN NOT BETWEEN 1850 AND 2100",
    fixed=True,
)
SAME_BENEFICIARY: Final = Rule(
    "same_beneficiary_twice",
    Text("bénéficiaire fourni deux fois", "beneficiary delivered twice"),
    Text(
        "Un couple BEN_NIR_PSA, BEN_RNG_GEM ne désigne qu'une personne ; la première ligne compte.",
        "A pair BEN_NIR_PSA, BEN_RNG_GEM names one person; the first line counts.",
    ),
    "schema-snds, primary key",
    "IR_BEN_R",
    "row_number() OVER (PARTITION BY BEN_NIR_PSA, coalesce(BEN_RNG_GEM, 1) ORDER BY "
    "BEN_NAI_ANN NOT BETWEEN 1850 AND 2100, BEN_NIR_ANO, BEN_IDT_ANO, BEN_NAI_ANN, "
    "BEN_NAI_MOI, BEN_SEX_COD, BEN_DCD_DTE, BEN_DTE_INS) > 1",
    fixed=True,
    contested=True,
)
SAME_ALD: Final = Rule(
    "same_illness_twice",
    Text("exonération répétée", "exemption repeated"),
    Text(
        "Même personne, même motif médical, même début : une seule maladie.",
        "Same person, same medical reason, same start: one illness.",
    ),
    DOC,
    "IR_IMB_R",
    "row_number() OVER (PARTITION BY person_id, MED_MTF_COD, IMB_ALD_DTD "
    "ORDER BY IMB_ETM_NAT NOT IN (41, 43, 45), IMB_ALD_DTF DESC NULLS LAST) > 1",
    contested=True,
)
T14: Final = Rule(
    "T14",
    Text("dates de grossesse du DCIR", "pregnancy dates of the DCIR"),
    Text(
        "Peu fiables (grossesses de cinq ans, pères compris) : le PMSI date les grossesses.",
        "Unreliable (pregnancies of five years, fathers included): the PMSI dates pregnancies.",
    ),
    DOC,
    "IR_MAT_R",
    "true",
)
T15: Final = Rule(
    "T15",
    Text("exonérations qui ne sont pas des ALD", "exemptions that are not long-term illnesses"),
    Text(
        "IMB_ETM_NAT hors 41, 43, 45, ou sans motif médical : l'ALD se lit dans MED_MTF_COD.",
        "IMB_ETM_NAT not 41, 43, 45, or no medical reason: the illness is in MED_MTF_COD.",
    ),
    f"{DOC}, beneficiaires_ald.md",
    "IR_IMB_R",
    f"IMB_ETM_NAT NOT IN ({', '.join(map(str, ALD_KINDS))}) OR MED_MTF_COD IS NULL "
    "OR IMB_ALD_DTD IS NULL OR year(IMB_ALD_DTD) <= 1600",
)

PEOPLE: Final[tuple[Rule, ...]] = (
    at(FICTIVE, "IR_BEN_R", fictive_sql("BEN_CDI_NIR")),
    BIRTH_YEAR,
    SAME_BENEFICIARY,
    at(UNKNOWN, "IR_IMB_R", "person_id IS NULL"),
    T15,
    SAME_ALD,
    T14,
    at(UNKNOWN, "KI_CCI_R", "person_id IS NULL"),
)
