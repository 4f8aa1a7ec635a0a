"""G1. Closed language: only installed statistics leave, with finite numbers and the study's codes.

Rule: a question is one of the installed steps with parameters of that step's own type, and names
only codes of the study; a release is of that step's own type, its numbers are finite (or withheld,
NaN), and every string in it is a code of the study. What it stops: columns or strata of the
coordinator's own making (the one-hot vector of Huth et al. 2023 that reads one row out of a
covariance), and free text that carries values out.

Source: reference/federation.md §4.3–4.4, G1; Huth M et al. (2023) Bioinformatics, the covariance
attack on DataSHIELD. SNDS: MR-005/006, SEC-EXP-1 to 3.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import numpy as np

from transat.federation.checks.check import Asked, Remembered
from transat.federation.data import SiteData
from transat.federation.questions import STEPS
from transat.federation.refusals import Refused

#: Numbers in the largest release (a Hessian of 1,000 columns has a million).
LARGEST: Final = 10_000_000


class ClosedList:
    """The check of G1; it remembers nothing."""

    rule, key = "G1", "closed_list"

    def before(self, asked: Asked) -> None:
        """Raises Refused: not_installed, or closed_list with the fields that are not answered."""
        step = STEPS.get(asked.step)
        if step is None:
            raise Refused("not_installed")
        if type(asked.parameters) is not step.parameters:
            raise Refused("closed_list", ("parameters",))
        unfit = step.unfit(asked.data, asked.parameters)
        if unfit:
            raise Refused("closed_list", unfit)

    def after(self, asked: Asked, release: Any) -> Any:
        """Raises Refused: closed_list, with the fields that may not leave."""
        if type(release) is not STEPS[asked.step].release:
            raise Refused("closed_list", ("release",))
        wrong = unknown_strings(release, words(asked.data)) + not_numbers(release)
        if wrong:
            raise Refused("closed_list", wrong)
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Nothing."""
        return None

    def recall(self, remembered: Remembered) -> None:
        """Nothing."""


def words(data: SiteData) -> frozenset[str]:
    """The only strings that may leave a site: codes and column names of the study."""
    columns = data.survival.column_names if data.survival is not None else ()
    return data.facts.words | frozenset(columns) | {"log_scale"}


def unknown_strings(value: object, known: frozenset[str]) -> tuple[str, ...]:
    """Fields of a release that hold a string outside `known`; never the strings themselves."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return ("release",)
    return tuple(
        f.name for f in dataclasses.fields(value) if not _known(getattr(value, f.name), known)
    )


def _known(value: object, known: frozenset[str]) -> bool:
    if isinstance(value, str):
        # The terms of a model also name the sites' intercepts.
        return value in known or (value.startswith("site:") and value[5:].isdigit())
    if isinstance(value, tuple):
        return all(_known(item, known) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return not unknown_strings(value, known)
    return True


def not_numbers(release: Any) -> tuple[str, ...]:
    """Fields of a release with an infinite number, an array of objects, or far too many numbers."""
    return tuple(
        f.name for f in dataclasses.fields(release) if not _numbers(getattr(release, f.name))
    )


def _numbers(value: object) -> bool:
    if isinstance(value, np.ndarray):
        plain = value.dtype.kind in "fiub" and value.size <= LARGEST and value.ndim <= 4
        return plain and not (value.dtype.kind == "f" and bool(np.isinf(value).any()))
    if isinstance(value, (float, np.floating)):
        return not np.isinf(value)
    if isinstance(value, tuple):
        return len(value) <= LARGEST and all(_numbers(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return not not_numbers(value)
    return value is None or isinstance(value, (str, int, np.integer, np.bool_))
