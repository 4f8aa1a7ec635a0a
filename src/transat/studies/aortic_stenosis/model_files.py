"""Models as documents that another program applies: one per outcome, learnt on all sites together.

In the tables a feature is (value - centre) / per; in a document it is the value itself, with its
unit, when it is known, what stands for a missing one and its range. A document is signed by the
coordinator's key.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from transat import __version__
from transat.federation.coordinator import Coordinator
from transat.learners import hazards, model_file
from transat.learners.hazards import Hazard, Model, Proportional
from transat.learners.model_document import (
    Document,
    Feature,
    Indicator,
    Instead,
    Made,
    Refuse,
    Said,
)
from transat.studies.aortic_stenosis.document import Feature as Declared
from transat.studies.aortic_stenosis.foreseen import Learnt
from transat.studies.aortic_stenosis.protocol import AorticStenosis
from transat.studies.hashes import hashes
from transat.studies.protocol import Rule

FOLDER: Final = "models"
_WHEN: Final = {"birth": "birth", "day": "landmark", "stay_end": "before_landmark"}


def name_of(made: Learnt) -> str:
    """The file of a model, beside the result."""
    return f"{FOLDER}/{made.about.outcome}.{'_'.join(made.learnt_on)}.json"


def text_of(told: Document) -> str:
    """The text of a document, as it is written."""
    return json.dumps(told.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"


def document(protocol: AorticStenosis, made: Learnt, coordinator: Coordinator) -> Document:
    """The signed document of a model."""
    about, names = made.about, hashes(protocol)
    rule = protocol.document.outcomes[about.outcome]
    landmark = protocol.document.landmarks[rule.value.landmark]
    cohort = protocol.study.population(landmark.value.cohort)
    model = _unscaled(protocol, made.model)
    kinds = {
        k: (kind, Said(fr=kind.replace("_", " "), en=kind.replace("_", " ")))
        for k, kind in enumerate(about.kinds, 1)
    }
    told = model_file.document(
        model,
        kinds,
        name=about.outcome,
        title=_said(protocol.document.models[about.model]),
        purpose=_said(rule),
        population=Said(fr=cohort.title.fr, en=cohort.title.en),
        landmark=_said(landmark),
        made=Made(
            study=names.logic, document=names.document, version=__version__,
            date=datetime.now(UTC).date().isoformat(), sites=made.learnt_on,
        ),
        features=_features(protocol, hazards.columns(model)),
    )  # fmt: skip
    return model_file.signed(told, *coordinator.sign(model_file.content(told)))


def _said(rule: Rule[Any]) -> Said:
    return Said(fr=rule.text.fr, en=rule.text.en)


def _unscaled(protocol: AorticStenosis, model: Model) -> Model:
    """The same model of values as they are measured."""
    return Model(model.grid, tuple(_of_values(protocol, hazard) for hazard in model.hazards))


def _of_values(protocol: AorticStenosis, hazard: Hazard) -> Hazard:
    form, features = hazard.form, protocol.document.features
    assert isinstance(form, Proportional)
    centres, coefficients = [], []
    for name, at, b in zip(form.columns, form.centres, form.coefficients, strict=True):
        centre, per = 0.0, 1.0
        if name in features:
            centre, per = features[name].value.centre, features[name].value.per
        centres.append(centre + per * at)
        coefficients.append(b / per)
    made = replace(form, centres=tuple(centres), coefficients=tuple(coefficients))
    return replace(hazard, form=made)


def _features(protocol: AorticStenosis, read: tuple[str, ...]) -> tuple[Feature, ...]:
    return tuple(
        _feature(name, rule.value, _said(rule))
        for name, rule in protocol.document.features.items()
        if name in read or f"{name}_missing" in read
    )


def _feature(name: str, said: Declared, text: Said) -> Feature:
    missing: Refuse | Instead | Indicator = Refuse()
    if said.missing == "zero":
        missing = Instead(value=0.0)
    elif said.missing == "flag":
        missing = Indicator(value=said.fill, indicator=f"{name}_missing")
    return Feature.model_validate(
        {
            "name": name, "unit": said.unit, "label": text, "definition": text,
            "available_at": _WHEN[said.available_at], "missing": missing, "low": said.low,
            "high": said.high, "outside": "refuse",
        }
    )  # fmt: skip
