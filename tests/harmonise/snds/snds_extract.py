"""A native SNDS extract written by hand, line by line, for the tests beside this file."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine
from transat.harmonise.report import Report
from transat.harmonise.run import harmonise

#: Two products (CIP13) of the study's list: 12 tablets of paracetamol, 30 of valproic acid.
PARACETAMOL, VALPROATE = "3400933084837", "3400933018023"
ANNA = {"BEN_NIR_PSA": "AnnaAnnaAnnaAnna1", "BEN_RNG_GEM": 1}

Line = Mapping[str, Any]


@dataclass
class NativeExtract:
    """Tables by name; `line` adds a prestation with its sister lines under one nine-column key."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    period: tuple[str, str] | None = ("2012-01-01", "2020-01-01")
    lines: int = 0

    def add(self, table: str, **values: Any) -> NativeExtract:
        self.tables.setdefault(table, []).append(values)
        return self

    def person(self, **values: Any) -> NativeExtract:
        usual = {
            **ANNA,
            "BEN_NIR_ANO": "ANOanna",
            "BEN_CDI_NIR": "00",
            "BEN_NAI_ANN": 1985,
            "BEN_NAI_MOI": "03",
            "BEN_SEX_COD": 2,
            "BEN_DCD_DTE": "01/01/1600",
        }
        return self.add("IR_BEN_R", **{**usual, **values})

    def key(self, flow: str = "01/04/2015") -> dict[str, Any]:
        self.lines += 1
        return {
            "DCT_ORD_NUM": self.lines,
            "FLX_DIS_DTD": flow,
            "FLX_EMT_NUM": 3,
            "FLX_EMT_ORD": 0,
            "FLX_EMT_TYP": 1,
            "FLX_TRT_DTD": "20/03/2015",
            "ORG_CLE_NUM": "01C751011",
            "PRS_ORD_NUM": 1,
            "REM_TYP_AFF": 0,
        }

    def line(
        self,
        day: str = "10/03/2015",
        *,
        box: Line | None = None,
        hospital: Line | None = None,
        act: Line | None = None,
        ete: Line | None = None,
        **values: Any,
    ) -> NativeExtract:
        key = self.key()
        usual = {**ANNA, "EXE_SOI_DTD": day, "PRS_NAT_REF": 3313, "PRS_ACT_QTE": 1}
        self.add("ER_PRS_F", **key, **{**usual, **values})
        for name, sister in (
            ("ER_PHA_F", box),
            ("ER_UCD_F", hospital),
            ("ER_CAM_F", act),
            ("ER_ETE_F", ete),
        ):
            if sister is not None:
                self.add(name, **key, **sister)
        return self

    def stay(
        self,
        rsa: str = "1",
        day: str = "10032015",
        *,
        number: str = ANNA["BEN_NIR_PSA"],  # type: ignore[assignment]
        year: str = "15",
        c: Line | None = None,
        **values: Any,
    ) -> NativeExtract:
        hospital = {"ETA_NUM": values.pop("ETA_NUM", "620780004"), "RSA_NUM": rsa}
        usual = {"AGE_ANN": 30, "COD_SEX": 2, "DGN_PAL": "O800", "GRG_GHM": "14Z14A"}
        self.add(f"T_MCO{year}B", **hospital, **{**usual, **values})
        dates = {"ENT_DAT": day, "SOR_DAT": day}
        return self.add(f"T_MCO{year}C", **hospital, NIR_ANO_17=number, **{**dates, **(c or {})})

    def write(self, folder: Path, separator: str = ";", shuffle: int | None = None) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        if self.period:
            (folder / "extract.json").write_text(json.dumps({"period": self.period}), "utf-8")
        for name, rows in self.tables.items():
            columns = sorted({c for row in rows for c in row})
            body = [separator.join(_text(row.get(c)) for c in columns) for row in rows]
            if shuffle is not None:
                random.Random(shuffle).shuffle(body)
            (folder / f"{name}.csv").write_text(
                "\n".join([separator.join(columns), *body, ""]), "utf-8"
            )
        return folder


def _text(value: Any) -> str:
    return "" if value is None else str(value)


@dataclass
class Harmonised:
    """A report, and its CDM to query; `ledger` gives counts by (table, rule)."""

    report: Report
    engine: Engine

    @property
    def ledger(self) -> dict[tuple[str, str], int]:
        return {(e.table, e.rule): e.rows for e in self.report.ledger}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.engine.rows(query)

    def drugs(self) -> list[tuple[Any, ...]]:
        """(day, ATC, quantity, days_supply) of each exposure."""
        return self.rows(
            "SELECT CAST(drug_exposure_start_date AS VARCHAR), concept_code, quantity, days_supply "
            "FROM drug_exposure LEFT JOIN concept ON concept_id = drug_concept_id ORDER BY ALL"
        )

    def conditions(self) -> list[tuple[Any, ...]]:
        """(written code, status) of each condition."""
        return self.rows(
            "SELECT condition_source_value, condition_status_source_value "
            "FROM condition_occurrence ORDER BY ALL"
        )


def harmonised(extract: NativeExtract, tmp: Path, **options: Any) -> Harmonised:
    """Write, harmonise, attach."""
    source = extract.write(tmp / "native")
    report = harmonise("snds", source, tmp / "cdm", threads=1, **options)
    engine = DuckDB(threads=1)
    report.cdm.attach(engine)
    return Harmonised(report, engine)
