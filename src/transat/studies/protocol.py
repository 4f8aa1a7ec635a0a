"""What a protocol is, whatever it studies: YAML in, a frozen typed model inside. Data, never code.

A kind of study is a document, the populations that its sites build, what is asked of them and the
result that is told: one class below `Protocol`. Everything around it (names, permits, transports,
sites, records) is the same for all kinds. A document says its kind in `kind`; INuTERO's needs not.

Strict: an unknown field, a missing language, a wrong type or a code that is in no list is a
StudyError that names the file, the line and the field. Code lists are part of the protocol.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Literal, TypeVar
from typing import Protocol as Typed

from pydantic import Field

from transat.core.errors import StudyError, close_match
from transat.core.languages import Language, Text
from transat.federation import policy
from transat.federation.documents import Bilingual, Strict, word_of
from transat.federation.policy import Policy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from transat.cohorts.analysis_table import AnalysisTable
    from transat.cohorts.attrition import Attrition
    from transat.cohorts.survival_table import SurvivalTable
    from transat.engines.cdm import Cdm
    from transat.federation.coordinator import Coordinator
    from transat.studies.results import RunRecord
    from transat.studies.site_record import SiteRecord

INUTERO = Path(__file__).parent / "inutero" / "protocol.yaml"
AORTIC_STENOSIS = Path(__file__).parent / "aortic_stenosis" / "protocol.yaml"

Value = TypeVar("Value")
Share = Annotated[float, Field(gt=0, lt=1)]
Number = Annotated[int, Field(ge=0)]
Progress = Callable[[int, int, Text], None]


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


class Head(Strict):
    """What every kind of document begins with."""

    grammar: Literal[1]
    study: Identity
    title: Bilingual
    purpose: Bilingual
    sites: tuple[SiteRule, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """One population at one site; everything here stays inside. people: (n,) who each row is of."""

    table: AnalysisTable
    attrition: Attrition
    people: NDArray[np.int64]
    survival: SurvivalTable | None = None


class Told(Typed):
    """What every result has: its record, sentences to show as they are, and its JSON."""

    @property
    def run(self) -> RunRecord: ...

    @property
    def notes(self) -> tuple[Text, ...]: ...

    def to_json(self) -> str: ...


class Found(Typed):
    """What every kind's findings have: the seconds of each step."""

    @property
    def seconds(self) -> tuple[tuple[str, float], ...]: ...


Result = TypeVar("Result", bound=Told)


@dataclass(frozen=True, slots=True)
class Protocol(ABC, Generic[Result]):
    """A protocol with its code lists, checked as a whole; a subclass is a kind of study."""

    #: The document's parts that hold rules, and their titles.
    PARTS: ClassVar[Mapping[str, Text]]

    path: Path
    document: Head

    @classmethod
    @abstractmethod
    def read(cls, path: Path) -> Protocol[Result]:
        """Read a YAML file and its code lists. Raises StudyError."""

    @classmethod
    @abstractmethod
    def carried(cls, data: dict[str, Any], path: Path) -> Protocol[Result]:
        """The protocol of a carried document's plain data; not yet checked.

        Raises
        ------
        ValueError, TypeError, KeyError, AttributeError, StudyError: data that are not exactly so.
        """

    @abstractmethod
    def checked(self) -> Protocol[Result]:
        """The protocol, once its parts are found to agree with each other. Raises StudyError."""

    @abstractmethod
    def data(self) -> dict[str, Any]:
        """The whole document with its code lists, as plain data, for `hashes`."""

    @abstractmethod
    def populations(self) -> Mapping[str, Any]:
        """What each population is, as plain data, by name: a permit names them by their hashes."""

    @abstractmethod
    def lists(self, language: Language) -> list[str]:
        """What a committee reads of the code lists, one line each."""

    @abstractmethod
    def tables(self, cdm: Cdm, population: str) -> Tables:
        """Build one population at a site. Raises StudyError, InputError."""

    @abstractmethod
    def conduct(self, coordinator: Coordinator, progress: Progress | None = None) -> Found:
        """Ask the sites everything that the protocol asks, and combine.

        Raises
        ------
        SiteUnreachable, SiteRefused, Posted: as the coordinator.
        """

    @abstractmethod
    def told(
        self, findings: Any, sites: tuple[SiteRecord, ...], run: RunRecord, notes: tuple[Text, ...]
    ) -> Result:
        """What `conduct` found, as the result that is written; notes: what holds of all kinds."""

    @abstractmethod
    def read_result(self, path: Path) -> Result:
        """A `result.json` of this kind."""

    @abstractmethod
    def require_truth(self, truth: Path) -> None:
        """Look, before the run, that the simulator's truth folder holds what `judged` needs."""

    @abstractmethod
    def judged(self, result: Result, truth: Path) -> Result:
        """The result with its evaluation against the simulator's truth folder."""

    def files(self, result: Result) -> Mapping[str, str]:
        """Texts that are published beside a result, by their place; none unless a kind has any."""
        return {}

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
                known(self, f"sites.{site.name}.policy", site.policy, set(held))
                found[site.name] = held[site.policy]
        return found

    def rules(self) -> tuple[tuple[str, Text], ...]:
        """Every rule's key ('population.ages') and sentence, in the order of the model."""
        return tuple(
            (f"{part}.{name}", self.rule(part, name).text.text())
            for part in self.PARTS
            for name in self._names(part)
        )

    def rule(self, part: str, name: str) -> Rule[Any]:
        """One rule of the document: a field of a part, or an entry of a part that is a list."""
        held = getattr(self.document, part)
        found: Rule[Any] = held[name] if isinstance(held, Mapping) else getattr(held, name)
        return found

    def _names(self, part: str) -> tuple[str, ...]:
        held = getattr(self.document, part)
        return tuple(held if isinstance(held, Mapping) else type(held).model_fields)

    def agreed(self) -> None:
        """Look at what every kind has: policies that exist, each site once. Raises StudyError."""
        self.policies()
        names = [site.name for site in self.document.sites]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise StudyError(
                Text(
                    f"le site « {twice[0]} » est nommé deux fois.",
                    f'site "{twice[0]}" is named twice.',
                ),
                f"{self.path}: sites",
                Text("N'en gardez qu'un.", "Keep one of them."),
            )


def kinds() -> Mapping[str, type[Protocol[Any]]]:
    """The kinds of study, by the name that a document's `kind` says."""
    from transat.studies.aortic_stenosis.protocol import AorticStenosis
    from transat.studies.inutero.protocol import Inutero

    return {"inutero": Inutero, "aortic_stenosis": AorticStenosis}


def kind_of(named: object, where: str) -> type[Protocol[Any]]:
    """The kind of that name; INuTERO's where a document names none. Raises StudyError."""
    held = kinds()
    name = "inutero" if named is None else str(named)
    if name not in held:
        raise unknown(f"{where}: kind", name, held)
    return held[name]


def read(path: Path | None = None) -> Protocol[Any]:
    """Read a protocol and its code lists; without a path, INuTERO's own.

    Raises
    ------
    StudyError: anything that does not fit; names file, line and field.
    """
    where = path or INUTERO
    return kind_of(word_of(where, "kind", StudyError), str(where)).read(where)


def known(protocol: Protocol[Any], field: str, name: str, names: Iterable[str]) -> None:
    """Check that a name of a protocol's field is one of `names`. Raises StudyError."""
    if name not in names:
        raise unknown(f"{protocol.path}: {field}", name, names)


def unknown(where: str, name: str, names: Iterable[str]) -> StudyError:
    """The error for a name that is none of `names`, with the close match."""
    near = close_match(name, names)
    return StudyError(
        Text(
            f"« {name} » n'est pas connu" + (f" ; vouliez-vous « {near} » ?" if near else "."),
            f'"{name}" is not known' + (f'; did you mean "{near}"?' if near else "."),
        ),
        where,
        Text("Corrigez le protocole ou sa liste.", "Correct the protocol or its list."),
    )
