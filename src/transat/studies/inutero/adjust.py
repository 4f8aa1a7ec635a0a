"""One pair adjusted by regression over the sites, as far as the gates allow.

Logistic regression; Firth's where a column separates cases from the others. A column that one site
refuses, or that follows from the others, leaves the model on every shore and is named. A site that
refuses the pair itself is left out and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from transat.core.errors import StudyError
from transat.federation.coordinator import Coordinator, SiteRefused, raised
from transat.federation.questions import Question
from transat.federation.wire import Refusal
from transat.statistics import firth, logistic
from transat.statistics.design_matrix import Model
from transat.studies.asker import Asker
from transat.studies.numbers import estimate, number
from transat.studies.results import Adjusted

#: The adjusted estimate, or None and why.
Outcome = tuple[Adjusted | None, str | None]


#: Refusals that name columns without which the site answers.
_OF_COLUMNS = ("implied_tables", "few_events", "dominance")


@dataclass(frozen=True, slots=True)
class Plan:
    """What may be asked about a pair: which sites, which columns, which were refused."""

    outcome: str
    exposure: str
    sites: tuple[str, ...]
    columns: tuple[str, ...]
    refused: tuple[str, ...] = ()

    def model(self) -> Model:
        """The columns as the statistics want them."""
        return Model(self.outcome, (self.exposure,), self.columns, sites=len(self.sites))

    def without(self, names: Sequence[str]) -> Plan:
        """The plan less the columns named."""
        kept = tuple(c for c in self.columns if c not in names)
        gone = tuple(c for c in self.columns if c in names)
        return replace(self, columns=kept, refused=self.refused + gone)

    def without_site(self, site: str) -> Plan:
        """The plan less one site."""
        return replace(self, sites=tuple(s for s in self.sites if s != site))


def adjust(
    coordinator: Coordinator, plan: Plan, level: float
) -> tuple[Adjusted | None, str | None]:
    """The adjusted odds ratio of a pair, or None and the key of the reason (results.NOTES)."""
    while True:
        allowed = agreed(coordinator, plan)
        if allowed is None:
            return None, "refused_by_gate"
        plan = allowed
        try:
            return _fitted(coordinator, plan, level)
        except SiteRefused:
            return None, "refused_by_gate"
        except StudyError as redundant:
            if redundant.where not in plan.columns:
                return None, "not_converged"
            plan = plan.without((redundant.where,))


def agreed(coordinator: Coordinator, plan: Plan) -> Plan | None:
    """The largest part of the plan that every site left in it answers; None when there is none.

    Only the first step is asked, at coefficients zero; sites name the columns they refuse.
    """
    while plan.sites:
        model = plan.model()
        asked = {
            site: Question("logistic", logistic.Parameters(replace(model, site=k)))
            for k, site in enumerate(plan.sites)
        }
        answers = coordinator.answers(asked, plan.sites)
        refusals = {s: a for s, a in answers.items() if isinstance(a, Refusal)}
        for site, refusal in refusals.items():
            if refusal.code == "failed":
                raise raised(site, refusal)
        if not refusals:
            return plan
        plan = _reduced(plan, refusals)
    return None


def _reduced(plan: Plan, refusals: dict[str, Refusal]) -> Plan:
    named: set[str] = set()
    for site, refusal in refusals.items():
        columns = set(refusal.columns) & set(plan.columns)
        if refusal.code not in _OF_COLUMNS or not columns or plan.exposure in refusal.columns:
            plan = plan.without_site(site)
        else:
            named |= columns
    return plan.without(sorted(named))


def _fitted(coordinator: Coordinator, plan: Plan, level: float) -> Outcome:
    model = plan.model()
    ask = Asker(coordinator, plan.sites, "logistic")
    fit = logistic.combine(ask, logistic.Parameters(model, level=level))
    if fit.converged:
        return _told(plan, "logistic", fit), None
    penalised = firth.combine(
        Asker(coordinator, plan.sites, "firth"),
        firth.Parameters(model, tested=(plan.exposure,), level=level),
    )
    if penalised.converged:
        return _told(plan, "firth", penalised), None
    return None, "not_converged"


def _told(plan: Plan, method: Any, fit: logistic.Result | firth.Result) -> Adjusted | None:
    at = fit.terms.index(plan.exposure)
    found = estimate(fit.odds_ratios[at], fit.low[at], fit.high[at], method)
    if found is None:
        return None
    return Adjusted(
        method=method,
        odds_ratio=found,
        sites_used=plan.sites,
        columns=plan.columns,
        columns_refused=plan.refused,
        rounds=fit.rounds,
        p=number(fit.p[at]),
    )
