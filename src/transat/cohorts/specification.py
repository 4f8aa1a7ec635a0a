"""Which pregnancies, which drugs, when, and which outcomes: the population of a study as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from transat.core.errors import StudyError, close_match
from transat.core.languages import Text

#: Outcome keys; 'delivery' is a delivery whose infant's vital status nobody coded.
PREGNANCY_OUTCOMES = (
    "live_birth",
    "stillbirth",
    "therapeutic_termination",
    "ectopic",
    "elective_termination",
    "spontaneous_abortion",
    "delivery",
)

#: Fixed set of confounders (Blotière 2020, Huybrechts 2021, Muanda 2017). 'teratogens' (other known
#: teratogens in the window) is available but not among them: in a scan it holds the drug scanned.
CONFOUNDERS = (
    "year",
    "age_band",
    "diabetes",
    "hypertension",
    "epilepsy",
    "psychiatric",
    "obesity",
    "drugs_before",
    "contacts_before",
    "folic_acid",
)


#: Windows are read in one pass, as the bits of one integer.
MOST_WINDOWS = 30


@dataclass(frozen=True, slots=True)
class Window:
    """Gestational days [start_day, end_day) counted from the first day of the last period (day 0).

    Negative days lie before the pregnancy. Whatever the window, days from the outcome on do not
    count: a dispensing after the birth exposes nobody.
    """

    name: str
    start_day: int
    end_day: int

    def __post_init__(self) -> None:
        if self.start_day >= self.end_day:
            raise _refused(
                f"windows.{self.name}",
                Text("La fenêtre est vide.", "The window is empty."),
                Text("Donner un début avant la fin.", "Give a start before the end."),
            )


#: First trimester: LMP .. LMP + 97 days.
T1 = Window("t1", 0, 98)
#: Month before to two months after LMP: the SNDS window of Blotière 2019 for antiepileptics.
PERICONCEPTION = Window("periconception", -30, 60)
#: Second and third trimesters.
LATE = Window("late", 98, 310)
#: Twelve to three months before LMP: the discontinuers of Broe 2025.
BEFORE = Window("before", -365, -90)


@dataclass(frozen=True, slots=True)
class Exposure:
    """A drug or class: a name and the ATC prefixes that it gathers.

    Exposure("N03AG01") is one substance, Exposure("C09A") a class,
    Exposure("retinoids", ("D10BA01", "D05BB02")) a named list.
    """

    code: str
    prefixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefixes", self.prefixes or (self.code,))

    def contains(self, other: Exposure) -> bool:
        """Whether every drug of `other` is in this exposure."""
        return all(p.startswith(self.prefixes) for p in other.prefixes)


@dataclass(frozen=True, slots=True)
class PopulationSpecification:
    """The population and columns of an analysis table.

    exposures: drugs and classes, the columns of the table, in order.
    outcomes: EUROCAT group keys, 'any_major', or pregnancy-outcome keys, in order.
    windows, primary_window: exposure windows; `build` uses the primary one.
    ages: mother's age in years at LMP, closed-open. years: first and last year of the outcome
    date, both included; None for all.
    lead_in_days: days before LMP with the mother covered. follow_up_days: days from birth
    [0, follow_up_days) in which the infant's diagnoses count.
    follow_up_required: the infant is observed through them, or dies before.
    drug_plan_required: the mother is covered for drugs, besides being observed.
    pregnancy_outcomes: outcomes kept. unit: rows are infants (linked, live-born) or pregnancies.
    singletons_only; datings: ways to know the start that are kept ('month': HIPPS only, and kept
    with the three others).
    strata: variables whose crossing makes the strata; confounders: covariates.
    excluded_causes: an infant with such a syndrome is no case of the other groups:
    'chromosomal', 'genetic', 'non_drug' (fetal alcohol, congenital infection).
    hospital_codes_only: only hospital diagnoses decide a malformation.

    Raises StudyError naming the field that cannot be used.
    """

    exposures: tuple[Exposure, ...]
    outcomes: tuple[str, ...]
    windows: tuple[Window, ...] = (T1,)
    primary_window: str = "t1"
    ages: tuple[int, int] = (15, 50)
    years: tuple[int, int] | None = None
    lead_in_days: int = 90
    follow_up_days: int = 365
    follow_up_required: bool = True
    drug_plan_required: bool = True
    pregnancy_outcomes: tuple[str, ...] = ("live_birth",)
    unit: Literal["infant", "pregnancy"] = "infant"
    singletons_only: bool = True
    datings: tuple[str, ...] = ("day", "week", "default")
    strata: tuple[str, ...] = ("year", "age_band")
    confounders: tuple[str, ...] = CONFOUNDERS
    excluded_causes: tuple[str, ...] = ("chromosomal", "genetic")
    hospital_codes_only: bool = True

    def __post_init__(self) -> None:
        known("pregnancy_outcomes", self.pregnancy_outcomes, PREGNANCY_OUTCOMES)
        known("datings", self.datings, ("day", "week", "month", "default"))
        known("excluded_causes", self.excluded_causes, ("chromosomal", "genetic", "non_drug"))
        known("primary_window", (self.primary_window,), [w.name for w in self.windows])
        self._ranges()
        _once("windows", [w.name for w in self.windows])
        if len(self.windows) > MOST_WINDOWS:
            raise _refused(
                "windows",
                Text("Il y a trop de fenêtres.", "There are too many windows."),
                Text(f"En garder {MOST_WINDOWS}.", f"Keep {MOST_WINDOWS} of them."),
            )
        _once("exposures", [e.code for e in self.exposures])
        _once("outcomes", self.outcomes)

    def _ranges(self) -> None:
        low, high = self.ages
        first, last = self.years or (0, 0)
        within = {
            "ages": 0 <= low < high,
            "years": first <= last,
            "lead_in_days": self.lead_in_days >= 0,
            "follow_up_days": self.follow_up_days >= 0,
        }
        for name, right in within.items():
            if not right:
                raise _refused(
                    name,
                    Text("Valeur négative, ou intervalle à l'envers.",
                         "A negative value, or a range from high to low."),
                    Text("Donner des nombres positifs, le plus petit d'abord.",
                         "Give positive numbers, the smaller one first."),
                )  # fmt: skip

    def window(self, name: str) -> Window:
        """The window called `name`. Raises StudyError."""
        known("windows", (name,), [w.name for w in self.windows])
        return next(w for w in self.windows if w.name == name)


def exposure_parents(exposures: tuple[Exposure, ...]) -> tuple[int, ...]:
    """For each exposure, the index of the smallest other one that contains it, or -1.

    Of two exposures with the same drugs the first listed is the parent of the second.
    """
    size = range(len(exposures))
    inside = [[j for j in size if _around(exposures, j, i)] for i in size]
    nearest = [[j for j in js if not any(j in inside[k] for k in js)] for js in inside]
    return tuple(min(js, default=-1) for js in nearest)


def _around(exposures: tuple[Exposure, ...], outer: int, inner: int) -> bool:
    if outer == inner or not exposures[outer].contains(exposures[inner]):
        return False
    return outer < inner or not exposures[inner].contains(exposures[outer])


def known(name: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Refuse a value of field `name` that is not among those allowed. Raises StudyError."""
    names = tuple(allowed)
    for value in given:
        if value not in names:
            near = close_match(value, names) or ", ".join(names)
            raise _refused(
                name,
                Text(f"« {value} » n'existe pas.", f"'{value}' does not exist."),
                Text(f"Choisir : {near}.", f"Choose: {near}."),
            )


def _once(name: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise _refused(
                name,
                Text(f"« {value} » est donné deux fois.", f"'{value}' is given twice."),
                Text("N'en garder qu'un.", "Keep one of them."),
            )
        seen.add(value)


def _refused(where: str, what: Text, next_step: Text) -> StudyError:
    return StudyError(what=what, where=where, next_step=next_step)
