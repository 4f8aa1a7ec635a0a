"""INuTERO through export desks: the result of one process, to the last bit, in a few exports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition, AttritionStep
from transat.cohorts.population import population_rules
from transat.federation import courier_site, permit_file
from transat.federation.courier import Courier, exports
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.keys import Key
from transat.federation.permit import sign
from transat.federation.site import Site
from transat.federation.transport import Posted
from transat.studies.carried import carried
from transat.studies.hashes import canonical
from transat.studies.over_network import conduct
from transat.studies.protocol import Protocol
from transat.studies.results import StudyResult

#: What a run says of the study, not of itself.
SAME = ("births", "exposures", "outcomes", "prevalences", "pairs", "signals", "detectable", "notes")


@dataclass
class Carried:
    """A study whose letters were carried: its result, how many runs it took, and what one run more
    says, once all is deleted but the result."""

    result: StudyResult
    runs: int
    letters: Path
    again: StudyResult


def data(protocol: Protocol, table: AnalysisTable, removed: int) -> SiteData:
    """What a site computes on, as the run in one process had it."""
    rules = population_rules(protocol.specification())
    counts = [table.n + removed * (len(rules) - 1 - i) for i in range(len(rules))]
    steps = Attrition(
        tuple(AttritionStep(r.key, r.text, c, c) for r, c in zip(rules, counts, strict=True))
    )
    known = facts(table, tuple(step.key for step in steps), 11)
    return SiteData(table, steps, known, np.arange(table.n, dtype=np.int64), simulated=True)


@pytest.fixture(scope="module")
def letters(ran: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carried]:
    """The study of `ran`, with every question and answer carried by hand."""
    folder = tmp_path_factory.mktemp("letters")
    document = json.loads((ran.out / "protocol.json").read_text("utf-8"))
    protocol = carried(canonical(document) + b"\n", ran.out / "protocol.json")
    holder, coordinator = Key.new(), Key.new()
    keys = {name: Key.new() for name in ran.tables}
    before = permit_file.read(ran.out / "permit.toml")
    terms = {
        name: replace(before.sites[name], holder=holder.public, key=key.public)
        for name, key in keys.items()
    }
    permit = sign(
        replace(before, coordinator=coordinator.public, sites=terms, signatures={}), holder
    )
    tables = {name: data(protocol, table, 3) for name, table in ran.tables.items()}
    with ExitStack() as stack:
        sites = {
            name: stack.enter_context(
                Site(
                    name, keys[name], folder / name, protocol.policies()[name],
                    lambda _: permit, lambda *_, n=name: tables[n], inputs=name,
                )
            )
            for name in keys
        }  # fmt: skip
        for runs in range(1, 60):
            courier = Courier(folder / "letters", permit.sites)
            study = folder / "study"
            study.mkdir(exist_ok=True)
            try:
                result = conduct(protocol, permit, courier, study, coordinator, deadline=0)
            except Posted:
                carry(folder, sites)
                continue
            again = conduct(protocol, permit, courier, study, coordinator, deadline=0)
            yield Carried(result, runs, folder / "letters", again)
            return


def carry(folder: Path, sites: dict[str, Site]) -> None:
    """Every export that was not carried yet, to its site and back."""
    for name, site in sites.items():
        for export in exports(folder / "letters" / "out" / name):
            back = folder / f"{name}-{export.name}"
            if not back.exists():
                courier_site.answer(export, back, name, site.answer)
                courier_site.collect(back, folder / "letters")


def test_the_result_is_that_of_one_process(ran: Any, letters: Carried) -> None:
    one, other = json.loads(ran.result.to_json()), json.loads(letters.result.to_json())
    for part in SAME:
        assert one[part] == other[part], part
    assert any(signal["adjusted"] for signal in other["signals"])


def test_a_study_that_ended_is_not_asked_again(letters: Carried) -> None:
    assert letters.again.to_json() == letters.result.to_json()


def test_the_scan_is_one_export_and_all_pairs_go_on_together(letters: Carried) -> None:
    """As many exports a side as the longest fit has rounds, one before, and one for each time that
    a site names columns that it will not have."""
    longest = max(s.adjusted.rounds for s in letters.result.signals if s.adjusted is not None)
    for site in ("france", "quebec"):
        steps = [step_names(export) for export in exports(letters.letters / "out" / site)]
        assert steps[0] == ["attrition", "prevalence", "mantel_haenszel"]
        assert all(set(later) == {"logistic"} for later in steps[1:])
        assert len(steps[1]) > 1
        assert 1 + longest <= len(steps) <= 1 + longest + 2
    assert letters.runs == 1 + len(steps)


def step_names(export: Path) -> list[str]:
    """The statistics that an export asks for, in order."""
    from transat.federation.courier_export import read
    from transat.federation.courier_words import said

    return [said(message.payload, message.file).statistic for message in read(export)]
