"""What a model file holds, part by part; a file that is anything else is refused.

Unknown fields are refused, numbers are finite, and a program in any language can apply the file.
A feature says its unit, its definition, when it is known, what stands for it when it is missing,
and the range in which the model holds. The kinds: `cox`, `discrete_boosted`, `discrete_network`, of
one outcome; `competing`, of several. `data/model.schema.json` is this module as JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: The feature of a tree that is the end of the interval; as `time_trees.TIME`.
TIME = "time"

Number = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Strict(BaseModel):
    """Base of the parts of a file: immutable, no unknown field, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Said(Strict):
    """A text in both languages, neither empty."""

    fr: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Refuse(Strict):
    """A person without the feature has no prediction."""

    rule: Literal["refuse"] = "refuse"


class Instead(Strict):
    """This value stands for a missing one."""

    rule: Literal["value"] = "value"
    value: Number


class Indicator(Strict):
    """This value stands for a missing one, and a feature of that name is then 1, else 0."""

    rule: Literal["indicator"] = "indicator"
    value: Number
    indicator: Name


class Feature(Strict):
    """What the model reads of a person. unit: UCUM, "1" for none. available_at: when it is known,
    never after the landmark. outside: what happens to a value below `low` or above `high`."""

    name: Name
    unit: Annotated[str, Field(min_length=1)]
    label: Said
    definition: Said
    available_at: Literal["birth", "before_landmark", "landmark"]
    missing: Annotated[Refuse | Instead | Indicator, Field(discriminator="rule")]
    low: Number
    high: Number
    outside: Literal["refuse", "clamp"] = "refuse"


class Term(Strict):
    """coefficient x (feature - centre)."""

    feature: Name
    centre: Number
    coefficient: Number


class CoxForm(Strict):
    """Score: log_baseline of the interval + sum of the terms; log-log link."""

    form: Literal["cox"] = "cox"
    terms: tuple[Term, ...]
    log_baseline: tuple[Number, ...]


class TreeForm(Strict):
    """A heap: node 0, children of k at 2k + 1 (value <= at_most) and 2k + 2; a node without feature
    is a leaf, and its value counts. The feature `time` is the end of the interval."""

    feature: tuple[Name | None, ...]
    at_most: tuple[Number | None, ...]
    value: tuple[Number, ...]

    @model_validator(mode="after")
    def _heap(self) -> TreeForm:
        nodes = len(self.feature)
        whole = (nodes + 1) & nodes == 0 and nodes < 2**12
        if not whole or len(self.at_most) != nodes or len(self.value) != 2 * nodes + 1:
            raise ValueError("a tree that is no heap")
        if any((f is None) != (a is None) for f, a in zip(self.feature, self.at_most, strict=True)):
            raise ValueError("a node with a feature and no cut, or a cut and no feature")
        return self


class BoostedForm(Strict):
    """Score: base + the leaf of every tree; logit link."""

    form: Literal["discrete_boosted"] = "discrete_boosted"
    base: Number
    trees: tuple[TreeForm, ...]


class Input(Strict):
    """(feature - centre) / scale."""

    feature: Name
    centre: Number
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class NetworkForm(Strict):
    """Scores of the K intervals: tanh(inputs x hidden + constants) x output + constants; logit
    link. hidden: (p, H); output: (H, K)."""

    form: Literal["discrete_network"] = "discrete_network"
    inputs: tuple[Input, ...]
    hidden: tuple[tuple[Number, ...], ...]
    hidden_constants: tuple[Number, ...]
    output: tuple[tuple[Number, ...], ...]
    output_constants: tuple[Number, ...]


class Outcome(Strict):
    """One kind of event. kind: its number in the tables of the study. slope, shift: recalibration,
    slope x score + shift of the interval (empty: none)."""

    kind: Annotated[int, Field(ge=1, le=127)]
    name: Name
    label: Said
    form: Annotated[CoxForm | BoostedForm | NetworkForm, Field(discriminator="form")]
    slope: Number = 1.0
    shift: tuple[Number, ...] = ()


class Made(Strict):
    """Where the model comes from. study, document: hashes of the protocol. sites: whose people it
    was fitted on; recalibrated_at: those it was set right for since."""

    study: Sha256
    document: Sha256
    version: str
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    sites: tuple[Name, ...]
    recalibrated_at: tuple[Name, ...] = ()


class Time(Strict):
    """grid: edges of the intervals, rising from above 0, in months of 30.4375 days from the
    landmark."""

    unit: Literal["month"] = "month"
    days: Annotated[float, Field(ge=30.4375, le=30.4375)] = 30.4375
    grid: Annotated[tuple[Number, ...], Field(min_length=1)]


class Document(Strict):
    """One model file. signatures: by public key (Ed25519, base64), of `content`."""

    transat: Literal[1] = 1
    kind: Literal["model"] = "model"
    format: Literal["1.0"] = "1.0"
    model: Literal["cox", "discrete_boosted", "discrete_network", "competing"]
    name: Name
    title: Said
    purpose: Said
    population: Said
    landmark: Said
    made: Made
    time: Time
    features: tuple[Feature, ...]
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)]
    signatures: dict[str, str] = {}

    @model_validator(mode="after")
    def _agrees(self) -> Document:
        for wrong in _wrong(self):
            raise ValueError(wrong)
        return self


def _wrong(document: Document) -> list[str]:
    """What parts of a file do not agree with one another."""
    grid, found = document.time.grid, []
    if any(b <= a for a, b in zip((0.0, *grid), grid, strict=False)):
        found.append("time: the grid does not rise from above 0")
    kinds = [outcome.kind for outcome in document.outcomes]
    names = [outcome.name for outcome in document.outcomes]
    if len(set(kinds)) != len(kinds) or len(set(names)) != len(names):
        found.append("outcomes: a kind or a name twice")
    only = document.outcomes[0].form.form if len(kinds) == 1 else "competing"
    if document.model != only:
        found.append("model: not what its outcomes are")
    if any(o.shift and len(o.shift) != len(grid) for o in document.outcomes):
        found.append("shift: not one for each interval")
    if not all(_sized(outcome.form, len(grid)) for outcome in document.outcomes):
        found.append("form: not one number for each interval, unit or input")
    return found + _wrong_features(document)


def _wrong_features(document: Document) -> list[str]:
    named = [feature.name for feature in document.features]
    marks = [f.missing.indicator for f in document.features if isinstance(f.missing, Indicator)]
    held, found = [*named, *marks], []
    if len(set(held)) != len(held) or TIME in held:
        found.append("features: a name twice, or one that is kept for time")
    read = {name for outcome in document.outcomes for name in _reads(outcome.form)}
    if not read <= set(held):
        found.append("outcomes: a feature that the file does not describe")
    unread = [f for f in document.features if not read & {f.name, *_mark(f)}]
    if unread:
        found.append("features: one that no outcome reads")
    for feature in document.features:
        value = None if isinstance(feature.missing, Refuse) else feature.missing.value
        if not feature.low <= (feature.low if value is None else value) <= feature.high:
            found.append("features: a range that is empty, or a value for missing ones outside it")
    return found


def _mark(feature: Feature) -> tuple[str, ...]:
    return (feature.missing.indicator,) if isinstance(feature.missing, Indicator) else ()


def _reads(form: CoxForm | BoostedForm | NetworkForm) -> set[str]:
    if isinstance(form, CoxForm):
        return {term.feature for term in form.terms}
    if isinstance(form, NetworkForm):
        return {one.feature for one in form.inputs}
    named = {name for tree in form.trees for name in tree.feature if name is not None}
    return named - {TIME}


def _sized(form: CoxForm | BoostedForm | NetworkForm, intervals: int) -> bool:
    if isinstance(form, CoxForm):
        return len(form.log_baseline) == intervals
    if isinstance(form, BoostedForm):
        return True
    units = len(form.hidden_constants)
    layers = len(form.hidden) == len(form.inputs) and len(form.output) == units
    wide = all(len(row) == units for row in form.hidden)
    outputs = (*form.output, form.output_constants)
    return layers and wide and all(len(row) == intervals for row in outputs)
