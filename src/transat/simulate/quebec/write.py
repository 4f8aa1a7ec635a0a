"""One chunk of the virtual population as a native Québec extract."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from transat.simulate.design import Design
from transat.simulate.echo_registry import NAME as ECHO_REGISTRY
from transat.simulate.echo_registry import echo_lines
from transat.simulate.quebec import (
    addresses,
    beneficiaries,
    births,
    conditions,
    deaths,
    drug_plan,
    emergency,
    establishments,
    hospital,
    interventions,
    malformations,
    medical_services,
    pharmacy,
    pregnancies,
    services,
    valve,
)
from transat.simulate.quebec.native import Integers, save
from transat.simulate.quebec.world import World, identifiers

if TYPE_CHECKING:
    from transat.simulate.population import Population

__all__ = ["identifiers", "write"]


def write(population: Population, folder: Path, chunk: int, design: Design) -> pa.Table:
    """Write the files of one chunk; return what Québec cannot know of it.

    Parameters
    ----------
    population: the people of the chunk, with their truth.
    folder: root of the extract; files are `folder/TABLE/TABLE_<chunk>.csv` or `.parquet`.
    chunk: number of the chunk; chunks are written independently, in any order.
    design: seed and file format. Everything random follows (seed, 'quebec', chunk).

    Returns
    -------
    Table (kind, id, reason), sorted: rows of truth that no reader of the extract can recover.
    `kind` is exposure, pregnancy, start, link (id of the infant), malformation, valve_event,
    valve_diagnosis (event_id) or valve_echo.
    """
    world = World(population, design, chunk)
    files: dict[str, pa.Table] = {
        "V_FICH_ID_BEN_CM": beneficiaries.lines(world),
        "I_BENF_ADR_CM": addresses.lines(world),
        "ADMISSIBILITE_MEDICAMENTS": drug_plan.lines(world),
        "DECES_ISQ": deaths.lines(world),
    }
    files["V_DEM_PAIMT_MED_CM"], without_claim = pharmacy.lines(world)
    care, not_in_care = _care(world)
    files |= care
    if chunk == 0:
        files["V_RPERT_COD_ACTE"] = medical_services.act_directory()
        files["V_ETAB_USUEL"] = establishments.lines()
    if (echos := echo_lines(population, partial(_person, world))) is not None:
        files[ECHO_REGISTRY] = echos
    for name, table in files.items():
        save(table, name, folder, chunk, design.file_format)
    missing = pa.concat_tables([without_claim, *not_in_care])
    order = [("kind", "ascending"), ("id", "ascending"), ("reason", "ascending")]
    return missing.sort_by(order)


def _person(world: World, ids: Integers, day: Integers) -> dict[str, pa.Array]:
    """What names people in the files of Québec, whatever the day."""
    del day
    return {"NO_INDIV": world.person_numbers(ids)}


def _care(world: World) -> tuple[dict[str, pa.Table], list[pa.Table]]:
    """Stays, births, medical services and emergencies; and what they cannot tell."""
    expecting = pregnancies.Pregnancies.of(world)
    delivered, deliveries = pregnancies.delivery_stays(world, expecting)
    lost, losses = pregnancies.loss_stays(world, expecting)
    born = births.Births.of(world, expecting)
    infants, newborns = births.newborn_stays(world, born)
    acts, not_claimed = pregnancies.claims(world, expecting)
    added, later, support, not_found = malformations.stays(world, expecting, infants, newborns)
    newborns = newborns.with_diagnoses(added)
    lasting = conditions.Conditions.of(world)
    valves = valve.ValveCare.of(world)
    stays = hospital.stacked(
        [deliveries, losses, newborns, later, conditions.stays(world, lasting), valves.stays]
    )
    numbers = hospital.stay_numbers(world, len(stays))
    valve_numbers = numbers.slice(len(stays) - len(valves.stays))
    delivery_numbers = numbers.slice(0, len(deliveries))
    register, stillborn, not_linked = births.lines(
        world, expecting, born, delivered, delivery_numbers
    )
    loss_numbers = numbers.slice(len(deliveries), len(losses))
    files = {
        "V_SEJ_HOSP_CM": hospital.stay_lines(world, stays, numbers),
        "V_DIAGN_SEJ_HOSP_CM": hospital.diagnosis_lines(world, stays, numbers),
        "V_SEJ_SERV_HOSP_CM": services.lines(world, deliveries, delivery_numbers),
        "INTERVENTIONS": interventions.lines(
            world,
            expecting,
            delivered,
            delivery_numbers,
            lost,
            loss_numbers,
            valve.intervention_lines(world, valves, valve_numbers),
        ),
        "NAISSANCES": register,
        "MORTINAISSANCES": stillborn,
        "GROSSESSES_HOSP": pregnancies.gestation_lines(world, expecting, lost, loss_numbers),
        "V_EPISO_SOIN_DURG_CM": emergency.lines(
            world,
            [
                emergency.of_stays(losses),
                emergency.of_stays(valves.stays),
                conditions.emergencies(world, lasting),
                emergency.ordinary(world),
            ],
        ),
        "I_SMOD_SERV_MD_CM": medical_services.lines(
            world,
            [
                medical_services.ordinary_visits(world),
                conditions.claims(world, lasting),
                *acts,
                support,
                valves.visits,
            ],
        ),
    }
    return files, [not_claimed, not_linked, not_found, *valves.unseen]
