"""The mapping file's schema, and an extract in which every file and column is renamed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import yaml
from test_quebec_tables import everything

from transat.harmonise.quebec import schema
from transat.harmonise.quebec.columns import SECTIONS, load
from transat.harmonise.run import harmonise
from transat.tables.quebec import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from quebec_by_hand import HandMade


def test_the_shipped_schema_is_up_to_date() -> None:
    assert schema.FILE.read_text("utf-8") == schema.text()
    assert set(schema.schema()["properties"]) == set(SECTIONS)


def an_example(of: dict[str, Any], name: str = "x") -> Any:
    """A value that the schema allows, with every property that it names."""
    if "enum" in of:
        return of["enum"][-1]
    if of["type"] == "object":
        more = of["additionalProperties"]
        extra = {"7": an_example(more)} if isinstance(more, dict) else {}
        return extra | {
            key: an_example(each, key) for key, each in of.get("properties", {}).items()
        }
    return f"LEUR_{name}"


def test_what_the_schema_allows_is_accepted(tmp_path: Path) -> None:
    said = an_example(schema.schema())
    path = tmp_path / "everything.yaml"
    path.write_text(yaml.safe_dump(said, allow_unicode=True), "utf-8")
    mapping = load(path)
    assert set(mapping.tables) == set(tables())
    assert mapping.name_of("V_SEJ_HOSP_CM", "SHOP_NO_SEQ_SEJ_HOSP") == "LEUR_SHOP_NO_SEQ_SEJ_HOSP"
    assert mapping.values["classifications"]["7"] == "ICD9"
    assert mapping.choices["gestational_age_unit"] == "weeks"


def test_the_default_file_names_its_schema() -> None:
    default = schema.FILE.with_name("columns.yaml").read_text("utf-8")
    assert default.startswith(f"# yaml-language-server: $schema={schema.FILE.name}\n")
    assert json.loads(schema.FILE.read_text("utf-8"))["additionalProperties"] is False


def full(extract: HandMade) -> HandMade:
    """Lines of every table, among them those of names that are not public."""
    everything(extract)
    for table in ("V_SEJ_SERV_HOSP_CM", "INTERVENTIONS", "MORTINAISSANCES", "DECES_ISQ"):
        extract.line(table)
    return extract.line("V_ETAB_USUEL").line("V_PRODU_MED").line("V_COD_CATG_ETAB_EI")


def test_any_file_and_column_may_have_another_name(hand_made: Callable[[], HandMade]) -> None:
    plain = full(hand_made())
    cdm = plain.cdm()
    renamed = plain.root.with_name("renamed")
    renamed.mkdir()
    (renamed / "extract.json").write_bytes((plain.root / "extract.json").read_bytes())
    said: dict[str, Any] = {}
    for number, name in enumerate(plain.lines):
        names = {column: f"C{place}" for place, column in enumerate(tables()[name].names)}
        said[name] = {"file": f"FICHIER{number}", "columns": names}
        with (plain.root / f"{name}.csv").open(encoding="utf-8", newline="") as source:
            header, *rows = csv.reader(source)
        with (renamed / f"FICHIER{number}.csv").open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([[names[c] for c in header], *rows])
    columns = renamed.with_name("columns.yaml")
    columns.write_text(yaml.safe_dump({"tables": said}), "utf-8")
    other = harmonise("quebec", renamed, renamed.with_name("cdm-renamed"), columns=columns).cdm
    for path in sorted(cdm.path.glob("*.parquet")):
        assert pq.read_table(path).equals(pq.read_table(other.path / path.name)), path.name
