"""G13. Professionals: no count rests on one or two of them, and none is named.

Rule: where the site knows the prescriber or the hospital behind each row, those with a 0/1 column
of a model, with its outcome, or in a cell of a scan come from at least `professional_units`
different ones; a cell that does not is withheld, a model that does not is refused, by its columns.
No question or answer holds a word that reads like a number of an establishment or professional: 9
digits (FINESS; also with 2A or 2B for Corsica) or 11 (RPPS). What it stops: figures about people
that are in truth the figures of one practice or one hospital.

Source: indsante/Documentation-SNDS, guide_pedagogique_acces_projets.md l.253 (nothing on a
professional can be deduced); Insee, three units a cell (inseefrlab.github.io). FINESS and RPPS
numbers: annuaire.sante.fr and finess.esante.gouv.fr; Québec's establishment numbers have no form of
their own and are not recognised.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat.federation.checks.check import Asked, Remembered
from transat.federation.checks.named import columns, names
from transat.federation.refusals import Refused
from transat.statistics import mantel_haenszel, prevalence

Flags = NDArray[np.bool_]

IDENTIFIER: Final = re.compile(r"(?<![0-9A-Za-z])(\d{9}|2[AB]\d{7}|\d{11})(?![0-9A-Za-z])")


class Professionals:
    """The check of G13; it remembers nothing."""

    rule, key = "G13", "professionals"

    def before(self, asked: Asked) -> None:
        """Raises Refused: professionals, with the columns where too few stand behind."""
        if any(IDENTIFIER.search(word) for word in strings(asked.parameters)):
            raise Refused("professionals")
        units = asked.data.professionals
        if units is None:
            return
        table = asked.data.table
        held = {
            name: column == 1
            for name, (column, _) in columns(asked).items()
            if len(column) == len(units)
        }
        held |= {code: table.outcome(code) == 1 for code in names(asked.parameters).outcomes}
        least = asked.policy.limit("professional_units")
        few = tuple(name for name, rows in held.items() if 0 < distinct(units[rows]) < least)
        if few:
            raise Refused("professionals", few, tuple(f"-{name}" for name in few))

    def after(self, asked: Asked, release: Any) -> Any:
        """The release without the cells behind which too few stand. Raises Refused: a name."""
        if any(IDENTIFIER.search(word) for word in strings(release)):
            raise Refused("professionals")
        units, least = asked.data.professionals, int(asked.policy.limit("professional_units"))
        if units is None:
            return release
        table = asked.data.table
        if isinstance(release, mantel_haenszel.Release):
            return release.withhold(
                _few(table.exposures, table.outcomes, units, least),
                _few(table.exposures, None, units, least)[:, 0],
                _few(table.outcomes, None, units, least)[:, 0],
                threshold=asked.policy.threshold,
            )
        if isinstance(release, prevalence.Release):
            return release.withhold(_few(table.outcomes, None, units, least)[:, 0])
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Nothing."""
        return None

    def recall(self, remembered: Remembered) -> None:
        """Nothing."""


def distinct(units: NDArray[np.int64]) -> int:
    """Different professionals; rows of which none is known (-1) count for none."""
    return int(np.unique(units[units >= 0]).size)


def strings(value: object) -> Iterator[str]:
    """Every string of a dataclass, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from strings(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from strings(getattr(value, field.name))


def _few(one: Any, other: Any, units: NDArray[np.int64], least: int) -> Flags:
    """(columns of one, columns of the other, or 1) whether too few stand behind those with both."""
    if other is None:
        other = csc_array(np.ones((one.shape[0], 1), dtype=np.uint8))
    few = np.zeros((one.shape[1], other.shape[1]), dtype=np.bool_)
    for i in range(one.shape[1]):
        rows = one.indices[one.indptr[i] : one.indptr[i + 1]]
        held, cells = units[rows], other.tocsr()[rows].tocsc()
        for j in range(other.shape[1]):
            both = cells.indices[cells.indptr[j] : cells.indptr[j + 1]]
            few[i, j] = both.size > 0 and distinct(held[both]) < least
    return few
