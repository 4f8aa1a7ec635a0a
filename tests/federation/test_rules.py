"""The fifteen rules: each in a file that says what it is, each known to the policies."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import replace

import pytest
from made_sites import draw
from one_question import asked, data

from transat.federation import checks as folder
from transat.federation.gate import CHECKS, Gate, checks
from transat.federation.policy import RULES, installed
from transat.federation.refusals import CODES, Refused, next_step
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

MODULES = [
    importlib.import_module(f"{folder.__name__}.{found.name}")
    for found in pkgutil.iter_modules(folder.__path__)
]
SAID = {name: str(module.__doc__) for module in MODULES for name in [module.__name__]}


@pytest.mark.parametrize("number", range(1, 16))
def test_each_rule_has_a_file_that_says_what_it_stops_and_whence_it_comes(number: int) -> None:
    found = [said for said in SAID.values() if re.match(rf"G{number}[.,]", said)]
    assert found
    assert all(re.search(r"what\s+it\s+stops", said, re.IGNORECASE) for said in found)
    assert all("Source" in said for said in found)


def test_each_check_is_a_rule_of_the_policies_once() -> None:
    made = checks()
    assert len(made) == len(CHECKS) == len({check.key for check in made})
    for check in made:
        assert RULES[check.key] == check.rule


def test_a_check_can_be_left_out_to_see_what_it_is_good_for() -> None:
    every = {check.key for check in checks()}
    assert {check.key for check in checks(without=("budget", "path"))} == every - {"budget", "path"}


def test_a_question_under_a_looser_policy_is_judged_by_the_holders() -> None:
    """Four columns, of which the holder lets three."""
    rows = draw(1, 4000)
    model = Model("any_major", ("N02BE01",), ("age", "epilepsy"))
    cases = int(rows.outcome("any_major").sum())
    strict = installed()["snds"].tightened(11, {"parameters_share": 3 / cases})
    question = asked(data(rows, simulated=True), "logistic", logistic.Parameters(model))
    Gate(checks(), question.policy).before(question)
    with pytest.raises(Refused) as refused:
        Gate(checks(), strict).before(question)
    assert refused.value.code == "few_events"
    with pytest.raises(Refused):
        Gate(checks(), question.policy).before(replace(question, policy=strict))


def test_a_refusal_says_what_to_do_in_both_languages() -> None:
    no = Refused("few_events", ("age=<20", "diabetes"), ("age=<20|age=20-24", "-diabetes"))
    assert no.message("fr").endswith("Regroupez age=<20 + age=20-24. Retirez diabetes.")
    assert no.message("en").endswith("Merge age=<20 + age=20-24. Drop diabetes.")
    assert next_step(()).fr != next_step(()).en
    assert all(text.fr != text.en for text in CODES.values())
