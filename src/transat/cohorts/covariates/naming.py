"""What each column is called: FeatureExtraction's English name, and a label in either language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from transat.cohorts.covariates.code_groups import code_of, label
from transat.cohorts.covariates.demographics import AGE_GROUP
from transat.cohorts.covariates.settings import Analysis
from transat.core.languages import Text

UNKNOWN: Final = Text("concept sans nom", "Unknown concept")
SCORES: Final = {
    "CharlsonIndex": "Charlson index - Romano adaptation",
    "Dcsi": "Diabetes Comorbidity Severity Index (DCSI)",
    "Chads2": "CHADS2",
    "Chads2Vasc": "CHADS2VASc",
}
RANGES: Final = {
    1: Text("sous la normale", "below normal range"),
    2: Text("dans la normale", "within normal range"),
    3: Text("au-dessus de la normale", "above normal range"),
}
_NUMBERS: Final = {
    "age": "age in years",
    "observation_before": "observation time (days) prior to index",
    "observation_after": "observation time (days) after index",
    "time_in_cohort": "time (days) between cohort start and end",
}
#: What a family of columns is, for a reader.
_FAMILIES: Final = {
    "gender": Text("Sexe", "Sex"),
    "age": Text("Âge (années)", "Age (years)"),
    "age_group": Text("Groupe d'âge", "Age group"),
    "race": Text("Origine (race)", "Race"),
    "ethnicity": Text("Ethnicité", "Ethnicity"),
    "index_year": Text("Année du début", "Index year"),
    "index_month": Text("Mois du début", "Index month"),
    "index_year_month": Text("Année et mois du début", "Index year and month"),
    "observation_before": Text("Jours observés avant", "Days observed before"),
    "observation_after": Text("Jours observés après", "Days observed after"),
    "time_in_cohort": Text("Jours dans la cohorte", "Days in the cohort"),
}
_SCORES_SAID: Final = {
    "CharlsonIndex": Text("Indice de Charlson (Romano)", "Charlson index (Romano)"),
    "Dcsi": Text(
        "Sévérité des complications du diabète (DCSI)", "Diabetes complications severity (DCSI)"
    ),
    "Chads2": Text("Score CHADS2", "CHADS2 score"),
    "Chads2Vasc": Text("Score CHA2DS2-VASc", "CHA2DS2-VASc score"),
}
_TABLES: Final = {
    "condition_occurrence": Text("diagnostics", "diagnoses"),
    "condition_era": Text("périodes de maladie", "condition eras"),
    "drug_exposure": Text("délivrances", "drug exposures"),
    "drug_era": Text("périodes de traitement", "drug eras"),
    "procedure_occurrence": Text("actes", "procedures"),
    "device_exposure": Text("dispositifs", "devices"),
    "measurement": Text("mesures", "measurements"),
    "observation": Text("observations", "observations"),
    "visit_occurrence": Text("séjours et visites", "visits"),
}
_KINDS: Final = {
    "group": Text("groupes de ", "groups of "),
    "value": Text("dernière valeur, ", "last value, "),
    "range": Text("place dans la norme, ", "place in the range, "),
    "answer": Text("réponses, ", "answers, "),
    "distinct": Text("nombre de concepts distincts, ", "number of distinct concepts, "),
    "rows": Text("nombre, ", "number, "),
    "rows_by_concept": Text("nombre par concept, ", "number per concept, "),
    "code": Text("codes, ", "codes, "),
    "code_rows": Text("nombre par code, ", "number per code, "),
}
_MONTHS: Final = Text(
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "January February March April May June July August September October November December",
)


def name(analysis: Analysis, item: int, concepts: tuple[int, int], names: Mapping[int, str]) -> str:
    """FeatureExtraction's own name of a column. concepts: those of the column, 0 where none."""
    kind = analysis.kind
    if kind in _NUMBERS:
        return _NUMBERS[kind]
    match kind:
        case "gender" | "race" | "ethnicity":
            return f"{kind} = {names.get(item, UNKNOWN.en)}"
        case "age_group":
            low = AGE_GROUP * item
            return f"age group: {_last3(low)} - {_last3(low + AGE_GROUP - 1)}"
        case "index_year" | "index_month":
            return f"{kind.replace('_', ' ')}: {item}"
        case "index_year_month":
            return f"index year and month: {item}"
        case "score":
            return SCORES.get(analysis.name, analysis.name)
    return _name_of_events(analysis, item, concepts, names)


def _name_of_events(
    analysis: Analysis, item: int, concepts: tuple[int, int], names: Mapping[int, str]
) -> str:
    table, kind, high = analysis.table, analysis.kind, analysis.high
    first = names.get(concepts[0], UNKNOWN.en)
    days = f"during day {analysis.low} through {high} days relative to index"
    if analysis.low is None:
        days = f"any time prior through {high} days relative to index"
    match kind:
        case "group":
            return f"{table} group ({analysis.name}) {days}: {first}"
        case "range":
            # Its sentence keeps "during" where there is no limit.
            said = days if analysis.low is not None else f"during {days}"
            return f"measurement {RANGES[item % 10].en} {said}: {first}"
        case "answer":
            return f"{table} {days}: {first} = {names.get(concepts[1], UNKNOWN.en)}"
        case "value":
            said = days if analysis.low is not None else f"during {days}"
            # A name that the vocabulary lacks is left out here, not said to be unknown.
            unit = names.get(concepts[1], "")
            if not concepts[1] and unit:
                unit = "Unknown unit"
            return f"{table} value {said}: {names.get(concepts[0], '')} ({unit})"
        case "distinct" | "rows" | "rows_by_concept":
            said = f"during day {analysis.low} through {high} concept_count relative to index"
            what = "distinct concept count" if kind == "distinct" else "concept count"
            of = f": {first}" if kind == "rows_by_concept" else ""
            return f"{table} {what} {said}{of}"
        case "code" | "code_rows":
            what = "code count" if kind == "code_rows" else "code"
            return f"{table} {what} {days}: {analysis.vocabulary} {code_of(item)}"
    inpatient = " (inpatient)" if analysis.events == "inpatient" else ""
    return f"{table} {days}: {first}{inpatient}"


def _last3(number: int) -> str:
    """The last three characters of the number, with spaces before it."""
    return f"   {number}"[-3:]


def family(analysis: Analysis) -> Text:
    """What the columns of an analysis say, with their window, for a reader."""
    if analysis.kind in _FAMILIES:
        return _FAMILIES[analysis.kind]
    if analysis.kind == "score":
        return _SCORES_SAID.get(analysis.name, Text(analysis.name, analysis.name))
    table = _TABLES.get(analysis.table, Text(analysis.table, analysis.table))
    kind = _KINDS.get(analysis.kind)
    fr, en = (f"{kind.fr}{table.fr}", f"{kind.en}{table.en}") if kind else (table.fr, table.en)
    if analysis.events == "inpatient":
        fr, en = f"{fr} à l'hôpital", f"{en} in hospital"
    low, high = analysis.low, analysis.high
    if low is None:
        days = Text(f"jusqu'au jour {high}", f"up to day {high}")
    elif low == high:
        days = Text(f"jour {high}", f"day {high}")
    else:
        days = Text(f"jours {low} à {high}", f"days {low} to {high}")
    return Text(f"{_capital(fr)}, {days.fr}", f"{_capital(en)}, {days.en}")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def level(
    analysis: Analysis, item: int, concepts: tuple[int, int], names: Mapping[int, str]
) -> Text:
    """What one column of an analysis is, within its family; the family itself for one column."""
    first = Text(names.get(concepts[0], UNKNOWN.fr), names.get(concepts[0], UNKNOWN.en))
    second = Text(names.get(concepts[1], UNKNOWN.fr), names.get(concepts[1], UNKNOWN.en))
    match analysis.kind:
        case "age_group":
            low, high = AGE_GROUP * item, AGE_GROUP * item + AGE_GROUP - 1
            return Text(f"{low} à {high} ans", f"{low} to {high} years")
        case "index_month":
            return Text(_MONTHS.fr.split()[item - 1], _MONTHS.en.split()[item - 1])
        case "index_year":
            return Text(str(item), str(item))
        case "index_year_month":
            said = f"{item // 100}-{item % 100:02}"
            return Text(said, said)
        case "range":
            held = RANGES[item % 10]
            return Text(f"{first.fr} ({held.fr})", f"{first.en} ({held.en})")
        case "answer":
            return Text(f"{first.fr} = {second.fr}", f"{first.en} = {second.en}")
        case "value":
            if not concepts[1]:
                return first
            return Text(f"{first.fr} ({second.fr})", f"{first.en} ({second.en})")
        case "code" | "code_rows":
            return label(analysis.vocabulary, analysis.level, code_of(item))
    return first if concepts[0] else family(analysis)
