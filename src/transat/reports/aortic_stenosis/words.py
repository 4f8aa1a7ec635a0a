"""How the report on aortic stenosis names things: events, groups, sites, metrics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from transat.core.languages import Language
from transat.reports.numbers import Numbers
from transat.reports.texts import catalogue, text, typeset
from transat.studies.aortic_stenosis.results import Figure, ValveResult
from transat.studies.results import Estimate

_MISSING = "_missing"
#: Metrics of how people are ranked, and an interval so narrow that nobody was.
_RANKS = ("concordance", "auc")
_NO_WIDTH = 1e-9


@dataclass(frozen=True, slots=True)
class Words:
    """Names in one language, from the catalogue and from the protocol's own sentences."""

    result: ValveResult
    language: Language

    @property
    def numbers(self) -> Numbers:
        """Formats of the language."""
        return Numbers(self.language)

    def of(self, family: str, name: str) -> str:
        """A name of the catalogue ('kind.death'); the name as the program writes it without."""
        key = f"{family}.{name}"
        return text(key, self.language) if key in catalogue() else name.replace("_", " ")

    def site(self, name: str | None) -> str:
        """A site's label; all of them where None; those of several names, 'france, quebec'."""
        if name is None:
            return ", ".join(self.site(s.site) for s in self.result.sites)
        if ", " in name:
            return self.sites(name.split(", "))
        return next((s.label.in_(self.language) for s in self.result.sites if s.site == name), name)

    def sites(self, names: Iterable[str]) -> str:
        """Labels of several sites."""
        return ", ".join(self.site(name) for name in names)

    def outcome(self, name: str) -> str:
        """What the protocol's sentence of an outcome says first: the event itself."""
        found = {p.name: p.text.in_(self.language) for p in self.result.populations}
        return typeset(found.get(name, name).split(";")[0].strip(" ."), self.language)

    def group(self, name: str) -> str:
        """A group of people, 'man=1,age_75_84=0'; everybody where empty."""
        if not name:
            return self.of("valve", "everybody")
        whole = name.replace("=", "_").replace(",", "_")
        first, _, others = name.partition(",")
        if others and f"group.{whole}" not in catalogue():
            return f"{self.group(first)}, {self.group(others)}"
        return self.of("group", whole)

    def feature(self, name: str) -> str:
        """What a column says, in the protocol's words; its name where the protocol has none."""
        if name.endswith(_MISSING):
            known = self.feature(name.removesuffix(_MISSING)).split(";")[0].strip("\u00a0 ")
            return text("valve.is_missing", self.language, feature=known)
        found = {f.name: f.text.in_(self.language) for f in self.result.features}
        return typeset(found.get(name, name).rstrip("."), self.language)

    def per_100(self, figure: Figure | None) -> str:
        """A share per 100 people with its interval."""
        return self.numbers.rate(estimate(figure), 100)

    def share(self, value: float, low: float | None, high: float | None) -> str:
        """A share per 100 people, from its parts."""
        return self.per_100(Figure(value, low, high))

    def ratio(self, figure: Figure | None) -> str:
        """A ratio with its interval."""
        return self.numbers.ratio_interval(estimate(figure))

    def metric(self, name: str, figure: Figure | None) -> str:
        """A metric with its interval, as it is counted; where it ranks people who all had the same
        foreseen risk, that."""
        if ranks_nobody(name, figure):
            return text("valve.one_class", self.language)
        if name == "observed_over_expected":
            return self.ratio(figure)
        return self.numbers.rate(estimate(figure))


def ranks_nobody(metric: str, figure: Figure | None) -> bool:
    """A half with an interval of no width: everybody had the same foreseen risk."""
    if metric not in _RANKS or figure is None or figure.low is None or figure.high is None:
        return False
    return figure.high - figure.low < _NO_WIDTH


def estimate(figure: Figure | None) -> Estimate | None:
    """A figure as the formats read it."""
    if figure is None or figure.value is None:
        return None
    return Estimate(figure.value, figure.low, figure.high, "")
