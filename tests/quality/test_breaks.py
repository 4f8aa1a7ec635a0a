"""Breaks in series: the false-alarm rate on stationary series, and what is found and dated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from quality_by_hand import ATC, OLD_ATC, Tables, dispensing, sound, write

from transat.engines.cdm import Cdm
from transat.quality.breaks import Break, examine
from transat.quality.checks import series_breaks
from transat.quality.examined import examined
from transat.quality.finding import Finding
from transat.quality.known_breaks import explain, known_breaks
from transat.quality.series import Series, all_series, index_of

FIRST = date(2012, 1, 1)
MONTHS = 96
Drawn = NDArray[np.float64]


def mean(draw: Generator, months: int = MONTHS) -> Drawn:
    """A level of 15 to 3,000 a month, a season of a third, a trend of a tenth a year at most."""
    level = np.exp(draw.uniform(np.log(15), np.log(3000)))
    month = np.arange(months)
    season = 0.3 * np.sin(2 * np.pi * (month / 12 + draw.uniform()))
    return np.asarray(level * np.exp(season + month / 12 * draw.uniform(-0.1, 0.1)))


def poisson(draw: Generator) -> Drawn:
    return draw.poisson(mean(draw)).astype(float)


def overdispersed(draw: Generator) -> Drawn:
    """Months vary by a fifth beyond Poisson."""
    return draw.poisson(mean(draw) * draw.gamma(20, 1 / 20, MONTHS)).astype(float)


def few(draw: Generator) -> Drawn:
    """One to nine a month: read by year."""
    return draw.poisson(np.full(MONTHS, draw.uniform(1, 9))).astype(float)


def persistent(draw: Generator) -> Drawn:
    """Months follow one another (autoregressive, 0.6; a month's spread 0.125)."""
    noise = draw.normal(0, 0.1, MONTHS)
    for month in range(1, MONTHS):
        noise[month] += 0.6 * noise[month - 1]
    return draw.poisson(200 * np.exp(noise)).astype(float)


def series(counts: Drawn, domain: str = "drug_exposure", vocabulary: str = "ATC") -> Series:
    return Series(domain, vocabulary, FIRST, counts, np.full(counts.size, 1e5))


@pytest.mark.parametrize(
    ("kind", "most"),
    [(poisson, 0.005), (overdispersed, 0.005), (few, 0.005), (persistent, 0.12)],
)
def test_false_alarms_on_stationary_series(kind: Callable[[Generator], Drawn], most: float) -> None:
    """Measured on 1,000 series of 8 years: 0 alarms in the first three kinds, 75 in the last."""
    draw = default_rng(2026)
    read = [examine(series(kind(draw))) for _ in range(400)]
    told = [r for r in read if r is not None]
    assert len(told) > 390
    assert sum(bool(r) for r in told) / len(told) <= most


@pytest.mark.parametrize("times", [0.5, 0.7, 1.5, 2.0])
def test_a_step_is_found_and_dated(times: float) -> None:
    draw, found = default_rng(7), 0
    for _ in range(40):
        counts = draw.poisson(np.maximum(mean(draw), 300))
        counts[50:] = draw.poisson(counts[50:] * times)
        seen = examine(series(counts.astype(float)))
        assert seen is not None
        dates = [abs(index_of(b.month) - index_of(FIRST) - 50) for b in seen]
        found += bool(dates) and min(dates) <= 1
    assert found >= 38


def test_a_slope_is_not_a_step() -> None:
    month = np.arange(MONTHS)
    counts = np.round(400 * np.exp(0.35 * np.clip(month - 30, 0, 36) / 12))
    assert examine(series(counts)) == ()


def test_a_season_is_not_a_step() -> None:
    counts = np.where(np.arange(MONTHS) % 12 < 3, 900.0, 100.0)
    assert examine(series(counts)) == ()


def test_a_vocabulary_appears_where_another_stops() -> None:
    new = np.where(np.arange(MONTHS) < 51, 0.0, 120.0)
    appears, stops = examine(series(new)), examine(series(120 - new))
    assert appears is not None
    assert stops is not None
    assert [(b.month, b.ratio > 100) for b in appears] == [(date(2016, 4, 1), True)]
    assert [(b.month, b.ratio < 0.01) for b in stops] == [(date(2016, 4, 1), True)]


def test_an_empty_month_is_a_hole() -> None:
    counts = np.full(MONTHS, 80.0)
    counts[40] = 0
    assert examine(series(counts)) == (
        Break("drug_exposure", "ATC", date(2015, 5, 1), "hole", 0.0, -np.sqrt(80), False),
    )


def test_a_series_in_clumps_has_no_holes() -> None:
    counts = np.where(np.arange(MONTHS) % 5 == 0, 0.0, 100.0)
    assert examine(series(counts)) == ()


def test_few_records_are_read_by_year() -> None:
    counts = np.where(np.arange(MONTHS) < 48, 3.0, 9.0)
    seen = examine(series(counts))
    assert seen is not None
    assert [(b.month, b.yearly, round(b.ratio, 1)) for b in seen] == [(date(2016, 1, 1), True, 3.0)]


def test_too_short_or_too_thin_is_not_read() -> None:
    assert examine(series(np.full(20, 100.0))) is None
    assert examine(series(np.full(MONTHS, 0.2))) is None


def test_the_known_breaks_explain_by_date_domain_and_shore() -> None:
    def at(month: date, domain: str = "condition_occurrence") -> Break:
        return Break(domain, "", month, "step", 0.5, -9.0, False)

    def key(found: Break, shore: str | None, simulated: bool = False) -> str | None:
        known = explain(found, shore, simulated)
        return known.key if known else None

    assert key(at(date(2009, 3, 1)), "snds") == "pmsi_dates"
    assert key(at(date(2013, 1, 1)), "snds") == "pmsi_2013"
    assert key(at(date(2019, 11, 1), "payer_plan_period"), "snds") == "c2s"
    assert key(at(date(2006, 4, 1)), "quebec") == "icd9_icd10ca"
    assert key(at(date(2006, 4, 1)), "snds") is None
    assert key(at(date(2013, 1, 1), "drug_exposure"), "snds") is None
    assert key(at(date(2015, 6, 1)), "snds") is None
    assert key(at(date(2018, 6, 1)), "snds", simulated=True) == "simulated_end"
    assert all(k.checked in ("yes", "no") and k.source for k in known_breaks())


def monthly(t: Tables, count: Callable[[date], int], concept: Callable[[date], int]) -> None:
    """Dispensings to woman 1 on the 15th of every month of 2013 to 2018."""
    number = 10_000
    for month in range(72):
        day = date(2013 + month // 12, month % 12 + 1, 15)
        for _ in range(count(day)):
            number += 1
            t["drug_exposure"].append(dispensing(number, 1, day, concept=concept(day), source=0))


def found_in(folder: Path, spoil: Callable[[Tables], None]) -> Finding:
    tables = sound()
    spoil(tables)
    with examined(Cdm(write(folder, tables))) as site:
        return series_breaks.find(site)


def test_a_break_planted_in_a_cdm_is_told_by_month(tmp_path: Path) -> None:
    def falls(t: Tables) -> None:
        t["drug_exposure"] = []
        monthly(t, lambda day: 40 if day < date(2016, 5, 1) else 12, lambda day: ATC)

    seen = found_in(tmp_path / "cdm", falls)
    assert seen.status == "warn"
    assert "drug_exposure, 2016-05" in [p.label.en for p in seen.parts if p.numerator]


def test_a_steady_cdm_has_no_break(tmp_path: Path) -> None:
    seen = found_in(tmp_path / "cdm", lambda t: monthly(t, lambda day: 40, lambda day: ATC))
    within = [p for p in seen.parts if p.label.en[-7:] not in ("2013-01", "2019-01")]
    assert not [p.label for p in within if "drug_exposure" in p.label.en]


def test_a_moved_atc_code_is_explained_by_the_name_of_the_medicine(tmp_path: Path) -> None:
    def moves(t: Tables) -> None:
        new = dict(t["concept"][0], concept_id=2_000_000_050, concept_code="N02BF01")
        t["concept"].append(new)
        monthly(t, lambda d: 20, lambda d: OLD_ATC if d.year < 2016 else 2_000_000_050)

    notes = [p.note.en for p in found_in(tmp_path / "cdm", moves).parts if p.note]
    assert any(note.startswith("gabapentin moves") for note in notes)


def test_series_count_people_observed(tmp_path: Path) -> None:
    with examined(Cdm(write(tmp_path / "cdm", sound()))) as site:
        found = {(s.domain, s.vocabulary): s for s in all_series(site)}
    drugs = found["drug_exposure", ""]
    january = index_of(date(2012, 1, 1)) - index_of(drugs.first)
    assert drugs.first == FIRST
    assert drugs.counts.sum() == 80
    assert drugs.observed[january] == 80  # the children are not born yet
    assert drugs.observed[-1] == 120
    assert found["payer_plan_period", ""].counts[-1] == 120
    assert drugs.month(13) == date(2013, 2, 1)
    assert FIRST + timedelta(days=31) == drugs.month(1)
