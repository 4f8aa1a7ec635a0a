"""A model as one JSON file: written, read strictly, named by its hash, and applied to tables.

The file is data, never code (`model_document`). What is signed is `content`: the canonical bytes
(RFC 8785) of all but the signatures, so that a model is named by one SHA-256. `model_apply` applies
a file to one person with the standard library alone; `model_of` gives what `hazards` applies to a
whole table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rfc8785
from pydantic import ValidationError

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.learners import hazards
from transat.learners.hazards import Boosted, Hazard, Model, Network, Proportional
from transat.learners.model_document import (
    BoostedForm,
    CoxForm,
    Document,
    Input,
    NetworkForm,
    Outcome,
    Said,
    Term,
    Time,
    TreeForm,
)
from transat.learners.trees import Bins, Tree


def document(model: Model, outcomes: Mapping[int, tuple[str, Said]], **said: Any) -> Document:
    """The file of a model. outcomes: name and label of each kind; said: the other fields of
    `Document` (name, title, purpose, population, landmark, made, features).

    Raises
    ------
    pydantic.ValidationError : parts that do not agree, e.g. a feature that no outcome reads.
    """
    told = tuple(
        Outcome(
            kind=h.kind, name=outcomes[h.kind][0], label=outcomes[h.kind][1], form=_form(h, model),
            slope=h.slope, shift=h.shift,
        )
        for h in model.hazards
    )  # fmt: skip
    kind = told[0].form.form if len(told) == 1 else "competing"
    return Document(model=kind, time=Time(grid=model.grid), outcomes=told, **said)


def model_of(document: Document) -> Model:
    """What `hazards` foresees with: the columns of a table are the file's features and indicators,
    whose missing values the table has already replaced."""
    told = (Hazard(o.kind, _of_form(o.form), o.slope, o.shift) for o in document.outcomes)
    return Model(document.time.grid, tuple(told))


def recalibrated(document: Document, model: Model, site: str) -> Document:
    """The file of a model set right for a site since (`recalibration`): unsigned, as it is another.

    Raises
    ------
    ValueError : a model that differs by more than slopes and shifts.
    """
    before = model_of(document)
    same = replace(before, hazards=tuple(replace(h, slope=1.0, shift=()) for h in before.hazards))
    if same != replace(
        model, hazards=tuple(replace(h, slope=1.0, shift=()) for h in model.hazards)
    ):
        raise ValueError("model: not the file's own, set right")
    outcomes = tuple(
        outcome.model_copy(update={"slope": hazard.slope, "shift": hazard.shift})
        for outcome, hazard in zip(document.outcomes, model.hazards, strict=True)
    )
    made = document.made.model_copy(
        update={"recalibrated_at": (*document.made.recalibrated_at, site)}
    )
    return document.model_copy(update={"outcomes": outcomes, "made": made, "signatures": {}})


def content(document: Document) -> bytes:
    """What is signed: canonical JSON (RFC 8785) of all but the signatures."""
    plain = document.model_dump(mode="json")
    del plain["signatures"]
    return rfc8785.dumps(plain)


def sha256(document: Document) -> str:
    """The model's name: SHA-256 of what is signed, 64 hexadecimal digits."""
    return hashlib.sha256(content(document)).hexdigest()


def signed(document: Document, key: str, signature: str) -> Document:
    """A copy with one more signature of its `content`."""
    return document.model_copy(update={"signatures": {**document.signatures, key: signature}})


def write(document: Document, path: Path) -> None:
    """Write a file, readable line by line; renamed when it is complete."""
    text = json.dumps(document.model_dump(mode="json"), ensure_ascii=False, indent=1)
    beside = path.with_name(path.name + ".part")
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(path)


def read(path: Path) -> Document:
    """Read a file strictly.

    Raises
    ------
    InputError : a file that cannot be read, is not JSON, or is not a model; it names the field.
    """
    try:
        text = path.read_text(encoding="utf-8")
        json.loads(text, object_pairs_hook=_once)
        return Document.model_validate_json(text, strict=True)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "model"
        raise _refused(path, field) from None
    except (OSError, ValueError, RecursionError):
        raise _refused(path, "JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a field twice")
    return dict(pairs)


def _refused(path: Path, field: str) -> InputError:
    return InputError(
        Text(
            f"ce n'est pas un fichier de modèle valable (champ {field}).",
            f"this is not a valid model file (field {field}).",
        ),
        str(path),
        Text(
            "Reprenez le fichier auprès de qui l'a publié.",
            "Get the file again from whoever published it.",
        ),
    )


def _form(hazard: Hazard, model: Model) -> CoxForm | BoostedForm | NetworkForm:
    form = hazard.form
    if isinstance(form, Proportional):
        terms = zip(form.columns, form.centres, form.coefficients, strict=True)
        told = tuple(Term(feature=n, centre=m, coefficient=b) for n, m, b in terms)
        return CoxForm(terms=told, log_baseline=form.baseline)
    if isinstance(form, Boosted):
        grown = tuple(_tree(tree, form.bins) for tree in form.trees)
        return BoostedForm(base=form.base, trees=grown)
    inputs = zip(form.columns, form.centres, form.scales, strict=True)
    arrays = hazards.parted(form.weights, len(form.columns), form.hidden, len(model.grid))
    first, constants, second, last = (array.tolist() for array in arrays)
    return NetworkForm(
        inputs=tuple(Input(feature=n, centre=m, scale=s) for n, m, s in inputs),
        hidden=tuple(map(tuple, first)),
        hidden_constants=tuple(constants),
        output=tuple(map(tuple, second)),
        output_constants=tuple(last),
    )


def _tree(tree: Tree, bins: Bins) -> TreeForm:
    cuts = tuple(zip(tree.feature, tree.cut, strict=True))
    return TreeForm(
        feature=tuple(bins.names[f] if f >= 0 else None for f, _ in cuts),
        at_most=tuple(float(bins.edges[f][c]) if f >= 0 else None for f, c in cuts),
        value=tree.value,
    )


def _of_form(form: CoxForm | BoostedForm | NetworkForm) -> Proportional | Boosted | Network:
    if isinstance(form, CoxForm):
        return Proportional(
            tuple(t.feature for t in form.terms), tuple(t.centre for t in form.terms),
            tuple(t.coefficient for t in form.terms), form.log_baseline,
        )  # fmt: skip
    if isinstance(form, BoostedForm):
        return _boosted(form)
    arrays = (form.hidden, form.hidden_constants, form.output, form.output_constants)
    flat = np.concatenate([np.asarray(array, dtype=np.float64).ravel() for array in arrays])
    return Network(
        tuple(i.feature for i in form.inputs), tuple(i.centre for i in form.inputs),
        tuple(i.scale for i in form.inputs), len(form.hidden_constants), tuple(flat.tolist()),
    )  # fmt: skip


def _boosted(form: BoostedForm) -> Boosted:
    """On bins whose edges are the cuts of the trees."""
    cuts: dict[str, set[float]] = {}
    for tree in form.trees:
        for name, at_most in zip(tree.feature, tree.at_most, strict=True):
            if name is not None and at_most is not None:
                cuts.setdefault(name, set()).add(at_most)
    names = tuple(sorted(cuts))
    bins = Bins(names, tuple(tuple(sorted(cuts[name])) for name in names))
    made = (
        Tree(
            tuple(-1 if n is None else names.index(n) for n in tree.feature),
            tuple(
                -1 if n is None or a is None else bins.edges[names.index(n)].index(a)
                for n, a in zip(tree.feature, tree.at_most, strict=True)
            ),
            tree.value,
        )
        for tree in form.trees
    )
    return Boosted(bins, form.base, tuple(made))
