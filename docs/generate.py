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

from transat.cohorts.language import grammar
from transat.core.errors import ERRORS
from transat.core.languages import LANGUAGES, Language, Text
from transat.federation import policy
from transat.federation.limits import NOT_COVERED
from transat.federation.policy import installed
from transat.federation.refusals import CODES
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
LEARNERS = HERE.parent / "src" / "transat" / "learners"
GATE = HERE.parent / "src" / "transat" / "federation" / "checks"

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
    """The docstring of every statistic, then of every learner, as it is in its file."""
    yield Text("Statistiques", "Statistics").in_(language)
    yield Text(
        "Une statistique tient dans un fichier : la question, la formule, ce qui sort du site, les "
        "hypothèses, la référence. De même un apprenant (`bins`, `boosted_trees`, `tree_review`, "
        "`trees`). Le texte qui suit est celui des fichiers, en anglais.",
        "A statistic is one file: the question, the formula, what leaves the site, the "
        "assumptions, the reference. So is a learner (`bins`, `boosted_trees`, `tree_review`, "
        "`trees`). The text below is that of the files.",
    ).in_(language)
    for path in (*sorted(STATISTICS.glob("*.py")), *sorted(LEARNERS.glob("*.py"))):
        said = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        if path.stem != "__init__" and said:
            yield f"## {path.stem}"
            yield f"```text\n{said.strip()}\n```"


def gate(language: Language) -> Iterable[str]:
    """The rules G1 to G15: their text, numbers and sources by holder; checks; refusal codes."""
    yield Text("La porte : règles, sources, refus", "The gate: rules, sources, refusals").in_(
        language
    )
    yield Text(
        "Les règles dans l'ordre de la liste G1–G15, avec leurs nombres et, pour chaque détenteur, "
        "d'où elles viennent et si la source a été lue (`yes`, `partly`, `no`). Les valeurs sont "
        "celles des fichiers de politique livrés ; un permis peut seulement les durcir. Le texte "
        "d'un contrôle est celui de son fichier, en anglais. Pourquoi ces règles : "
        "[la porte](../explications/la-porte.md).",
        "The rules in the order of the list G1–G15, with their numbers and, for each holder, where "
        "they come from and whether the source was read (`yes`, `partly`, `no`). Values are those "
        "of the policy files that ship; a permit can only make them stricter. A check's text is "
        "that of its file. Why these rules: [the gate](../explanation/the-gate.md).",
    ).in_(language)
    for key, number in policy.RULES.items():
        held = {holder: _rule_of(installed()[holder], key) for holder in installed()}
        yield f"## {number} `{key}`"
        yield held["snds"].text.in_(language)
        yield "\n".join(_sources(held, language))
    said = (ast.get_docstring(ast.parse(p.read_text("utf-8"))) for p in sorted(GATE.glob("*.py")))
    yield "## " + Text("Les contrôles", "The checks").in_(language)
    for text in sorted((t for t in said if t and re.match(r"G\d+[,.]", t)), key=_rule_number):
        yield f"```text\n{text.strip()}\n```"
    yield "## " + Text("Les refus", "Refusals").in_(language)
    yield Text(
        "Un refus dit un code, des noms de colonnes et, s'il en est un, le regroupement qui "
        "passerait : `a|b` pour deux colonnes réunies, `-a` pour une colonne retirée.",
        "A refusal says a code, names of columns and, where there is one, the merge that would "
        "pass: `a|b` for two columns made one, `-a` for a column left out.",
    ).in_(language)
    head = Text("| code | sens |", "| code | meaning |").in_(language)
    rows = [f"| `{code}` | {_cell(text.in_(language))} |" for code, text in CODES.items()]
    yield "\n".join([head, "|---|---|", *rows])
    yield "## " + Text("Ce qu'aucune règle ne couvre", "What no rule covers").in_(language)
    yield "\n".join(f"- {text.in_(language)}" for text in NOT_COVERED)


def _rule_of(holder: policy.Policy, key: str) -> policy.HolderRule:
    return next(rule for rule in holder.rules if rule.key == key)


def _sources(held: dict[str, policy.HolderRule], language: Language) -> Iterable[str]:
    """A table of one rule's numbers and sources; holders who have the same share a line."""
    yield Text(
        "| détenteurs | nombres | source | lue |", "| holders | numbers | source | read |"
    ).in_(language)
    yield "|---|---|---|---|"
    lines: dict[tuple[str, str, str], list[str]] = {}
    for holder, rule in held.items():
        numbers = [f"`{name}` {value:g}" for name, value in rule.values.items()]
        if rule.key == "cell_floor":
            numbers = [f"`threshold` {installed()[holder].threshold}"]
        line = (", ".join(numbers), rule.source, rule.checked)
        lines.setdefault(line, []).append(f"`{holder}`")
    for (numbers_said, source, checked), named in lines.items():
        yield f"| {', '.join(named)} | {numbers_said} | {_cell(source)} | {checked} |"


def _rule_number(text: str) -> int:
    return int(re.findall(r"\d+", text)[0])


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


#: The parts of a study file, in the order in which an author meets them.
_PARTS = {
    "document": Text("Le document", "The document"),
    "study": Text("Identité (`study`)", "Identity (`study`)"),
    "text": Text("Un texte", "A text"),
    "window": Text("Une fenêtre nommée (`windows`)", "A named window (`windows`)"),
    "codes": Text("Un ensemble de codes (`codes`)", "A code set (`codes`)"),
    "concept": Text("Un concept (`concepts`)", "A concept (`concepts`)"),
    "cohort": Text("Une cohorte (`cohorts`)", "A cohort (`cohorts`)"),
    "entry": Text("L'entrée (`entry`)", "The entry (`entry`)"),
    "event": Text("Un événement", "An event"),
    "washout": Text("Le délai sans événement (`washout`)", "The time without an event (`washout`)"),
    "rule": Text("Une règle (`rules`)", "A rule (`rules`)"),
    "condition": Text("Une condition", "A condition"),
    "exit": Text("La fin (`exit`)", "The end (`exit`)"),
    "eras": Text("Les périodes réunies (`eras`)", "Joined periods (`eras`)"),
    "analysis": Text("Une analyse (`analyses`)", "An analysis (`analyses`)"),
    "column": Text("Une colonne", "A column"),
    "follow_up": Text("Le suivi (`follow_up`)", "The follow-up (`follow_up`)"),
}


def language_page(language: Language) -> Iterable[str]:
    """Every word of the study language, from the grammar that the reader checks."""
    yield Text("Le langage des études", "The language of studies").in_(language)
    yield Text(
        "Chaque partie d'un fichier d'étude, ses mots, ce qu'ils attendent (un mot marqué * est "
        "obligatoire). Un autre mot est une erreur. La façon de s'en servir est dans le "
        "[guide](../guides/ecrire-une-etude.md).",
        "Each part of a study file, its words, what they take (a word marked * is required). Any "
        "other word is an error. How to use them is in the [guide](../how-to/write-a-study.md).",
    ).in_(language)
    for shape, title in _PARTS.items():
        yield f"## {title.in_(language)}"
        yield _words(grammar.SHAPES[shape], language)
    yield f"## {Text('Les attributs de where', 'The attributes of where').in_(language)}"
    yield Text(
        "Les colonnes de la table de l'événement, par leur nom OMOP ; celles de ce qu'il désigne, "
        "`person.…`, `visit_occurrence.…`, `provider.…`, `care_site.…` ; et ce qui en est "
        "calculé : `start_date`, `end_date`, `duration` (jours), `age_at_start` (ou `age`), "
        "`age_at_end` (année de l'événement moins année de naissance), `sex` (`female`, "
        "`male`) ; d'une mesure, `ratio_to_range_low`, `ratio_to_range_high`, `abnormal`. Une "
        "règle interroge la personne et les dates de l'événement d'entrée.",
        "The columns of the event's table, by their OMOP names; those of what it points to, "
        "`person.…`, `visit_occurrence.…`, `provider.…`, `care_site.…`; and what is computed: "
        "`start_date`, `end_date`, `duration` (days), `age_at_start` (or `age`), `age_at_end` "
        "(the event's year less the year of birth), `sex` (`female`, `male`); of a measurement, "
        "`ratio_to_range_low`, `ratio_to_range_high`, `abnormal`. A rule asks the person and the "
        "dates of the entry event.",
    ).in_(language)


def _words(keys: Iterable[grammar.Key], language: Language) -> str:
    head = Text("| mot | attend | sens |", "| word | takes | meaning |").in_(language)
    lines = [head, "|---|---|---|"]
    for key in keys:
        name = f"`{key.name}`{' *' if key.required else ''}"
        cells = (name, _takes(key.value, language), key.text.in_(language))
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines)


def _takes(value: grammar.Value, language: Language) -> str:
    """What a keyword takes: its form, or the part of the page that says it."""
    if isinstance(value, grammar.OneOf):
        return ", ".join(f"`{word}`" for word in value.words)
    if isinstance(value, grammar.Shape):
        return re.sub(r" \(.*", "", _PARTS[value.name].in_(language)).lower()
    if isinstance(value, grammar.Many):
        inner = _takes(value.of, language)
        return Text(f"une liste : {inner}", f"a list: {inner}").in_(language)
    if isinstance(value, grammar.Named):
        inner = _takes(value.of, language)
        return Text(f"des noms : {inner}", f"names: {inner}").in_(language)
    return grammar.SCALARS[value].in_(language)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


WRITERS: dict[str, Callable[[Language], Iterable[str]]] = {
    "commands": commands,
    "tables": tables,
    "rules": rules,
    "checks": checks,
    "statistics": statistics,
    "gate": gate,
    "errors": errors,
    "language": language_page,
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
