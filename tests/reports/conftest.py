"""A small study result with everything a report must say: signals, masked sites, silence, truth."""

from __future__ import annotations

import pytest

from transat.core.languages import Text
from transat.studies.results import (
    AbsoluteRisk,
    Adjusted,
    AttritionStep,
    Detectable,
    Estimate,
    Exposure,
    Heterogeneity,
    Outcome,
    OutcomePrevalence,
    Pair,
    PairAtSite,
    RunRecord,
    Signal,
    SiteSummary,
    StudyIdentity,
    StudyResult,
    Truth,
)

HASH = "9f2c" * 16


def mh(value, low, high):
    return Estimate(value, low, high, "mantel_haenszel")


def per_10000(value, low, high):
    return Estimate(value, low, high, "wilson")


EXPOSURES = (
    Exposure("N03A", Text("antiépileptiques", "antiepileptics"), None),
    Exposure("N03AG01", Text("acide valproïque", "valproic acid"), "N03A"),
    Exposure("N03AX11", Text("topiramate", "topiramate"), "N03A"),
    Exposure("N02BE01", Text("paracétamol", "paracetamol"), None),
    Exposure("J02AC01", Text("fluconazole <é> & azolés", "fluconazole <e> & azoles"), None),
)
OUTCOMES = (
    Outcome("any_major", Text("Toute malformation majeure", "Any major malformation"), None),
    Outcome("nervous_system", Text("Système nerveux", "Nervous system"), "any_major"),
    Outcome("spina_bifida", Text("Spina bifida", "Spina bifida"), "nervous_system"),
    Outcome(
        "congenital_heart_defects",
        Text("Cardiopathies congénitales", "Congenital heart defects"),
        "any_major",
    ),
    Outcome("oro_facial_clefts", Text("Fentes orofaciales", "Oro-facial clefts"), "any_major"),
)


def site(name, label, births, masked):
    steps = (
        ("all", Text("Toutes les grossesses", "All pregnancies"), 52_310),
        ("age", Text("Mère de 15 à 49 ans", "Mother aged 15 to 49"), 52_298),
        ("coverage", Text("Suivie 90 jours avant", "Observed 90 days before"), None),
        ("live", Text("Naissances vivantes, enfants uniques", "Live singletons"), births),
    )
    return SiteSummary(
        site=name,
        label=label,
        holder="snds" if name == "france" else "ramq",
        policy="policies/snds.yaml",
        threshold=11,
        simulated=True,
        source="Transat 0.1.0, simulated extract",
        period=("2012-01-01", "2020-01-01"),
        births=births,
        attrition=tuple(AttritionStep(*step) for step in steps),
        releases=14,
        bytes_out=184_220,
        cells_out=41_250,
        cells_masked=masked,
        ledger=f"ledgers/{name}.jsonl",
        ledger_head=HASH,
    )


def prevalence(outcome, place, cases, births):
    rate = None
    if cases is not None:
        value = 10_000 * cases / births
        rate = per_10000(value, value * 0.9, value * 1.12)
    return OutcomePrevalence(outcome, place, cases, births, rate)


def pair(exposure, outcome, **values):
    given = {
        "state": "tested",
        "sites": (
            PairAtSite("france", 1_250, 310, 24, mh(3.2, 2.1, 4.9)),
            PairAtSite("quebec", 480, 120, None, None),
        ),
        "exposed": 1_730,
        "exposed_cases": None,
        "cases": 430,
        "births": 61_040,
        "expected": 12.2,
        "odds_ratio": mh(3.2, 2.1, 4.9),
        "p": 0.00003,
        "q": 0.0021,
        "signal": False,
        "sites_used": ("france",),
        "sites_masked": ("quebec",),
    }
    return Pair(exposure, outcome, **{**given, **values})


PAIRS = (
    pair(
        "N03AG01",
        "spina_bifida",
        signal=True,
        reference="positive",
        sites=(
            PairAtSite("france", 1_250, 41, 14, mh(21.4, 11.3, 40.2)),
            PairAtSite("quebec", 480, 25, None, None),
        ),
        odds_ratio=mh(21.4, 11.3, 40.2),
        cases=66,
        expected=1.31,
        p=1e-13,
        q=2e-11,
    ),
    pair(
        "N03A",
        "congenital_heart_defects",
        signal=True,
        sites=(
            PairAtSite("france", 4_020, 360, 52, mh(2.31, 1.71, 3.12)),
            PairAtSite("quebec", 1_905, 190, 21, mh(1.44, 0.9, 2.3)),
        ),
        exposed=5_925,
        exposed_cases=73,
        cases=550,
        expected=38.4,
        odds_ratio=mh(1.98, 1.54, 2.55),
        sites_used=("france", "quebec"),
        sites_masked=(),
    ),
    pair(
        "N03AX11",
        "oro_facial_clefts",
        signal=True,
        sites=(
            PairAtSite("france", 700, 80, None, None),
            PairAtSite("quebec", 260, 41, None, None),
        ),
        odds_ratio=None,
        expected=0.9,
        sites_used=(),
        sites_masked=("france", "quebec"),
    ),
    pair(
        "N02BE01",
        "any_major",
        reference="negative",
        sites=(
            PairAtSite("france", 14_020, 1_060, 330, mh(0.99, 0.87, 1.12)),
            PairAtSite("quebec", 5_120, 560, 138, mh(1.04, 0.85, 1.27)),
        ),
        exposed=19_140,
        exposed_cases=468,
        cases=1_620,
        expected=470.2,
        odds_ratio=mh(1.0, 0.9, 1.11),
        p=0.53,
        q=0.97,
        sites_used=("france", "quebec"),
        sites_masked=(),
    ),
    pair(
        "J02AC01",
        "congenital_heart_defects",
        reference="positive",
        odds_ratio=None,
        exposed=None,
        p=0.61,
        q=0.98,
        sites_used=(),
        sites_masked=("france", "quebec"),
    ),
    pair(
        "N03AX11",
        "spina_bifida",
        state="too_few_expected",
        reference="positive",
        expected=0.2,
        odds_ratio=None,
        p=None,
        q=None,
        sites_used=(),
        sites_masked=("france", "quebec"),
    ),
)

SIGNALS = (
    Signal(
        "N03AG01",
        "spina_bifida",
        "signal",
        mh(21.4, 11.3, 40.2),
        1e-13,
        2e-11,
        Adjusted(
            "firth",
            Estimate(19.1, 9.6, 37.0, "firth"),
            ("france",),
            ("year", "age_band"),
            ("epilepsy",),
            12,
            1e-9,
        ),
        None,
        None,
        AbsoluteRisk(
            per_10000(112.0, 66.0, 187.0), per_10000(5.5, 3.9, 7.7), per_10000(106.5, 60.1, 152.9)
        ),
    ),
    Signal(
        "N03A",
        "congenital_heart_defects",
        "signal",
        mh(1.98, 1.54, 2.55),
        0.00003,
        0.0021,
        None,
        "refused_by_gate",
        Heterogeneity(4.4, 1, 0.036, 77.2),
        AbsoluteRisk(
            per_10000(123.2, 98.0, 154.7), per_10000(62.9, 57.1, 69.3), per_10000(60.3, 34.0, 86.6)
        ),
    ),
    Signal(
        "N03AX11", "oro_facial_clefts", "signal", None, 0.0004, 0.08, None, "withheld", None, None
    ),
)

TRUTH = Truth(
    pair_planted=(
        ("N03AG01", "spina_bifida", 19.4),
        ("N03AX11", "spina_bifida", 2.9),
        ("J02AC01", "congenital_heart_defects", 1.3),
    ),
    found=(("N03AG01", "spina_bifida"),),
    missed=(("J02AC01", "congenital_heart_defects"),),
    false_signals=(("N03AX11", "oro_facial_clefts"),),
    explained=(("N03A", "congenital_heart_defects"),),
    not_testable=(("N03AX11", "spina_bifida"),),
    covered=1,
    coverage_of=1,
)


def build(truth=TRUTH, signals=SIGNALS, pairs=PAIRS):
    births = {"france": 41_020, "quebec": 20_020}
    cases = {
        "any_major": (1_060, 560),
        "nervous_system": (95, 48),
        "spina_bifida": (41, None),
        "congenital_heart_defects": (360, 190),
        "oro_facial_clefts": (80, 41),
    }
    rates = []
    for outcome, both in cases.items():
        total = None if None in both else sum(both)
        rates.append(prevalence(outcome, None, total, 61_040))
        for name, count in zip(births, both, strict=True):
            rates.append(prevalence(outcome, name, count, births[name]))
    return StudyResult(
        study=StudyIdentity(
            "inutero-screen",
            "0.1.0",
            Text("INuTERO : médicaments et malformations", "INuTERO: medicines and malformations"),
            Text("Dire si les enfants exposés sont plus souvent atteints.", "Say whether exposed."),
            HASH,
            HASH,
            (("population.unit", Text("Une ligne par enfant.", "One row per infant.")),),
        ),
        sites=(
            site("france", Text("France (SNDS)", "France (SNDS)"), 41_020, 3_120),
            site("quebec", Text("Québec (RAMQ)", "Québec (RAMQ)"), 20_020, 5_911),
        ),
        births=61_040,
        exposures=EXPOSURES,
        outcomes=OUTCOMES,
        prevalences=tuple(rates),
        pairs=pairs,
        signals=signals,
        detectable=(
            Detectable("N02BE01", "any_major", 470.2, 1.21),
            Detectable("J02AC01", "congenital_heart_defects", 12.2, 3.1),
        ),
        parameters=(("false_share", "0.1"), ("level", "0.95")),
        notes=(Text("Prises multipliées par 20.", "Use multiplied by 20."),),
        run=RunRecord(
            "2026-11-23T13:00:00+00:00",
            "2026-11-23T13:05:10+00:00",
            (("transat", "0.1.0"), ("numpy", "2.4.6")),
            (("population", 2026),),
            (("france", HASH), ("quebec", HASH)),
            (("scan", 12.3),),
        ),
        truth=truth,
    )


@pytest.fixture(scope="session")
def result() -> StudyResult:
    return build()


@pytest.fixture(scope="session")
def build_result():
    return build
