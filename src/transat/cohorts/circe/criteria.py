"""What OHDSI's criteria may ask of each domain: the JSON key, its kind, and our attribute.

Where Circe's SQL does something else than its key says, the table says what the SQL does, as the
rows must be Circe's: OccurrenceEndDate of a DrugExposure filters its start; Age of a VisitDetail is
taken at its end; GapDays of a DrugEra compares gap_days with the range of EraLength; RaceCS and
EthnicityCS compare the gender (Circe 1.12); a Death is adjusted from its day and the day after,
whatever StartWith and EndWith say; DateAdjustment and SpecimenSourceConcept of a Specimen do
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from transat.core.languages import Text

Kind = Literal[
    "day", "whole", "decimal", "concepts", "selection", "text", "abnormal", "set", "nothing"
]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One key of a criterion.

    kind: 'day', 'whole' (decimals cut), 'decimal' (four decimals), 'concepts' (a list),
    'selection' (a concept set, in or not in it), 'text', 'abnormal', 'set' (the id of a concept
    set), 'nothing' (Circe does nothing with it). name: our attribute. exclude: the key that turns a
    list of concepts round. through: attribute that is known when the row asked exists. written:
    whether a definition of ours may be written with it; not where Circe does other than it says.
    """

    key: str
    kind: Kind
    name: str
    exclude: str | None = None
    through: str | None = None
    written: bool = True


@dataclass(frozen=True, slots=True)
class Criterion:
    """A type of criterion.

    domain: of the query model. attributes: its own keys. source: key of its source concept set.
    coded: it has a CodesetId. first: it has First. dated: it has UserDefinedPeriod. counted:
    CountColumn → our attribute. refused: keys of Circe that are not run, and why.
    """

    domain: str
    attributes: tuple[Attribute, ...]
    counted: dict[str, str]
    source: str | None = None
    coded: bool = True
    first: bool = True
    dated: bool = False
    adjusted: Literal["edges", "death", "not"] = "edges"
    refused: dict[str, Text] | None = None


_PERSON: Final = "person.person_id"
_VISIT: Final = "visit_occurrence.visit_occurrence_id"
_SITE: Final = "care_site.care_site_id"


def _concepts(
    key: str, name: str, exclude: bool = False, through: str | None = None
) -> tuple[Attribute, Attribute]:
    """A list of concepts and, since Circe 1.12, the concept set that may stand for it."""
    turned = f"{key}Exclude" if exclude else None
    return (
        Attribute(key, "concepts", name, turned),
        Attribute(f"{key}CS", "selection", name, through=through),
    )


_GENDER: Final = _concepts("Gender", "person.gender_concept_id", through=_PERSON)
_PROVIDER: Final = _concepts("ProviderSpecialty", "provider.specialty_concept_id")
_IN_VISIT: Final = _concepts("VisitType", "visit_occurrence.visit_concept_id", through=_VISIT)
_START: Final = Attribute("OccurrenceStartDate", "day", "start_date")
_END: Final = Attribute("OccurrenceEndDate", "day", "end_date")
_AGE: Final = (Attribute("Age", "whole", "age_at_start"), *_GENDER)
_AGES: Final = (
    Attribute("AgeAtStart", "whole", "age_at_start"),
    Attribute("AgeAtEnd", "whole", "age_at_end"),
)
_UNIT: Final = _concepts("Unit", "unit_concept_id")
_VALUE: Final = (
    Attribute("ValueAsNumber", "decimal", "value_as_number"),
    *_concepts("ValueAsConcept", "value_as_concept_id"),
)
_ERA: Final = (
    Attribute("EraStartDate", "day", "start_date"),
    Attribute("EraEndDate", "day", "end_date"),
    Attribute("EraLength", "whole", "duration"),
    *_AGES,
    *_GENDER,
)
_PERIOD: Final = (
    Attribute("PeriodStartDate", "day", "start_date"),
    Attribute("PeriodEndDate", "day", "end_date"),
    Attribute("PeriodLength", "whole", "duration"),
    *_AGES,
)
_EDGES: Final = {"START_DATE": "start_date", "END_DATE": "end_date"}
_IN: Final = {**_EDGES, "VISIT_ID": "visit_occurrence_id"}
#: One value for all events of a person: what counts distinct values of a constant.
_CONSTANT: Final = "person_id"
_REGION: Final = Text(
    "il faut la table LOCATION_HISTORY, qui n'est pas dans OMOP 5.4.",
    "it needs the table LOCATION_HISTORY, which is not in OMOP 5.4.",
)
_NO_COLUMN: Final = Text(
    "cette colonne n'existe plus depuis OMOP 5.", "this column is gone since OMOP 5."
)


def _counted(concept: str, duration: str = "duration", **more: str) -> dict[str, str]:
    return {**_IN, "DOMAIN_CONCEPT": concept, "DURATION": duration, **more}


CRITERIA: Final[dict[str, Criterion]] = {
    "ConditionOccurrence": Criterion(
        "condition_occurrence",
        (
            _START,
            _END,
            *_concepts("ConditionType", "condition_type_concept_id", exclude=True),
            Attribute("StopReason", "text", "stop_reason"),
            *_AGE,
            *_PROVIDER,
            *_IN_VISIT,
            *_concepts("ConditionStatus", "condition_status_concept_id"),
        ),
        _counted("condition_concept_id"),
        source="ConditionSourceConcept",
    ),
    "DrugExposure": Criterion(
        "drug_exposure",
        (
            _START,
            Attribute("OccurrenceEndDate", "day", "start_date", written=False),
            *_concepts("DrugType", "drug_type_concept_id", exclude=True),
            Attribute("StopReason", "text", "stop_reason"),
            Attribute("Refills", "whole", "refills"),
            Attribute("Quantity", "decimal", "quantity"),
            Attribute("DaysSupply", "whole", "days_supply"),
            *_concepts("RouteConcept", "route_concept_id"),
            Attribute("LotNumber", "text", "lot_number"),
            *_AGE,
            *_PROVIDER,
            *_IN_VISIT,
        ),
        _counted(
            "drug_concept_id", DAYS_SUPPLY="days_supply", QUANTITY="quantity", REFILLS="refills"
        ),
        source="DrugSourceConcept",
        refused={
            "EffectiveDrugDose": _NO_COLUMN,
            "DoseUnit": _NO_COLUMN,
            "DoseUnitCS": _NO_COLUMN,
        },
    ),
    "ProcedureOccurrence": Criterion(
        "procedure_occurrence",
        (
            _START,
            *_concepts("ProcedureType", "procedure_type_concept_id", exclude=True),
            *_concepts("Modifier", "modifier_concept_id"),
            Attribute("Quantity", "whole", "quantity"),
            *_AGE,
            *_PROVIDER,
            *_IN_VISIT,
        ),
        _counted("procedure_concept_id", _CONSTANT, QUANTITY="quantity"),
        source="ProcedureSourceConcept",
    ),
    "Measurement": Criterion(
        "measurement",
        (
            _START,
            *_concepts("MeasurementType", "measurement_type_concept_id", exclude=True),
            *_concepts("Operator", "operator_concept_id"),
            *_VALUE,
            *_UNIT,
            Attribute("RangeLow", "decimal", "range_low"),
            Attribute("RangeHigh", "decimal", "range_high"),
            Attribute("RangeLowRatio", "decimal", "ratio_to_range_low"),
            Attribute("RangeHighRatio", "decimal", "ratio_to_range_high"),
            Attribute("Abnormal", "abnormal", ""),
            *_AGE,
            *_PROVIDER,
            *_IN_VISIT,
        ),
        _counted(
            "measurement_concept_id",
            _CONSTANT,
            VALUE_AS_NUMBER="value_as_number",
            RANGE_HIGH="range_high",
            RANGE_LOW="range_low",
        ),
        source="MeasurementSourceConcept",
    ),
    "Observation": Criterion(
        "observation",
        (
            _START,
            *_concepts("ObservationType", "observation_type_concept_id", exclude=True),
            *_VALUE,
            Attribute("ValueAsString", "text", "value_as_string"),
            *_concepts("Qualifier", "qualifier_concept_id"),
            *_UNIT,
            *_AGE,
            *_PROVIDER,
            *_IN_VISIT,
        ),
        _counted("observation_concept_id", _CONSTANT, VALUE_AS_NUMBER="value_as_number"),
        source="ObservationSourceConcept",
    ),
    "DeviceExposure": Criterion(
        "device_exposure",
        (
            _START,
            _END,
            *_concepts("DeviceType", "device_type_concept_id", exclude=True),
            Attribute("UniqueDeviceId", "text", "unique_device_id"),
            Attribute("Quantity", "whole", "quantity"),
            *_AGE,
            *_PROVIDER,
            *_IN_VISIT,
        ),
        _counted("device_concept_id", QUANTITY="quantity"),
        source="DeviceSourceConcept",
    ),
    "VisitOccurrence": Criterion(
        "visit_occurrence",
        (
            _START,
            _END,
            *_concepts("VisitType", "visit_type_concept_id", exclude=True),
            Attribute("VisitLength", "whole", "duration"),
            *_AGE,
            *_PROVIDER,
            *_concepts("PlaceOfService", "care_site.place_of_service_concept_id", through=_SITE),
        ),
        _counted("visit_concept_id"),
        source="VisitSourceConcept",
        refused={"PlaceOfServiceLocation": _REGION},
    ),
    "VisitDetail": Criterion(
        "visit_detail",
        (
            Attribute("VisitDetailStartDate", "day", "start_date"),
            Attribute("VisitDetailEndDate", "day", "end_date"),
            Attribute("VisitDetailTypeCS", "selection", "visit_detail_type_concept_id"),
            Attribute("VisitDetailLength", "whole", "duration"),
            Attribute("Age", "whole", "age_at_end"),
            _GENDER[1],
            _PROVIDER[1],
            Attribute(
                "PlaceOfServiceCS",
                "selection",
                "care_site.place_of_service_concept_id",
                through=_SITE,
            ),
        ),
        {**_EDGES, "DOMAIN_CONCEPT": "visit_detail_concept_id", "DURATION": "duration"},
        source="VisitDetailSourceConcept",
        refused={"PlaceOfServiceLocation": _REGION},
    ),
    "Specimen": Criterion(
        "specimen",
        (
            _START,
            *_concepts("SpecimenType", "specimen_type_concept_id", exclude=True),
            Attribute("Quantity", "decimal", "quantity"),
            *_UNIT,
            *_concepts("AnatomicSite", "anatomic_site_concept_id"),
            *_concepts("DiseaseStatus", "disease_status_concept_id"),
            Attribute("SourceId", "text", "specimen_source_id"),
            Attribute("SpecimenSourceConcept", "nothing", "", written=False),
            *_AGE,
        ),
        {**_EDGES, "DOMAIN_CONCEPT": "specimen_concept_id", "DURATION": _CONSTANT},
        adjusted="not",
    ),
    "Death": Criterion(
        "death",
        (
            _START,
            *_concepts("DeathType", "death_type_concept_id", exclude=True),
            *_AGE,
        ),
        # A person dies once; Circe counts an unknown cause as a cause.
        {**_EDGES, "DOMAIN_CONCEPT": _CONSTANT, "DURATION": _CONSTANT},
        source="DeathSourceConcept",
        first=False,
        adjusted="death",
    ),
    "ConditionEra": Criterion(
        "condition_era",
        (*_ERA, Attribute("OccurrenceCount", "whole", "condition_occurrence_count")),
        {
            **_EDGES,
            "DOMAIN_CONCEPT": "condition_concept_id",
            "DURATION": "duration",
            "ERA_OCCURRENCES": "condition_occurrence_count",
        },
    ),
    "DrugEra": Criterion(
        "drug_era",
        (
            *_ERA,
            Attribute("OccurrenceCount", "whole", "drug_exposure_count"),
            Attribute("GapDays", "whole", "gap_days", written=False),
        ),
        {
            **_EDGES,
            "DOMAIN_CONCEPT": "drug_concept_id",
            "DURATION": "duration",
            "ERA_OCCURRENCES": "drug_exposure_count",
            "GAP_DAYS": "gap_days",
        },
    ),
    "DoseEra": Criterion(
        "dose_era",
        (*_ERA, *_UNIT, Attribute("DoseValue", "decimal", "dose_value")),
        {
            **_EDGES,
            "DOMAIN_CONCEPT": "drug_concept_id",
            "DURATION": "duration",
            "UNIT": "unit_concept_id",
            "VALUE_AS_NUMBER": "dose_value",
        },
    ),
    "ObservationPeriod": Criterion(
        "observation_period",
        (*_PERIOD, *_concepts("PeriodType", "period_type_concept_id")),
        {**_EDGES, "DOMAIN_CONCEPT": "period_type_concept_id", "DURATION": "duration"},
        coded=False,
        dated=True,
    ),
    "PayerPlanPeriod": Criterion(
        "payer_plan_period",
        (
            *_PERIOD,
            *_GENDER,
            *(
                Attribute(f"{key}Concept", "set", f"{name}_concept_id")
                for key, name in (
                    ("Payer", "payer"),
                    ("Plan", "plan"),
                    ("Sponsor", "sponsor"),
                    ("StopReason", "stop_reason"),
                    ("PayerSource", "payer_source"),
                    ("PlanSource", "plan_source"),
                    ("SponsorSource", "sponsor_source"),
                    ("StopReasonSource", "stop_reason_source"),
                )
            ),
        ),
        {**_EDGES, "DOMAIN_CONCEPT": "payer_concept_id"},
        coded=False,
        dated=True,
    ),
}

#: Of an index event and its person. Circe compares RaceCS and EthnicityCS with the gender.
DEMOGRAPHIC: Final = (
    *_AGE,
    _concepts("Race", "person.race_concept_id")[0],
    Attribute("RaceCS", "selection", "person.gender_concept_id", through=_PERSON, written=False),
    _concepts("Ethnicity", "person.ethnicity_concept_id")[0],
    Attribute(
        "EthnicityCS", "selection", "person.gender_concept_id", through=_PERSON, written=False
    ),
    _START,
    _END,
)
#: Types of criteria that are not run at all.
REFUSED: Final = {"LocationRegion": _REGION}
