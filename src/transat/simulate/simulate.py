"""The whole simulation: both native extracts and the truth, in one folder.

    DIR/france, DIR/quebec   native extracts, each with extract.json (its period, "simulated")
    DIR/truth                what is true of these people, and what each shore cannot know
        persons, pregnancies, links, exposures, conditions, malformations, contacts, drug_plan:
                             records.TABLES + shore (france, quebec, or both)
        unseen               kind, id, reason, shore (of the extract)
        crosswalk            person_id, snds_person, quebec_person, shore
        effects              true ratio of every drug and group (truth.py)
        valve_patients, valve_echos, valve_events, valve_diagnoses: with elders (records.TABLES)
        valve_hazards        their true hazards, piecewise constant (valve/hazards.py)
        valve_curves         true cumulative incidences, by strategy (valve/curves.py)
        design.json          the design
Chunks are independent, so memory does not grow with the population, and the files are the same
with one process or two.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transat.core.errors import InputError
from transat.core.folders import partial_of, replace_folder
from transat.core.languages import Text
from transat.simulate.design import EXTRACT_END, EXTRACT_START, Design, Shore

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[int, int, Text], None]
WRITERS = {"france": "transat.simulate.snds.write", "quebec": "transat.simulate.quebec.write"}
WORTH_TWO = 4  # chunks from which a second process pays for its start


@dataclass(frozen=True, slots=True)
class _Job:
    """One chunk of one population: where its files go."""

    design: Design
    shore: Shore
    chunk: int
    folder: Path

    @property
    def part(self) -> Path:
        return self.folder / "truth" / ".parts" / f"{self.shore}_{self.chunk:04d}"

    @property
    def extracts(self) -> tuple[str, ...]:
        return tuple(WRITERS) if self.shore == "both" else (self.shore,)


def simulate(
    design: Design, out: Path, progress: Progress | None = None, *, processes: int | None = None
) -> Path:
    """Draws the population and writes it; returns the folder.

    out: a new or empty folder, or an earlier simulation, which is replaced once the new one is
    complete (it is written beside, in `<out>.partial`).
    progress: called as progress(done, total, text) after each chunk.
    processes: 1 or 2; by default 2 from four chunks on, where the machine has them. Files do not
    depend on it. Each process starts anew, so a script must guard its main part.

    Raises InputError when `out` holds something else.
    """
    out = Path(out)
    out = out.resolve() if out.is_symlink() else out.absolute()
    _check(out)
    with partial_of(out) as partial:
        _write(design, partial, progress or _silent, processes)
        replace_folder(partial, out)
    return out


def _silent(done: int, total: int, text: Text) -> None:
    del done, total, text


def _check(out: Path) -> None:
    if not out.exists():
        return
    if out.is_dir():
        inside = {path.name for path in out.iterdir()}
        earlier = (out / "truth" / "design.json").is_file() and inside <= {"truth", *WRITERS}
        if earlier or not inside:
            return
    raise InputError(
        Text(
            "le dossier de sortie existe et n'est pas une simulation, ou contient autre chose.",
            "the output folder exists and is not a simulation, or holds something else.",
        ),
        str(out),
        Text("Donnez un autre dossier.", "Name another folder."),
    )


def _write(design: Design, folder: Path, progress: Progress, processes: int | None) -> None:
    from transat.simulate import truth, truth_files

    jobs = [_Job(design, s, c, folder) for s in design.shores for c in range(design.chunks)]
    totals: dict[Shore, pa.Table] = {}
    progress(0, len(jobs), Text("population simulée", "simulated population"))
    for done, (job, sums) in enumerate(zip(jobs, _results(jobs, processes), strict=True), 1):
        totals[job.shore] = truth.add(totals.get(job.shore), sums)
        progress(done, len(jobs), Text("population simulée", "simulated population"))
    parts = [job.part for job in jobs]
    truth_files.assemble(parts, folder / "truth", truth_files.names(design))
    shutil.rmtree(folder / "truth" / ".parts")
    truth_files.write_effects(
        {shore: truth.effects(shore, total) for shore, total in totals.items()}, folder / "truth"
    )
    if design.elders:
        truth_files.write_valve(design.shores, folder / "truth")
    _json(folder / "truth" / "design.json", design.as_dict())
    period = [EXTRACT_START.isoformat(), EXTRACT_END.isoformat()]
    for shore in WRITERS:
        said = {"period": period, "simulated": True, **_notice(design)}
        _json(folder / shore / "extract.json", said)


def _notice(design: Design) -> dict[str, Any]:
    """What every reader of a result must be told of these people; nothing when all is as found."""
    said = [*_of_medicines(design), *_of_elders(design)]
    if not said:
        return {}
    fr, en = (" ".join(sentences) for sentences in zip(*said, strict=True))
    return {"notice": {"fr": fr, "en": en}}


def _of_medicines(design: Design) -> list[tuple[str, str]]:
    times = f"{design.exposure_multiplier:g}"
    if times == "1":
        return []
    fr = (
        f"Les médicaments étudiés y sont pris {times.replace('.', ',')} fois plus souvent qu'en "
        "réalité (au plus par 3 % des femmes), avec les maladies qu'ils traitent : à leur vraie "
        "fréquence, une population de cette taille ne montrerait presque rien."
    )
    en = (
        f"The studied medicines are taken {times} times more often than in reality (by at most "
        "3% of women), with the diseases that they treat: at their true frequency, a population "
        "of this size would show almost nothing."
    )
    return [(fr, en)]


def _of_elders(design: Design) -> list[tuple[str, str]]:
    if not design.elders:
        return []
    fr = (
        "La moitié des personnes âgées y a une sténose aortique à la première échographie, "
        "bien plus qu'en réalité : à sa vraie fréquence, une population de cette taille en "
        "montrerait trop peu."
    )
    en = (
        "Half of the older people have an aortic stenosis at their first echocardiogram, far more "
        "than in reality: at its true frequency, a population of this size would show too few."
    )
    return [(fr, en)]


def _results(jobs: list[_Job], processes: int | None) -> Iterator[pa.Table]:
    """The sums of each chunk, in the order of the jobs."""
    if processes is None:
        several = len(jobs) >= WORTH_TWO and (os.cpu_count() or 1) > 1
        processes = 2 if several and not multiprocessing.current_process().daemon else 1
    if processes == 1:
        yield from map(_chunk, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent) as pool:
        yield from pool.map(_chunk, jobs)


def _end_with_parent() -> None:
    """End this process when its parent does, however it does.

    A worker whose parent was killed would write its last chunks into the folder of the next run.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent.sentinel,), daemon=True).start()


def _wait_and_end(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _chunk(job: _Job) -> pa.Table:
    """Draws one chunk and writes its native files and its truth."""
    from transat.simulate import truth_files
    from transat.simulate.population import generate

    population = generate(job.design, job.shore, job.chunk)
    unseen: dict[str, pa.Table] = {}
    known: dict[str, pa.Table] = {}
    for shore in job.extracts:
        writer = importlib.import_module(WRITERS[shore])
        folder = job.folder / shore
        folder.mkdir(exist_ok=True)
        unseen[shore] = writer.write(population, folder, job.chunk, job.design)
        known[shore] = writer.identifiers(population, job.design, job.chunk)
    walk = truth_files.crosswalk(population, known)
    truth_files.write_parts(job.part, population, unseen, walk)
    return population.effect_sums


def _json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")
