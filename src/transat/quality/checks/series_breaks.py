"""Do records come at a steady pace, or does a series break?

Rule: `quality.breaks`, on the records of each domain, and of each of its vocabularies, by month (by
year where they are few) per person observed. A break at the date of a known change of the source
(`known_breaks.csv`) is explained by its name; so is a medicine whose records pass from one ATC code
to another by a move of the ATC. The others make the check warn.
Source: data_sources.md §5.4, G9; known breaks with their own source.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.engines.engine import quoted
from transat.quality import breaks
from transat.quality.breaks import Break
from transat.quality.checks.old_atc import classed, moves
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding, Part, not_applicable
from transat.quality.known_breaks import KnownBreak, explain
from transat.quality.series import all_series
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="series_breaks",
    category="plausibility",
    title=Text("Ruptures de série inexpliquées", "Unexplained breaks in series"),
    question=Text(
        "Les enregistrements arrivent-ils à un rythme régulier, ou une série se rompt-elle ?",
        "Do records come at a steady pace, or does a series break?",
    ),
    next_step=Text(
        "Demandez au détenteur ce qui a changé ce mois-là ; commencez l'étude après la rupture, ou "
        "mettez l'année dans le modèle.",
        "Ask the holder what changed that month; start the study after the break, or put the year "
        "in the model.",
    ),
    unit=Text("séries", "series"),
    people=False,
    detail=Text("série et mois", "series and month"),
)
TOO_SHORT: Final = Text(
    "Trop peu de mois ou d'enregistrements pour lire une série.",
    "Too few months or records to read a series.",
)
#: Records that each side of a move of the ATC needs before it is told.
LEAST_MOVED: Final = 11


def find(examined: Examined) -> Finding:
    """Breaks of every series that can be read; the numerator is those with an unexplained one."""
    bounds = thresholds()[CHECK.key]
    simulated = examined.cdm.metadata.get("simulated") is True
    read, broken, parts = 0, set(), []
    for series in all_series(examined):
        found = breaks.examine(series)
        if found is None:
            continue
        read += 1
        for one in found:
            known = explain(one, examined.shore, simulated)
            if known is None:
                broken.add((one.domain, one.vocabulary))
            parts.append(Part(_label(one), int(known is None), 1, note=_note(one, known)))
    if not read:
        return not_applicable(CHECK, bounds, TOO_SHORT)
    parts.extend(_atc_moves(examined))
    status = bounds.status(len(broken) / read)
    ordered = tuple(sorted(parts, key=lambda p: -p.numerator))
    return Finding(CHECK, status, len(broken), read, ordered, bounds, partition=False)


def _label(found: Break) -> Text:
    series = f"{found.domain}, {found.vocabulary}" if found.vocabulary else found.domain
    when = str(found.month.year) if found.yearly else f"{found.month:%Y-%m}"
    return Text(f"{series}, {when}", f"{series}, {when}")


def _note(found: Break, known: KnownBreak | None) -> Text:
    change = _change(found)
    if known is None:
        return Text(f"{change.fr} ; inexpliquée", f"{change.en}; unexplained")
    fr, en = ("", "") if known.checked == "yes" else (" (non vérifié)", " (not checked)")
    return Text(f"{change.fr} ; {known.title.fr}{fr}", f"{change.en}; {known.title.en}{en}")


def _change(found: Break) -> Text:
    if found.kind == "hole":
        return Text("aucun enregistrement ce mois-là", "no record that month")
    if found.ratio > 100:
        return Text("la série apparaît", "the series appears")
    if found.ratio < 0.01:
        return Text("la série s'arrête", "the series stops")
    times = f"{found.ratio:.2f}"
    return Text(f"rythme multiplié par {times.replace('.', ',')}", f"pace multiplied by {times}")


def _atc_moves(examined: Examined) -> list[Part]:
    """Medicines seen under both sides of a move of the ATC, told by name."""
    pairs = ", ".join(f"({quoted(old)}, {quoted(new)})" for old, (new, _) in moves().items())
    classed(examined)
    rows = examined.engine.rows(f"""
        SELECT m.old, m.fresh, a.last_day FROM (VALUES {pairs}) AS m(old, fresh)
        JOIN atc_dispensing AS a ON a.atc = m.old JOIN atc_dispensing AS b ON b.atc = m.fresh
        WHERE a.lines >= {LEAST_MOVED} AND b.lines >= {LEAST_MOVED} AND a.first_day < b.first_day
        ORDER BY m.old""")
    return [_move(old, new, f"{last:%Y-%m}") for old, new, last in rows]


def _move(old: str, new: str, month: str) -> Part:
    substance = moves()[old][1]
    name = f"drug_exposure, ATC {old} → {new}, {month}"
    return Part(Text(name, name), 0, 1, note=Text(
        f"{substance} change de code ATC", f"{substance} moves to another ATC code"
    ))  # fmt: skip
