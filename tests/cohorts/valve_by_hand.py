"""Elders with an aortic valve, written by hand in a small CDM."""

from __future__ import annotations

from datetime import date

from hand_cdm import Hand, day

#: Day 0 of everybody here.
ECHO = date(2015, 1, 1)
MALE = 8507


class Valves(Hand):
    """Rows of elders: echocardiograms, stays, replacements, deaths."""

    def elder(self, person: int, born: int = 1940, man: bool = True) -> int:
        return self.woman(person, born, MALE if man else 8532)

    def echo(self, person: int, when: int, **values: float) -> None:
        """One examination `when` days after ECHO; by code of TRANSAT_ECHO."""
        said = {"vmax": 3.0, "mean_gradient": 20.0, "ava": 1.4, "lvef": 60.0, "nyha": 1.0}
        for code, value in (said | values).items():
            number = len(self.rows.get("measurement", [])) + 1
            concept = self.concept("TRANSAT_ECHO", code)
            self.add("measurement", measurement_id=number, person_id=person,
                     measurement_date=day(when, ECHO), measurement_concept_id=concept,
                     measurement_source_concept_id=concept, value_as_number=value)  # fmt: skip

    def stay(self, person: int, first: int, last: int, *codes: str, main: str = "") -> int:
        """A stay from `first` to `last`, with diagnoses dated by its first day; `main` is the main
        diagnosis."""
        number = len(self.rows.get("visit_occurrence", [])) + 1
        self.add("visit_occurrence", visit_occurrence_id=number, person_id=person,
                 visit_concept_id=9201, visit_start_date=day(first, ECHO),
                 visit_end_date=day(last, ECHO))  # fmt: skip
        for code in (main, *codes):
            if code:
                self.condition(person, code, day(first, ECHO), number)
                self.rows["condition_occurrence"][-1] |= {
                    "condition_end_date": day(last, ECHO),
                    "condition_status_concept_id": 32902 if code == main else 32908,
                }
        return number

    def replacement(self, person: int, when: int, code: str = "DBKA006") -> None:
        self.act(person, code, day(when, ECHO))

    def dies(self, person: int, when: int) -> None:
        self.add("death", person_id=person, death_date=day(when, ECHO))
        for row in self.rows["observation_period"]:
            if row["person_id"] == person:
                row["observation_period_end_date"] = day(when, ECHO)
