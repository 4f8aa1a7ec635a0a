"""Rules on beneficiaries, long-term illnesses, maternity and causes of death."""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.harmonise.rules import Rule
from transat.harmonise.snds.native.dcir import COMPLEMENTARY_COVER
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
ARCHIVED_TOO: Final = Rule(
    "archived_and_current",
    Text("bénéficiaire archivé et courant", "beneficiary archived and current"),
    Text(
        "Le couple BEN_NIR_PSA, BEN_RNG_GEM est aussi dans IR_BEN_R, qui fait foi.",
        "The pair BEN_NIR_PSA, BEN_RNG_GEM is in IR_BEN_R too, which is believed.",
    ),
    f"{DOC}, fiche_beneficiaire.md",
    "IR_BEN_R_ARC",
    "is_current",
    fixed=True,
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
        "Peu fiables (grossesses de cinq ans, pères compris) : le PMSI date les grossesses. "
        "Coupée, elles deviennent des observations, que rien n'utilise.",
        "Unreliable (pregnancies of five years, fathers included): the PMSI dates pregnancies. "
        "Off, they become observations, which nothing uses.",
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
T18: Final = Rule(
    "T18",
    Text("C2S à la place de la CMU-C", "C2S in the place of CMU-C"),
    Text(
        "Le 1er novembre 2019, la C2S remplace la CMU-C et l'ACS : une période est coupée ce "
        "jour-là et chaque part porte son nom. Règle coupée, elle reste d'un tenant.",
        "On 1 November 2019 C2S replaced CMU-C and ACS: a period of rights is cut on that day and "
        "each part bears its name. Off, it stays in one piece.",
    ),
    f"{DOC}, complementaire_sante_solidaire.md",
    "IR_ORC_R",
)
OTHER_CONTRACT: Final = Rule(
    "other_contract",
    Text("contrat autre que CMU-C ou C2S", "contract other than CMU-C or C2S"),
    Text(
        "BEN_CTA_TYP autre que 89 : mutuelle, ACS, sortie de droits ; ou sans date de début.",
        "BEN_CTA_TYP other than 89: private cover, ACS, rights that end; or without a start.",
    ),
    f"IR_CTA_V; {DOC}, complementaire_sante_solidaire.md",
    "IR_ORC_R",
    f"BEN_CTA_TYP IS NULL OR BEN_CTA_TYP <> {COMPLEMENTARY_COVER} OR MLL_CTA_DSD IS NULL "
    "OR year(MLL_CTA_DSD) <= 1600",
    fixed=True,
)

PEOPLE: Final[tuple[Rule, ...]] = (
    at(FICTIVE, "IR_BEN_R", fictive_sql("BEN_CDI_NIR")),
    BIRTH_YEAR,
    SAME_BENEFICIARY,
    at(FICTIVE, "IR_BEN_R_ARC", fictive_sql("BEN_CDI_NIR")),
    at(BIRTH_YEAR, "IR_BEN_R_ARC", BIRTH_YEAR.predicate_sql),
    ARCHIVED_TOO,
    at(SAME_BENEFICIARY, "IR_BEN_R_ARC", SAME_BENEFICIARY.predicate_sql),
    at(UNKNOWN, "IR_IMB_R", "person_id IS NULL"),
    T15,
    SAME_ALD,
    T14,
    at(UNKNOWN, "IR_MAT_R", "person_id IS NULL"),
    at(UNKNOWN, "IR_ORC_R", "person_id IS NULL"),
    OTHER_CONTRACT,
    T18,
    at(UNKNOWN, "KI_CCI_R", "person_id IS NULL"),
    at(UNKNOWN, "KI_ECD_R", "person_id IS NULL"),
)
