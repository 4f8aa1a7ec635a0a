"""The document of aortic stenosis, field by field: landmarks, features, outcomes, models, trial.

Who is studied and what is measured around each landmark is written in the language of cohorts, in a
file beside it (`cohorts`); here is what a prediction makes of it.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from transat.federation.documents import Bilingual, Strict
from transat.studies.protocol import Head, Number, Rule, Share

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Names = Annotated[tuple[str, ...], Field(min_length=1)]
Value = TypeVar("Value")


def _by_name(rules: dict[str, Value]) -> dict[str, Value]:
    """In order of name: a carried document (canonical JSON) knows no other order."""
    return dict(sorted(rules.items()))


Named = Annotated[dict[str, Value], AfterValidator(_by_name)]


class Landmark(Strict):
    """A day on which a prediction is made. cohort, features: a cohort of the cohort file and the
    analysis whose covariates are known then. evidence: what the day was seen by."""

    cohort: str
    features: str
    evidence: Literal["echo", "claims"]


class Feature(Strict):
    """One feature. unit: UCUM. available_at: when a row of the CDM is known, `delay_days` later;
    later: what is done of a row known after the landmark. missing: 'zero', 'flag' (the value `fill`
    and an indicator) or 'drop' (no row). centre, per: as the models read it. low, high: its range.
    """

    unit: str
    available_at: Literal["birth", "day", "stay_end"]
    delay_days: Number = 0
    later: Literal["refuse", "ignore"] = "refuse"
    missing: Literal["zero", "flag", "drop"] = "zero"
    fill: Finite = 0.0
    centre: Finite = 0.0
    per: Positive = 1.0
    low: Finite
    high: Finite


class Band(Strict):
    """A 0/1 column: the feature is in [low, high)."""

    feature: str
    low: Finite
    high: Finite


class Outcome(Strict):
    """One population of the permit: a landmark and a follow-up of the cohort file. kinds: of event,
    1 and on; the first is foreseen, the others compete. horizons: months."""

    landmark: str
    follow_up: str
    kinds: Names
    horizons: Annotated[tuple[Positive, ...], Field(min_length=1)]


class ModelRule(Strict):
    """A model: which features it reads, for which outcomes."""

    outcomes: Names
    features: Names


class Strategies(Strict):
    """The emulated trial: treatment within `grace` months, or none before a trigger. treated,
    trigger: states, the first of the days named. grid: edges at which both arms are told, in whole
    steps. columns: of the treatment model."""

    outcome: str
    states: str
    treated: Names
    trigger: Names
    grace: Positive
    step: Positive
    grid: Annotated[tuple[Positive, ...], Field(min_length=1)]
    columns: Names


class Published(Strict):
    """A published figure beside which ours is shown: an estimate with its interval."""

    label: Bilingual
    measure: Literal["hazard_ratio"]
    value: Positive
    low: Positive
    high: Positive
    source: str


class Phenotype(Strict):
    """How well codes see the disease, each share with the number of people it was measured on.
    prevalence: of the disease among those of whom a code could have been written."""

    sensitivity: Share
    sensitivity_people: Annotated[int, Field(ge=1)]
    specificity: Share
    specificity_people: Annotated[int, Field(ge=1)]
    prevalence: Share


class Waits(Strict):
    """'What if we wait': months without treatment, whatever comes."""

    outcome: str
    months: tuple[Annotated[float, Field(ge=0)], ...]


class Curves(Strict):
    """How curves are told."""

    grid: Rule[Annotated[tuple[Positive, ...], Field(min_length=1)]]
    by: Rule[str]
    level: Rule[Share]


class Validation(Strict):
    """How models are judged on people that they never saw."""

    sites: Rule[Literal["each_on_the_others"]]
    bins: Rule[tuple[Share, ...]]
    intervals: Rule[Annotated[int, Field(ge=1, le=60)]]
    thresholds: Rule[dict[str, tuple[Share, ...]]]
    groups: Rule[tuple[str, ...]]


class Trial(Strict):
    """What the emulated trial is, and what it is shown beside."""

    strategies: Rule[Strategies]
    published: Rule[tuple[Published, ...]]


class Errors(Strict):
    """Errors of the phenotype."""

    claims: Rule[Phenotype]


class Policies(Strict):
    """Policies that are compared."""

    waiting: Rule[Waits]


class Document(Head):
    """The YAML file, field by field; landmarks, features, bands, outcomes and models by name."""

    kind: Literal["aortic_stenosis"]
    cohorts: str
    landmarks: Named[Rule[Landmark]]
    features: Named[Rule[Feature]]
    bands: Named[Rule[Band]]
    outcomes: Named[Rule[Outcome]]
    models: Named[Rule[ModelRule]]
    curves: Curves
    validation: Validation
    trial: Trial
    errors: Errors
    policies: Policies
