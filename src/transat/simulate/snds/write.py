"""Writes one chunk of a population as a native SNDS extract, and says what it cannot know."""

from __future__ import annotations

from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from transat.simulate.design import Design
from transat.simulate.echo_registry import NAME as ECHO_REGISTRY
from transat.simulate.echo_registry import echo_lines
from transat.simulate.population import Population
from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries, beneficiaries, referentials
from transat.simulate.snds.beneficiaries import identifiers as identifiers_of
from transat.simulate.snds.biology_and_devices import biology_and_device_lines
from transat.simulate.snds.dcir import dcir_tables
from transat.simulate.snds.deaths import ki_cci_r, ki_ecd_r
from transat.simulate.snds.draws import Draws, Ids
from transat.simulate.snds.establishments import establishment_tables
from transat.simulate.snds.gestations import Gestations, gestations
from transat.simulate.snds.lines import Lines, joined
from transat.simulate.snds.long_term_illness import ir_imb_r
from transat.simulate.snds.maternity import ir_mat_r
from transat.simulate.snds.native_file import native_table, write_native
from transat.simulate.snds.outpatient import as_in_dcir, outpatient_tables, passages
from transat.simulate.snds.pharmacy import drug_lines
from transat.simulate.snds.pmsi import pmsi_tables
from transat.simulate.snds.pmsi_history import history_stays
from transat.simulate.snds.pmsi_infant import (
    anomalies,
    birth_stays,
    births,
    later_stays,
    unseen_links,
    unseen_twin_anomalies,
)
from transat.simulate.snds.pmsi_mother import mother_stays
from transat.simulate.snds.pmsi_traps import badly_chained, unseen_by_chaining, with_repeats
from transat.simulate.snds.rehabilitation import rehabilitation, rehabilitation_tables
from transat.simulate.snds.social_cover import ir_orc_r
from transat.simulate.snds.stays import Stays, joined_stays
from transat.simulate.snds.town_care import abortion_lines, contact_lines, scan_lines
from transat.simulate.snds.traps import with_traps
from transat.simulate.snds.unseen import Unseen
from transat.simulate.snds.valve import elders_stays, valve_illnesses


def write(population: Population, folder: Path, chunk: int, design: Design) -> pa.Table:
    """Write folder/TABLE/TABLE_<chunk>.<csv|parquet> for one chunk of people.

    The same (design.seed, chunk, population) gives the same bytes, whatever the order of the
    population's rows.

    Returns
    -------
    kind, id, reason: true rows that France cannot know (see unseen.py for kinds and ids).

    Raises
    ------
    OSError when a file cannot be written; no partial file is left under a final name.
    """
    draws, unseen = Draws(design.seed), Unseen()
    people = beneficiaries(population, draws, chunk)
    pregnancies = gestations(population, people)
    # Consultations and scans: in town or in a hospital, whose passages the PMSI may hold.
    seen = joined(
        [
            contact_lines(population, people, draws, unseen),
            scan_lines(pregnancies, ~pregnancies.town, people, draws),
        ]
    )
    in_hospital = passages(seen, people, draws)
    in_dcir = as_in_dcir(seen, people, draws)
    lines = _lines(population, pregnancies, people, draws, unseen, in_dcir)
    history = history_stays(population, people, draws)
    stays = _stays(population, pregnancies, people, draws, unseen, history)
    weeks = rehabilitation(history, people, draws)

    def keep(name: str, table: pa.Table) -> None:
        write_native(table, name, folder, chunk, design.file_format)

    certificates = ki_cci_r(population, people, draws)
    current, archived = referentials(people, draws)
    for name, columns in (
        ("IR_BEN_R", current),
        ("IR_BEN_R_ARC", archived),
        ("IR_IMB_R", ir_imb_r(population, people, draws, valve_illnesses(population, unseen))),
        ("IR_MAT_R", ir_mat_r(pregnancies, people, draws)),
        ("IR_ORC_R", ir_orc_r(people, draws)),
        ("KI_CCI_R", certificates),
        ("KI_ECD_R", ki_ecd_r(certificates)),
    ):
        keep(name, native_table(name, len(next(iter(columns.values()))), columns))
    for name, table in dcir_tables(lines, people, draws, chunk):
        keep(name, table)
    for name, table in chain(
        pmsi_tables(stays, people, draws, chunk),
        outpatient_tables(in_hospital, people, chunk),
        establishment_tables(stays, in_hospital, people),
        rehabilitation_tables(weeks, people, chunk),
    ):
        keep(name, table)
    if (echos := echo_lines(population, partial(_person, people))) is not None:
        keep(ECHO_REGISTRY, echos)
    return unseen.table()


def _person(people: Beneficiaries, ids: Ids, day: Ids) -> dict[str, pa.Array]:
    """What names people on a day in the tables of the SNDS."""
    row = people.row(people.place(ids), day.astype(np.int32))
    return {
        "BEN_NIR_PSA": people.psa.take(pa.array(row)),
        "BEN_RNG_GEM": formats.numbers(people.gem[row]),
    }


def identifiers(population: Population, design: Design, chunk: int) -> pa.Table:
    """person_id, snds_person: BEN_NIR_ANO, else BEN_NIR_PSA||'|'||BEN_RNG_GEM; one row a person."""
    return identifiers_of(beneficiaries(population, Draws(design.seed), chunk))


def _lines(
    population: Population,
    pregnancies: Gestations,
    people: Beneficiaries,
    draws: Draws,
    unseen: Unseen,
    seen: Lines,
) -> Lines:
    """Every line of DCIR, with its traps; `seen` are consultations and scans."""
    blocks = [
        drug_lines(population, people, draws, unseen),
        seen,
        abortion_lines(pregnancies, people, draws, unseen),
        biology_and_device_lines(pregnancies, ~pregnancies.town, people, draws),
    ]
    return with_traps(joined(blocks), draws)


def _stays(
    population: Population,
    pregnancies: Gestations,
    people: Beneficiaries,
    draws: Draws,
    unseen: Unseen,
    history: Stays,
) -> Stays:
    """Every hospital stay, with its traps; notes what only a lost stay would show."""
    mothers = badly_chained(mother_stays(pregnancies, people, draws, unseen), draws)
    born = births(population, pregnancies, people, draws)
    found = anomalies(population, born, pregnancies, unseen)
    newborns = badly_chained(birth_stays(born, found, pregnancies, people, draws), draws)
    later = badly_chained(later_stays(born, found, people, draws), draws)
    elders = elders_stays(population, people, draws, unseen)
    unseen_by_chaining(mothers, (born, newborns), later, found, pregnancies, unseen)
    unseen_links(born, newborns, unseen)
    unseen_twin_anomalies(born, found, unseen)
    every = joined_stays([mothers, elders, newborns, later, history])
    return with_repeats(every, len(mothers) + len(elders), people, draws)
