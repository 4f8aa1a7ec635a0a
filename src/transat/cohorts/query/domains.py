"""Which OMOP table holds the events of each domain, and which of its columns are their dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from transat.tables.column import ColumnType
from transat.tables.omop import tables


@dataclass(frozen=True, slots=True)
class Domain:
    """How the rows of one table are events.

    table: its OMOP name; key: the column that orders events of one day. start: column of the
    start. An event ends at `end` when that column is known, else `days_supply` days after its
    start, else `length` days after it (None: unknown). concept, source_concept: what codes are
    compared with. visit: whether the row names its visit.
    """

    table: str
    key: str
    start: str
    end: str | None
    length: int | None
    concept: str | None
    source_concept: str | None
    visit: bool = True
    days_supply: str | None = None


def _plain(table: str, stem: str, start: str, end: str | None, length: int | None) -> Domain:
    return Domain(
        table,
        f"{table}_id",
        start,
        end,
        length,
        f"{stem}_concept_id",
        f"{stem}_source_concept_id",
    )


def _era(table: str, stem: str) -> Domain:
    start, end = f"{table}_start_date", f"{table}_end_date"
    return Domain(table, f"{table}_id", start, end, None, f"{stem}_concept_id", None, visit=False)


#: Lengths of events without an end are those of Circe: one day after the start.
DOMAINS: Final[dict[str, Domain]] = {
    d.table: d
    for d in (
        _plain(
            "condition_occurrence", "condition", "condition_start_date", "condition_end_date", 1
        ),
        _plain("procedure_occurrence", "procedure", "procedure_date", None, 1),
        _plain("measurement", "measurement", "measurement_date", None, 1),
        _plain("observation", "observation", "observation_date", None, 1),
        _plain(
            "device_exposure", "device", "device_exposure_start_date", "device_exposure_end_date", 1
        ),
        _plain("visit_occurrence", "visit", "visit_start_date", "visit_end_date", None),
        _plain("visit_detail", "visit_detail", "visit_detail_start_date", "visit_detail_end_date",
               None),
        Domain("drug_exposure", "drug_exposure_id", "drug_exposure_start_date",
               "drug_exposure_end_date", 1, "drug_concept_id", "drug_source_concept_id",
               days_supply="days_supply"),
        Domain("specimen", "specimen_id", "specimen_date", None, 1, "specimen_concept_id", None,
               visit=False),
        Domain("death", "person_id", "death_date", None, 1, "cause_concept_id",
               "cause_source_concept_id", visit=False),
        _era("condition_era", "condition"),
        _era("drug_era", "drug"),
        _era("dose_era", "drug"),
        Domain("observation_period", "observation_period_id", "observation_period_start_date",
               "observation_period_end_date", None, "period_type_concept_id", None, visit=False),
        Domain("payer_plan_period", "payer_plan_period_id", "payer_plan_period_start_date",
               "payer_plan_period_end_date", None, "payer_concept_id", "payer_source_concept_id",
               visit=False),
        Domain("pregnancy", "episode_id", "start_date", "end_date", None, None, None,
               visit=False),
    )
}  # fmt: skip

#: Attributes of an event that are computed: days, years (calendar year less year of birth), ratios.
DERIVED: Final = (
    "start_date",
    "end_date",
    "duration",
    "age_at_start",
    "age_at_end",
    "ratio_to_range_low",
    "ratio_to_range_high",
)
#: Tables whose columns an event reaches, and the event's column that leads there.
REACHED: Final = {
    "person": "person_id",
    "visit_occurrence": "visit_occurrence_id",
    "provider": "provider_id",
    "care_site": "care_site_id",
}


def attributes(domain: str) -> tuple[str, ...]:
    """What filters may ask of an event of `domain`.

    Its table's own columns by name; those of a row that it leads to as ``person.COLUMN``,
    ``visit_occurrence.COLUMN`` (of the same person), ``provider.COLUMN``, ``care_site.COLUMN``;
    and DERIVED. Raises KeyError for a domain that does not exist.
    """
    own = _columns(DOMAINS[domain].table)
    reached = tuple(
        f"{table}.{column}"
        for table, key in REACHED.items()
        if key in own and table != domain
        for column in _columns(table)
    )
    ratios = "range_low" in own
    derived = tuple(name for name in DERIVED if ratios or not name.startswith("ratio"))
    return (*own, *reached, *derived)


#: Columns of Transat's extension `pregnancy.parquet` (cohorts.pregnancies.COLUMNS), their types.
PREGNANCY: Final[dict[str, ColumnType]] = {
    "episode_id": "integer",
    "person_id": "integer",
    "start_date": "date",
    "end_date": "date",
    "outcome": "text",
    "gestation_days": "integer",
    "dating": "text",
    "precision_days": "integer",
    "plurality": "integer",
    "visit_occurrence_id": "integer",
    "precision_class": "text",
}


def column_types(table: str) -> dict[str, ColumnType]:
    """The declared type of each column of an OMOP table, or of the extension `pregnancy`."""
    if table == "pregnancy":
        return PREGNANCY
    return {column.name: column.type for column in tables()[table].columns}


def _columns(table: str) -> tuple[str, ...]:
    return tuple(column_types(table))
