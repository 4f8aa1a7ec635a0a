"""INTERVENTIONS (mapped): what was done in a stay, in CCI.

Only rubrics that CIHI names in its public indicators are written (`interventions.csv`), and the
codes of a published definition for the aortic valve: the whole of CCI is under CIHI's licence. A
vaginal birth without instrument has none.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.native import (
    Integers,
    chosen,
    constant,
    dates,
    native,
)
from transat.simulate.quebec.pregnancies import Pregnancies
from transat.simulate.quebec.traps import pick, repeated, shuffled
from transat.simulate.quebec.world import World, equal

#: Shares of deliveries of our choosing, near the order of Canadian ones; the rest has no code here.
_CAESAREAN: Final = 0.25
_ASSISTED: Final = 0.10
_ABANDONED: Final = 0.01
_TWICE: Final = 0.01
_WITH_ICD10_CA: Final = "1"


def lines(
    world: World,
    pregnancies: Pregnancies,
    delivered: Integers,
    delivery_numbers: pa.Array,
    lost: Integers,
    loss_numbers: pa.Array,
    valves: pa.Table,
) -> pa.Table:
    """Caesareans, assisted births, terminations and `valves`; a few abandoned, a few lines twice.

    Parameters
    ----------
    delivered, lost: positions of the pregnancies that ended in each stay.
    delivery_numbers, loss_numbers: numbers of those stays, in the same order.
    """
    random = world.stream("INTERVENTIONS")
    draw = random.random(len(delivered))
    ended = equal(
        pregnancies.outcome.take(pa.array(lost)), "elective_termination", "therapeutic_termination"
    )
    parts = [
        _part(random, "caesarean", np.flatnonzero(draw < _CAESAREAN), delivered, delivery_numbers),
        _part(
            random,
            "assisted",
            np.flatnonzero((draw >= _CAESAREAN) & (draw < _CAESAREAN + _ASSISTED)),
            delivered,
            delivery_numbers,
        ),
        _part(random, "termination", np.flatnonzero(ended), lost, loss_numbers),
        _part(
            random,
            "caesarean",
            pick(random, len(delivered), _ABANDONED),
            delivered,
            delivery_numbers,
            "A",
        ),
    ]
    table = pa.concat_tables(
        [
            *(
                native(
                    "INTERVENTIONS", {**columns, "DATE_INTERVENTION": dates(pregnancies.end[rows])}
                )
                for rows, columns in parts
            ),
            valves,
        ]
    )
    every = np.ones(table.num_rows, dtype=np.bool_)
    return shuffled(random, repeated(random, table, every, _TWICE))


def _part(
    random: np.random.Generator,
    kind: str,
    which: Integers,
    pregnancy: Integers,
    numbers: pa.Array,
    status: str = "",
) -> tuple[Integers, dict[str, pa.Array]]:
    """The pregnancies concerned, and the lines' columns but their day."""
    codes = codes_of(kind)
    rows = len(which)
    return pregnancy[which], {
        "NO_SEQ_SEJ_HOSP": numbers.take(pa.array(which)),
        "CODE_INTERVENTION": chosen(codes, random.integers(0, len(codes), rows)),
        "SYSTEME_CLASSIFICATION": constant(_WITH_ICD10_CA, rows),
        "ATTRIBUT_STATUT": chosen((status,), np.zeros(rows, dtype=np.int64)),
    }


@cache
def codes_of(kind: str) -> tuple[str, ...]:
    """The codes of one kind of `interventions.csv`."""
    source = resources.files("transat.simulate.quebec").joinpath("interventions.csv")
    rows = csv.DictReader(source.read_text("utf-8").splitlines())
    return tuple(row["code"] for row in rows if row["kind"] == kind)
