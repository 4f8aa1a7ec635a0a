"""Table 1 as pages and CSV: both languages, masked words, numbers of the locale, no network."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from transat.cohorts.covariates.baseline import Cell, Line, TableOne
from transat.core.languages import Text
from transat.reports.table_one import HEAD, table_one_csv, table_one_page, write_table_one

TABLE = TableOne(
    (Text("Exposées", "Exposed"), Text("Autres", "Others")),
    (1234, 500),
    (1200, None),
    (
        Line(Text("Sexe", "Sex"), "heading"),
        Line(Text("Femme", "Female"), "binary", 1, 8532001, (Cell(617, 0.5), Cell()), None),
        Line(
            Text("Âge", "Age"), "number", 0, 1002,
            (Cell(None, None, 30.25, 5.0, 30.0, 25.0, 35.0),
             Cell(None, None, 31.0, 5.0, 31.0, 26.0, 36.0)),
            0.15,
        ),
    ),
    11,
)  # fmt: skip


def test_both_pages_say_the_same_numbers() -> None:
    french, english = table_one_page(TABLE, "fr"), table_one_page(TABLE, "en")
    assert "617 (50,0\u00a0%)" in french
    assert "617 (50.0%)" in english
    assert french.count(">masqué<") == english.count(">masked<") == 2
    assert "30,2 (5,0), 30,0 [25,0–35,0]" in french
    assert "30.2 (5.0), 30.0 [25.0–35.0]" in english
    assert not re.search(r"(src|href)=\"(https?:)?//", french + english)


def test_csv_has_both_labels_and_leaves_masked_cells_empty() -> None:
    rows = list(csv.DictReader(io.StringIO(table_one_csv(TABLE))))
    assert tuple(rows[0]) == HEAD
    assert [(r["label_fr"], r["label_en"], r["group"], r["count"]) for r in rows] == [
        ("Femme", "Female", "1", "617"), ("Femme", "Female", "2", ""),
        ("Âge", "Age", "1", ""), ("Âge", "Age", "2", ""),
    ]  # fmt: skip
    assert [r["standardised_difference"] for r in rows] == ["", "", "", "0.15"]
    assert rows[2]["mean"] == "30.25"


def test_written_files(tmp_path: Path) -> None:
    paths = write_table_one(TABLE, tmp_path / "out")
    assert [p.name for p in paths] == [
        "table_one.fr.html", "table_one.en.html", "table_one.csv",
    ]  # fmt: skip
    assert all(p.stat().st_size for p in paths)
