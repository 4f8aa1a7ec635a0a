"""Apply a model file to one person, with Python's standard library alone.

This file may be copied beside a model and used without Transat:

    python model_apply.py MODEL.json PERSON.json

PERSON.json is one object: a number for each feature that the model file describes, null where it is
not known. What comes out is the chance of each outcome by each edge of the model's time. Nothing is
guessed: a feature that is missing, unknown, or outside its range is treated as the file says, or
refused by its name. The formulas are those of `transat.learners.hazards`; the format is described
by `model.schema.json`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

TIME = "time"  # the feature of a tree that is the end of the interval
_LARGEST = 500.0  # of a score: exp stays finite

Values = dict[str, float]


class Refused(ValueError):
    """A person to whom the model does not apply. feature: its name; why: unknown, missing,
    not_a_number, below, above, or horizon."""

    def __init__(self, feature: str, why: str) -> None:
        self.feature, self.why = feature, why
        super().__init__(f"{feature}: {why}")


def predict(
    model: Mapping[str, Any],
    person: Mapping[str, float | None],
    horizons: Iterable[float] | None = None,
) -> dict[str, dict[float, float]]:
    """The chance of each outcome, by its name, by each horizon (the model's whole grid if None).

    Raises
    ------
    Refused : a feature that the model does not know, or that is missing or out of its range where
        the model says that it may not be; a horizon that is no edge of the model's time.
    """
    grid = [float(edge) for edge in model["time"]["grid"]]
    asked = grid if horizons is None else [float(horizon) for horizon in horizons]
    for horizon in asked:
        if horizon not in grid:
            raise Refused(f"{horizon:g}", "horizon")
    values = prepared(model["features"], person)
    scores = [_scores(outcome, grid, values) for outcome in model["outcomes"]]
    found = _incidences(model["outcomes"], scores)
    return {
        outcome["name"]: {horizon: curve[grid.index(horizon)] for horizon in asked}
        for outcome, curve in zip(model["outcomes"], found, strict=True)
    }


def prepared(features: Sequence[Mapping[str, Any]], person: Mapping[str, float | None]) -> Values:
    """What the model reads: values inside their range, what stands for missing ones, indicators.

    Raises
    ------
    Refused : see `predict`.
    """
    known = {feature["name"] for feature in features}
    for name in person:
        if name not in known:
            raise Refused(name, "unknown")
    values: Values = {}
    for feature in features:
        name, missing = feature["name"], feature["missing"]
        value = person.get(name)
        if missing["rule"] == "indicator":
            values[missing["indicator"]] = 1.0 if value is None else 0.0
        if value is not None:
            values[name] = _in_range(feature, value)
        elif missing["rule"] == "refuse":
            raise Refused(name, "missing")
        else:
            values[name] = float(missing["value"])
    return values


def _in_range(feature: Mapping[str, Any], value: Any) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise Refused(feature["name"], "not_a_number")
    inside = float(min(max(value, feature["low"]), feature["high"]))
    if inside != value and feature["outside"] == "refuse":
        raise Refused(feature["name"], "below" if value < inside else "above")
    return inside


def _scores(outcome: Mapping[str, Any], grid: list[float], values: Values) -> list[float]:
    form = outcome["form"]
    if form["form"] == "cox":
        made = _cox(form, values)
    elif form["form"] == "discrete_boosted":
        made = _boosted(form, grid, values)
    else:
        made = _network(form, values)
    shift = outcome["shift"] or [0.0] * len(grid)
    scores = (outcome["slope"] * f + s for f, s in zip(made, shift, strict=True))
    return [min(max(score, -_LARGEST), _LARGEST) for score in scores]


def _cox(form: Mapping[str, Any], values: Values) -> list[float]:
    relative = sum(
        term["coefficient"] * (values[term["feature"]] - term["centre"]) for term in form["terms"]
    )
    return [base + relative for base in form["log_baseline"]]


def _boosted(form: Mapping[str, Any], grid: list[float], values: Values) -> list[float]:
    made = []
    for edge in grid:
        here = {**values, TIME: edge}
        made.append(form["base"] + sum(_leaf(tree, here) for tree in form["trees"]))
    return made


def _leaf(tree: Mapping[str, Any], values: Values) -> float:
    node = 0
    while node < len(tree["feature"]) and tree["feature"][node] is not None:
        node = 2 * node + 1 + (values[tree["feature"][node]] > tree["at_most"][node])
    return float(tree["value"][node])


def _network(form: Mapping[str, Any], values: Values) -> list[float]:
    x = [(values[i["feature"]] - i["centre"]) / i["scale"] for i in form["inputs"]]
    inner = [math.tanh(v) for v in _layer(x, form["hidden"], form["hidden_constants"])]
    return _layer(inner, form["output"], form["output_constants"])


def _layer(x: list[float], weights: list[list[float]], constants: list[float]) -> list[float]:
    return [
        constant + sum(value * row[k] for value, row in zip(x, weights, strict=True))
        for k, constant in enumerate(constants)
    ]


def _incidences(
    outcomes: Sequence[Mapping[str, Any]], scores: list[list[float]]
) -> list[list[float]]:
    """Of each outcome, by interval; the others compete."""
    proportional = [outcome["form"]["form"] == "cox" for outcome in outcomes]
    found: list[list[float]] = [[] for _ in outcomes]
    free, came = 1.0, [0.0] * len(outcomes)
    for interval in zip(*scores, strict=True):
        chances = _chances(interval, proportional)
        for j, chance in enumerate(chances):
            came[j] += free * chance
            found[j].append(came[j])
        free *= 1.0 - sum(chances)
    return found


def _chances(scores: Sequence[float], proportional: list[bool]) -> list[float]:
    """Of each kind in one interval, for those at risk as it begins."""
    if all(proportional):
        hazards = [math.exp(score) for score in scores]
        total = sum(hazards)
        whole = -math.expm1(-total)
        return [whole * hazard / max(total, 1e-300) for hazard in hazards]
    each = [
        -math.expm1(-math.exp(score)) if log_log else _logistic(score)
        for score, log_log in zip(scores, proportional, strict=True)
    ]
    return [chance / max(sum(each), 1.0) for chance in each]


def _logistic(score: float) -> float:
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-score))
    return math.exp(score) / (1.0 + math.exp(score))


def main(arguments: Sequence[str]) -> int:
    """Print the chances of one person as JSON; 2 and a line on the error stream when refused."""
    with open(arguments[0], encoding="utf-8") as file:
        model = json.load(file)
    with open(arguments[1], encoding="utf-8") as file:
        person = json.load(file)
    try:
        found = predict(model, person)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2
    told = {name: {f"{at:g}": p for at, p in curve.items()} for name, curve in found.items()}
    print(json.dumps(told, ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
