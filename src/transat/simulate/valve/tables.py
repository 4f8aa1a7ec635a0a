"""Elders as truth tables: the rows they add to those of everybody, and the tables of the valve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transat.simulate.design import (
    ELDERS_FROM,
    EVENTS_PER_CHUNK,
    EXTRACT_END,
    EXTRACT_START,
    IDS_PER_CHUNK,
    Design,
    Shore,
    day,
    id_base,
    stream,
)
from transat.simulate.valve import course as course_
from transat.simulate.valve import diagnoses as diagnoses_
from transat.simulate.valve import echos as echos_
from transat.simulate.valve import patients
from transat.simulate.valve.course import Course
from transat.simulate.valve.parameters import (
    SEVERE,
    STENOSIS,
    YEAR,
    Numbers,
    conditions,
    durations,
    value,
)
from transat.simulate.valve.patients import Rows
from transat.simulate.valve.schemas import DATE, KINDS, TEXT, VALVE_TABLES

MONTHS = 96  # of the extract
#: None is a disease of conditions: who has one is told there, and by its own claims.
VISIT_CODES = ("V70", "272", "715", "724", "780", "786", "465")
_PUBLIC_PLAN_AGE = 65.0


@dataclass(frozen=True, slots=True)
class Lives:
    """The elders of one chunk and what happens to them."""

    shore: Shore
    chunk: int
    course: Course

    def person_ids(self, rows: Rows) -> NDArray[np.int64]:
        """Identifier of an elder: beyond the women and children of the chunk."""
        return id_base(self.shore, self.chunk, IDS_PER_CHUNK) + ELDERS_FROM + rows + 1

    def event_ids(self, first: int, count: int) -> NDArray[np.int64]:
        """Identifiers of `count` events after `first` others."""
        return id_base(self.shore, self.chunk, EVENTS_PER_CHUNK) + first + np.arange(count) + 1

    def day(self, rows: Rows, days: Numbers) -> NDArray[np.int64]:
        """Days since 1970 of something that happens `days` after the first echo."""
        return self.course.elders.entry[rows] + np.floor(days).astype(np.int64)


def live(design: Design, shore: Shore, chunk: int) -> Lives:
    """Draws the elders of one chunk."""
    elders = patients.draw(stream(design, shore, chunk, "elders"), design.elders_in(chunk), shore)
    close = (day(EXTRACT_END) - elders.entry).astype(float)
    rng = stream(design, shore, chunk, "valve course")
    return Lives(shore, chunk, course_.follow(rng, elders, close, MONTHS))


def add_elders(
    design: Design, shore: Shore, chunk: int, tables: dict[str, pa.Table]
) -> dict[str, pa.Table]:
    """The truth tables of a chunk with its elders; the same when it has none."""
    if not design.elders_in(chunk):
        return tables
    lives = live(design, shore, chunk)

    def rng(name: str) -> np.random.Generator:
        return stream(design, shore, chunk, f"valve {name}")

    added = {
        "persons": _persons(lives),
        "conditions": _conditions(rng("conditions"), lives),
        "contacts": _contacts(rng("contacts"), lives, tables["contacts"].num_rows),
        "drug_plan": _drug_plan(rng("drug plan"), lives),
    }
    events = _events(rng("events"), lives)
    said = diagnoses_.draw(rng("diagnoses"), lives.course)
    return {
        **tables,
        **{n: pa.concat_tables([tables[n], t.cast(tables[n].schema)]) for n, t in added.items()},
        "valve_patients": _patients(lives),
        "valve_echos": _echos(lives, echos_.measure(rng("echos"), lives.course)),
        "valve_events": events,
        "valve_diagnoses": _diagnoses(lives, said, events.num_rows),
    }


def _table(schema: pa.Schema, **columns: Any) -> pa.Table:
    arrays = [c if isinstance(c, pa.Array) else pa.array(c) for c in columns.values()]
    return pa.Table.from_arrays(arrays, names=list(columns)).select(schema.names).cast(schema)


def _dates(days: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(days.astype(np.int32), mask=missing).cast(DATE)


def _when(lives: Lives, days: Numbers, before: Numbers) -> pa.Array:
    """Dates of (n,) days from the first echo, null from `before` on."""
    none = ~(days < before)
    rows = np.arange(len(days))
    return _dates(lives.day(rows, np.where(none, 0, days)), none)


def _words(index: NDArray[Any], words: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), list(words)).cast(TEXT)


def _persons(lives: Lives) -> pa.Table:
    e = lives.course.elders
    rows = np.arange(len(e))
    birth = e.entry - np.floor(e.age * YEAR).astype(np.int64)
    return pa.table(
        {
            "person_id": lives.person_ids(rows),
            "sex": _words(e.man, ("F", "M")),
            "birth_date": _dates(birth),
            "death_date": _when(lives, lives.course.death, lives.course.close),
            "role": pa.repeat(pa.scalar("elder"), len(e)),
            "region": e.region,
            "deprivation": e.deprivation,
        }
    )


def _conditions(rng: np.random.Generator, lives: Lives) -> pa.Table:
    """Diseases, known from a day of the extract before the first echo."""
    e = lives.course.elders
    row, column = np.nonzero(e.has)
    opens = day(EXTRACT_START)
    start = opens + np.floor(rng.random(len(row)) * (e.entry[row] - opens)).astype(np.int64)
    order = np.lexsort((column, start, row))
    row, column, start = row[order], column[order], start[order]
    listed = conditions()
    counts = np.array([len(c.icd10) for c in listed])
    first = np.cumsum(counts) - counts
    code = first[column] + np.floor(rng.random(len(row)) * counts[column]).astype(np.int64)
    return pa.table(
        {
            "person_id": lives.person_ids(row),
            "condition": _words(column, tuple(c.name for c in listed)),
            "icd10": _words(code, tuple(code for c in listed for code in c.icd10)),
            "icd9": _words(column, tuple(c.icd9 for c in listed)),
            "start_date": _dates(start),
        }
    )


def _contacts(rng: np.random.Generator, lives: Lives, earlier: int) -> pa.Table:
    """Ordinary visits from the start of the extract; none after death."""
    e = lives.course.elders
    opens = day(EXTRACT_START)
    last = lives.day(np.arange(len(e)), lives.course.end)
    count = rng.poisson(value("contacts") * (last - opens) / YEAR)
    row = np.repeat(np.arange(len(e)), count)
    when = opens + np.floor(rng.random(len(row)) * (last[row] - opens)).astype(np.int64)
    code = rng.integers(0, len(VISIT_CODES), len(row))
    order = np.lexsort((code, when, row))
    return pa.table(
        {
            "contact_id": lives.event_ids(earlier, len(row)),
            "person_id": lives.person_ids(row[order]),
            "date": _dates(when[order]),
            "icd9": _words(code[order], VISIT_CODES),
        }
    )


def _drug_plan(rng: np.random.Generator, lives: Lives) -> pa.Table:
    """Québec's public plan: nearly everybody from 65 years on, from that birthday."""
    e = lives.course.elders
    opens, closes = day(EXTRACT_START), day(EXTRACT_END)
    birth = e.entry - np.floor(e.age * YEAR).astype(np.int64)
    start = np.maximum(birth + int(_PUBLIC_PLAN_AGE * YEAR), opens)
    rows = np.arange(len(e))
    died = lives.course.death < lives.course.close
    end = np.where(died, lives.day(rows, np.where(died, lives.course.death, 0)) + 1, closes)
    member = (rng.random(len(e)) < value("drug_plan_65")) & (start < np.minimum(end, closes))
    kept = np.flatnonzero(member & (lives.shore != "france"))
    return pa.table(
        {
            "person_id": lives.person_ids(kept),
            "start": _dates(start[kept]),
            "end": _dates(np.minimum(end, closes)[kept]),
        }
    )


def _patients(lives: Lives) -> pa.Table:
    c, e = lives.course, lives.course.elders
    return _table(
        VALVE_TABLES["valve_patients"],
        person_id=lives.person_ids(np.arange(len(e))),
        bicuspid=e.bicuspid,
        registry=e.registry,
        stenosis_date=_when(lives, e.reaches(STENOSIS), c.native_end),
        severe_date=_when(lives, e.reaches(SEVERE), c.native_end),
        symptom_date=_when(lives, c.symptoms, c.native_end),
        frailty=e.frailty,
    )


def _echos(lives: Lives, seen: echos_.Echos) -> pa.Table:
    return _table(
        VALVE_TABLES["valve_echos"],
        echo_id=lives.event_ids(0, len(seen.rows)),
        person_id=lives.person_ids(seen.rows),
        date=_dates(lives.day(seen.rows, seen.days)),
        vmax=seen.vmax,
        mean_gradient=seen.gradient,
        ava=seen.area,
        lvef=seen.lvef,
        nyha=seen.nyha,
        calcium_score=pa.array(seen.calcium, mask=np.isnan(seen.calcium)),
    )


def _events(rng: np.random.Generator, lives: Lives) -> pa.Table:
    """Referrals, decisions, replacements, heart-failure stays, by person and day."""
    c = lives.course
    surgery, tavi = (np.where(chosen, c.replacement, np.inf) for chosen in (~c.tavi, c.tavi))
    once = [c.referral, c.decision, surgery, tavi]
    found = [np.flatnonzero(np.isfinite(days)) for days in once]
    row = np.concatenate([*found, c.stays[0]])
    days = np.concatenate([*(d[r] for d, r in zip(once, found, strict=True)), c.stays[1]])
    kind = np.repeat(np.arange(5), [*map(len, found), len(c.stays[0])])
    order = np.lexsort((kind, days, row))
    row, days, kind = row[order], days[order], kind[order]
    when = lives.day(row, days)
    last = np.minimum(lives.day(row, c.end[row]), day(EXTRACT_END) - 1)
    return _table(
        VALVE_TABLES["valve_events"],
        event_id=lives.event_ids(0, len(row)),
        person_id=lives.person_ids(row),
        date=_dates(when),
        end_date=_dates(np.minimum(when + _nights(rng, kind), np.maximum(last, when))),
        kind=_words(kind, KINDS),
    )


def _nights(rng: np.random.Generator, kind: NDArray[np.int64]) -> NDArray[np.int64]:
    """Nights in hospital; none for a referral or a decision."""
    u = rng.random(len(kind))
    nights = np.zeros(len(kind))
    for place, name in enumerate(KINDS[2:], 2):
        nights = np.where(kind == place, np.ceil(durations(u, f"stay_{name}")), nights)
    return nights.astype(np.int64)


def _diagnoses(lives: Lives, said: diagnoses_.Diagnoses, earlier: int) -> pa.Table:
    return _table(
        VALVE_TABLES["valve_diagnoses"],
        event_id=lives.event_ids(earlier, len(said.rows)),
        person_id=lives.person_ids(said.rows),
        date=_dates(lives.day(said.rows, said.days)),
        icd10=_words(said.code, diagnoses_.ICD10),
        icd9=pa.repeat(pa.scalar(diagnoses_.ICD9), len(said.rows)),
        true_stenosis=said.true,
        setting=_words(said.stay, ("visit", "stay")),
    )
