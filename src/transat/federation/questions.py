"""What may be asked of a site: a step by name, with that statistic's own parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from transat.federation import attrition
from transat.federation.wire import Refusal, Registry, WireError
from transat.statistics import firth, logistic, mantel_haenszel, prevalence

STEPS: Final = ("attrition", "prevalence", "mantel_haenszel", "logistic", "firth")

RELEASES: Final = Registry(
    {
        "attrition": attrition.Release,
        "prevalence": prevalence.Release,
        "mantel_haenszel": mantel_haenszel.Release,
        "logistic": logistic.Release,
        "firth": firth.Release,
        "refusal": Refusal,
    }
)

PARAMETERS: Final = Registry(
    {
        "attrition": attrition.Parameters,
        "prevalence": prevalence.Parameters,
        "mantel_haenszel": mantel_haenszel.Parameters,
        "logistic": logistic.Parameters,
        "firth": firth.Parameters,
    }
)


@dataclass(frozen=True, slots=True)
class Question:
    """A step's name and its parameters, of that statistic's `Parameters` type."""

    step: str
    parameters: Any

    def encode(self) -> bytes:
        """Canonical bytes, which is all that crosses to a site.

        Raises
        ------
        WireError: the step is not installed, or the parameters are another step's.
        """
        if self.step not in STEPS or PARAMETERS.name_of(self.parameters) != self.step:
            raise WireError("question")
        return PARAMETERS.encode(self.parameters)

    @staticmethod
    def decode(payload: bytes) -> Question:
        """Read a question back. Raises WireError."""
        parameters = PARAMETERS.decode(payload)
        return Question(PARAMETERS.name_of(parameters), parameters)


def refusal(code: str, columns: tuple[str, ...] = ()) -> bytes:
    """A refusal as bytes; columns whose names cannot travel are left out."""
    try:
        return RELEASES.encode(Refusal(code, columns))
    except WireError:
        return RELEASES.encode(Refusal(code))
