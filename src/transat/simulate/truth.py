"""The true ratio of every drug and group among exposed live-born singletons.

For a drug (or ATC prefix) and a window, take the live-born singletons of pregnancies with a covered
day in it. p1 is their probability, in the model, to carry an anomaly of the group; p0 the same had
the drug's planted effects been absent, everything else (other drugs, diseases, age) unchanged.
true_rr = mean p1 / mean p0; true_or uses the odds of these means. crude_rr compares the mean p1 of
the exposed with that of all others: what a comparison without adjustment tends to.
Selection by termination is inside: given its risk p and its chance l to end the pregnancy, a leaf
is present in a live birth with probability p(1-l)/(1-pl). Sums add over chunks, so the truth is
exact at any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transat.simulate.coverage import Coverage
from transat.simulate.design import Shore
from transat.simulate.effects import matching, reference_rows
from transat.simulate.exposures import drugs
from transat.simulate.groups import groups
from transat.simulate.malformations import HIGHEST_RISK, Applied, Fetuses
from transat.simulate.pregnancies import LIVE, Mask, Numbers, Pregnancies

T1 = (0, 90)
SUMS = pa.schema(
    [
        ("atc", pa.string()),
        ("group", pa.string()),
        ("window_start", pa.int16()),
        ("window_end", pa.int16()),
        ("n_exposed", pa.int64()),
        ("sum_p1", pa.float64()),
        ("sum_p0", pa.float64()),
        ("n_all", pa.int64()),
        ("sum_all", pa.float64()),
    ]
)
KEY = ["atc", "group", "window_start", "window_end"]


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """A drug or ATC prefixes joined by '|', and a window in days from LMP, closed-open."""

    atc: str
    window: tuple[int, int]


def _window(row: dict[str, str]) -> tuple[int, int]:
    return int(row["window_start"]), int(row["window_end"])


@cache
def questions(shore: Shore) -> tuple[Question, ...]:
    """Every drug in T1; every ATC of the reference set in the windows of its rows."""
    found = {Question(drug.atc, T1) for drug in drugs(shore)}
    for row in reference_rows():
        atcs = {row["atc"], row["planted_atc"]} - {""}
        singles = {drugs(shore)[i].atc for atc in atcs for i in matching(atc, shore)}
        found |= {Question(a, _window(row)) for a in atcs | singles if matching(a, shore)}
    return tuple(sorted(found))


@cache
def truth_groups() -> tuple[str, ...]:
    """All groups, and the joined ones that the reference set names."""
    joined = {row["group"] for row in reference_rows() if "|" in row["group"]}
    return (*groups().names, *sorted(joined))


@cache
def _member() -> Numbers:
    tree = groups()
    columns = [tree.members(name) for name in truth_groups()]
    return np.stack(columns, axis=1).astype(float)


def _in_groups(risk: Numbers) -> Numbers:
    """(n, leaves) risks before birth -> (n, groups) probabilities among live births."""
    lost = groups().lost
    capped = np.minimum(risk, HIGHEST_RISK)
    alive = capped * (1 - lost) / (1 - capped * lost)
    return np.asarray(-np.expm1(np.log1p(-alive) @ _member()))


def sums(
    shore: Shore,
    fetuses: Fetuses,
    pregnancies: Pregnancies,
    risk: Numbers,
    applied: tuple[Applied, ...],
    coverage: Coverage,
) -> pa.Table:
    """Sums of p1 and p0 of one chunk. risk: (fetuses, leaves) with the drugs' effects."""
    judged = (pregnancies.outcome == LIVE) & (pregnancies.plurality == 1)
    with_drugs = np.zeros((len(fetuses), len(truth_groups())))
    row = np.flatnonzero(judged[fetuses.pregnancy])
    with_drugs[row] = _in_groups(risk[row])
    asked = questions(shore)
    shape = (len(asked), len(truth_groups()))
    p1, p0, n = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64)
    for position, question in enumerate(asked):
        exposed = _exposed(question, shore, coverage, judged)
        fetus = np.searchsorted(fetuses.pregnancy, exposed)
        n[position] = len(fetus)
        p1[position] = with_drugs[fetus].sum(axis=0)
        p0[position] = p1[position] + _without(question, shore, fetus, risk, applied, with_drugs)
    everyone = with_drugs.sum(axis=0)
    return _table(asked, n, p1, p0, len(row), everyone)


def _exposed(
    question: Question, shore: Shore, coverage: Coverage, judged: Mask
) -> NDArray[np.int64]:
    """Live-born singleton pregnancies exposed in the window; a window that closes before LMP asks
    for those not exposed after it."""
    indices = matching(question.atc, shore)
    exposed, _ = coverage.exposed(indices, question.window)
    if question.window[1] <= 0:
        after, _ = coverage.exposed(indices, (0, 280))
        exposed = np.setdiff1d(exposed, after)
    return np.asarray(exposed[judged[exposed]])


def _without(
    question: Question,
    shore: Shore,
    fetus: NDArray[np.int64],
    risk: Numbers,
    applied: tuple[Applied, ...],
    with_drugs: Numbers,
) -> Numbers:
    """What the sums of p1 lose when the effects of the question's drugs are taken away."""
    asked = set(matching(question.atc, shore))
    own = [a for a in applied if asked.intersection(a.rule.drugs)]
    if not own or not len(fetus):
        return np.zeros(len(truth_groups()))
    bare = risk[fetus].copy()
    touched = np.zeros(len(fetus), bool)
    for each in own:
        here = np.searchsorted(each.fetus, fetus)
        here[here == len(each.fetus)] = 0
        hit = each.fetus[here] == fetus
        bare[hit] /= each.ratio[here[hit]]
        touched |= hit
    change = _in_groups(bare[touched]) - with_drugs[fetus[touched]]
    return np.asarray(change.sum(axis=0))


def _table(
    asked: tuple[Question, ...],
    n: NDArray[np.int64],
    p1: Numbers,
    p0: Numbers,
    n_all: int,
    sum_all: Numbers,
) -> pa.Table:
    width = len(truth_groups())
    return pa.table(
        {
            "atc": np.repeat([q.atc for q in asked], width).astype(str),
            "group": np.tile(np.array(truth_groups()), len(asked)),
            "window_start": np.repeat([q.window[0] for q in asked], width),
            "window_end": np.repeat([q.window[1] for q in asked], width),
            "n_exposed": n.ravel(),
            "sum_p1": p1.ravel(),
            "sum_p0": p0.ravel(),
            "n_all": np.full(n.size, n_all),
            "sum_all": np.tile(sum_all, len(asked)),
        }
    ).cast(SUMS)


def add(total: pa.Table | None, chunk: pa.Table) -> pa.Table:
    """Adds the sums of a chunk; both tables have the same questions in the same order."""
    if total is None:
        return chunk
    for name in SUMS.names[len(KEY) :]:
        column = total.schema.get_field_index(name)
        total = total.set_column(column, SUMS.field(name), pc.add(total[name], chunk[name]))
    return total


def effects(shore: Shore, total: pa.Table) -> pa.Table:
    """The truth file of a shore: one row per question and group.

    set: that of the reference row, 'other' without one. true_rr, true_or, crude_rr: null when
    nobody is exposed. published, ci_low, ci_high, measure, source: of the reference row, else null.
    """
    exposed, everyone = total["n_exposed"].to_numpy(), total["n_all"].to_numpy()
    n, others = np.maximum(exposed, 1), np.maximum(everyone - exposed, 1)
    p1 = total["sum_p1"].to_numpy() / n
    p0 = total["sum_p0"].to_numpy() / n
    elsewhere = (total["sum_all"].to_numpy() - total["sum_p1"].to_numpy()) / others
    rr = np.divide(p1, p0, out=np.ones_like(p1), where=p0 > 0)
    crude = np.divide(p1, elsewhere, out=np.ones_like(p1), where=elsewhere > 0)
    odds = np.where(p0 > 0, rr * (1 - p0) / (1 - p1), 1.0)
    names = [f"LMP{a:+d}d..LMP{b:+d}d" for a, b in _pairs(total)]
    table = total.append_column("window", pa.array(names))
    for name, values in (("true_rr", rr), ("true_or", odds), ("crude_rr", crude)):
        table = table.append_column(name, pa.array(values, mask=exposed == 0))
    table = table.append_column("shore", pa.array([shore] * len(names)))
    return _with_reference(table, shore)


def _pairs(total: pa.Table) -> list[tuple[int, int]]:
    return list(
        zip(total["window_start"].to_pylist(), total["window_end"].to_pylist(), strict=True)
    )


def _reference(shore: Shore) -> dict[tuple[str, str, int, int], dict[str, str]]:
    """The deciding reference row of each pair: planted or negative first, then the others."""
    order = {"yes": 0, "negative": 1}
    table = sorted(
        reference_rows(), key=lambda r: (order.get(r["planted"], 2), int(r["row"])), reverse=True
    )
    found: dict[tuple[str, str, int, int], dict[str, str]] = {}
    for row in table:
        if row["group"] and (not row["shore"] or row["shore"] == shore):
            for atc in {row["atc"], row["planted_atc"]}:
                found[(atc, row["group"], *_window(row))] = row
    return found


def _with_reference(table: pa.Table, shore: Shore) -> pa.Table:
    known = _reference(shore)
    keys = zip(*(table[name].to_pylist() for name in KEY), strict=True)
    matched = [known.get(key) for key in keys]
    for name in ("set", "measure", "planted", "source", "why"):
        default = {"set": "other", "planted": "no"}.get(name)
        values = [row[name] if row else default for row in matched]
        table = table.append_column(name, pa.array(values, pa.string()))
    for name, column in (("published", "estimate"), ("ci_low", "ci_low"), ("ci_high", "ci_high")):
        numbers = [float(row[column]) if row and row[column] else None for row in matched]
        table = table.append_column(name, pa.array(numbers, pa.float64()))
    return table
