"""A model as a file: the same chances from the file alone, strict reading, what is signed."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import InputError
from transat.federation.keys import Key, signed_by
from transat.learners import hazard_trees, hazards, model_apply, model_file, recalibration
from transat.learners.hazards import Boosted, Hazard, Model, Network, Proportional
from transat.learners.model_apply import Refused
from transat.learners.model_document import (
    Document,
    Feature,
    Indicator,
    Instead,
    Made,
    Refuse,
    Said,
)
from transat.learners.time_trees import TIME
from transat.learners.trees import Bins

Draw = Callable[..., SurvivalTable]
GRID = (6.0, 12.0, 24.0)
TEXT = Said(fr="un texte", en="a text")
NAMES = ("age", "operated", "noise")


def feature(name: str, missing: Refuse | Instead | Indicator | None = None) -> Feature:
    return Feature(
        name=name, unit="1", label=TEXT, definition=TEXT, available_at="landmark",
        missing=missing or Refuse(), low=-200.0, high=200.0,
    )  # fmt: skip


def written(model: Model, *features: Feature) -> Document:
    labels = {h.kind: (f"outcome_{h.kind}", TEXT) for h in model.hazards}
    made = Made(study="0" * 64, document="f" * 64, version="1.0", date="2026-11-24",
                sites=("france",))  # fmt: skip
    return model_file.document(
        model, labels, name="test_model", title=TEXT, purpose=TEXT, population=TEXT,
        landmark=TEXT, made=made, features=features or tuple(map(feature, NAMES)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def forms(followed: Draw) -> dict[str, Proportional | Boosted | Network]:
    rng = np.random.default_rng(0)
    bins = Bins((*NAMES, TIME), ((60.0, 66.0, 72.0, 78.0), (0.0,), (-0.5, 0.5), (6.0, 12.0)))
    table = followed(1, n=900)
    grown = hazard_trees.combine(
        lambda q: [hazard_trees.at_site(table, q[0])],
        hazard_trees.Parameters(GRID, bins, number=6, least_rows=15, rate=0.4),
    ).forest
    sizes = 3 * 5 + 5 + 5 * 3 + 3
    return {
        "cox": Proportional(NAMES, (70.0, 0.0, 0.0), (0.05, -0.3, 1e-7), (-3.1, -2.2, -1.3)),
        "boosted": Boosted(bins, grown.base, grown.trees),
        "network": Network(NAMES, (70.0, 0.0, 0.0), (8.0, 1.0, 2.0), 5,
                           tuple(rng.normal(size=sizes).tolist())),
    }  # fmt: skip


@pytest.fixture(scope="module")
def models(forms: dict[str, Any]) -> dict[str, Model]:
    def of(*names: str) -> Model:
        right = {"slope": 0.9, "shift": (0.2, -0.1, 0.0)}
        return Model(GRID, tuple(Hazard(k, forms[n], **right) for k, n in enumerate(names, 1)))

    return {
        "cox": of("cox"),
        "discrete_boosted": of("boosted"),
        "discrete_network": of("network"),
        "two cox": of("cox", "cox"),
        "all": of("boosted", "cox", "network"),
    }


KINDS = ("cox", "discrete_boosted", "discrete_network", "two cox", "all")


def people(table: SurvivalTable) -> Iterator[dict[str, float | None]]:
    for row in table.columns.tolist():
        yield dict(zip(table.column_names, row, strict=True))


@pytest.mark.parametrize("which", KINDS)
def test_the_file_alone_says_what_the_model_says(
    followed: Draw, models: dict[str, Model], tmp_path: Path, which: str
) -> None:
    table, model = followed(2, n=60), models[which]
    model_file.write(written(model), tmp_path / "model.json")
    raw = json.loads((tmp_path / "model.json").read_text("utf-8"))
    assert raw["model"] == (which if which in raw["model"] else "competing")
    for hazard in model.hazards:
        wanted = hazards.incidence(model, table, hazard.kind, GRID)
        for i, person in enumerate(people(table)):
            found = model_apply.predict(raw, person)[f"outcome_{hazard.kind}"]
            np.testing.assert_allclose(list(found.values()), wanted[i], rtol=1e-11)
            assert list(found) == list(GRID)


@pytest.mark.parametrize("which", KINDS)
def test_a_file_read_back_is_the_same_model(
    followed: Draw, models: dict[str, Model], tmp_path: Path, which: str
) -> None:
    table, document = followed(3, n=50), written(models[which])
    model_file.write(document, tmp_path / "model.json")
    back = model_file.read(tmp_path / "model.json")
    assert back == document
    assert model_file.sha256(back) == model_file.sha256(document)
    for hazard in models[which].hazards:
        np.testing.assert_allclose(
            hazards.incidence(model_file.model_of(back), table, hazard.kind, GRID),
            hazards.incidence(models[which], table, hazard.kind, GRID),
            rtol=1e-13,
        )


def test_another_program_needs_the_standard_library_alone(
    followed: Draw, models: dict[str, Model], tmp_path: Path
) -> None:
    """A copy of `model_apply`, run without any package, Transat included."""
    table = followed(4, n=1)
    shutil.copy(model_apply.__file__, tmp_path / "apply.py")
    model_file.write(written(models["all"]), tmp_path / "model.json")
    (tmp_path / "person.json").write_text(json.dumps(next(people(table))))
    run = [sys.executable, "-I", "-S", "apply.py", "model.json", "person.json"]
    found = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    told = json.loads(found.stdout)
    wanted = hazards.incidence(models["all"], table, 2, GRID)[0]
    assert list(told["outcome_2"]) == ["6", "12", "24"]
    np.testing.assert_allclose(list(told["outcome_2"].values()), wanted, rtol=1e-11)
    (tmp_path / "person.json").write_text('{"age": 70}')
    refused = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr) == (2, "operated: missing\n")


def test_missing_values_ranges_and_unknown_names(models: dict[str, Model]) -> None:
    cox = models["cox"]
    form = cox.hazards[0].form
    assert isinstance(form, Proportional)
    marked = replace(form, columns=("age", "operated", "noise_unknown"))
    model = Model(GRID, (Hazard(1, marked), Hazard(2, form)))
    clamped = feature("age", Instead(value=71.0)).model_copy(
        update={"low": 40.0, "high": 90.0, "outside": "clamp"}
    )
    raw = json.loads(
        written(
            model,
            clamped,
            feature("operated"),
            feature("noise", Indicator(value=0.25, indicator="noise_unknown")),
        ).model_dump_json()
    )

    def risk(**person: Any) -> list[float]:
        found = model_apply.predict(raw, person)
        return [p for curve in found.values() for p in curve.values()]

    whole = risk(age=71.0, operated=1.0, noise=0.25)
    assert risk(operated=1.0, noise=0.25) == whole == risk(age=None, operated=1, noise=0.25)
    assert risk(age=140.0, operated=0.0, noise=0.1) == risk(age=90.0, operated=0.0, noise=0.1)
    assert risk(age=60.0, operated=0.0) != risk(age=60.0, operated=0.0, noise=0.25)
    for person, feature_, why in (
        ({"age": 70.0}, "operated", "missing"),
        ({"age": 70.0, "operated": None}, "operated", "missing"),
        ({"operated": 201.0}, "operated", "above"),
        ({"operated": -201.0}, "operated", "below"),
        ({"operated": float("nan")}, "operated", "not_a_number"),
        ({"operated": "1"}, "operated", "not_a_number"),
        ({"operated": True}, "operated", "not_a_number"),
        ({"operated": 1.0, "weight": 70.0}, "weight", "unknown"),
        ({"operated": 1.0, "noise_unknown": 1.0}, "noise_unknown", "unknown"),
    ):
        with pytest.raises(Refused) as refused:
            model_apply.predict(raw, person)
        assert (refused.value.feature, refused.value.why) == (feature_, why)
    with pytest.raises(Refused, match="7: horizon"):
        model_apply.predict(raw, {"operated": 1.0}, [7.0])


def test_only_a_model_is_read(models: dict[str, Model], tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    plain = json.loads(written(models["all"]).model_dump_json())

    def refused(change: Callable[[dict[str, Any]], object], field: str) -> None:
        other = copy.deepcopy(plain)
        change(other)
        path.write_text(json.dumps(other), encoding="utf-8")
        with pytest.raises(InputError, match=field):
            model_file.read(path)

    refused(lambda d: d.update(code="print()"), "code")
    refused(lambda d: d["outcomes"][1]["form"].update(note=1), "note")
    refused(lambda d: d.update(format="2.0"), "format")
    refused(lambda d: d.pop("made"), "made")
    refused(lambda d: d["time"].update(grid=[6.0, "12", 24.0]), "grid")
    refused(lambda d: d["time"].update(grid=[6.0, float("inf"), 24.0]), "grid")
    refused(lambda d: d["time"].update(days=30.0), "days")
    refused(lambda d: d["features"][0].update(available_at="discharge"), "available_at")
    refused(lambda d: d["features"][0]["label"].update(fr=""), "label")
    for text in ("", "[]", '{"transat": 1, "transat": 1}', "\x80"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError):
            model_file.read(path)
    with pytest.raises(InputError, match="JSON"):
        model_file.read(tmp_path / "nowhere.json")


def test_parts_agree(models: dict[str, Model]) -> None:
    plain = written(models["all"]).model_dump()

    def wrong(change: Callable[[dict[str, Any]], object], why: str) -> None:
        other = copy.deepcopy(plain)
        change(other)
        with pytest.raises(ValidationError, match=why):
            Document.model_validate(other)

    def all_outcomes(d: dict[str, Any], **what: Any) -> None:
        d["outcomes"] = tuple({**o, **what} for o in d["outcomes"])

    wrong(lambda d: d["time"].update(grid=(6.0, 6.0, 24.0)), "rise")
    wrong(lambda d: d["time"].update(grid=(6.0, 12.0)), "interval")
    wrong(lambda d: d.update(model="cox"), "what its outcomes are")
    wrong(lambda d: all_outcomes(d, kind=1), "twice")
    wrong(lambda d: all_outcomes(d, shift=(0.0,)), "shift")
    wrong(lambda d: d.update(features=d["features"][:2]), "does not describe")
    wrong(lambda d: d.update(features=d["features"] * 2), "twice")
    extra = feature("weight").model_dump()
    wrong(lambda d: d.update(features=(*d["features"], extra)), "no outcome reads")
    wrong(lambda d: d["features"][0].update(low=300.0), "range")
    wrong(lambda d: d["features"][0].update(missing={"rule": "value", "value": 999.0}), "range")
    tree = plain["outcomes"][0]["form"]["trees"][0]
    assert plain["outcomes"][0]["form"]["form"] == "discrete_boosted"
    wrong(lambda d: d["outcomes"][0]["form"].update(trees=({**tree, "value": (0.0,)},)), "heap")
    cut = {**tree, "at_most": (None, *tree["at_most"][1:])}
    wrong(lambda d: d["outcomes"][0]["form"].update(trees=(cut,)), "cut")


def test_what_is_signed_is_everything_but_the_signatures(
    models: dict[str, Model], tmp_path: Path
) -> None:
    document, key = written(models["two cox"]), Key.new()
    signed = model_file.signed(document, key.public, key.sign(model_file.content(document)))
    model_file.write(signed, tmp_path / "model.json")
    back = model_file.read(tmp_path / "model.json")
    assert signed_by(key.public, back.signatures[key.public], model_file.content(back))
    assert model_file.content(back) == model_file.content(document)
    outcomes = (document.outcomes[0].model_copy(update={"slope": 0.91}), *document.outcomes[1:])
    other = document.model_copy(update={"outcomes": outcomes})
    assert not signed_by(key.public, back.signatures[key.public], model_file.content(other))
    assert model_file.sha256(other) != model_file.sha256(document)
    text = (tmp_path / "model.json").read_text("utf-8")
    shuffled = json.dumps(dict(reversed(json.loads(text).items())))
    (tmp_path / "model.json").write_text(shuffled, "utf-8")
    assert model_file.sha256(model_file.read(tmp_path / "model.json")) == model_file.sha256(back)


def test_a_model_set_right_for_a_site_is_another_file(
    followed: Draw, models: dict[str, Model], tmp_path: Path
) -> None:
    table, document = followed(5, n=400), written(models["two cox"])
    signed = model_file.signed(document, "key", "signature")
    before = model_file.model_of(signed)
    asked = recalibration.Parameters(before, 2, "slope")
    right = recalibration.combine(lambda q: [recalibration.at_site(table, q[0])], asked).model
    other = model_file.recalibrated(signed, right, "quebec")
    model_file.write(other, tmp_path / "model.json")
    back = model_file.read(tmp_path / "model.json")
    assert (back.signatures, back.made.recalibrated_at) == ({}, ("quebec",))
    assert model_file.model_of(back) == right != before
    assert model_file.sha256(back) != model_file.sha256(document)
    with pytest.raises(ValueError, match="own"):
        model_file.recalibrated(document, models["cox"], "quebec")


def test_the_published_schema_is_that_of_the_format() -> None:
    published = files("transat.learners") / "data" / "model.schema.json"
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    assert json.loads(published.read_text("utf-8")) == {**dialect, **Document.model_json_schema()}
