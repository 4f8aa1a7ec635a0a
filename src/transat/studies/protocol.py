"""A study protocol: YAML in, a frozen typed model inside. Data, never code.

Strict: an unknown field, a missing language, a wrong type or a code that is in no list is a
StudyError that names the file, the line and the field. The code lists are part of the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field

from transat.cohorts.specification import Exposure, PopulationSpecification, Window
from transat.core.errors import StudyError, close_match
from transat.core.languages import Text
from transat.federation import policy
from transat.federation.documents import Bilingual, Strict, read_document
from transat.federation.policy import Policy
from transat.studies import code_lists
from transat.studies.code_lists import ExposureCode, OutcomeCode, ReferencePair

INUTERO = Path(__file__).parent / "inutero" / "protocol.yaml"

Value = TypeVar("Value")
Share = Annotated[float, Field(gt=0, lt=1)]
Number = Annotated[int, Field(ge=0)]


class Rule(Strict, Generic[Value]):
    """One rule: its formal value, and its sentence in both languages."""

    value: Value
    text: Bilingual


class Identity(Strict):
    """Which study this is; `ethics` lists the approvals' numbers, empty before there are any."""

    id: str = Field(pattern=r"^[a-z0-9-]{3,40}$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    ethics: tuple[str, ...]


class SiteRule(Strict):
    """A site that takes part, and its data holder's policy: the key of an installed one, or the
    path of the holder's own file ('holder.yaml'), relative to the protocol."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,20}$")
    label: Bilingual
    policy: str
    required: bool


class CodeFiles(Strict):
    """Paths of the code lists, relative to the protocol."""

    exposures: str
    outcomes: str
    reference: str


class Days(Strict):
    """Gestational days from the first day of the last period, [start_day, end_day)."""

    name: str
    start_day: int
    end_day: int


class Population(Strict):
    """Who is in the study."""

    unit: Rule[Literal["infant", "pregnancy"]]
    ages: Rule[tuple[int, int]]
    years: Rule[tuple[int, int]]
    lead_in_days: Rule[Number]
    drug_plan: Rule[bool]
    follow_up_days: Rule[Number]
    pregnancy_outcomes: Rule[tuple[str, ...]]
    singletons_only: Rule[bool]
    excluded_causes: Rule[tuple[str, ...]]


class ExposureRules(Strict):
    """When a pregnancy counts as exposed."""

    window: Rule[Days]


class Scan(Strict):
    """How all pairs are compared, and what makes a signal."""

    strata: Rule[tuple[str, ...]]
    least_expected: Rule[Annotated[float, Field(ge=0)]]
    false_share: Rule[Share]
    level: Rule[Share]
    power: Rule[Share]


class Adjustment(Strict):
    """How signals are adjusted."""

    columns: Rule[tuple[str, ...]]
    at_most: Rule[Number]


class Document(Strict):
    """The YAML file, field by field."""

    grammar: Literal[1]
    study: Identity
    title: Bilingual
    purpose: Bilingual
    sites: tuple[SiteRule, ...] = Field(min_length=1)
    codes: CodeFiles
    population: Population
    exposure: ExposureRules
    scan: Scan
    adjustment: Adjustment


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol with its code lists, checked as a whole."""

    path: Path
    document: Document
    exposures: tuple[ExposureCode, ...]
    outcomes: tuple[OutcomeCode, ...]
    reference: tuple[ReferencePair, ...]

    def specification(self) -> PopulationSpecification:
        """What each site builds its analysis table from.

        Raises
        ------
        StudyError: a value that cohorts does not know; names the field.
        """
        who, when = self.document.population, self.document.exposure.window.value
        return PopulationSpecification(
            exposures=tuple(Exposure(e.code, e.prefixes) for e in self.exposures),
            outcomes=tuple(o.key for o in self.outcomes),
            windows=(Window(when.name, when.start_day, when.end_day),),
            primary_window=when.name,
            ages=who.ages.value,
            years=who.years.value,
            lead_in_days=who.lead_in_days.value,
            follow_up_days=who.follow_up_days.value,
            drug_plan_required=who.drug_plan.value,
            pregnancy_outcomes=who.pregnancy_outcomes.value,
            unit=who.unit.value,
            singletons_only=who.singletons_only.value,
            strata=self.document.scan.strata.value,
            confounders=self.document.adjustment.columns.value,
            excluded_causes=who.excluded_causes.value,
        )

    def policies(self) -> dict[str, Policy]:
        """The policy of each site's holder.

        Raises
        ------
        StudyError: no installed policy of that name. ConfigError: a holder's file that does not
        fit, or with a threshold below 11.
        """
        held = policy.installed()
        found: dict[str, Policy] = {}
        for site in self.document.sites:
            if site.policy.endswith(".yaml"):
                found[site.name] = policy.load(self.path.parent / site.policy)
            else:
                _known(self, f"sites.{site.name}.policy", site.policy, set(held))
                found[site.name] = held[site.policy]
        return found

    def rules(self) -> tuple[tuple[str, Text], ...]:
        """Every rule's key ('population.ages') and sentence, in the order of the model."""
        parts = ("population", "exposure", "scan", "adjustment")
        return tuple(
            (f"{part}.{name}", getattr(getattr(self.document, part), name).text.text())
            for part in parts
            for name in type(getattr(self.document, part)).model_fields
        )

    def data(self) -> dict[str, Any]:
        """The whole document with its code lists, as plain data, for `hashes`."""
        plain = self.document.model_dump(mode="json")
        plain["codes"] = {
            "exposures": [
                {"code": e.code, "prefixes": list(e.prefixes), "label": _prose(e.label),
                 "provenance": _provenance(e)}
                for e in self.exposures
            ],
            "outcomes": [
                {"key": o.key, "label": _prose(o.label), "provenance": _provenance(o)}
                for o in self.outcomes
            ],
            "reference": [
                {"exposure": r.exposure, "outcome": r.outcome, "kind": r.kind,
                 "provenance": _provenance(r)}
                for r in self.reference
            ],
        }  # fmt: skip
        return plain


def read(path: Path | None = None) -> Protocol:
    """Read a protocol and its code lists; without a path, INuTERO's own.

    Raises
    ------
    StudyError: anything that does not fit; names file, line and field.
    """
    where = path or INUTERO
    document = read_document(where, Document, StudyError)
    folder = where.parent
    protocol = Protocol(
        path=where,
        document=document,
        exposures=code_lists.exposures(folder / document.codes.exposures),
        outcomes=code_lists.outcomes(folder / document.codes.outcomes),
        reference=code_lists.reference_pairs(folder / document.codes.reference),
    )
    return checked(protocol)


def checked(protocol: Protocol) -> Protocol:
    """The protocol, once its parts are found to agree with each other. Raises StudyError."""
    lists = protocol.document.codes
    drugs = {e.code for e in protocol.exposures}
    groups = {o.key for o in protocol.outcomes}
    for pair in protocol.reference:
        _known(protocol, lists.reference, pair.exposure, drugs)
        _known(protocol, lists.reference, pair.outcome, groups)
    protocol.policies()
    _once(protocol)
    _variables(protocol)
    try:
        protocol.specification()
    except StudyError as refused:
        where = f"{protocol.path}: {refused.where}"
        raise StudyError(refused.what, where, refused.next_step) from None
    return protocol


def _variables(protocol: Protocol) -> None:
    """Names that only the sites would find unknown, after all the work."""
    from transat.cohorts.confounders import NO_COVARIATES, VARIABLES

    document = protocol.document
    for name in document.scan.strata.value:
        _known(protocol, "scan.strata", name, set(VARIABLES))
    for name in document.adjustment.columns.value:
        _known(protocol, "adjustment.columns", name, set(VARIABLES) - set(NO_COVARIATES))


def _once(protocol: Protocol) -> None:
    names = [site.name for site in protocol.document.sites]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(
            Text(
                f"le site « {twice[0]} » est nommé deux fois.", f'site "{twice[0]}" is named twice.'
            ),
            f"{protocol.path}: sites",
            Text("N'en gardez qu'un.", "Keep one of them."),
        )


def _known(protocol: Protocol, field: str, name: str, names: set[str]) -> None:
    if name not in names:
        near = close_match(name, names)
        raise StudyError(
            Text(
                f"« {name} » n'est pas connu" + (f" ; vouliez-vous « {near} » ?" if near else "."),
                f'"{name}" is not known' + (f'; did you mean "{near}"?' if near else "."),
            ),
            f"{protocol.path}: {field}",
            Text("Corrigez le protocole ou sa liste.", "Correct the protocol or its list."),
        )


def _prose(text: Text) -> dict[str, str]:
    return {"fr": text.fr, "en": text.en}


def _provenance(code: ExposureCode | OutcomeCode | ReferencePair) -> dict[str, str]:
    """Where a code comes from: part of the document, not of the logic."""
    return {"source": code.source, "checked": code.checked}
