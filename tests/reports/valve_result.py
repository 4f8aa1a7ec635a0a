"""A small result of aortic stenosis with every part, for the tests of what shows it."""

from __future__ import annotations

from transat.core.languages import Text
from transat.studies.aortic_stenosis.results import (
    ArmTold,
    Beside,
    Coefficient,
    Corrected,
    CurveTold,
    Decision,
    FeatureTold,
    Figure,
    HazardTold,
    Level,
    Metric,
    ModelTold,
    PopulationAtSite,
    PopulationTold,
    TrialTold,
    TrueCurve,
    ValidationTold,
    ValveResult,
    WaitTold,
    Withheld,
)
from transat.studies.results import AttritionStep, RunRecord, StudyIdentity
from transat.studies.site_record import SiteRecord

FRANCE, QUEBEC = "france", "quebec"
EDGES = (6.0, 12.0, 24.0)


def _site(name: str, label: Text) -> SiteRecord:
    return SiteRecord(
        name, label, "snds", "source", 11, True, f"extract of {name}", ("2012-01-01", "2020-01-01"),
        12, 3456, 789, 10, f"ledgers/{name}.jsonl", "ab" * 32,
    )  # fmt: skip


def _curve(site: str | None, group: str, kind: str, scale: float) -> CurveTold:
    shares = tuple(scale * edge / 100 for edge in EDGES)
    low, high = tuple(s * 0.9 for s in shares), tuple(s * 1.1 for s in shares)
    return CurveTold(
        "echo_replacement", kind, site, group, EDGES, (900, 800, None), shares, low, high
    )


def build() -> ValveResult:
    """A result with every part."""
    hazard = HazardTold(
        "replacement",
        (
            Coefficient("vmax", 0.69, 0.1, Figure(1.99, 1.6, 2.4), 1e-7),
            Coefficient("calcium_score_missing", 0.0, 0.1, Figure(1.0, 0.8, 1.2), 0.99),
            Coefficient("age", None, None, Figure(None), None),
        ),
        ("stays_year",), 1234, 321, 6, True,
    )  # fmt: skip
    return ValveResult(
        study=StudyIdentity(
            "aortic-stenosis", "0.1.0", Text("Quand intervenir", "When to intervene"),
            Text("Prédire.", "Foresee."), "a" * 64, "b" * 64,
            (
                ("landmarks.echo", Text("La première échographie.", "The first echo.")),
                ("validation.sites", Text("Dans les deux sens.", "Both ways.")),
                ("models.echo", Text("Modèle E.", "Model E.")),
            ),
        ),
        sites=(
            _site(FRANCE, Text("France", "France")),
            _site(QUEBEC, Text("Québec <é>", "Québec <e>")),
        ),
        features=(
            FeatureTold("vmax", Text("Vitesse.", "Velocity."), "m/s", "day", 0, "refuse", "drop"),
            FeatureTold(
                "calcium_score", Text("Calcium.", "Calcium."), "1", "day", 0, "refuse", "flag"
            ),
        ),
        populations=(
            PopulationTold(
                "echo_replacement", Text("Remplacement ; décès.", "Replacement; death."), "echo",
                "echo", ("replacement", "death"), (FRANCE, QUEBEC),
                (
                    PopulationAtSite(FRANCE, 1200, (AttritionStep("a", Text("Un", "One"), 1300),)),
                    PopulationAtSite(QUEBEC, None, (AttritionStep("a", Text("Un", "One"), None),)),
                ),
            ),
        ),
        curves=tuple(
            _curve(site, group, kind, scale)
            for site in (None, FRANCE, QUEBEC)
            for group in ("man=0", "man=1")
            for kind, scale in (("replacement", 0.5), ("death", 0.7))
        ),
        models=(ModelTold("echo", "echo_replacement", (FRANCE,), (hazard,), "models/echo.json"),),
        validations=(
            ValidationTold(
                "echo", "echo_replacement", "replacement", 24.0, (FRANCE,), (QUEBEC,),
                (
                    Metric("auc", "", Figure(0.81, 0.78, 0.84)),
                    Metric("auc", "man=1", Figure(0.79, 0.74, 0.84)),
                    Metric("auc", "man=0", None, masked=True),
                ),
                tuple(Level(p, Figure(p * 1.1, p * 0.9, p * 1.3)) for p in (0.05, 0.2, 0.5)),
                tuple(Decision(t, Figure(0.2 - t / 4), 0.2 - t / 2) for t in (0.2, 0.3, 0.4)),
            ),
        ),
        trial=TrialTold(
            "severe_events", EDGES,
            (
                ArmTold("early", (0.1, 0.15, 0.2), (0.08, 0.12, 0.16), (0.12, 0.18, 0.24)),
                ArmTold("waiting", (0.12, 0.2, 0.3), (0.1, 0.16, 0.24), (0.14, 0.24, 0.36)),
            ),
            tuple(Figure(-d, -d - 0.02, -d + 0.02) for d in (0.02, 0.05, 0.1)),
            Figure(0.62, 0.45, 0.85),
            (Beside(Text("Essai A", "Trial A"), Figure(0.5, 0.4, 0.63), "A 2024"),),
        ),
        waits=(WaitTold(6.0, "death", EDGES, (0.05, 0.1, 0.21)),),
        corrected=(
            Corrected("echo_replacement", "death", 24.0, Figure(0.1, 0.09, 0.11), Figure(0.16)),
        ),
        withheld=(
            Withheld("echo_replacement", "cox", QUEBEC, Text("trop peu", "too few"), ("man",)),
        ),
        notes=(Text("Une note.", "A note."),),
        run=RunRecord(
            "2026-11-24T00:00:00Z", "2026-11-24T00:01:00Z", (("transat", "0.1.0"),), (),
            ((FRANCE, "c" * 64),), (("all", 1.0),),
        ),
        truth=(
            TrueCurve(
                "echo_replacement", "death", FRANCE, "man=1", EDGES, (0.04, 0.08, 0.16), 2, 3
            ),
        ),
    )  # fmt: skip
