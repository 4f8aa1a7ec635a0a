"""Aortic stenosis: its document and its cohort file, checked together; how a site follows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from transat.cohorts import language
from transat.cohorts.landmark_audit import declared, late
from transat.cohorts.landmark_table import Band, Column, rows
from transat.cohorts.landmarks import OF_PERSON, Known, Landmarks, landmarks
from transat.core.errors import StudyError
from transat.core.languages import Language, Text
from transat.federation.documents import read_document
from transat.studies.aortic_stenosis.cohort_file import CohortFile
from transat.studies.aortic_stenosis.document import Document, Outcome
from transat.studies.aortic_stenosis.results import ValveResult
from transat.studies.protocol import Progress, Protocol, Tables, known
from transat.studies.results import RunRecord

if TYPE_CHECKING:
    from transat.cohorts.query.analysis import Analysis, Measure
    from transat.engines.cdm import Cdm
    from transat.federation.coordinator import Coordinator
    from transat.studies.aortic_stenosis.conduct import Findings
    from transat.studies.site_record import SiteRecord

PROTOCOL: Final = Path(__file__).parent / "protocol.yaml"


@dataclass(frozen=True, slots=True)
class AorticStenosis(Protocol[ValveResult]):
    """A protocol with its cohort file, checked as a whole."""

    PARTS: ClassVar[Mapping[str, Text]] = {
        "landmarks": Text("À quel jour on prédit", "On which day one predicts"),
        "features": Text("Ce qui est connu ce jour-là", "What is known on that day"),
        "bands": Text("Groupes", "Groups"),
        "outcomes": Text("Ce qui arrive ensuite", "What happens afterwards"),
        "models": Text("Modèles", "Models"),
        "curves": Text("Courbes", "Curves"),
        "validation": Text("Comment les modèles sont jugés", "How models are judged"),
        "trial": Text("Essai émulé", "Emulated trial"),
        "errors": Text("Erreurs du codage", "Errors of coding"),
        "policies": Text("Politiques comparées", "Policies compared"),
    }

    path: Path
    document: Document
    cohorts: CohortFile

    @classmethod
    def read(cls, path: Path) -> AorticStenosis:
        """Read a YAML file and the cohort file beside it. Raises StudyError."""
        document = read_document(path, Document, StudyError)
        return cls(path, document, CohortFile.read(path.parent / document.cohorts)).checked()

    @classmethod
    def carried(cls, data: dict[str, Any], path: Path) -> AorticStenosis:
        """The protocol of a carried document's plain data; not yet checked."""
        cohorts = CohortFile.carried(data["cohorts"])
        plain = json.dumps({**data, "cohorts": cohorts.name})
        return cls(path, Document.model_validate_json(plain, strict=True), cohorts)

    @property
    def study(self) -> language.Study:
        """The cohorts and analyses that the document names."""
        return self.cohorts.study

    def data(self) -> dict[str, Any]:
        """The whole document with its cohort file, as plain data, for `hashes`."""
        return {**self.document.model_dump(mode="json"), "cohorts": self.cohorts.data()}

    def populations(self) -> dict[str, Any]:
        """Each outcome, from its landmark on: the tables that a site builds."""
        plain = self.document.model_dump(mode="json")
        shared = {part: plain[part] for part in ("landmarks", "features", "bands")}
        return {
            name: {"name": name, "outcome": plain["outcomes"][name], **shared,
                   "trial": plain["trial"]["strategies"], "cohorts": self.study.hashes.logic}
            for name in self.document.outcomes
        }  # fmt: skip

    def lists(self, language: Language) -> list[str]:
        """The code sets, by what they mean."""
        colon = " : " if language == "fr" else ": "
        return [
            f"{each.label.in_(language)}{colon}{len(each.lines)}"
            for each in self.study.codes.values()
        ]

    def checked(self) -> AorticStenosis:
        """The protocol, once its parts are found to agree with each other. Raises StudyError."""
        from transat.studies.aortic_stenosis.agreement import agree

        self.agreed()
        agree(self)
        where = f"{self.path}: features"
        for name in self.document.landmarks:
            declared(self.measures(name), self.known(), where)
        return self

    def measures(self, landmark: str) -> tuple[Measure, ...]:
        """The measures that are the features of a landmark."""
        return self.analysis(self.document.landmarks[landmark].value.features).measures

    def analysis(self, name: str) -> Analysis:
        """An analysis of the cohort file. Raises StudyError."""
        held = {part.id: part.analysis for part in self.study.analyses}
        known(self, "cohorts", name, held)
        return held[name]

    def known(self) -> dict[str, Known]:
        """When each feature is known, by its name."""
        return {
            name: Known("stay_end" if f.available_at == "stay_end" else "day",
                        f.delay_days, f.later)
            for name, f in ((n, rule.value) for n, rule in self.document.features.items())
        }  # fmt: skip

    def columns(self, landmark: str) -> tuple[Column, ...]:
        """The columns of a landmark's tables: of the person, then of its measures."""
        named = (*OF_PERSON, *(measure.key for measure in self.measures(landmark)))
        features = self.document.features
        return tuple(
            Column(n, f.missing, f.fill, f.centre, f.per)
            for n, f in ((n, features[n].value) for n in named)
        )

    def landmarks(self, cdm: Cdm, outcome: str) -> Landmarks:
        """The landmarks of an outcome at a site, with its features and its follow-up."""
        asked = self.document.outcomes[outcome].value
        landmark = self.document.landmarks[asked.landmark].value
        states = self.states(outcome)
        names = [landmark.features, asked.follow_up, *([states] if states else [])]
        analyses = {name: self.analysis(name) for name in names}
        population = self.study.population(landmark.cohort)
        return landmarks(cdm, population, analyses, self.known(), states)

    def states(self, outcome: str) -> str:
        """The analysis that holds the states of an outcome's strategies; '' where it has none."""
        trial = self.document.trial.strategies.value
        return trial.states if trial.outcome == outcome else ""

    def tables(self, cdm: Cdm, population: str) -> Tables:
        """One outcome's survival table, once the leak audit has passed its rows.

        Raises
        ------
        LeakFound: a feature was known after the landmark.
        """
        asked: Outcome = self.document.outcomes[population].value
        found = self.landmarks(cdm, population)
        late(found, population)
        bands = [
            Band(name, b.feature, b.low, b.high)
            for name, b in ((n, rule.value) for n, rule in self.document.bands.items())
        ]
        trial = self.document.trial.strategies.value
        states = {"treated": trial.treated, "trigger": trial.trigger}
        made = rows(
            found, asked.follow_up, asked.kinds, self.columns(asked.landmark), bands,
            states if self.states(population) else None,
        )  # fmt: skip
        return Tables(made.table, made.attrition, made.people, made.survival)

    def conduct(self, coordinator: Coordinator, progress: Progress | None = None) -> Findings:
        """Ask the sites everything; as `conduct.conduct`."""
        from transat.studies.aortic_stenosis.conduct import conduct

        return conduct(self, coordinator, progress)

    def told(
        self, findings: Any, sites: tuple[SiteRecord, ...], run: RunRecord, notes: tuple[Text, ...]
    ) -> ValveResult:
        """The findings as a ValveResult."""
        from transat.studies.aortic_stenosis.assemble import result

        return result(self, findings, sites, run, notes)

    def files(self, result: ValveResult) -> Mapping[str, str]:
        """The model documents."""
        return {model.file: model.document for model in result.models if model.file}

    def read_result(self, path: Path) -> ValveResult:
        """A `result.json` of this kind."""
        return ValveResult.read(path)

    def require_truth(self, truth: Path) -> None:
        """Look that the truth folder holds the valve's curves. Raises InputError."""
        from transat.studies.aortic_stenosis.truth import require_curves

        require_curves(truth)

    def judged(self, result: ValveResult, truth: Path) -> ValveResult:
        """The result with its curves beside the true ones."""
        from transat.studies.aortic_stenosis.truth import judged

        return judged(self, result, truth)


def required(
    protocol: AorticStenosis, field: str, names: Iterable[str], held: Iterable[str]
) -> None:
    """Check names of a field against those that the protocol has. Raises StudyError."""
    for name in names:
        known(protocol, field, name, set(held))
