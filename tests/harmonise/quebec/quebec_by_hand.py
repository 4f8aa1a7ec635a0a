"""A Québec extract written by hand, line by line, and its CDM read back."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.harmonise.report import Report
from transat.harmonise.run import harmonise
from transat.tables.quebec import tables

#: One plain line of each table; a test changes what it is about.
PLAIN: dict[str, dict[str, str]] = {
    "V_FICH_ID_BEN_CM": {
        "BENF_NO_INDIV_BEN_BANLS": "100",
        "BENF_COD_SEXE": "F",
        "BENF_DAT_NAISS": "1985-03-02",
    },
    "I_BENF_ADR_CM": {
        "BENF_NO_INDIV_BEN_BANLS": "100",
        "BENF_DD_ADR_BEN": "2005-01-01",
        "BENF_DF_ADR_BEN": "9999-12-31",
        "BENF_IND_ADR_HQ": "N",
        "BENF_COD_TYP_ADR": "R",
    },
    "V_DEM_PAIMT_MED_CM": {
        "SMED_NO_INDIV_BEN_BANLS": "100",
        "SMED_DAT_SERV": "2014-02-03",
        "SMED_COD_DIN": "02293471",
        "SMED_QTE_MED": "60",
        "SMED_NBR_JR_DUREE_TRAIT": "30",
        "SMED_MNT_AUTOR_MED": "12.50",
        "SMED_COD_STA_DECIS": "PAY",
    },
    "I_SMOD_SERV_MD_CM": {
        "SMOD_NO_INDIV_BEN_BANLS": "100",
        "SMOD_DAT_SERV": "2014-02-03",
        "SMOD_COD_ACTE": "00056",
        "SMOD_COD_DIAGN_PRIMR": "345",
        "SMOD_MNT_PAIMT": "40.00",
        "SMOD_COD_ROLE": "1",
        "DISP_NO_SEQ_DISP_BANLS": "9001",
        "SMOD_COD_STA_DECIS": "PAY",
    },
    "V_RPERT_COD_ACTE": {"NMOD_COD_ACTE": "09999", "NMOD_COD_GRP_ACTE": "180"},
    "V_SEJ_HOSP_CM": {
        "SHOP_NO_INDIV_BEN_BANLS": "100",
        "SHOP_NO_SEQ_SEJ_HOSP": "7001",
        "SHOP_DAT_ADMIS_SEJ_HOSP": "2014-05-01",
        "SHOP_DAT_DEPAR_SEJ_HOSP": "2014-05-04",
        "SHOP_IND_NOUV_NE_SEJ_HOSP": "0",
        "SHOP_NO_SEQ_SYS_CLA": "1",
    },
    "V_DIAGN_SEJ_HOSP_CM": {
        "SHOP_NO_INDIV_BEN_BANLS": "100",
        "SHOP_NO_SEQ_SEJ_HOSP": "7001",
        "SHOP_COD_DIAGN_MDCAL_CLINQ": "O70011",
        "SHOP_TYP_DIAGN_SEJ_HOSP": "P",
        "SHOP_NO_SEQ_SYS_CLA": "1",
    },
    "V_EPISO_SOIN_DURG_CM": {
        "SURG_NO_INDIV_BEN_BANLS": "100",
        "SURG_DHD_EPISO_SOIN_DURG": "2014-03-01 08:30:00",
        "SURG_DH_DEPAR_USAG_DURG": "2014-03-02 01:10:00",
        "SURG_COD_DIAGN_MDCAL_CLINQ": "G409",
        "SURG_COD_PRIOR_TRIAG_DURG": "3",
    },
    "ADMISSIBILITE_MEDICAMENTS": {
        "NO_INDIV": "100",
        "DATE_DEBUT": "2013-01-01",
        "DATE_FIN": "2013-12-31",
    },
    "NAISSANCES": {
        "NO_INDIV_MERE": "100",
        "NO_INDIV_ENFANT": "200",
        "NO_SEQ_SEJ_HOSP_MERE": "7001",
        "DATE_NAISSANCE": "2014-05-02",
        "AGE_GESTATIONNEL_JOURS": "275",
        "POIDS_GRAMMES": "3350",
        "RANG_NAISSANCE": "1",
        "VIVANT": "1",
    },
    "GROSSESSES_HOSP": {"NO_SEQ_SEJ_HOSP": "7001", "AGE_GESTATIONNEL_JOURS": "70"},
    "V_SEJ_SERV_HOSP_CM": {
        "SHOP_NO_INDIV_BEN_BANLS": "100",
        "SHOP_NO_SEQ_SEJ_HOSP": "7001",
        "SERVICE": "OBST",
    },
    "INTERVENTIONS": {
        "NO_SEQ_SEJ_HOSP": "7001",
        "CODE_INTERVENTION": "5.MD.60.AA",
        "SYSTEME_CLASSIFICATION": "1",
        "DATE_INTERVENTION": "2014-05-02",
    },
    "MORTINAISSANCES": {
        "NO_INDIV_MERE": "100",
        "NO_SEQ_SEJ_HOSP_MERE": "7001",
        "DATE_ACCOUCHEMENT": "2014-05-02",
        "AGE_GESTATIONNEL_JOURS": "205",
        "POIDS_GRAMMES": "900",
        "RANG_NAISSANCE": "1",
    },
    "DECES_ISQ": {
        "NO_INDIV": "100",
        "DATE_DECES": "2014-05-04",
        "CAUSE_INITIALE": "I269",
        "SYSTEME_CLASSIFICATION": "10",
    },
    "REGISTRE_ECHO": {
        "NO_INDIV": "100",
        "DATE_ECHO": "2014-06-05",
        "VMAX_M_S": "4.1",
        "GRADIENT_MOYEN_MMHG": "41.5",
        "SURFACE_CM2": "0.85",
        "FEVG_PCT": "60",
        "NYHA": "2",
        "SCORE_CALCIQUE_UA": "2100",
    },
    "V_ETAB_USUEL": {"ETAB_NO_ETAB_USUEL": "0042", "ETAB_COD_CATG_ETAB_EI": "1X0"},
    "V_COD_CATG_ETAB_EI": {"ETAB_COD_CATG_ETAB_EI": "1X0", "ETAB_NOM_CATG_ETAB_EI": "Hôpital"},
    "V_PRODU_MED": {"NMED_COD_DIN": "99123456", "NMED_COD_ATC": "N03AX12"},
}


@dataclass
class HandMade:
    """An extract under construction, and its harmonisation."""

    root: Path
    lines: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    report: Report | None = None

    def line(self, table: str, **changes: str) -> HandMade:
        """Add the plain line of `table`, changed."""
        self.lines.setdefault(table, []).append({**PLAIN[table], **changes})
        return self

    def people(self, *numbers: str) -> HandMade:
        """Register persons, each living in Québec throughout."""
        for number in numbers:
            self.line("V_FICH_ID_BEN_CM", BENF_NO_INDIV_BEN_BANLS=number)
            self.line("I_BENF_ADR_CM", BENF_NO_INDIV_BEN_BANLS=number)
        return self

    def write(self, shuffle: int | None = None) -> Path:
        """Write every table as comma-separated text, in the order given or shuffled."""
        self.root.mkdir(exist_ok=True)
        for table, rows in self.lines.items():
            rows = list(rows)
            if shuffle is not None:
                random.Random(shuffle).shuffle(rows)
            names = tables()[table].names
            with (self.root / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, names, restval="")
                writer.writeheader()
                writer.writerows(rows)
        period = {"period": ["2012-01-01", "2020-01-01"], "simulated": True}
        (self.root / "extract.json").write_text(json.dumps(period), "utf-8")
        return self.root

    def cdm(self, shuffle: int | None = None, **options: Any) -> Cdm:
        """Write and harmonise."""
        self.write(shuffle)
        to = self.root.with_name(f"cdm-{shuffle}")
        self.report = harmonise("quebec", self.root, to, **options)
        return self.report.cdm

    def rows(self, query: str, **options: Any) -> list[tuple[Any, ...]]:
        """Write, harmonise and ask the CDM."""
        with DuckDB() as engine:
            self.cdm(**options).attach(engine)
            return engine.rows(query)

    def fates(self, table: str) -> dict[str, int]:
        """The ledger of one table without its notes, after `cdm` or `rows`."""
        assert self.report is not None
        own = [e for e in self.report.ledger if e.table == table and e.kind != "note"]
        return {e.rule: e.rows for e in own}

    def notes(self, table: str) -> dict[str, int]:
        """The notes that the ledger has on one table, after `cdm` or `rows`."""
        assert self.report is not None
        own = [e for e in self.report.ledger if e.table == table and e.kind == "note"]
        return {e.rule.removeprefix("note:"): e.rows for e in own}
