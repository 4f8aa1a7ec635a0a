"""A small SNDS extract and the SQL views that its tests read, all columns as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine
from transat.simulate.design import Design
from transat.simulate.population import Population, generate
from transat.simulate.snds.write import identifiers, write
from transat.tables.drug_codes import drug_codes

LETTERS = ("B", "C", "D", "A", "UM", "CSTC", "FMSTC")
NINE = (
    "DCT_ORD_NUM, FLX_DIS_DTD, FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD, "
    "ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF"
)
#: T1, T2, T3, T5 and fictive numbers, as Documentation-SNDS states them.
TRUE_LINES = f"""
    SELECT p.*, strptime(p.EXE_SOI_DTD, '%d/%m/%Y')::DATE AS care FROM ER_PRS_F AS p
    LEFT JOIN ER_ETE_F AS e USING ({NINE})
    WHERE coalesce(DPN_QLF, '0') <> '71' AND coalesce(PRS_DPN_QLP, '0') <> '71'
      AND coalesce(ETE_IND_TAA, '0') <> '1' AND CPL_MAJ_TOP < '2' AND BEN_CDI_NIR = '00'
      AND strptime(p.EXE_SOI_DTD, '%d/%m/%Y') BETWEEN DATE '2012-01-01' AND DATE '2019-12-31'
"""


def design(seed: int, women: int, file_format: str = "parquet") -> Design:
    """A design with enough hospital drugs and malformations for a small sample."""
    return Design(
        seed=seed,
        persons=women,
        exposure_multiplier=30,
        file_format="csv" if file_format == "csv" else "parquet",
    )


@dataclass(frozen=True)
class Extract:
    """One chunk, written."""

    design: Design
    people: Population
    folder: Path
    unseen: pa.Table

    def engine(self) -> Engine:
        """Native tables by name (those of stays also over the years, with yy), truth as true_*."""
        engine = DuckDB(memory_limit="1GB", threads=2)
        by_name = {path.name: sorted(path.iterdir()) for path in sorted(self.folder.iterdir())}
        for name, files in by_name.items():
            if self.design.file_format == "csv":
                engine.read_csv_text(name, files, ";")
            else:
                engine.view_parquet(name, files)
        for letter in LETTERS:
            years = [n for n in by_name if n.startswith("T_MCO") and n[7:] == letter]
            union = " UNION ALL BY NAME ".join(
                f"SELECT '{n[5:7]}' AS yy, * FROM {n}" for n in years
            )
            engine.sql(f"CREATE VIEW T_MCO{letter} AS {union}")
        for name, table in self.people.tables().items():
            engine.register(f"true_{name}", table)
        engine.register("unseen", self.unseen)
        engine.register("numbers", identifiers(self.people, self.design, 0))
        engine.register("product", products())
        engine.sql(
            "CREATE VIEW person AS SELECT BEN_NIR_PSA, BEN_RNG_GEM, n.person_id FROM "
            "(SELECT * FROM IR_BEN_R UNION SELECT * FROM IR_BEN_R_ARC) "
            "JOIN numbers AS n ON n.snds_person = "
            "coalesce(BEN_NIR_ANO, BEN_NIR_PSA || '|' || BEN_RNG_GEM) WHERE BEN_CDI_NIR = '00'"
        )
        engine.sql(f"CREATE VIEW true_line AS {TRUE_LINES}")
        return engine


def written(folder: Path, seed: int, women: int, file_format: str = "parquet") -> Extract:
    """Draw one chunk of people and write it."""
    plan = design(seed, women, file_format)
    people = generate(plan, "france", 0)
    return Extract(plan, people, folder, write(people, folder, 0, plan))


def products() -> pa.Table:
    """code, atc and units of a pack of every French product."""
    french = [c for c in drug_codes() if c.vocabulary in ("CIP13", "UCD7")]
    return pa.table(
        {
            "code": [c.code for c in french],
            "atc": [c.atc for c in french],
            "units": [c.units_per_pack for c in french],
        }
    )


def differences(engine: Engine, truth: str, found: str) -> tuple[int, int]:
    """Lines of truth that are not found, lines found that are not true, as multisets."""
    missing = engine.scalar(f"SELECT count(*) FROM (({truth}) EXCEPT ALL ({found}))")
    false = engine.scalar(f"SELECT count(*) FROM (({found}) EXCEPT ALL ({truth}))")
    return int(missing), int(false)
