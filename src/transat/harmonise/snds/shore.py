"""The SNDS as a shore: the order in which its tables are read, numbered and written."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from transat.core.errors import MappingError
from transat.core.languages import Text
from transat.harmonise import echo_registry
from transat.harmonise.extract_period import extract_period
from transat.harmonise.native import NativeTable
from transat.harmonise.shore import Preparation, Shore, Step
from transat.harmonise.snds import (
    care_site,
    cdm_source,
    condition_occurrence,
    death,
    device_exposure,
    drug_exposure,
    fact_relationship,
    identity,
    lines,
    location,
    measurement,
    medicines,
    netting,
    observation,
    observation_period,
    outpatient,
    pack_sizes,
    payer_plan_period,
    person,
    procedure_occurrence,
    provider,
    social_cover,
    stay_facts,
    stays,
    units,
    visit_detail,
    visit_occurrence,
)
from transat.harmonise.snds.fields import FIELDS
from transat.harmonise.snds.native import dcir, mco, people, places, pmsi, referentials
from transat.harmonise.snds.native import echo_registry as echo_registry_file
from transat.harmonise.snds.native.outpatient import (
    OUTPATIENT,
    act_table,
    fee_table,
    passage_table,
)
from transat.harmonise.snds.rules.all import RULES
from transat.tables.snds import tables

#: Each native table is staged after what it is joined to.
STAGES: Final[tuple[NativeTable | Preparation, ...]] = (
    extract_period,
    people.IR_BEN_R,
    identity.current_beneficiaries,
    people.IR_BEN_R_ARC,
    identity.number_persons,
    dcir.ER_ETE_F,
    lines.billed_in_pmsi,
    dcir.ER_PRS_F,
    lines.unique_lines,
    dcir.ER_PHA_F,
    dcir.ER_UCD_F,
    dcir.ER_CAM_F,
    dcir.ER_BIO_F,
    dcir.ER_TIP_F,
    netting.drop_repeats,
    referentials.IR_PHA_R,
    referentials.NU_UCD_R,
    people.IR_IMB_R,
    people.IR_MAT_R,
    people.IR_ORC_R,
    people.KI_CCI_R,
    people.KI_ECD_R,
    echo_registry_file.REGISTRE_ECHO,
    echo_registry.echos,
    *(pmsi.chaining_table(field) for field in FIELDS),
    stays.chaining,
    mco.T_HAD_GRP,
    stays.had_errors,
    *(pmsi.stay_table(field) for field in FIELDS),
    stays.number_stays,
    *(table for field in FIELDS for table in pmsi.tables(field)),
    mco.T_MCO_UM,
    mco.T_MCO_MED,
    mco.T_MCO_IVG,
    units.number_units,
    stay_facts.facts,
    *(passage_table(care) for care in OUTPATIENT),
    outpatient.number_passages,
    *(make(care) for care in OUTPATIENT for make in (act_table, fee_table)),
    outpatient.describe_passages,
    *places.ESTABLISHMENTS,
    places.DA_PRA_R,
    care_site.number_places,
    location.residences,
    medicines.medicines,
    medicines.dispensings,
    pack_sizes.large_packs,
    pack_sizes.note_medicines,
    netting.net_tests_and_devices,
    condition_occurrence.diagnoses,
    procedure_occurrence.acts,
    provider.number_providers,
    person.births,
    death.deceased,
    observation_period.observed,
    social_cover.social_covers,
    fact_relationship.mothers,
)

STEPS: Final[tuple[Step, ...]] = (
    location,
    care_site,
    provider,
    person,
    observation_period,
    payer_plan_period,
    visit_occurrence,
    visit_detail,
    condition_occurrence,
    procedure_occurrence,
    drug_exposure,
    device_exposure,
    measurement,
    observation,
    death,
    fact_relationship,
    cdm_source,
)


def declare(columns: Path | None = None) -> Shore:
    """The SNDS shore. Raises MappingError: its columns are public, it takes no mapping file."""
    if columns is not None:
        raise MappingError(
            Text(
                "le SNDS ne prend pas de fichier de correspondance : ses colonnes sont publiques.",
                "the SNDS takes no mapping file: its columns are public.",
            ),
            str(columns),
            Text("Retirez l'option.", "Leave the option out."),
        )
    return Shore("snds", "SNDS (DCIR, PMSI)", STAGES, RULES, STEPS, published=tables())
