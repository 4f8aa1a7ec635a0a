"""Write the reference pages from the code they describe: `python docs/generate.py [--check]`.

A page is generated for each line of kind `generated` in `pages.csv`, in both languages. With
`--check` nothing is written; the exit code is 1 when a page differs from what the code says.
"""

from __future__ import annotations

import ast
import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from transat.core.errors import ERRORS
from transat.core.languages import LANGUAGES, Language, Text
from transat.harmonise.rules import EVERY_TABLE, ON_FILES, Rule
from transat.harmonise.run import shore_of
from transat.quality.checks.all import CHECKS
from transat.quality.known_breaks import known_breaks
from transat.quality.thresholds import thresholds
from transat.quality.verdict import Fatal, fatal_checks
from transat.tables import omop, quebec, snds
from transat.tables.column import Column, Table

HERE = Path(__file__).resolve().parent
STATISTICS = HERE.parent / "src" / "transat" / "statistics"

NOTICE = Text(
    "Page produite par `docs/generate.py` à partir du code : ne la modifiez pas à la main.",
    "Page written by `docs/generate.py` from the code: do not edit it by hand.",
)

#: French spacing of text that came from elsewhere: no break before these signs.
_SPACES = ((r" ([;!?%»])", "\u202f\\1"), (r" :", "\u00a0:"), (r"« ", "«\u00a0"))


#: Asks for the help of many commands in one process.
_ASK = """
import contextlib, io, json, sys
from transat.cli.main import main
language, paths = sys.argv[1], json.loads(sys.argv[2])
said = []
for path in paths:
    sys.argv = ["transat", "--lang", language, *path, "--help"]
    page = io.StringIO()
    with contextlib.redirect_stdout(page), contextlib.suppress(SystemExit):
        main()
    said.append(page.getvalue())
print(json.dumps(said))
"""


def pages() -> dict[str, str]:
    """Path (below docs/) and text of every generated page."""
    made: dict[str, str] = {}
    with (HERE / "pages.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "generated":
                write = WRITERS[Path(row["en"]).stem]
                for language in LANGUAGES:
                    made[row[language]] = _page(write, language)
    return made


def _page(write: Callable[[Language], Iterable[str]], language: Language) -> str:
    title, *body = write(language)
    text = "\n\n".join([f"# {title}", f"*{NOTICE.in_(language)}*", *body]) + "\n"
    return typeset(text) if language == "fr" else text


def typeset(text: str) -> str:
    """French spacing in prose; code between backquotes is left as it is."""
    parts = re.split(r"(```.*?```|`[^`\n]*`)", text, flags=re.DOTALL)
    for place in range(0, len(parts), 2):
        for pattern, replacement in _SPACES:
            parts[place] = re.sub(pattern, replacement, parts[place])
    return "".join(parts)


def commands(language: Language) -> Iterable[str]:
    """The help of every command, as the command itself prints it."""
    yield Text("Commandes", "Commands").in_(language)
    yield Text(
        "`--lang fr` ou `--lang en` se place où l'on veut. Sans lui, la langue suit celle du "
        "système, puis le français. Le code de sortie dit la nature d'une erreur : voir "
        "[les erreurs](erreurs.md).",
        "`--lang fr` or `--lang en` may stand anywhere. Without it the language follows the "
        "system's, then French. The exit code tells the kind of error: see [errors](errors.md).",
    ).in_(language)
    paths = [(), *_command_paths()]
    for path, text in zip(paths, _helps(paths, language), strict=True):
        yield f"## {' '.join(('transat', *path))}"
        yield f"```text\n{text}\n```"


def _command_paths() -> list[tuple[str, ...]]:
    from typer.main import get_command

    from transat.cli.app import app

    found: list[tuple[str, ...]] = []
    queue: list[tuple[tuple[str, ...], object]] = [((), get_command(app))]
    while queue:
        path, command = queue.pop(0)
        for name, child in sorted(getattr(command, "commands", {}).items()):
            found.append((*path, name))
            queue.append(((*path, name), child))
    return sorted(found)


def _helps(paths: list[tuple[str, ...]], language: Language) -> list[str]:
    """What `transat PATH --help` prints, for each path; one process, whose language is fixed."""
    environment = dict(os.environ, COLUMNS="96", NO_COLOR="1", TERM="dumb")
    said = subprocess.run(
        [sys.executable, "-c", _ASK, language, json.dumps(paths)],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    texts: list[str] = json.loads(said.stdout)
    return ["\n".join(t.rstrip() for t in text.strip("\n").splitlines()) for text in texts]


def tables(language: Language) -> Iterable[str]:
    """Native and OMOP tables, with their columns."""
    yield Text("Tables déclarées", "Declared tables").in_(language)
    yield Text(
        "Ce que Transat sait lire et écrire. Une colonne obligatoire qui manque est une erreur ; "
        "une colonne inconnue est signalée et laissée.",
        "What Transat can read and write. A required column that is missing is an error; an "
        "unknown column is reported and left.",
    ).in_(language)
    yield "## Québec"
    yield Text(
        "Les tables et les colonnes marquées † n'ont pas de disposition publique : leurs noms sont "
        "les nôtres et un fichier de correspondance les relie à ceux du détenteur.",
        "Tables and columns marked † have no public layout: their names are ours, and a mapping "
        "file ties them to the holder's.",
    ).in_(language)
    for table in quebec.tables().values():
        yield from _table(table, language, "†" if table.name in quebec.MAPPED else "")
    yield "## SNDS"
    yield Text(
        f"{len(snds.tables())} tables, {_columns(snds.tables().values())} colonnes "
        f"({snds.SOURCE}) ; `aa` ou `AAAA` tient la place de l'année, `GN` et `xx` celle d'une "
        "version. Les titres sont ceux de la source, en français. Viennent d'abord les tables qui "
        "entrent dans OMOP, avec leurs colonnes.",
        f"{len(snds.tables())} tables, {_columns(snds.tables().values())} columns "
        f"({snds.SOURCE}); `aa` or `AAAA` stands for the year, `GN` and `xx` for a version. "
        "Titles are the source's, in French. First come the tables that go into OMOP, with their "
        "columns.",
    ).in_(language)
    used = {table.name for table in shore_of("snds").tables}
    for table in snds.tables().values():
        if table.name in used:
            yield f"- **{table.name}** : " + ", ".join(f"`{name}`" for name in table.names)
    yield Text(
        "Les autres sont connues et comptées, ligne à ligne, au registre (`no_omop_place`) ; "
        "chacune avec son nombre de colonnes.",
        "The others are known, and every line of theirs is counted in the ledger "
        "(`no_omop_place`); each with its number of columns.",
    ).in_(language)
    others = (table for table in snds.tables().values() if table.name not in used)
    yield "\n".join(map(_title, others))
    yield f"## OMOP CDM {omop.VERSION}"
    for table in omop.tables().values():
        order = ", ".join(table.sort)
        sorted_by = Text(f" (rangée par {order})", f" (sorted by {order})").in_(language)
        names = ", ".join(f"`{name}`" for name in table.names)
        yield f"- **{table.name}**{sorted_by if order else ''} : {names}"


def _title(table: Table) -> str:
    title = table.description.fr if table.description else ""
    return f"- **{table.name}** ({len(table.columns)}) : {title}"


def _columns(found: Iterable[Table]) -> int:
    return sum(len(table.columns) for table in found)


def _table(table: Table, language: Language, mark: str) -> Iterable[str]:
    yield f"### {table.name} {mark}".rstrip()
    about = table.description.in_(language) + ". " if table.description else ""
    yield (
        f"{about}Source : {table.source}."
        if language == "fr"
        else f"{about}Source: {table.source}."
    )
    head = Text(
        "| colonne | type | obligatoire | sens |", "| column | type | required | meaning |"
    ).in_(language)
    own = quebec.own_columns().get(table.name, ())
    lines = [_row(column, language, "†" if column.name in own else "") for column in table.columns]
    yield "\n".join([head, "|---|---|---|---|", *lines])


def _row(column: Column, language: Language, mark: str) -> str:
    required = Text("oui", "yes").in_(language) if column.required else ""
    meaning = column.description.in_(language) if column.description else ""
    return f"| `{column.name}`{mark} | {column.type} | {required} | {_cell(meaning)} |"


def rules(language: Language) -> Iterable[str]:
    """Accounting rules of both shores, in the order in which they take lines."""
    yield Text("Règles de lecture", "Reading rules").in_(language)
    yield Text(
        "Une règle met des lignes de côté, sous un nom, pour une raison dite et une source citée. "
        "La première règle de la liste prend la ligne. Une règle se coupe par "
        "`transat harmonise … --without CLÉ` ; le registre compte ses lignes.",
        "A rule sets lines aside, under a name, for a stated reason and with its source. The first "
        "rule of the list takes the line. A rule is switched off by "
        "`transat harmonise … --without KEY`; the ledger counts its lines.",
    ).in_(language)
    for name, title in (("snds", "SNDS"), ("quebec", "Québec")):
        yield f"## {title}"
        for key, group in _by_key(shore_of(name).rules):
            yield _rule(key, group, language)
    yield Text("## Fichiers entiers", "## Whole files").in_(language)
    for key, group in _by_key(ON_FILES):
        yield _rule(key, group, language)


def _by_key(found: Iterable[Rule]) -> Iterable[tuple[str, list[Rule]]]:
    groups: dict[str, list[Rule]] = {}
    for rule in found:
        groups.setdefault(rule.key, []).append(rule)
    return groups.items()


def _rule(key: str, group: list[Rule], language: Language) -> str:
    first = group[0]
    every = Text("toutes", "all").in_(language)
    where = ", ".join(every if r.table == EVERY_TABLE else f"`{r.table}`" for r in group)
    off = "" if first.default_on else Text(" *(coupée)*", " *(off)*").in_(language)
    stop = "" if first.why.in_(language).rstrip().endswith(".") else "."
    return (
        f"**`{key}`** — {first.title.in_(language)}{off}. {first.why.in_(language)}{stop}\n"
        f"Tables : {where}. Source : {first.source}."
    )


def checks(language: Language) -> Iterable[str]:
    """The checks of a CDM: what each asks, its bound and source; what decides; known breaks."""
    yield Text("Contrôles de qualité", "Quality checks").in_(language)
    yield Text(
        "Ce que `transat check` demande à un CDM, en plus des 27 types de contrôle du "
        "DataQualityDashboard. Chaque contrôle tient dans un fichier de `quality/checks`.",
        "What `transat check` asks of a CDM, beside the 27 check types of the "
        "DataQualityDashboard. Each check is one file of `quality/checks`.",
    ).in_(language)
    stop = Text("Que faire :", "What to do:").in_(language)
    bound = Text("Borne :", "Bound:").in_(language)
    for check, _ in CHECKS:
        said = (check.question, thresholds()[check.key].source, check.next_step)
        question, source, step = (one.in_(language) for one in said)
        yield f"**`{check.key}`** — {check.title.in_(language)}. {question}"
        yield f"{bound} {source} {stop} {step}"
    yield "## " + Text("Ce qui décide du verdict", "What decides the verdict").in_(language)
    head = Text(
        "| contrôle | où | pourquoi une étude s'arrête |", "| check | where | why a study stops |"
    ).in_(language)
    rows = [f"| `{f.check}` | {_place(f)} | {f.reason.in_(language)} |" for f in fatal_checks()]
    yield "\n".join([head, "|---|---|---|", *rows])
    yield "## " + Text("Ruptures de série connues", "Known breaks in series").in_(language)
    head = Text("| de | à | rupture | source |", "| from | to | break | source |").in_(language)
    rows = [
        f"| {k.first:%Y-%m} | {k.last:%Y-%m} | {k.title.in_(language)} | {k.source} |"
        for k in known_breaks()
    ]
    yield "\n".join([head, "|---|---|---|---|", *rows])


def _place(fatal: Fatal) -> str:
    where = f"{fatal.table}.{fatal.field}".rstrip(".")
    above = f" (> {fatal.above_percent:g} %)" if fatal.above_percent else ""
    return f"`{where}`{above}" if where else ""


def statistics(language: Language) -> Iterable[str]:
    """The docstring of every statistic, as it is in its file."""
    yield Text("Statistiques", "Statistics").in_(language)
    yield Text(
        "Une statistique tient dans un fichier : la question, la formule, ce qui sort du site, les "
        "hypothèses, la référence. Le texte qui suit est celui des fichiers, en anglais.",
        "A statistic is one file: the question, the formula, what leaves the site, the "
        "assumptions, the reference. The text below is that of the files.",
    ).in_(language)
    for path in sorted(STATISTICS.glob("*.py")):
        said = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        if path.stem != "__init__" and said:
            yield f"## {path.stem}"
            yield f"```text\n{said.strip()}\n```"


def errors(language: Language) -> Iterable[str]:
    """Errors and their exit codes."""
    with (HERE / "errors.csv").open(encoding="utf-8", newline="") as file:
        said = {row["error"]: row for row in csv.DictReader(file)}
    yield Text("Erreurs et codes de sortie", "Errors and exit codes").in_(language)
    yield Text(
        "Un message dit ce qui s'est passé, où, et quoi faire ensuite. Il ne cite jamais une "
        "valeur d'une ligne de patient. Le code 0 dit que tout va bien ; 2, que la commande est "
        "mal écrite ; 130, qu'elle a été interrompue.",
        "A message says what happened, where, and what to do next. It never quotes a value from a "
        "patient row. Code 0 says that all is well; 2, that the command is misspelt; 130, that it "
        "was interrupted.",
    ).in_(language)
    lines = [
        Text("| code | erreur | sens | que faire |", "| code | error | meaning | what to do |").in_(
            language
        ),
        "|---|---|---|---|",
    ]
    for error in sorted(ERRORS, key=lambda e: e.exit_code):
        row = said[error.__name__]
        title = f"{error.title.in_(language)} (`{error.__name__}`)"
        cells = (str(error.exit_code), title, row[language], row[f"example_{language}"])
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    yield "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


WRITERS: dict[str, Callable[[Language], Iterable[str]]] = {
    "commands": commands,
    "tables": tables,
    "rules": rules,
    "checks": checks,
    "statistics": statistics,
    "errors": errors,
}


def main() -> int:
    """Write the pages that changed, or only tell whether there are any."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name, text in pages().items():
        path = HERE / name
        if not path.is_file() or path.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
    for name in stale:
        print(name)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
