"""What a finished study would publish, made into a request for review: files, context, counts.

Reviewers send back most often for a missing context, low counts and counts that are missing under a
figure; so each file comes with what it shows, of whom and when, with the counts of people in it
(how many are shown, how many kept in, the smallest shown), and with the files that hold the counts
under it. A count below the threshold is refused here already, by file and column, never by value.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from transat.core.errors import DisclosureRefused, InputError
from transat.core.languages import Text
from transat.federation.review.counts import counts_of
from transat.federation.review.records import Kind, Manifest, OutputFile
from transat.studies.results import StudyResult

_SHOWS: Final[dict[str, Text]] = {
    "tables/attrition.csv": Text(
        "grossesses que laisse chaque règle du protocole",
        "pregnancies that each rule of the protocol leaves",
    ),
    "tables/prevalences.csv": Text(
        "cas et naissances par groupe de malformations", "cases and births by malformation group"
    ),
    "tables/pairs.csv": Text(
        "exposés, cas et rapport de cotes par médicament et malformation, tous sites",
        "exposed, cases and odds ratio by medicine and malformation, all sites",
    ),
    "tables/pairs_by_site.csv": Text(
        "exposés, cas et rapport de cotes par médicament et malformation, site par site",
        "exposed, cases and odds ratio by medicine and malformation, site by site",
    ),
    "tables/signals.csv": Text(
        "estimations ajustées des signaux et des paires de référence",
        "adjusted estimates of signals and reference pairs",
    ),
    "tables/releases.csv": Text(
        "ce que la porte de chaque site a laissé sortir", "what each site's gate let out"
    ),
    "report.fr.html": Text("le rapport en français", "the report in French"),
    "report.en.html": Text("le rapport en anglais", "the report in English"),
    "result.json": Text("tous les nombres du résultat", "all numbers of the result"),
}
_OTHERS: Final[dict[Kind, Text]] = {
    "table": Text("une table", "a table"),
    "curve": Text("une courbe", "a curve"),
    "model": Text("un modèle", "a model"),
    "page": Text("une page", "a page"),
    "data": Text("des données", "data"),
}
#: Where a study writes what it would publish, and what kind of output that is.
_PLACES: Final[tuple[tuple[str, Kind], ...]] = (
    ("tables/*.csv", "table"),
    ("curves/*.csv", "curve"),
    ("models/*.json", "model"),
    ("report.*.html", "page"),
    ("result.json", "data"),
)


def manifest(study: Path, permit: str) -> Manifest:
    """The request for review of a study's output folder; permit: SHA-256 of its permit.

    Raises
    ------
    InputError: the folder holds no result. DisclosureRefused: a count below the threshold; names
    the file and the column.
    """
    result = _result(study)
    found = {
        path.relative_to(study).as_posix(): kind
        for pattern, kind in _PLACES
        for path in sorted(study.glob(pattern))
        if path.is_file() and not path.is_symlink()
    }
    tables = tuple(name for name, kind in found.items() if kind == "table")
    threshold = max(site.threshold for site in result.sites)
    files = tuple(
        _file(study, name, kind, result, tables, threshold) for name, kind in sorted(found.items())
    )
    return Manifest(
        study=result.study.logic_sha256,
        document=result.study.document_sha256,
        permit=permit,
        title=result.study.title,
        purpose=result.study.purpose,
        files=files,
    )


def _result(study: Path) -> StudyResult:
    path = study / "result.json"
    try:
        return StudyResult.read(path)
    except (OSError, ValueError):
        raise InputError(
            Text("il n'y a pas de résultat d'étude ici.", "there is no study result here."),
            str(path),
            Text("Donnez le dossier d'une étude finie.", "Name the folder of a finished study."),
        ) from None


def _file(
    study: Path, name: str, kind: Kind, result: StudyResult, tables: tuple[str, ...], threshold: int
) -> OutputFile:
    content = (study / name).read_bytes()
    counts = counts_of(name, content)
    for column in counts:
        if column.least is not None and column.least < threshold:
            raise _too_few(name, column.column)
    return OutputFile(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        kind=kind,
        context=_context(name, kind, result),
        counts=counts,
        underlying=() if counts else tuple(t for t in tables if t != name),
    )


def _context(name: str, kind: Kind, result: StudyResult) -> Text:
    shows = _SHOWS.get(name, _OTHERS[kind])
    french, english = [], []
    for site in result.sites:
        days = f" ({site.period[0]} – {site.period[1]})" if site.period else ""
        french.append(f"{site.label.fr}{days}")
        english.append(f"{site.label.en}{days}")
    title = result.study.title
    return Text(
        f"{shows.fr} ; {title.fr} ; {', '.join(french)}",
        f"{shows.en}; {title.en}; {', '.join(english)}",
    )


def _too_few(name: str, column: str) -> DisclosureRefused:
    return DisclosureRefused(
        Text("un effectif y est sous le seuil.", "a count in it is below the threshold."),
        f"{name}: {column}",
        Text(
            "Relancez l'étude : ses tables masquent ces effectifs.",
            "Run the study again: its tables mask these counts.",
        ),
    )
