"""What happens to elders after their first echo, month by month of their own clock.

With the native valve, four hazards act together: death, symptoms, a heart-failure stay, a referral
for replacement; hazards.py gives them, from what holds at the start of the month. A referral leads
to a decision, then to surgery or TAVI, after the waits of the shore. After the replacement a second
clock starts, with its own hazards of death and of heart-failure stays. Echos come at intervals that
depend on the velocity, and when symptoms or a stay ask for one.

Whether and how early a person is referred depends only on what the record shows (measured velocity,
symptoms, LVEF, age, sex, diseases), never on the frailty: an analysis that adjusts for these can
find the true effect of an early replacement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from transat.simulate.valve import hazards
from transat.simulate.valve.parameters import (
    MONTH,
    SEVERE,
    STENOSIS,
    YEAR,
    Numbers,
    durations,
    value,
)
from transat.simulate.valve.patients import CONDITIONS, Elders, Mask, Rows, measured

Strategy = Literal["natural", "early", "early_uniform", "watchful", "untreated"]
EARLY = 3 * MONTH  # days: an early replacement is done by then
LAST_YEAR = 2019.99  # calendar effects stop there
_FIRST_YEAR = 1970.0
_VERY_FAST = 5.0  # m/s: guideline trigger, as LVEF below:
_WEAK = 50.0  # %
_STRONG_FALL = 2.5  # % of LVEF per year of untreated severe symptoms
_MONTHS_AFTER_REPLACEMENT = 2  # until the first echo of the prosthesis


@dataclass(frozen=True, slots=True)
class Course:
    """Days from the first echo, inf for what does not happen; (n,) arrays, then lists of events.

    close: end of what can be seen. death, symptoms, referral, decision, replacement. tavi: the kind
    of the replacement. stays: (rows, days) of heart-failure stays. echos: (rows, days, measured
    Vmax in m/s); the first of a person on day 0.
    """

    elders: Elders
    close: Numbers
    death: Numbers
    symptoms: Numbers
    referral: Numbers
    decision: Numbers
    replacement: Numbers
    tavi: Mask
    stays: tuple[Rows, Numbers]
    echos: tuple[Rows, Numbers, Numbers]

    @property
    def end(self) -> Numbers:
        """Last day that anything can be seen of a person."""
        return np.minimum(self.death, self.close)

    @property
    def native_end(self) -> Numbers:
        """End of life with the native valve, as far as seen."""
        return np.minimum(self.replacement, self.end)

    @property
    def first_stay(self) -> Numbers:
        """(n,) days to the first heart-failure stay; inf without one."""
        found = np.full(len(self.elders), np.inf)
        np.minimum.at(found, *self.stays)
        return found

    def lvef(self, rows: Rows, days: Numbers) -> Numbers:
        """True LVEF, %: it falls with untreated symptoms of a severe stenosis."""
        return _lvef(self.elders, self.symptoms, self.replacement, rows, days)

    def until(self, close: Numbers) -> Course:
        """What can be seen of it before the days `close` (n,)."""
        names = ("death", "symptoms", "referral", "decision", "replacement")
        days: dict[str, Any] = {
            name: np.where(getattr(self, name) < close, getattr(self, name), np.inf)
            for name in names
        }
        stays, echos = (events[1] < close[events[0]] for events in (self.stays, self.echos))
        return replace(
            self,
            close=np.minimum(self.close, close),
            stays=(self.stays[0][stays], self.stays[1][stays]),
            echos=(self.echos[0][echos], self.echos[1][echos], self.echos[2][echos]),
            **days,
        )

    def at(self, rows: Rows, days: Numbers, vmax: Numbers) -> Elders:
        """Some people, alive with their own valve, at a later echo that measured `vmax`, as if it
        were their first."""
        e = self.elders.take(rows)
        stay = self.first_stay[rows]
        return replace(
            e,
            entry=e.entry + np.floor(days).astype(np.int64),
            age=e.age + days / YEAR,
            vmax=self.elders.velocity(rows, days),
            first_vmax=vmax,
            lvef=self.lvef(rows, days),
            symptoms=np.where(self.symptoms[rows] <= days, self.symptoms[rows] - days, np.inf),
            stay=np.where(stay <= days, stay - days, np.inf),
        )


def _lvef(e: Elders, symptoms: Numbers, replacement: Numbers, rows: Rows, days: Numbers) -> Numbers:
    since = np.maximum(symptoms[rows], e.reaches(SEVERE)[rows])
    until = np.minimum(days, replacement[rows])
    lost = _STRONG_FALL * np.maximum(until - since, 0) / YEAR
    return np.asarray(np.maximum(e.lvef[rows] - lost, 15))


def _planned(rng: np.random.Generator, strategy: Strategy, n: int) -> Numbers:
    """(n,) the day by which a strategy replaces the valve; inf when it does not."""
    if strategy == "early":
        return rng.uniform(EARLY - MONTH, EARLY, n)
    return rng.uniform(0, EARLY, n) if strategy == "early_uniform" else np.full(n, np.inf)


class _Life:
    """The state of everybody while the months pass."""

    def __init__(
        self, rng: np.random.Generator, elders: Elders, close: Numbers, strategy: Strategy
    ) -> None:
        n = len(elders)
        self.rng, self.e, self.close, self.strategy = rng, elders, close, strategy
        self.symptoms = elders.symptoms.copy()
        self.death, self.referral, self.decision = (np.full(n, np.inf) for _ in range(3))
        self.planned = _planned(rng, strategy, n)
        self.replacement = self.planned.copy()
        self.tavi = np.zeros(n, bool)
        self.detected = np.full(n, np.inf)  # first echo that shows a severe stenosis
        self.stay = elders.stay.copy()  # first heart-failure stay
        self.next_echo = np.zeros(n)
        self.last_vmax = np.zeros(n)
        self.stays: list[tuple[Rows, Numbers]] = []
        self.echos: list[tuple[Rows, Numbers, Numbers]] = []
        self.start_age = elders.age
        self.year = _FIRST_YEAR + elders.entry / YEAR

    def features(self, rows: Rows, days: Numbers) -> dict[str, Numbers]:
        """The terms of the hazards at the start of a month."""
        e = self.e
        found = {
            "age": (np.floor(self.start_age[rows] + days / YEAR) - 75) / 10,
            "man": e.man[rows].astype(float),
            "frailty": e.frailty[rows],
            "after_heart_failure_stay": (self.stay[rows] < days).astype(float),
        }
        for column, name in enumerate(CONDITIONS):
            found[name] = e.has[rows, column].astype(float)
        return found

    def echo(self, rows: Rows, days: Numbers, measured: Numbers) -> None:
        """Records echos and plans the next ones."""
        self.echos.append((rows, days, measured))
        self.last_vmax[rows] = measured
        severe = measured >= SEVERE
        self.detected[rows[severe]] = np.minimum(self.detected[rows[severe]], days[severe])
        months = np.array([value(f"echo_{s}") for s in ("none", "mild", "moderate", "severe")])
        wait = months[np.searchsorted([STENOSIS, 3.0, SEVERE], measured, side="right")]
        jitter = np.exp(0.25 * self.rng.standard_normal(len(rows)))
        self.next_echo[rows] = days + wait * jitter * MONTH

    def reason(self, rows: Rows, days: Numbers) -> Numbers:
        """Why somebody would be referred (data/valve_hazards.csv); 0: no reason."""
        seen = self.last_vmax[rows]
        weak = _lvef(self.e, self.symptoms, self.replacement, rows, days) < _WEAK
        shown = (self.symptoms[rows] <= days) | self.e.breathless[rows]
        trigger = shown | weak | (seen >= _VERY_FAST)
        recent = days - self.detected[rows] < EARLY
        why = np.where(seen >= SEVERE, np.where(trigger, 3, np.where(recent, 1, 2)), 0)
        lesser = np.select([seen >= 3.5, seen >= 3.0, seen >= STENOSIS], [4, 5, 6], 0)
        why = np.where((seen < SEVERE) & shown, lesser, why)
        if self.strategy == "watchful":
            why = np.where(why < 3, 0, why)
        return np.where(np.isfinite(self.referral[rows]), 0, why).astype(float)

    def refer(self, rows: Rows, days: Numbers, planned: Mask) -> None:
        """Waits of the shore, then the replacement. Planned: without symptoms; those wait less, and
        alike for both kinds, so that the day says nothing of what the record does not show."""
        u = self.rng.random((2, len(rows)))
        tavi = self.by_tavi(rows, days)
        waits = [
            np.where(
                tavi | planned,
                *(durations(u[i], f"{k}_{step}", self.e.shore) for k in ("tavi", "savr")),
            )
            for i, step in enumerate(("decision", "procedure"))
        ]
        ratio = np.where(planned, value("early_wait"), 1.0)
        self.referral[rows] = days
        self.decision[rows] = days + np.ceil(waits[0] * ratio)
        done = self.decision[rows] + np.ceil(waits[1] * ratio) + 1
        self.replacement[rows] = np.minimum(self.replacement[rows], done)
        self.tavi[rows] = tavi

    def by_tavi(self, rows: Rows, days: Numbers) -> Mask:
        """Whether the replacement is a TAVI: by age, calendar year, diseases and cusps."""
        year = np.minimum(self.year[rows] + days / YEAR, LAST_YEAR)
        middle = value("tavi_age") + value("tavi_year") * (year - 2014)
        logit = value("tavi_slope") * (self.start_age[rows] + days / YEAR - middle)
        logit += 0.3 * self.e.has[rows].sum(axis=1) - 0.45 - 1.5 * self.e.bicuspid[rows]
        return np.asarray(self.e.choice[rows] < 1 / (1 + np.exp(-logit)))

    def native_month(self, k: int) -> None:
        """Month k of those alive with their own valve."""
        start = k * MONTH
        rows = np.flatnonzero(
            (np.minimum(self.death, self.replacement) > start) & (self.close > start)
        )
        if not len(rows):
            return
        days = np.full(len(rows), start)
        x = self.features(rows, days)
        x["vmax"] = self.e.velocity(rows, days)
        symptomatic = self.symptoms[rows] <= start
        x["symptomatic_vmax"] = np.where(symptomatic, x["vmax"], 0)
        x["reason"] = self.reason(rows, days)
        death = self.when("death", x, start)
        symptoms = self.when("symptoms", x, start)
        symptoms[symptomatic | (x["vmax"] < STENOSIS)] = np.inf
        stay = self.when("heart_failure", x, start)
        referral = self.when("referral", x, start)
        if self.strategy in ("untreated", "early_uniform"):
            referral[:] = np.inf
        until = np.minimum(np.minimum(death, start + MONTH), self.close[rows])
        until = np.minimum(until, self.replacement[rows])
        new = referral < until
        self.refer(rows[new], referral[new], x["reason"][new] < 3)
        until = np.minimum(until, self.replacement[rows])
        died = death <= until
        self.death[rows[died]] = death[died]
        self.hospital(rows, stay, stay < until)
        begins = symptoms < until
        self.begin(rows[begins], symptoms[begins])
        due = np.maximum(self.next_echo[rows], start)
        seen = due < until
        true = self.e.velocity(rows[seen], due[seen])
        self.echo(rows[seen], due[seen], measured(self.rng, true))

    def when(self, kind: str, x: dict[str, Numbers], start: float) -> Numbers:
        """Day of an event within the month that starts on day `start`; inf when it does not."""
        rate = hazards.monthly(kind, self.e.shore, x)
        with np.errstate(divide="ignore"):
            months = self.rng.standard_exponential(len(rate)) / rate
        return np.where(months < 1, start + MONTH * months, np.inf)

    def hospital(self, rows: Rows, days: Numbers, happens: Mask) -> None:
        """Heart-failure stays; with a stenosis, one is also the beginning of symptoms."""
        who, when = rows[happens], days[happens]
        self.stays.append((who, when))
        self.stay[who] = np.minimum(self.stay[who], when)
        native = (self.replacement[who] > when) & (self.e.velocity(who, when) >= 3.0)
        self.begin(who[native], when[native])

    def begin(self, rows: Rows, days: Numbers) -> None:
        """Symptoms begin; an echo follows within three weeks."""
        self.symptoms[rows] = np.minimum(self.symptoms[rows], days)
        soon = days + self.rng.uniform(1, 21, len(rows))
        self.next_echo[rows] = np.minimum(self.next_echo[rows], soon)

    def replaced_month(self, j: int, rows: Rows) -> None:
        """Month j after the replacement of `rows`, who had one."""
        begin = self.replacement[rows] + j * MONTH
        here = (self.death[rows] > begin) & (self.close[rows] > begin)
        rows, begin = rows[here], begin[here]
        if not len(rows):
            return
        x = self.features(rows, begin)
        year = np.minimum(self.year[rows] + self.replacement[rows] / YEAR, LAST_YEAR)
        x["year"] = np.floor(year) - 2014
        x["months"] = np.full(len(rows), float(j))
        after = [self.when(kind, x, 0.0) for kind in ("death_tavi", "death_savr")]
        death = begin + np.where(self.tavi[rows], *after)
        stay = begin + self.when("heart_failure_replaced", x, 0.0)
        until = np.minimum(np.minimum(death, begin + MONTH), self.close[rows])
        died = death <= until
        self.death[rows[died]] = death[died]
        self.hospital(rows, stay, stay < until)
        if j == _MONTHS_AFTER_REPLACEMENT:
            self.next_echo[rows] = begin
        due = np.maximum(self.next_echo[rows], begin)
        seen = (due < until) & (j >= _MONTHS_AFTER_REPLACEMENT)
        self.prosthesis(rows[seen], due[seen])

    def prosthesis(self, rows: Rows, days: Numbers) -> None:
        """Echos of a prosthesis: about 2.2 m/s, once a year."""
        own = 2.2 + 0.3 * (2 * self.e.choice[rows] - 1)
        self.echos.append((rows, days, measured(self.rng, own)))
        self.next_echo[rows] = days + value("echo_replaced") * MONTH


def follow(
    rng: np.random.Generator,
    elders: Elders,
    close: Numbers,
    months: int,
    strategy: Strategy = "natural",
) -> Course:
    """The course of `elders` over `months` months from their first echo.

    close: (n,) days from the first echo after which nothing is seen; inf for no end but `months`.
    strategy: 'natural' is what the shores do. From the first echo on: 'early' does the same for two
    months, then replaces every valve in the third; 'early_uniform' replaces every valve within
    three months, any day alike; 'watchful' only once symptoms, a velocity of 5 m/s or an LVEF
    below 50 % ask for it; 'untreated' never.
    """
    close = np.minimum(close, months * MONTH)
    life = _Life(rng, elders, close, strategy)
    everyone = np.arange(len(elders))
    life.echo(everyone, np.zeros(len(elders)), elders.first_vmax)
    for k in range(months):
        life.native_month(k)
    life.replacement[life.replacement >= np.minimum(life.death, close)] = np.inf
    replaced = np.flatnonzero(np.isfinite(life.replacement))
    forced = replaced[life.replacement[replaced] == life.planned[replaced]]
    life.tavi[forced] = life.by_tavi(forced, life.replacement[forced])
    for j in range(months):
        life.replaced_month(j, replaced)
    for name in ("referral", "decision"):
        day = getattr(life, name)
        day[day >= np.minimum(life.death, close)] = np.inf
    return Course(
        elders=elders,
        close=close,
        death=life.death,
        symptoms=life.symptoms,
        referral=life.referral,
        decision=life.decision,
        replacement=life.replacement,
        tavi=life.tavi,
        stays=_joined(life.stays),
        echos=_joined(life.echos),
    )


def _joined(parts: Sequence[tuple[NDArray[Any], ...]]) -> Any:
    """Parts of events as one, by person and day."""
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    return tuple(column[order] for column in columns)
