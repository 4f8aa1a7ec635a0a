"""Static checks: what a definition shows to be wrong before any data are read.

Look-ahead, immortal time, empty or overlapping code sets, rules that nobody can satisfy.
"""

from __future__ import annotations

from transat.cohorts.language.checks.finding import Finding
from transat.cohorts.language.checks.impossible import analysis_impossible, cohort_impossible
from transat.cohorts.language.checks.lists import list_findings
from transat.cohorts.language.checks.time import analysis_time, cohort_time
from transat.cohorts.language.study import Study
from transat.cohorts.query.model import Cohort

__all__ = ["Finding", "check", "check_cohort"]


def check(study: Study) -> list[Finding]:
    """Every finding on a study: errors first, then in the order of its parts."""
    found = list(list_findings(study))
    rules = {}
    for population in study.populations:
        rules[population.id] = population.rules
        where = f"{study.file}:{population.line} {population.id}"
        found += check_cohort(population.cohort, where, population.rules)
    for part in study.analyses:
        where = f"{study.file}:{part.line} {part.id}"
        found += analysis_time(part.analysis, where, rules[part.cohort])
        found += analysis_impossible(part.analysis, where)
    return sorted(found, key=lambda finding: finding.level != "error")


def check_cohort(cohort: Cohort, where: str, rules: tuple[str, ...] = ()) -> list[Finding]:
    """Findings on any cohort, also one read from an OHDSI definition.

    where: how messages call it. rules: short names of its rules; 'rule 1', … without.
    """
    found = [*cohort_impossible(cohort, where, rules), *cohort_time(cohort, where, rules)]
    return sorted(found, key=lambda finding: finding.level != "error")
