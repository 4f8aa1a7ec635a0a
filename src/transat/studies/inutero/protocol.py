"""INuTERO's protocol: its document, its code lists, and how a site and a coordinator follow it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from transat.cohorts.specification import Exposure, PopulationSpecification, Window
from transat.core.errors import StudyError
from transat.core.languages import Language, Text
from transat.federation.documents import Strict, read_document
from transat.studies import code_lists
from transat.studies.code_lists import ExposureCode, OutcomeCode, ReferencePair
from transat.studies.protocol import Head, Number, Progress, Protocol, Rule, Share, Tables, known
from transat.studies.results import RunRecord, StudyResult

if TYPE_CHECKING:
    from transat.engines.cdm import Cdm
    from transat.federation.coordinator import Coordinator
    from transat.studies.inutero.study import Findings
    from transat.studies.site_record import SiteRecord


class CodeFiles(Strict):
    """Paths of the code lists, relative to the protocol."""

    exposures: str
    outcomes: str
    reference: str


#: A carried document has its lists inside; these stand where a file has the paths of its lists.
_LISTS: Final = CodeFiles(exposures="exposures", outcomes="outcomes", reference="reference")


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


class Document(Head):
    """The YAML file, field by field."""

    codes: CodeFiles
    population: Population
    exposure: ExposureRules
    scan: Scan
    adjustment: Adjustment


@dataclass(frozen=True, slots=True)
class Inutero(Protocol[StudyResult]):
    """A protocol with its code lists, checked as a whole."""

    PARTS: ClassVar[Mapping[str, Text]] = {
        "population": Text("Qui est étudié", "Who is studied"),
        "exposure": Text("Qui est exposé", "Who is exposed"),
        "scan": Text("Comparaison de toutes les paires", "Comparison of all pairs"),
        "adjustment": Text("Ajustement des signaux", "Adjustment of signals"),
    }

    path: Path
    document: Document
    exposures: tuple[ExposureCode, ...]
    outcomes: tuple[OutcomeCode, ...]
    reference: tuple[ReferencePair, ...]

    @classmethod
    def read(cls, path: Path) -> Inutero:
        """Read a YAML file and its code lists. Raises StudyError."""
        document = read_document(path, Document, StudyError)
        folder = path.parent
        return cls(
            path=path,
            document=document,
            exposures=code_lists.exposures(folder / document.codes.exposures),
            outcomes=code_lists.outcomes(folder / document.codes.outcomes),
            reference=code_lists.reference_pairs(folder / document.codes.reference),
        ).checked()

    @classmethod
    def carried(cls, data: dict[str, Any], path: Path) -> Inutero:
        """The protocol of a carried document's plain data; not yet checked."""
        codes = data["codes"]
        plain = json.dumps({**data, "codes": _LISTS.model_dump()})
        return cls(
            path,
            Document.model_validate_json(plain, strict=True),
            tuple(_exposure(e) for e in codes["exposures"]),
            tuple(_outcome(o) for o in codes["outcomes"]),
            tuple(_pair(r) for r in codes["reference"]),
        )

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

    def checked(self) -> Inutero:
        """The protocol, once its parts are found to agree with each other. Raises StudyError."""
        lists = self.document.codes
        drugs = {e.code for e in self.exposures}
        groups = {o.key for o in self.outcomes}
        for pair in self.reference:
            known(self, lists.reference, pair.exposure, drugs)
            known(self, lists.reference, pair.outcome, groups)
        self.agreed()
        _variables(self)
        try:
            self.specification()
        except StudyError as refused:
            where = f"{self.path}: {refused.where}"
            raise StudyError(refused.what, where, refused.next_step) from None
        return self

    def populations(self) -> dict[str, Any]:
        """Its one population."""
        return {"population": asdict(self.specification())}

    def lists(self, language: Language) -> list[str]:
        """The medicines, the malformations and the reference pairs."""
        drugs = Text("médicaments et classes", "medicines and classes")
        groups = Text("groupes de malformations", "groups of malformations")
        pairs = Text("paires de référence, montrées dans tous les cas",
                     "reference pairs, shown in every case")  # fmt: skip
        colon = " : " if language == "fr" else ": "
        return [
            f"{len(self.exposures)} {drugs.in_(language)}{colon}"
            + ", ".join(f"{e.label.in_(language)} ({e.code})" for e in self.exposures),
            f"{len(self.outcomes)} {groups.in_(language)}{colon}"
            + ", ".join(o.label.in_(language) for o in self.outcomes),
            f"{len(self.reference)} {pairs.in_(language)}",
        ]

    def tables(self, cdm: Cdm, population: str) -> Tables:
        """Births or pregnancies by exposure and outcome."""
        from transat.cohorts.build import build_windows

        specification = self.specification()
        built = build_windows(cdm, specification)
        return Tables(built.tables[specification.primary_window], built.attrition, built.people)

    def conduct(self, coordinator: Coordinator, progress: Progress | None = None) -> Findings:
        """Ask the sites everything; as `inutero.study.conduct`."""
        from transat.studies.inutero.study import conduct

        return conduct(self, coordinator, progress)

    def told(
        self, findings: Any, sites: tuple[SiteRecord, ...], run: RunRecord, notes: tuple[Text, ...]
    ) -> StudyResult:
        """The findings as a StudyResult."""
        from transat.studies.inutero.joint import result

        return result(self, findings, sites, run, notes)

    def read_result(self, path: Path) -> StudyResult:
        """A `result.json` of this kind."""
        return StudyResult.read(path)

    def judged(self, result: StudyResult, truth: Path) -> StudyResult:
        """The result with its evaluation against the simulator's truth folder."""
        from transat.studies.truth import judged

        return judged(result, truth)

    def require_truth(self, truth: Path) -> None:
        """Look, before the run, that the truth folder holds what `judged` needs."""
        from transat.studies.truth import require_effects

        require_effects(truth)


def _variables(protocol: Inutero) -> None:
    """Names that only the sites would find unknown, after all the work."""
    from transat.cohorts.confounders import NO_COVARIATES, VARIABLES

    document = protocol.document
    for name in document.scan.strata.value:
        known(protocol, "scan.strata", name, set(VARIABLES))
    for name in document.adjustment.columns.value:
        known(protocol, "adjustment.columns", name, set(VARIABLES) - set(NO_COVARIATES))


def _exposure(item: dict[str, Any]) -> ExposureCode:
    said = item["provenance"]
    return ExposureCode(
        item["code"], tuple(item["prefixes"]), Text(**item["label"]), said["source"],
        said["checked"],
    )  # fmt: skip


def _outcome(item: dict[str, Any]) -> OutcomeCode:
    said = item["provenance"]
    return OutcomeCode(item["key"], Text(**item["label"]), said["source"], said["checked"])


def _pair(item: dict[str, Any]) -> ReferencePair:
    said = item["provenance"]
    return ReferencePair(
        item["exposure"], item["outcome"], item["kind"], said["source"], said["checked"]
    )


def _prose(text: Text) -> dict[str, str]:
    return {"fr": text.fr, "en": text.en}


def _provenance(code: ExposureCode | OutcomeCode | ReferencePair) -> dict[str, str]:
    """Where a code comes from: part of the document, not of the logic."""
    return {"source": code.source, "checked": code.checked}
