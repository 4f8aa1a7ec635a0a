"""What a study gives back: plain numbers, names and texts, all of which passed every site's gate.

A count is None where at least one holder's rule kept it in: a masked count stays masked in every
output. Totals over sites are None as soon as one site's part is masked, because the total less the
other sites' parts would give it back. A ratio, risk or p-value is None where it was not computed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from transat.core.languages import Text

PairState = Literal["tested", "too_few_expected", "withheld", "no_exposed", "no_cases"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval; `method` is the key of a method text (METHODS)."""

    value: float | None
    low: float | None
    high: float | None
    method: str


@dataclass(frozen=True, slots=True)
class StudyIdentity:
    """Which protocol this is the result of: names, texts, and its two SHA-256."""

    id: str
    version: str
    title: Text
    purpose: Text
    logic_sha256: str
    document_sha256: str
    texts: tuple[tuple[str, Text], ...]  # every rule of the protocol: (rule id, its text)


@dataclass(frozen=True, slots=True)
class AttritionStep:
    """Pregnancies left after a step; None when the count, or a difference, is too small."""

    key: str
    text: Text
    count: int | None


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """One site: its holder's rule, its attrition, and what its gate let out."""

    site: str
    label: Text
    holder: str
    policy: str
    threshold: int
    simulated: bool | None  # None when the CDM does not say
    source: str  # what the CDM's own transat.json names as its source
    period: tuple[str, str] | None  # ISO dates, closed-open
    births: int | None  # rows of the analysis table
    attrition: tuple[AttritionStep, ...]
    releases: int
    bytes_out: int
    cells_out: int
    cells_masked: int
    ledger: str  # file name, beside the result
    ledger_head: str  # SHA-256 of the last entry
    no_pregnancies: bool = False
    notice: Text | None = None  # what the CDM says that every reader must be told


@dataclass(frozen=True, slots=True)
class OutcomePrevalence:
    """Cases per 10 000 births of one malformation group; `site` is None for all sites together."""

    outcome: str
    site: str | None
    cases: int | None
    births: int | None
    per_10000: Estimate | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A malformation group: key, label, the group that contains it (None at the top)."""

    key: str
    label: Text
    parent: str | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """A medicine (ATC, 7 characters), a class (shorter code) or a named list of them.

    `parent` is the class above; `prefixes` are the ATC prefixes gathered, empty for the code's own.
    """

    code: str
    label: Text
    parent: str | None
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PairAtSite:
    """One exposure and outcome at one site: shown counts and the site's own odds ratio."""

    site: str
    exposed: int | None
    cases: int | None
    exposed_cases: int | None
    odds_ratio: Estimate | None


@dataclass(frozen=True, slots=True)
class Pair:
    """One exposure and one outcome over the sites that could show their cell.

    expected: exposed cases expected under no effect, summed over strata. p: one-sided mid-p for
    an excess.
    q: Benjamini-Hochberg over all tested pairs. sites_used: those whose numbers enter the estimate.
    """

    exposure: str
    outcome: str
    state: PairState
    sites: tuple[PairAtSite, ...]
    exposed: int | None
    exposed_cases: int | None
    cases: int | None
    births: int | None
    expected: float | None
    odds_ratio: Estimate | None
    p: float | None
    q: float | None
    signal: bool
    sites_used: tuple[str, ...]  # their counts are shown and enter the estimate
    sites_masked: tuple[str, ...]  # theirs are not; the test uses the smallest value they can take
    reference: str | None = None  # why the protocol asks for it whatever its p: positive, negative


@dataclass(frozen=True, slots=True)
class AbsoluteRisk:
    """Cases per 10 000 births among the exposed and the others, with their difference."""

    exposed: Estimate
    unexposed: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Do the sites agree? Cochran's Q with its degrees of freedom and p; I2 in percent."""

    q: float
    degrees: int
    p: float
    i2_percent: float


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A regression estimate: which, on which sites, with which columns left out and why."""

    method: Literal["logistic", "firth"]
    odds_ratio: Estimate
    sites_used: tuple[str, ...]
    columns: tuple[str, ...]
    columns_refused: tuple[str, ...]  # left out everywhere because one site's gate refused them
    rounds: int
    p: float | None


@dataclass(frozen=True, slots=True)
class Signal:
    """A pair that passed the false-discovery rule, or that the protocol asks for by name."""

    exposure: str
    outcome: str
    reason: Literal["signal", "reference"]
    odds_ratio: Estimate | None
    p: float | None
    q: float | None
    adjusted: Adjusted | None
    not_adjusted: str | None  # key of NOTES when `adjusted` is None
    heterogeneity: Heterogeneity | None
    absolute: AbsoluteRisk | None


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest risk ratio that this study had the power to see for a pair (None: none)."""

    exposure: str
    outcome: str
    expected: float
    risk_ratio: float | None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What ran: versions, instants (UTC, ISO 8601), seeds, fingerprints of inputs, seconds."""

    started: str
    finished: str
    versions: tuple[tuple[str, str], ...]
    seeds: tuple[tuple[str, int], ...]
    inputs: tuple[tuple[str, str], ...]  # (site, SHA-256 of its CDM's transat.json and file sizes)
    seconds: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """Simulator only: the planted effects against what was found. Real sites have no truth file."""

    pair_planted: tuple[tuple[str, str, float], ...]  # exposure, outcome, true odds ratio
    found: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]
    false_signals: tuple[tuple[str, str], ...]
    explained: tuple[tuple[str, str], ...]  # signals on a class or group that holds a planted pair
    not_testable: tuple[tuple[str, str], ...]
    covered: int  # tested planted pairs whose 95 % interval holds the true odds ratio
    coverage_of: int


@dataclass(frozen=True, slots=True)
class StudyResult:
    """Everything a report needs. `notes` are sentences to show as they are."""

    study: StudyIdentity
    sites: tuple[SiteSummary, ...]
    births: int | None
    exposures: tuple[Exposure, ...]
    outcomes: tuple[Outcome, ...]
    prevalences: tuple[OutcomePrevalence, ...]
    pairs: tuple[Pair, ...]
    signals: tuple[Signal, ...]
    detectable: tuple[Detectable, ...]
    parameters: tuple[tuple[str, str], ...]
    notes: tuple[Text, ...]
    run: RunRecord
    truth: Truth | None = None  # only where the simulator's truth was given explicitly

    def to_json(self) -> str:
        """The result as indented JSON; floats keep every digit."""
        from pydantic import TypeAdapter

        plain = TypeAdapter(StudyResult).dump_python(self, mode="json")
        return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> StudyResult:
        """Read back what `to_json` wrote.

        Raises
        ------
        pydantic.ValidationError: the text is not a study result.
        """
        from pydantic import TypeAdapter

        return TypeAdapter(StudyResult).validate_json(text, strict=True)

    @staticmethod
    def read(path: Path) -> StudyResult:
        """Read a `result.json`."""
        return StudyResult.from_json(path.read_text(encoding="utf-8"))


METHODS: dict[str, Text] = {
    "mantel_haenszel": Text(
        "rapport de cotes de Mantel-Haenszel, variance de Robins-Breslow-Greenland",
        "Mantel-Haenszel odds ratio, Robins-Breslow-Greenland variance",
    ),
    "logistic": Text("régression logistique", "logistic regression"),
    "firth": Text("régression logistique de Firth", "Firth's logistic regression"),
    "wilson": Text("intervalle de Wilson", "Wilson interval"),
    "sato": Text("intervalle de Sato (1989)", "Sato's interval (1989)"),
}

NOTES: dict[str, Text] = {
    "refused_by_gate": Text(
        "Le modèle ajusté demanderait à un site de laisser deviner un effectif sous le seuil.",
        "The adjusted model would let a count below the threshold be guessed at one site.",
    ),
    "not_converged": Text(
        "Le modèle ajusté n'a pas convergé.", "The adjusted model did not converge."
    ),
    "withheld": Text(
        "Les effectifs de cette paire sont masqués.", "The counts of this pair are masked."
    ),
    "no_exposed_cases": Text(
        "Aucun cas exposé là où les effectifs peuvent être montrés.",
        "No exposed case where the counts may be shown.",
    ),
    "not_asked": Text(
        "Le protocole n'ajuste que les signaux et un nombre limité de paires de référence.",
        "The protocol adjusts signals and a limited number of reference pairs only.",
    ),
}
