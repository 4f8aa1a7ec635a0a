"""Pregnancy episodes of a CDM: who was pregnant, from when to when, and how it ended.

    national codes:    records of an end ──by stay──▶ candidates ──least days between──▶ episodes
    standard concepts: HIPPS (cohorts.episodes)                                      ──▶ episodes

A CDM that holds records of an end in France's or Québec's codes takes the first route. There,
outcomes follow the outcome pass of HIPPS with the Matcho tables (see pregnancy_parameters); the
start is the recorded gestation counted back, else the outcome's default, and says how precise it
is; prenatal records alone do not make a pregnancy. Any other CDM takes the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from transat.cohorts import links
from transat.cohorts.code_sets import load
from transat.cohorts.episode_tables import EXTENSION, record_metadata, write_episodes
from transat.cohorts.episodes import concepts, hipps
from transat.cohorts.episodes.parameters import OUTCOMES, HippsParameters
from transat.cohorts.episodes.populations import Sizes, sizes
from transat.cohorts.episodes.starts import CLASSES, precision_class
from transat.cohorts.pregnancy_evidence import EVENT_TABLES, gather, has_national_codes
from transat.cohorts.pregnancy_parameters import PregnancyParameters
from transat.cohorts.spacing import accepted, separate_starts
from transat.core.languages import Text
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transat.engines.cdm import Cdm

NONE_FOUND = Text("Aucune grossesse trouvée dans ce CDM.", "No pregnancies found in this CDM.")
FOUND = Text("Grossesses trouvées.", "Pregnancies found.")
DATINGS = ("day", "week", "default")
CODE_SETS = ("pregnancy_outcomes.csv", "standard_pregnancy_concepts.csv")
#: Columns of the relation `pregnancy`; days are dates, `precision_days` is a largest error, and
#: `precision_class` its class in DARWIN EU's words (cohorts.episodes.starts.CLASSES).
COLUMNS = (
    "episode_id", "person_id", "start_date", "end_date", "outcome", "gestation_days", "dating",
    "precision_days", "plurality", "visit_occurrence_id", "event_table", "event_id",
    "precision_class",
)  # fmt: skip
Parameters = PregnancyParameters | HippsParameters


@dataclass(frozen=True, slots=True)
class Pregnancies:
    """What was found, and with which parameters.

    relation: name of the engine's table, with COLUMNS; found: number of episodes.
    starts_moved: starts that fell in the previous pregnancy and were moved behind it.
    sizes: live births and all outcomes, exact; what is printed comes from `sizes.shown()`.
    """

    relation: str
    found: int
    starts_moved: int
    parameters: Parameters
    sizes: Sizes

    @property
    def outcomes(self) -> list[str]:
        """The outcomes that a pregnancy may have."""
        if isinstance(self.parameters, HippsParameters):
            return list(OUTCOMES)
        return [term.outcome for term in self.parameters.terms]

    @property
    def message(self) -> Text:
        """Whether there were any, in both languages."""
        return FOUND if self.found else NONE_FOUND

    def as_dict(self) -> dict[str, Any]:
        """Parameters and versions, for `transat.json`; no count."""
        standard = isinstance(self.parameters, HippsParameters)
        files = (concepts.OUTCOMES_AND_WEEKS, concepts.PROGRESS, concepts.DATING)
        return {
            "parameters": self.parameters.as_dict(),
            "code_sets": files if standard else CODE_SETS,
        }


def pregnancies(engine: Engine, parameters: Parameters | None = None) -> Pregnancies:
    """Create the table `pregnancy` in `engine`, to which a CDM is attached.

    One row per episode, numbered by (person, end). A CDM with no pregnancy gives an empty table.
    The kind of `parameters` chooses the route; None: by what the CDM holds.
    The result does not depend on the order of the CDM's rows.
    """
    links.births(engine)
    chosen = parameters or _parameters_for(engine)
    if isinstance(chosen, HippsParameters):
        episodes, moved = hipps.find(engine, chosen)
    else:
        episodes, moved = _national(engine, chosen)
    engine.register("pregnancy_arrow", episodes)
    engine.sql("CREATE OR REPLACE TEMP TABLE pregnancy AS SELECT * FROM pregnancy_arrow")
    engine.unregister("pregnancy_arrow")
    links.link(engine, chosen.tolerance_days)
    engine.sql("""
        UPDATE pregnancy SET plurality = greatest(coalesce(pregnancy.plurality, 1), i.infants)
        FROM (SELECT g.episode_id, count(p.infant_id) AS infants FROM pregnancy g
              LEFT JOIN pregnancy_infant p USING (episode_id) GROUP BY g.episode_id) i
        WHERE i.episode_id = pregnancy.episode_id""")
    return Pregnancies("pregnancy", episodes.num_rows, moved, chosen, sizes(engine))


def derive(cdm: Cdm, parameters: Parameters | None = None) -> Cdm:
    """Find the pregnancies of a CDM and write them into its folder; return the CDM.

    Writes `episode` and `episode_event` (OMOP 5.4), the local concepts that they need, and
    `pregnancy.parquet`, Transat's extension with COLUMNS (OMOP has no place for the precision of a
    start). Each file is written beside and renamed. Deriving again gives the same files.
    """
    write_pregnancies(cdm, parameters)
    return cdm


def write_pregnancies(cdm: Cdm, parameters: Parameters | None = None) -> Pregnancies:
    """As `derive`, but return what was found, with its message and parameters."""
    with DuckDB() as engine:
        cdm.attach(engine)
        found = pregnancies(engine, parameters)
        write_episodes(engine, cdm, found.outcomes)
        record_metadata(cdm, found.as_dict())
    return found


def use(engine: Engine, cdm: Cdm) -> None:
    """Give `engine`, to which `cdm` is attached, the tables of pregnancies, infants and links.

    Reads what `derive` wrote, or finds the pregnancies now when it was not run.
    """
    written = cdm.path_of(EXTENSION)
    if not written.is_file():
        pregnancies(engine)
        return
    engine.view_parquet("pregnancy_file", [written])
    engine.sql("CREATE OR REPLACE TEMP TABLE pregnancy AS SELECT * FROM pregnancy_file")
    links.births(engine)
    links.link(engine)


def _parameters_for(engine: Engine) -> Parameters:
    national = has_national_codes(engine, load(CODE_SETS[0]))
    return PregnancyParameters() if national else HippsParameters()


def _national(engine: Engine, parameters: PregnancyParameters) -> tuple[pa.Table, int]:
    gather(engine, load(CODE_SETS[0]), parameters)
    candidates = engine.arrow("""
        SELECT candidate_id, person_id, date_diff('day', DATE '1970-01-01', day) AS day, term,
               gestation, dating_kind, plurality, visit, event_table, event_id
        FROM pregnancy_candidate""")
    return _episodes(candidates, parameters)


def _episodes(candidates: pa.Table, parameters: PregnancyParameters) -> tuple[pa.Table, int]:
    person, day, term, tie = (
        _ints(candidates, name) for name in ("person_id", "day", "term", "candidate_id")
    )
    keep = np.flatnonzero(accepted(person, day, term, tie, parameters.spacing_matrix()))
    keep = keep[np.lexsort((day[keep], person[keep]))]
    person, day, term = person[keep], day[keep], term[keep]
    chosen = candidates.take(pa.array(keep))
    gestation = _ints(chosen, "gestation", missing=-1)
    dated = gestation >= 0
    default = np.array([t.default_days for t in parameters.terms], np.int64)
    retry = np.array([t.retry_days for t in parameters.terms], np.int64)
    wanted = day - np.where(dated, gestation, default[term])
    start, moved = separate_starts(person, wanted, day, retry[term])
    dating, precision = _precision(_ints(chosen, "dating_kind", missing=3), term, parameters)
    dating[moved] = DATINGS.index("default")
    precision[moved] = np.array([t.default_precision for t in parameters.terms])[term[moved]]
    outcomes = np.array([t.outcome for t in parameters.terms])
    table = pa.table(
        {
            "episode_id": np.arange(1, len(keep) + 1),
            "person_id": person,
            "start_date": _dates(start),
            "end_date": _dates(day),
            "outcome": pa.array(outcomes[term], pa.string()),
            "gestation_days": (day - start).astype(np.int32),
            "dating": pa.array(np.array(DATINGS)[dating], pa.string()),
            "precision_days": precision.astype(np.int32),
            "plurality": chosen["plurality"].cast(pa.int32()),
            "visit_occurrence_id": chosen["visit"],
            "event_table": _names(_ints(chosen, "event_table")),
            "event_id": chosen["event_id"],
            "precision_class": pa.array(np.array(CLASSES)[precision_class(precision)], pa.string()),
        }
    )
    return table, int(moved.sum())


def _precision(
    kind: NDArray[np.int64], term: NDArray[np.int64], parameters: PregnancyParameters
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Class (index in DATINGS) and largest error in days of each start."""
    default = np.array([t.default_precision for t in parameters.terms], np.int64)
    dating = np.array([0, 0, 1, 2], np.int64)[kind]
    week = max(parameters.weeks_add_days, 6 - parameters.weeks_add_days)
    return dating, np.where(dating == 2, default[term], np.where(dating == 1, week, 0))


def _ints(table: pa.Table, name: str, missing: int = 0) -> NDArray[np.int64]:
    column = table[name].combine_chunks().fill_null(missing)
    values: NDArray[np.int64] = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return values


def _dates(days: NDArray[np.int64]) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())


def _names(event_table: NDArray[np.int64]) -> pa.Array:
    return pa.array(np.array(("", *EVENT_TABLES))[event_table], pa.string())
