"""Names strata of its own choice in a model: each indicator is a group, and a small one is told.

The nearest that a question comes to a column made by the attacker (the one-hot vector of Huth et
al. 2023): the label of a stratum that holds a few people.
"""

from __future__ import annotations

from transat.core.languages import Text
from transat.federation.attacks import models
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

PAIRS = 4


def run(ask: Ask, public: Public, labels: tuple[str, ...] = ()) -> Found:
    """Claim the size of each stratum and its exposed cases' sums; labels: guesses, years first."""
    found = Found()
    guesses = labels or tuple(str(year) for year in range(2005, 2027))
    for outcome, exposure in models.pairs(public, PAIRS):
        for label in guesses:
            model = Model(outcome, (exposure,), strata=(label,))
            answer = ask("logistic", logistic.Parameters(model))
            if isinstance(answer, logistic.Release):
                cross, cases = 4 * answer.hessian, models.outcome_sums(answer)
                found.count(cross[0, 1], f"stratum:{label}")
                found.count(cross[1, 2], f"stratum:{label}", exposure)
                found.count(cases[1], f"stratum:{label}", f"outcome:{outcome}")
    return found


ATTACK = Attack(
    "chosen_strata",
    Text(
        "nommer dans un modèle des strates de son choix",
        "name strata of one's own choice in a model",
    ),
    "Huth et al. 2023, Bioinformatics (covariance attack on DataSHIELD)",
    ("closed_list", "implied_tables", "budget"),
    ("logistic",),
    lambda ask, public: run(ask, public),
)
