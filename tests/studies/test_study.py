"""A study on two small sites: right numbers, and nothing small anywhere in what it writes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transat.core.errors import DisclosureRefused
from transat.federation import ledger_verify
from transat.statistics import mantel_haenszel
from transat.studies.results import Pair, StudyResult

Run = Callable[..., Any]
T = 11


def pair(result: StudyResult, drug: str, group: str) -> Pair:
    return next(p for p in result.pairs if (p.exposure, p.outcome) == (drug, group))


def test_the_scan_is_that_of_the_pooled_rows_where_all_is_shown(ran: Any) -> None:
    found = pair(ran.result, "N03A", "any_major")
    assert found.sites_used == ("france", "quebec")
    releases = [mantel_haenszel.at_site(t) for t in ran.tables.values()]
    pooled = mantel_haenszel.combine(releases)
    d, m = 2, 0
    assert found.odds_ratio is not None
    assert found.odds_ratio.value == pytest.approx(float(pooled.estimates.odds_ratio[d, m]))
    assert found.exposed_cases == sum(int(r.exposed_cases[d, m]) for r in releases)


def test_the_planted_pair_is_found_adjusted_and_told_in_absolute_risk(ran: Any) -> None:
    signals = {(s.exposure, s.outcome): s for s in ran.result.signals}
    found = signals["N03AG01", "spina_bifida"]
    assert found.reason == "signal"
    assert found.adjusted is not None
    assert found.adjusted.columns_refused == ("diabetes",)
    assert found.adjusted.odds_ratio.low > 1.5
    assert found.absolute is not None
    assert found.absolute.exposed.value > 2 * found.absolute.unexposed.value
    assert found.heterogeneity is not None


def test_a_reference_pair_that_no_site_may_show_is_said_to_be_withheld(
    run_small: Run, draw: Run
) -> None:
    result = run_small({"france": draw(1, 3000, 5.0), "quebec": draw(5, 3000, 5.0)}).result
    hidden = [p for p in result.pairs if p.reference and not p.sites_used]
    assert hidden
    signals = {(s.exposure, s.outcome): s for s in result.signals}
    for found in hidden:
        assert found.odds_ratio is None
        assert found.exposed_cases is None
        assert signals[found.exposure, found.outcome].not_adjusted == "withheld"


def test_a_joint_total_is_masked_as_soon_as_one_site_masks(run_small: Run, draw: Run) -> None:
    result = run_small({"france": draw(1, 6000, 5.0), "quebec": draw(2, 700, 5.0)}).result
    for found in result.pairs:
        parts = [site.exposed_cases for site in found.sites]
        assert (found.exposed_cases is None) == (None in parts)
    for outcome in {p.outcome for p in result.prevalences}:
        rows = {p.site: p.cases for p in result.prevalences if p.outcome == outcome}
        assert (rows[None] is None) == (None in (rows["france"], rows["quebec"]))


def test_site_by_site_ledgers_verify_and_heads_are_in_the_result(ran: Any) -> None:
    for site in ran.result.sites:
        checked = ledger_verify.verify(ran.out / site.ledger)
        assert checked.head == site.ledger_head


def test_no_births_and_too_few_births_are_said_plainly(run_small: Run, draw: Run) -> None:
    result = run_small({"france": draw(1, 3000, 5.0), "quebec": draw(1, 0, 5.0)}, removed=0).result
    assert [n.en.split(": ")[1] for n in result.notes] == ["this CDM holds no pregnancy."]
    assert result.births == 3000


def test_seven_births_say_nothing_and_stop_nothing(run_small: Run, draw: Run) -> None:
    result = run_small({"france": draw(1, 3000, 5.0), "quebec": draw(1, 7, 5.0)}, removed=0).result
    assert ["too few births" in n.en for n in result.notes] == [True]
    assert {s.site: s.births for s in result.sites} == {"france": 3000, "quebec": None}


def test_no_site_with_births_gives_a_result_without_numbers(run_small: Run, draw: Run) -> None:
    result = run_small({"france": draw(1, 0, 5.0)}, removed=0).result
    assert (result.births, result.pairs, result.signals) == (0, (), ())


# What is written -------------------------------------------------------------------------------


def test_no_file_under_the_output_states_a_small_count(ran: Any, small_counts: Run) -> None:
    assert {f.suffix for f in ran.out.rglob("*") if f.is_file()} == {".json", ".jsonl", ".toml"}
    assert small_counts(ran.out) == []


def test_the_scanner_sees(tmp_path: Path, small_counts: Run) -> None:
    (tmp_path / "bad.json").write_text('{"pairs": [{"exposed_cases": 7}]}', "utf-8")
    (tmp_path / "bad.csv").write_text("exposed_cases,p\n7,0.1\n", "utf-8")
    (tmp_path / "bad.html").write_text("<table><th>Cas exposés</th><td>7</td></table>", "utf-8")
    assert len(small_counts(tmp_path)) == 3


def test_masked_cells_really_were_there(ran: Any) -> None:
    """The tables hold counts of 1..10, so what the scanner did not find was masked, not absent."""
    for table in ran.tables.values():
        cells = np.asarray((table.exposures.T.astype(int) @ table.outcomes.astype(int)).todense())
        assert ((cells > 0) & (cells < T)).any()


def test_subtraction_over_everything_released_gives_no_small_count(ran: Any) -> None:
    """An attacker with result.json: every shown count of a site, every difference and sum of
    differences along both trees, and the attrition steps."""
    for site in ran.result.sites:
        steps = [s.count for s in site.attrition if s.count is not None] + [site.births]
        for a, b in itertools.combinations(steps, 2):
            assert not 0 < abs(a - b) < T
        for value in _differences(ran.result, site.site, site.births):
            assert not 0 < value < T


def _differences(result: StudyResult, site: str, births: int) -> Iterator[int]:
    cells: dict[tuple[str, str], int] = {("", ""): births}
    for p in result.pairs:
        at = next(s for s in p.sites if s.site == site)
        values = {(p.exposure, p.outcome): at.exposed_cases, (p.exposure, ""): at.exposed,
                  ("", p.outcome): at.cases}  # fmt: skip
        cells.update({k: v for k, v in values.items() if v is not None})
    drugs = {"": None} | {e.code: e.parent or "" for e in result.exposures}
    groups = {"": None} | {o.key: o.parent or "" for o in result.outcomes}
    for d, g in itertools.product(_chains(drugs), _chains(groups)):
        corners = [(a, b) for a in d for b in g]
        if all(c in cells for c in corners):
            yield sum(cells[a, b] * (-1) ** (d.index(a) + g.index(b)) for a, b in corners)
    for d, parent in itertools.product(_chains(drugs), groups):
        children = [g for g, above in groups.items() if above == parent]
        for k in range(1, len(children) + 1):
            for some in itertools.combinations(children, k):
                if all((a, b) in cells for a in d for b in (parent, *some)):
                    yield sum(
                        (cells[a, parent] - sum(cells[a, c] for c in some)) * (-1) ** d.index(a)
                        for a in d
                    )


def _chains(parents: dict[str, str | None]) -> list[tuple[str, ...]]:
    """Each node alone, and each node with each of its ancestors, ancestor first."""
    result: list[tuple[str, ...]] = [(node,) for node in parents]
    for node in parents:
        above = parents[node]
        while above is not None:
            result.append((above, node))
            above = parents[above]
    return result


def test_the_result_does_not_depend_on_the_order_of_rows(
    run_small: Run, draw: Run, tmp_path: Path
) -> None:
    tables = {"france": draw(1, 3000, 5.0), "quebec": draw(2, 2000, 5.0)}
    rng = np.random.default_rng(0)
    shuffled = {name: t.take(rng.permutation(t.n)) for name, t in tables.items()}
    first, second = run_small(tables).result, run_small(shuffled).result
    assert first.prevalences == second.prevalences
    for one, two in zip(first.pairs, second.pairs, strict=True):
        assert one == two
    for one, two in zip(first.signals, second.signals, strict=True):
        if one.adjusted is not None:
            assert two.adjusted is not None
            assert one.adjusted.odds_ratio.value == pytest.approx(two.adjusted.odds_ratio.value)


def test_a_second_run_gets_the_same_answers_and_nothing_more_leaves(
    run_small: Run, draw: Run
) -> None:
    first = run_small({"france": draw(1, 3000, 5.0)}, folder="same")
    before = ledger_verify.read(first.out / first.result.sites[0].ledger)
    second = run_small({"france": draw(1, 3000, 5.0)}, folder="same")
    assert ledger_verify.read(first.out / first.result.sites[0].ledger) == before
    assert second.result.sites[0].releases == first.result.sites[0].releases
    assert sum(e.release != "refusal" for e in before) == first.result.sites[0].releases
    assert second.result.pairs == first.result.pairs
    assert second.result.signals == first.result.signals


def test_a_second_population_a_few_births_away_is_refused(run_small: Run, draw: Run) -> None:
    rows = draw(1, 3000, 5.0)
    run_small({"france": rows}, folder="same")
    with pytest.raises(DisclosureRefused) as refused:
        run_small({"france": rows.take(np.arange(2996))}, folder="same")
    assert refused.value.where == "france"
