"""The declared Québec views: what is public, what is mapped, and what each column says."""

from __future__ import annotations

import re

from transat.tables.quebec import LABELS, LUMP_SUM_GROUPS, MAPPED, own_columns, tables


def test_the_public_views_of_the_warehouse_are_declared() -> None:
    assert set(tables()) - MAPPED == {
        "V_FICH_ID_BEN_CM",
        "I_BENF_ADR_CM",
        "V_DEM_PAIMT_MED_CM",
        "I_SMOD_SERV_MD_CM",
        "V_RPERT_COD_ACTE",
        "V_SEJ_HOSP_CM",
        "V_DIAGN_SEJ_HOSP_CM",
        "V_SEJ_SERV_HOSP_CM",
        "V_EPISO_SOIN_DURG_CM",
        "V_ETAB_USUEL",
        "V_PRODU_MED",
        *LABELS,
    }


def test_what_is_not_public_says_so() -> None:
    for name, table in tables().items():
        assert ("not public" in table.source) == (name in MAPPED)
        assert (set(own_columns().get(name, ())) == set(table.names)) == (name in MAPPED)


def test_every_table_and_column_is_described_in_both_languages() -> None:
    for table in tables().values():
        assert table.description is not None
        assert all(c.description is not None for c in table.columns)
        assert len(set(table.names)) == len(table.columns)


def test_column_names_keep_the_prefix_of_their_view() -> None:
    prefixes = {
        "V_FICH_ID_BEN_CM": "BENF_",
        "V_DEM_PAIMT_MED_CM": "SMED_",
        "V_SEJ_HOSP_CM": "SHOP_",
        "V_DIAGN_SEJ_HOSP_CM": "SHOP_",
        "V_EPISO_SOIN_DURG_CM": "SURG_",
    }
    for name, prefix in prefixes.items():
        public = set(tables()[name].names) - set(own_columns().get(name, ()))
        assert all(column.startswith(prefix) for column in public)


def test_public_names_are_those_of_the_reference(shared) -> None:  # type: ignore[no-untyped-def]
    text = (shared / "reference" / "data_sources.md").read_text("utf-8")
    known = set(re.findall(r"\b(?:SMED|SMOD|SHOP|SURG|BENF|LGEO|DISP|ETAB)_[A-Z_0-9]+", text))
    view = "V_SEJ_HOSP_CM"
    public = set(tables()[view].names) - set(own_columns()[view])
    missing = {name for name in public if name not in known}
    # The reference shortens four names of this view to their endings; all others are literal.
    assert missing <= {
        "SHOP_HRE_ADMIS_SEJ_HOSP",
        "SHOP_HRE_DEPAR_SEJ_HOSP",
        "SHOP_TYP_LIEU_SEJ_HOSP_DESTI",
        "SHOP_NO_ETAB_MSSS_DESTI",
    }


def test_lump_sum_groups_are_the_twelve_published() -> None:
    assert len(LUMP_SUM_GROUPS) == 12
