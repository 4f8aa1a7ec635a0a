"""What is known of a woman before her pregnancy: variables for strata and covariates.

Diagnoses and use of care are read strictly before LMP; only folic acid and other teratogens are
read in a window of the pregnancy. Definitions: Blotière 2020, Huybrechts 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transat.cohorts.code_sets import CodeRow, load, resolve
from transat.cohorts.exposures import exposed
from transat.cohorts.specification import Exposure, PopulationSpecification, Window, known
from transat.cohorts.study_codes import atc_codes
from transat.tables.omop import FEMALE, MALE

if TYPE_CHECKING:
    from transat.engines.engine import Engine

CONDITIONS = (
    "diabetes", "hypertension", "epilepsy", "psychiatric", "depression", "bipolar", "obesity",
    "thyroid", "asthma", "autoimmune", "migraine",
)  # fmt: skip
COUNTS = ("drugs_before", "contacts_before")
#: Drugs read in a window of gestational days of their own.
DRUGS = {"folic_acid": Window("folic_acid", -30, 90), "teratogens": Window("teratogens", -30, 98)}
CATEGORIES = ("year", "age_band", "region", "infant_sex", "plurality")
VARIABLES = (*CATEGORIES, *CONDITIONS, *COUNTS, *DRUGS)
#: Their levels differ between shores: for strata only.
NO_COVARIATES = ("region",)

AGE_BREAKS = (20, 25, 30, 35, 40)
COUNT_BREAKS = (1, 3, 6, 11)
AGE_BANDS = ("<20", "20-24", "25-29", "30-34", "35-39", "40+")
COUNT_BANDS = ("0", "1-2", "3-5", "6-10", "11+")
#: Female, male: OMOP gender concepts.
SEXES = {FEMALE: "F", MALE: "M"}


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the (n,) rows.

    level: index into labels; labels: in their natural order; number: counts and years, for
    covariates, else None. reference: the label left out among dummies.
    """

    level: NDArray[np.int64]
    labels: tuple[str, ...]
    number: NDArray[np.float64] | None = None
    reference: str = ""


def variables(
    engine: Engine, size: int, specification: PopulationSpecification
) -> dict[str, Variable]:
    """The variables that the strata and covariates of a specification name, one value per row.

    size: number of rows of `unit_row`. Raises StudyError for a name that is not in VARIABLES.
    """
    known("strata", specification.strata, VARIABLES)
    known("confounders", specification.confounders, VARIABLES)
    wanted = {*specification.strata, *specification.confounders}
    row_preg = _integers(engine, "SELECT preg FROM unit_row ORDER BY row")
    pregnancies = int(engine.scalar("SELECT count(*) FROM cohort"))
    flags = _conditions(engine, [name for name in CONDITIONS if name in wanted], pregnancies)
    found = {name: _flag(mask[row_preg]) for name, mask in flags.items()}
    for name in VARIABLES:
        if name in wanted and name not in found:
            found[name] = _variable(engine, name, size, pregnancies, row_preg, specification)
    return found


def _variable(
    engine: Engine,
    name: str,
    size: int,
    pregnancies: int,
    row_preg: NDArray[np.int64],
    specification: PopulationSpecification,
) -> Variable:
    if name in DRUGS:
        return _flag(_drug(engine, name, pregnancies)[row_preg])
    if name in COUNTS:
        days = specification.lead_in_days
        return _count(_before(engine, name, pregnancies, days)[row_preg])
    if name == "infant_sex":
        return _infant_sex(engine, size)
    return _category(engine, name, row_preg, specification)


def _category(
    engine: Engine, name: str, row_preg: NDArray[np.int64], specification: PopulationSpecification
) -> Variable:
    if name == "region":
        return _region(engine, row_preg)
    column = "age" if name == "age_band" else name
    values = _integers(engine, f"SELECT {column} FROM cohort ORDER BY preg")[row_preg]
    if name == "age_band":
        return Variable(np.digitize(values, AGE_BREAKS), AGE_BANDS, None, "25-29")
    if name == "plurality":
        return Variable(np.clip(values, 1, 3) - 1, ("1", "2", "3+"), None, "1")
    return _year(values, specification.years)


def _year(values: NDArray[np.int64], years: tuple[int, int] | None) -> Variable:
    """Levels are the years asked for, so every shore has the same; else those present."""
    if years is None:
        present, level = np.unique(values, return_inverse=True)
        return Variable(level, tuple(map(str, present)), (values - 2015).astype(np.float64))
    first, last = years
    labels = tuple(str(y) for y in range(first, last + 1))
    return Variable(values - first, labels, None, labels[0])


def _region(engine: Engine, row_preg: NDArray[np.int64]) -> Variable:
    found = engine.rows("""
        SELECT DISTINCT coalesce(l.location_source_value, '?') AS region FROM cohort c
        LEFT JOIN location l USING (location_id) ORDER BY region""")
    labels = tuple(str(name) for (name,) in found)
    level = _integers(engine, """
        SELECT dense_rank() OVER (ORDER BY coalesce(l.location_source_value, '?')) - 1 AS level
        FROM cohort c LEFT JOIN location l USING (location_id) ORDER BY c.preg""")  # fmt: skip
    return Variable(level[row_preg], labels)


def _infant_sex(engine: Engine, size: int) -> Variable:
    level = np.full(size, len(SEXES), np.int64)
    for index, concept in enumerate(SEXES):
        rows = _integers(engine, f"""
            SELECT u.row FROM unit_row u JOIN person p ON p.person_id = u.infant_id
            WHERE p.gender_concept_id = {concept}""")  # fmt: skip
        level[rows] = index
    return Variable(level, (*SEXES.values(), "?"), None, "F")


def _conditions(engine: Engine, names: list[str], pregnancies: int) -> dict[str, NDArray[np.bool_]]:
    """For each condition, the (P,) mask of women diagnosed before LMP; one pass for all."""
    masks = {name: np.zeros(pregnancies, np.bool_) for name in names}
    if not names:
        return masks
    rows = tuple(row for name in names for row in _set(name))
    resolve(engine, rows, "confounder_code")
    found = engine.arrow(f"""
        SELECT DISTINCT u.preg, list_position({names!r}, k.set_key) - 1 AS name
        FROM condition_occurrence c
        JOIN confounder_code k ON k.concept_id = c.condition_source_concept_id
        JOIN cohort u ON u.person_id = c.person_id
        WHERE c.condition_start_date < u.start_date""")
    preg, name = found["preg"].to_numpy(), found["name"].to_numpy()
    for index, key in enumerate(names):
        masks[key][preg[name == index]] = True
    return masks


def _drug(engine: Engine, key: str, pregnancies: int) -> NDArray[np.bool_]:
    codes = tuple(row.code for row in _set(key))
    matrix = exposed(engine, pregnancies, (Exposure(key, codes),), (DRUGS[key],))[key]
    mask = np.zeros(pregnancies, np.bool_)
    mask[matrix.indices] = True
    return mask


def _before(engine: Engine, name: str, pregnancies: int, days: int) -> NDArray[np.int64]:
    """Distinct ATC codes dispensed, or days with a visit, in [LMP - days, LMP)."""
    atc = atc_codes(engine)
    number = {code: n for n, code in enumerate(sorted({code for _, code in atc.codes}))}
    engine.register(
        "drug_code",
        pa.table(
            {
                "concept_id": pa.array([c for c, _ in atc.codes], pa.int64()),
                "what": pa.array([number[code] for _, code in atc.codes], pa.int64()),
            }
        ),
    )
    rows, day = {
        "drugs_before": (
            f"drug_exposure d JOIN drug_code k ON k.concept_id = d.{atc.column}",
            "drug_exposure_start_date",
        ),
        "contacts_before": (
            "(SELECT *, visit_start_date AS what FROM visit_occurrence)",
            "visit_start_date",
        ),
    }[name]
    found = engine.arrow(f"""
        SELECT u.preg, count(DISTINCT what) AS number
        FROM {rows} JOIN cohort u USING (person_id)
        WHERE {day} < u.start_date AND {day} >= u.start_date - {days} GROUP BY u.preg""")
    engine.unregister("drug_code")
    counts = np.zeros(pregnancies, np.int64)
    counts[found["preg"].to_numpy()] = found["number"].to_numpy()
    return counts


def _set(key: str) -> tuple[CodeRow, ...]:
    return tuple(row for row in load("confounders.csv") if row.set == key)


def _integers(engine: Engine, query: str) -> NDArray[np.int64]:
    values: NDArray[np.int64] = engine.arrow(query).column(0).to_numpy().astype(np.int64)
    return values


def _flag(mask: NDArray[np.bool_]) -> Variable:
    return Variable(mask.astype(np.int64), ("0", "1"), None, "0")


def _count(counts: NDArray[np.int64]) -> Variable:
    return Variable(np.digitize(counts, COUNT_BREAKS), COUNT_BANDS, np.log1p(counts))
