"""The SNDS as a shore: the order in which its tables are read, numbered and written."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from transat.core.errors import MappingError
from transat.core.languages import Text
from transat.harmonise.native import NativeTable
from transat.harmonise.shore import Preparation, Shore, Step
from transat.harmonise.snds import (
    cdm_source,
    condition_occurrence,
    death,
    drug_exposure,
    fact_relationship,
    identity,
    lines,
    measurement,
    medicines,
    natives,
    netting,
    observation_period,
    payer_plan_period,
    person,
    procedure_occurrence,
    stays,
    visit_occurrence,
)
from transat.harmonise.snds.rules import RULES

#: Each native table is staged after what it is joined to.
STAGES: Final[tuple[NativeTable | Preparation, ...]] = (
    identity.extract_period,
    natives.IR_BEN_R,
    identity.number_persons,
    natives.ER_ETE_F,
    lines.billed_in_pmsi,
    natives.ER_PRS_F,
    lines.unique_lines,
    natives.ER_PHA_F,
    natives.ER_UCD_F,
    natives.ER_CAM_F,
    netting.drop_repeats,
    natives.IR_PHA_R,
    natives.IR_IMB_R,
    natives.IR_MAT_R,
    natives.KI_CCI_R,
    natives.T_MCO_C,
    stays.chaining,
    natives.T_MCO_B,
    stays.number_stays,
    natives.T_MCO_D,
    natives.T_MCO_UM,
    natives.T_MCO_A,
    natives.T_MCO_MED,
    medicines.medicines,
    medicines.dispensings,
    condition_occurrence.diagnoses,
    procedure_occurrence.acts,
    person.births,
    death.deceased,
    observation_period.observed,
    fact_relationship.mothers,
)

STEPS: Final[tuple[Step, ...]] = (
    person,
    observation_period,
    payer_plan_period,
    visit_occurrence,
    condition_occurrence,
    procedure_occurrence,
    drug_exposure,
    measurement,
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
    return Shore("snds", "SNDS (DCIR, PMSI-MCO)", STAGES, RULES, STEPS)
