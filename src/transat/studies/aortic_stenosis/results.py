"""What the study of aortic stenosis gives back: plain numbers, names and texts, all past the gates.

A count is None where a holder's rule kept it in. A figure is None where it was not computed, with
the reason in `withheld`. Times are months of 30.4375 days from the landmark.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from transat.core.languages import Text
from transat.studies.results import AttritionStep, RunRecord, StudyIdentity
from transat.studies.site_record import SiteRecord


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its interval, where it has one."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class FeatureTold:
    """A feature that the leak audit passed: what it is, and when it is known. low, high: the range
    in which it is believed. fill: what stands for a missing value, where something does."""

    name: str
    text: Text
    unit: str
    available_at: str
    delay_days: int
    later: str
    missing: str
    low: float | None = None
    high: float | None = None
    fill: float | None = None


@dataclass(frozen=True, slots=True)
class PopulationAtSite:
    """rows: of the survival table; None where they may not be told."""

    site: str
    rows: int | None
    attrition: tuple[AttritionStep, ...]


@dataclass(frozen=True, slots=True)
class PopulationTold:
    """One outcome: whom it is about, what may happen to them. asked: sites that told of it."""

    name: str
    text: Text
    landmark: str
    evidence: str
    kinds: tuple[str, ...]
    asked: tuple[str, ...]
    sites: tuple[PopulationAtSite, ...]


@dataclass(frozen=True, slots=True)
class CurveTold:
    """Cumulative incidence of one kind of event; site None: all sites together. group: everybody,
    or the value of a 0/1 column ('man=1')."""

    outcome: str
    kind: str
    site: str | None
    group: str
    edges: tuple[float, ...]
    at_risk: tuple[int | None, ...]
    incidence: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One term of a hazard: the log ratio of hazards for `per` of the feature, and the ratio."""

    name: str
    value: float | None
    error: float | None
    hazard_ratio: Figure
    p: float | None


@dataclass(frozen=True, slots=True)
class HazardTold:
    """The cause-specific hazard of one kind of event, stratified by site. dropped: columns that a
    gate refused, or that say what others say; left out on every shore."""

    kind: str
    coefficients: tuple[Coefficient, ...]
    dropped: tuple[str, ...]
    persons: int
    events: int
    rounds: int
    converged: bool


@dataclass(frozen=True, slots=True)
class ModelTold:
    """A model of one outcome, learnt on some sites: a hazard for each kind of event. file: of the
    model document, beside the result; '' where none was made. document: its text."""

    model: str
    outcome: str
    learnt_on: tuple[str, ...]
    hazards: tuple[HazardTold, ...]
    file: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric in one group of the people judged on; masked: too few people to say it."""

    name: str
    group: str
    figure: Figure | None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """One bin of predicted risk: mean predicted, share observed."""

    predicted: float
    observed: Figure


@dataclass(frozen=True, slots=True)
class Decision:
    """Net benefit at one threshold: of the model, of treating all."""

    threshold: float
    model: Figure
    all: float


@dataclass(frozen=True, slots=True)
class ValidationTold:
    """A model judged by people whom it never saw: another shore's."""

    model: str
    outcome: str
    kind: str
    horizon: float
    learnt_on: tuple[str, ...]
    judged_on: tuple[str, ...]
    metrics: tuple[Metric, ...]
    calibration: tuple[Level, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """A published figure."""

    label: Text
    figure: Figure
    source: str


@dataclass(frozen=True, slots=True)
class ArmTold:
    """One strategy: risk of the event by each edge."""

    name: str
    risk: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TrialTold:
    """The emulated trial: both arms, their difference, a ratio of hazards; what was published."""

    outcome: str
    edges: tuple[float, ...]
    arms: tuple[ArmTold, ...]
    difference: tuple[Figure, ...]
    hazard_ratio: Figure
    published: tuple[Beside, ...]


@dataclass(frozen=True, slots=True)
class WaitTold:
    """Without treatment for so many months: share with each kind of event by each edge."""

    months: float
    kind: str
    edges: tuple[float, ...]
    incidence: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Incidence after a code, as it is coded and as it would be without errors of the code."""

    outcome: str
    kind: str
    horizon: float
    coded: Figure
    corrected: Figure


@dataclass(frozen=True, slots=True)
class Withheld:
    """A question that was not answered, or an estimate that does not exist, and why."""

    outcome: str
    step: str
    site: str
    reason: Text
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrueCurve:
    """Simulator only: a curve beside the true one. covered: edges where the interval holds it."""

    outcome: str
    kind: str
    site: str
    group: str
    edges: tuple[float, ...]
    true: tuple[float, ...]
    covered: int
    of: int


@dataclass(frozen=True, slots=True)
class ValveResult:
    """Everything a report needs. `notes` are sentences to show as they are."""

    study: StudyIdentity
    sites: tuple[SiteRecord, ...]
    features: tuple[FeatureTold, ...]
    populations: tuple[PopulationTold, ...]
    curves: tuple[CurveTold, ...]
    models: tuple[ModelTold, ...]
    validations: tuple[ValidationTold, ...]
    trial: TrialTold | None
    waits: tuple[WaitTold, ...]
    corrected: tuple[Corrected, ...]
    withheld: tuple[Withheld, ...]
    notes: tuple[Text, ...]
    run: RunRecord
    truth: tuple[TrueCurve, ...] = ()

    def to_json(self) -> str:
        """The result as indented JSON; floats keep every digit."""
        from pydantic import TypeAdapter

        plain = TypeAdapter(ValveResult).dump_python(self, mode="json")
        return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> ValveResult:
        """Read back what `to_json` wrote.

        Raises
        ------
        pydantic.ValidationError: the text is not such a result.
        """
        from pydantic import TypeAdapter

        return TypeAdapter(ValveResult).validate_json(text, strict=True)

    @staticmethod
    def read(path: Path) -> ValveResult:
        """Read a `result.json`."""
        return ValveResult.from_json(path.read_text(encoding="utf-8"))
