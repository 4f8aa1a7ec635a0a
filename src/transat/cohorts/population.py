"""The pregnancies of a study, and what each of its rules left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from transat.cohorts import coverage
from transat.cohorts.attrition import Attrition, AttritionStep
from transat.cohorts.specification import PopulationSpecification
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.engines.engine import Engine


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its key, what it asks, and the SQL that says so of a row of `pregnancy_known`."""

    key: str
    text: Text
    sql: str


def select(engine: Engine, specification: PopulationSpecification) -> Attrition:
    """Create `cohort` and `unit_row`, and count what each rule left.

    cohort: preg (0..P-1, in order of episode_id), episode_id, person_id, start_date, end_date,
    gestation_days, outcome, plurality, age, year, location_id.
    unit_row: row (0..n-1), preg, infant_id (null when rows are pregnancies).
    Needs `pregnancy` and `pregnancy_infant`.
    """
    coverage.spans(engine)
    days = coverage.lead_days(specification)
    coverage.covered(engine, "observed", days)
    coverage.covered(engine, "drug", days)
    coverage.followed_infants(engine, specification.follow_up_days)
    rules = population_rules(specification)
    _apply(engine, rules)
    _rows(engine, specification, len(rules))
    return _attrition(engine, rules)


def population_rules(specification: PopulationSpecification) -> tuple[Rule, ...]:
    """The rules in the order in which they are applied and counted."""
    s = specification
    infants = s.unit == "infant"
    wanted = (
        (True, Rule("pregnancies", Text("Grossesses du CDM", "Pregnancies of the CDM"), "true")),
        (True, _outcomes(s.pregnancy_outcomes)),
        (s.years is not None, _years(s.years or (0, 0))),
        (True, _ages(s.ages)),
        (not {"day", "week", "default"} <= set(s.datings), _datings(s.datings)),
        (True, _observed(coverage.lead_days(s))),
        (s.drug_plan_required, _drug_plan(coverage.lead_days(s))),
        (
            s.singletons_only,
            Rule("singleton", Text("Grossesse unique", "Single pregnancy"), "plurality = 1"),
        ),
        (
            infants,
            Rule("linked", Text("Enfant relié à sa mère", "Infant linked to the mother"),
                 "infants > 0"),
        ),
        (infants and s.follow_up_required, _followed(s.follow_up_days)),
    )  # fmt: skip
    return tuple(rule for keep, rule in wanted if keep)


#: How a person reads the pregnancy outcomes.
OUTCOME_NAMES: Final = {
    "live_birth": Text("naissance vivante", "live birth"),
    "stillbirth": Text("mort-né", "stillbirth"),
    "therapeutic_termination": Text("interruption médicale", "termination for medical reasons"),
    "ectopic": Text("grossesse extra-utérine", "ectopic pregnancy"),
    "elective_termination": Text("interruption volontaire", "elective termination"),
    "spontaneous_abortion": Text("fausse couche", "miscarriage"),
    "delivery": Text("accouchement sans précision", "delivery, nothing more said"),
}


def _outcomes(outcomes: tuple[str, ...]) -> Rule:
    names = [OUTCOME_NAMES[outcome] for outcome in outcomes]
    return Rule(
        "outcome",
        Text(
            f"Issue : {', '.join(name.fr for name in names)}",
            f"Outcome: {', '.join(name.en for name in names)}",
        ),
        f"outcome IN ({', '.join(repr(o) for o in outcomes)})",
    )


def _ages(ages: tuple[int, int]) -> Rule:
    low, high = ages
    return Rule(
        "age",
        Text(
            f"Mère de {low} à {high - 1} ans au début de la grossesse",
            f"Mother aged {low} to {high - 1} years at the start",
        ),
        f"age >= {low} AND age < {high}",
    )


def _observed(days: int) -> Rule:
    return Rule(
        "observed",
        Text(
            f"Mère observée de {days} jours avant le début jusqu'à l'issue",
            f"Mother observed from {days} days before the start to the outcome",
        ),
        "observed",
    )


def _drug_plan(days: int) -> Rule:
    return Rule(
        "drug_plan",
        Text(
            f"Mère couverte pour les médicaments de {days} jours avant le début jusqu'à l'issue",
            f"Mother covered for drugs from {days} days before the start to the outcome",
        ),
        "drug_covered",
    )


def _followed(days: int) -> Rule:
    return Rule(
        "followed",
        Text(
            f"Enfant suivi {days} jours, ou décédé avant",
            f"Infant followed for {days} days, or dead before",
        ),
        "followed > 0",
    )


def _years(years: tuple[int, int]) -> Rule:
    first, last = years
    return Rule(
        "years",
        Text(f"Issue de {first} à {last}", f"Outcome from {first} to {last}"),
        f"year >= {first} AND year <= {last}",
    )


def _datings(datings: tuple[str, ...]) -> Rule:
    named = ", ".join(datings)
    return Rule(
        "dating",
        Text(f"Début daté par : {named}", f"Start dated by: {named}"),
        f"dating IN ({', '.join(repr(d) for d in datings)})",
    )


def _apply(engine: Engine, rules: tuple[Rule, ...]) -> None:
    cases = " ".join(f"WHEN NOT coalesce({r.sql}, false) THEN {i}" for i, r in enumerate(rules))
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE pregnancy_judged AS
        WITH infant AS (
            SELECT i.episode_id, count(*) AS infants, count(f.infant_id) AS followed
            FROM pregnancy_infant i LEFT JOIN followed_infant f USING (infant_id) GROUP BY 1),
        known AS (
            SELECT g.*, p.location_id, year(g.end_date) AS year,
                   (year(g.start_date) * 12 + month(g.start_date) - p.year_of_birth * 12
                    - coalesce(p.month_of_birth, 7)) // 12 AS age,
                   g.episode_id IN (SELECT episode_id FROM observed_pregnancy) AS observed,
                   g.episode_id IN (SELECT episode_id FROM drug_pregnancy) AS drug_covered,
                   coalesce(i.infants, 0) AS infants, coalesce(i.followed, 0) AS followed
            FROM pregnancy g JOIN person p USING (person_id) LEFT JOIN infant i USING (episode_id))
        SELECT *, CASE {cases} ELSE {len(rules)} END AS passed FROM known""")


def _rows(engine: Engine, specification: PopulationSpecification, rules: int) -> None:
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE cohort AS
        SELECT CAST(row_number() OVER (ORDER BY episode_id) - 1 AS INTEGER) AS preg,
               episode_id, person_id, start_date, end_date, gestation_days, outcome, plurality,
               age, year, location_id
        FROM pregnancy_judged WHERE passed = {rules}""")
    if specification.unit == "pregnancy":
        engine.sql("""
            CREATE OR REPLACE TEMP TABLE unit_row AS
            SELECT preg AS row, preg, CAST(NULL AS BIGINT) AS infant_id FROM cohort""")
        return
    followed = "SEMI JOIN followed_infant USING (infant_id)"
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE unit_row AS
        SELECT CAST(row_number() OVER (ORDER BY preg, infant_id) - 1 AS INTEGER) AS row,
               preg, infant_id
        FROM (SELECT * FROM pregnancy_infant
              {followed if specification.follow_up_required else ""}) i
        JOIN cohort USING (episode_id)""")


def _attrition(engine: Engine, rules: tuple[Rule, ...]) -> Attrition:
    pregnancies = dict(engine.rows("SELECT passed, count(*) FROM pregnancy_judged GROUP BY passed"))
    persons = dict(
        engine.rows("""
            SELECT best, count(*) FROM (SELECT person_id, max(passed) AS best
                                        FROM pregnancy_judged GROUP BY person_id)
            GROUP BY best""")
    )
    return Attrition(
        tuple(
            AttritionStep(
                rule.key,
                rule.text,
                sum(int(n) for passed, n in pregnancies.items() if passed > i),
                sum(int(n) for best, n in persons.items() if best > i),
            )
            for i, rule in enumerate(rules)
        )
    )
