"""From a DIN to an ATC: the extract's product list, Health Canada's database, Transat's own list.

The Drug Product Database (DPD) comes as zips or folders of files without header, one set for each
status: marketed (`drug.txt`), approved (`_ap`), dormant (`_dr`), cancelled (`_ia`). A cohort of
1998-2015 needs the cancelled ones. Columns are known by their number (`dpd.LAYOUTS`).
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import DIN
from transat.engines.engine import Engine
from transat.harmonise.atc import atc_sql, best_atc_sql, register_drift, register_list
from transat.harmonise.context import Context
from transat.harmonise.quebec import dpd
from transat.harmonise.quebec.native import padded

#: The extract's own list, the package's, then the database by status.
_PLACES: Final = {"extract": 1, "list": 6} | {s: 2 + i for i, s in enumerate(dpd.STATUSES)}


def map_products(engine: Engine, context: Context) -> None:
    """Make `medicine` (vocabulary, code, atc, how) and its short form `product` (din, atc).

    One ATC a DIN, of the studies' vintage. A DIN with several takes a substance before a class, the
    extract's list before the database, a marketed product before an approved, dormant or cancelled
    one, then the first code in alphabetical order. Findings: `din_recorded`, `din_list`, and
    `products_with_several_atc`.
    """
    register_drift(engine)
    register_list(engine, "listed_product", "DIN")
    dpd.stage(engine, context)
    statuses = " ".join(f"WHEN '{s}' THEN {_PLACES[s]}" for s in dpd.STATUSES)
    said = (
        f"SELECT {padded('NMED_COD_DIN', 8)} AS code, {atc_sql('NMED_COD_ATC')} AS atc, "
        f"'recorded' AS how, {_PLACES['extract']} AS place FROM kept_V_PRODU_MED "
        f"UNION ALL SELECT code, atc, 'list', {_PLACES['list']} FROM listed_product "
        f"UNION ALL SELECT d.din, {atc_sql('t.atc')}, 'recorded', CASE d.status {statuses} END "
        "FROM dpd_drug AS d JOIN dpd_ther AS t ON t.drug_code = d.drug_code "
        "AND t.status = d.status"
    )
    context.materialise(
        engine,
        "medicine",
        f"SELECT '{DIN}' AS vocabulary, code, atc, how, several "
        f"FROM ({best_atc_sql(said, 'code')}) AS coded WHERE code IS NOT NULL",
    )
    engine.sql("CREATE OR REPLACE VIEW product AS SELECT code AS din, atc FROM medicine")
    for how, codes, several in engine.rows(
        "SELECT how, count(*), sum(CAST(several > 1 AS INTEGER)) FROM medicine "
        "GROUP BY how ORDER BY how"
    ):
        context.findings[f"din_{how}"] = int(codes)
        known = context.findings.get("products_with_several_atc", 0)
        context.findings["products_with_several_atc"] = known + int(several)
