"""Where the period of an event ends: its exit, or what censors it before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from transat.cohorts.query.domains import DOMAINS
from transat.cohorts.query.model import FixedOffset, ObservationEnd, Persistence
from transat.cohorts.query.sql.chains import chained
from transat.cohorts.query.sql.groups import events
from transat.cohorts.query.sql.layout import plus
from transat.cohorts.query.sql.reads import end_of
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.cohorts.query.model import Cohort
    from transat.cohorts.query.sql.clauses import Clauses

_EVENT: Final = "i.person_id, i.event, i.start_date"


def ended(cohort: Cohort, included: str, clauses: Clauses) -> str:
    """The name of the query of events (person_id, start_date, end_date) that have an end."""
    ends = [_exit(cohort, included, clauses)]
    for censor in cohort.censoring:
        found = events(censor, clauses)
        ends.append(
            f"SELECT {_EVENT}, c.start_date AS end_date\nFROM {included} i\n"
            f"JOIN {found} c ON c.person_id = i.person_id\n"
            "  AND c.start_date BETWEEN i.start_date AND i.period_end"
        )
    if len(ends) == 1:
        possible = clauses.add("ends", ends[0], _about(cohort))
        return clauses.add(
            "ended",
            f"SELECT person_id, start_date, end_date\nFROM {possible}\n"
            "WHERE end_date >= start_date",
        )
    possible = clauses.add("ends", "\nUNION ALL\n".join(ends), _about(cohort))
    return clauses.add(
        "ended",
        "SELECT person_id, start_date, min(end_date) AS end_date\n"
        f"FROM {possible}\nWHERE end_date >= start_date\nGROUP BY person_id, event, start_date",
    )


def _exit(cohort: Cohort, included: str, clauses: Clauses) -> str:
    match cohort.exit:
        case ObservationEnd():
            return f"SELECT {_EVENT}, i.period_end AS end_date\nFROM {included} i"
        case FixedOffset(days, edge):
            day = plus(f"i.{edge}_date", days)
            # least() would pass over an unknown end.
            first = f"CASE WHEN {day} > i.period_end THEN i.period_end ELSE {day} END"
            return f"SELECT {_EVENT}, {first} AS end_date\nFROM {included} i"
        case Persistence():
            eras = clauses.add("eras", _eras(cohort.exit, clauses))
            return (
                f"SELECT {_EVENT}, least(i.period_end, coalesce(e.end_date, i.period_end)) "
                f"AS end_date\nFROM {included} i\nLEFT JOIN {eras} e "
                "ON e.person_id = i.person_id\n"
                "  AND i.start_date BETWEEN e.start_date AND e.end_date"
            )
        case _:
            assert_never(cohort.exit)


def _eras(exit_: Persistence, clauses: Clauses) -> str:
    drugs = DOMAINS["drug_exposure"]
    start = f"e.{drugs.start}"
    end = end_of(drugs) if exit_.days_supply is None else plus(start, exit_.days_supply)
    either = " OR ".join(
        clauses.codes.among(f"e.{column}", exit_.codes)
        for column in (drugs.concept, drugs.source_concept)
    )
    exposures = clauses.add(
        "exposures",
        f"SELECT e.person_id, {start} AS start_date, {plus(end, exit_.offset)} AS end_date\n"
        f"FROM {drugs.table} e\nWHERE {start} IS NOT NULL\n  AND ({either})",
    )
    return chained(exposures, exit_.gap, clauses)


def _about(cohort: Cohort) -> Text:
    exit_ = cohort.exit
    if isinstance(exit_, ObservationEnd):
        said = Text("Fin : celle de l'observation", "End: that of the observation period")
    elif isinstance(exit_, FixedOffset):
        edges = {"start": ("le début", "the start"), "end": ("la fin", "the end")}[exit_.edge]
        said = Text(
            f"Fin : {exit_.days} jours après {edges[0]} de l'événement, au plus tard celle de "
            "l'observation",
            f"End: {exit_.days} days after {edges[1]} of the event, at the latest that of the "
            "observation period",
        )
    else:
        said = Text(
            f"Fin : celle de l'exposition continue (écarts de {exit_.gap} jours au plus)",
            f"End: that of continuous exposure (gaps of {exit_.gap} days at most)",
        )
    if not cohort.censoring:
        return Text(f"{said.fr}.", f"{said.en}.")
    return Text(f"{said.fr}, ou la première censure.", f"{said.en}, or the first censoring event.")
