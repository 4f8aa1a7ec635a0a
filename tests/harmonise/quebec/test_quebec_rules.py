"""Each rule takes its lines, only its lines, and can be switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from transat.harmonise.quebec.rules import STAY_OF, rules

if TYPE_CHECKING:
    from quebec_by_hand import HandMade

DRUGS = "V_DEM_PAIMT_MED_CM"
ACTS = "I_SMOD_SERV_MD_CM"

STRANGER = {"SHOP_NO_INDIV_BEN_BANLS": "404"}

#: rule, table, the line it takes.
TAKEN = [
    ("refused_claim", DRUGS, {"SMED_COD_STA_DECIS": "REF"}),
    ("refused_claim", DRUGS, {"SMED_COD_STA_DECIS": "ANN"}),
    ("refused_claim", ACTS, {"SMOD_COD_STA_DECIS": "REF"}),
    ("service_not_dispensing", DRUGS, {"SMED_COD_SERV_1": "1"}),
    ("service_not_dispensing", DRUGS, {"SMED_COD_SERV_1": "AD"}),
    ("duration_not_positive", DRUGS, {"SMED_NBR_JR_DUREE_TRAIT": "0"}),
    ("duration_not_positive", DRUGS, {"SMED_NBR_JR_DUREE_TRAIT": "-30"}),
    ("unmatched_cancellation", DRUGS, {"SMED_QTE_MED": "-30"}),
    ("unmatched_cancellation", ACTS, {"SMOD_MNT_PAIMT": "-12.00"}),
    ("unknown_person", DRUGS, {"SMED_NO_INDIV_BEN_BANLS": "404"}),
    ("unknown_person", ACTS, {"SMOD_NO_INDIV_BEN_BANLS": "404"}),
    ("lump_sum_act", ACTS, {"SMOD_COD_ACTE": "9999"}),
    ("address_outside_quebec", "I_BENF_ADR_CM", {"BENF_IND_ADR_HQ": "O"}),
    ("address_not_residence", "I_BENF_ADR_CM", {"BENF_COD_TYP_ADR": "P"}),
    ("period_reversed", "I_BENF_ADR_CM", {"BENF_DF_ADR_BEN": "2004-12-31"}),
    ("period_reversed", "ADMISSIBILITE_MEDICAMENTS", {"DATE_FIN": "2012-12-31"}),
    (
        "period_reversed",
        "V_SEJ_HOSP_CM",
        {"SHOP_NO_SEQ_SEJ_HOSP": "7002", "SHOP_DAT_DEPAR_SEJ_HOSP": "2014-04-30"},
    ),
    ("unknown_person", "V_SEJ_HOSP_CM", {"SHOP_NO_SEQ_SEJ_HOSP": "7002", **STRANGER}),
    (
        "period_reversed",
        "V_EPISO_SOIN_DURG_CM",
        {"SURG_DH_DEPAR_USAG_DURG": "2014-02-28 23:59:00"},
    ),
    ("person_repeated", "V_FICH_ID_BEN_CM", {"BENF_COD_SEXE": "M"}),
    ("unknown_stay", "V_DIAGN_SEJ_HOSP_CM", {"SHOP_NO_SEQ_SEJ_HOSP": "404"}),
    ("unknown_stay", "GROSSESSES_HOSP", {"NO_SEQ_SEJ_HOSP": "404"}),
    ("unknown_person", "NAISSANCES", {"NO_INDIV_MERE": "404"}),
    ("unknown_person", "MORTINAISSANCES", {"NO_INDIV_MERE": "404"}),
    ("unknown_person", "DECES_ISQ", {"NO_INDIV": "404"}),
    ("unknown_person", "REGISTRE_ECHO", {"NO_INDIV": "404"}),
    ("death_repeated", "DECES_ISQ", {"DATE_DECES": "2014-05-05"}),
    ("unknown_stay", "V_SEJ_SERV_HOSP_CM", {"SHOP_NO_SEQ_SEJ_HOSP": "404"}),
    (
        "period_reversed",
        "V_SEJ_SERV_HOSP_CM",
        {"DATE_DEBUT_SERVICE": "2014-05-03", "DATE_FIN_SERVICE": "2014-05-02"},
    ),
    ("unknown_stay", "INTERVENTIONS", {"NO_SEQ_SEJ_HOSP": "404"}),
    ("intervention_abandoned", "INTERVENTIONS", {"ATTRIBUT_STATUT": "A"}),
    ("unknown_classification", "INTERVENTIONS", {"SYSTEME_CLASSIFICATION": "7"}),
    ("care_outside_period", DRUGS, {"SMED_DAT_SERV": "2011-12-31"}),
    ("care_outside_period", ACTS, {"SMOD_DAT_SERV": "9999-12-31"}),
    (
        "care_outside_period",
        "V_EPISO_SOIN_DURG_CM",
        {
            "SURG_DHD_EPISO_SOIN_DURG": "2020-01-01 00:10:00",
            "SURG_DH_DEPAR_USAG_DURG": "2020-01-01 03:00:00",
        },
    ),
    (
        "care_outside_period",
        "V_SEJ_HOSP_CM",
        {
            "SHOP_NO_SEQ_SEJ_HOSP": "7002",
            "SHOP_DAT_ADMIS_SEJ_HOSP": "2011-12-01",
            "SHOP_DAT_DEPAR_SEJ_HOSP": "2011-12-31",
        },
    ),
]


@pytest.mark.parametrize(("rule", "table", "change"), TAKEN)
def test_a_rule_takes_its_line_and_no_other(
    extract: HandMade, rule: str, table: str, change: dict[str, str]
) -> None:
    extract.line("V_RPERT_COD_ACTE")
    if table not in extract.lines:
        extract.line(table)
    before = len(extract.lines[table])
    extract.line(table, **change)
    if table in STAY_OF:
        extract.line("V_SEJ_HOSP_CM")
    extract.cdm()
    assert extract.fates(table) == {"read": before + 1, "kept": before, rule: 1}


@pytest.mark.parametrize("status", ["PAY", "PPY", ""])
def test_a_paid_claim_or_one_without_a_decision_is_kept(extract: HandMade, status: str) -> None:
    extract.line(DRUGS, SMED_COD_STA_DECIS=status).cdm()
    assert extract.fates(DRUGS) == {"read": 1, "kept": 1}


@pytest.mark.parametrize("table", [DRUGS, ACTS, "V_EPISO_SOIN_DURG_CM", "NAISSANCES"])
def test_a_line_repeated_word_for_word_counts_once(extract: HandMade, table: str) -> None:
    extract.line(table).line(table).line(table).cdm()
    fates = extract.fates(table)
    assert (fates["read"], fates["kept"], fates["exact_duplicate"]) == (3, 1, 2)


def test_persons_and_stays_delivered_twice_are_never_lost(extract: HandMade) -> None:
    extract.lines.clear()
    for number in map(str, range(500)):
        for _ in range(2):
            extract.line("V_FICH_ID_BEN_CM", BENF_NO_INDIV_BEN_BANLS=number)
            extract.line(
                "V_SEJ_HOSP_CM", SHOP_NO_INDIV_BEN_BANLS=number, SHOP_NO_SEQ_SEJ_HOSP=number
            )
    extract.cdm(shuffle=3)
    expected = {"read": 1000, "kept": 500, "exact_duplicate": 500}
    assert extract.fates("V_FICH_ID_BEN_CM") == expected
    assert extract.fates("V_SEJ_HOSP_CM") == expected


def test_two_emergency_episodes_of_one_day_are_two(extract: HandMade) -> None:
    table = "V_EPISO_SOIN_DURG_CM"
    extract.line(table).line(table, SURG_DHD_EPISO_SOIN_DURG="2014-03-01 14:00:00").cdm()
    assert extract.fates(table) == {"read": 2, "kept": 2}


def test_a_cancelled_pair_goes_and_the_rest_stays(extract: HandMade) -> None:
    extract.line(DRUGS).line(DRUGS, SMED_QTE_MED="-60", SMED_MNT_AUTOR_MED="-12.50")
    extract.line(DRUGS, SMED_DAT_SERV="2014-02-04")
    extract.line(DRUGS, SMED_QTE_MED="30")
    extract.cdm()
    assert extract.fates(DRUGS) == {"read": 4, "kept": 2, "cancelled_pair": 2}


def test_one_cancellation_takes_one_of_two_dispensings(extract: HandMade) -> None:
    extract.line(DRUGS).line(DRUGS, SMED_NBR_JR_DUREE_TRAIT="60")
    extract.line(DRUGS, SMED_QTE_MED="-60", SMED_NBR_JR_DUREE_TRAIT="-30")
    assert extract.rows("SELECT days_supply FROM drug_exposure") == [(60,)]
    assert extract.fates(DRUGS) == {"read": 3, "kept": 1, "cancelled_pair": 2}


def test_lines_that_differ_anywhere_are_cancelled_one_by_one(extract: HandMade) -> None:
    extract.line(DRUGS, SMED_COD_FORME_MED="1").line(DRUGS, SMED_COD_FORME_MED="2")
    extract.line(DRUGS, SMED_QTE_MED="-60").cdm()
    assert extract.fates(DRUGS) == {"read": 3, "kept": 1, "cancelled_pair": 2}


def test_a_repeated_line_and_its_single_cancellation_are_all_gone(extract: HandMade) -> None:
    extract.line(DRUGS).line(DRUGS).line(DRUGS, SMED_QTE_MED="-60").cdm()
    fates = extract.fates(DRUGS)
    assert fates == {"read": 3, "kept": 0, "exact_duplicate": 1, "cancelled_pair": 2}


def test_a_refused_line_is_not_cancelled_by_a_paid_one(extract: HandMade) -> None:
    extract.line(DRUGS, SMED_COD_STA_DECIS="REF")
    extract.line(DRUGS, SMED_QTE_MED="-60", SMED_NBR_JR_DUREE_TRAIT="-30").cdm()
    fates = extract.fates(DRUGS)
    assert fates == {"read": 2, "kept": 0, "refused_claim": 1, "unmatched_cancellation": 1}


def test_a_cancelled_act_is_no_visit(extract: HandMade) -> None:
    extract.line(ACTS).line(ACTS, SMOD_MNT_PAIMT="-40.00").line(ACTS, SMOD_COD_ACTE="00057")
    assert extract.rows("SELECT procedure_source_value FROM procedure_occurrence") == [("00057",)]
    assert extract.fates(ACTS) == {"read": 3, "kept": 1, "cancelled_pair": 2}


def test_a_stay_delivered_twice_keeps_its_latest_departure(extract: HandMade) -> None:
    table = "V_SEJ_HOSP_CM"
    extract.line(table).line(table, SHOP_DAT_DEPAR_SEJ_HOSP="2014-05-09")
    ends = extract.rows("SELECT CAST(visit_end_date AS VARCHAR) FROM visit_occurrence")
    assert ends == [("2014-05-09",)]
    assert extract.fates(table) == {"read": 2, "kept": 1, "stay_repeated": 1}


def test_a_rule_switched_off_takes_nothing(extract: HandMade) -> None:
    extract.line(DRUGS, SMED_COD_SERV_1="AD").cdm(rules_off=("service_not_dispensing",))
    assert extract.fates(DRUGS) == {"read": 1, "kept": 1}


@pytest.mark.parametrize("rule", sorted({r.key for r in rules() if not r.fixed}))
def test_every_rule_can_be_switched_off(extract: HandMade, rule: str) -> None:
    for key, table, change in TAKEN:
        if key == rule:
            extract.line(table, **change)
    extract.cdm(rules_off=(rule,))
    assert all(rule not in extract.fates(table) for table in extract.lines)


def test_a_line_without_a_readable_date_is_rejected_not_lost(extract: HandMade) -> None:
    extract.line(DRUGS, SMED_DAT_SERV="2014-02-31").cdm()
    assert extract.fates(DRUGS) == {"read": 1, "kept": 0, "reject:SMED_DAT_SERV": 1}
    assert extract.report is not None
    assert extract.report.rejects == 1


def test_every_rule_says_what_why_and_who_in_both_languages() -> None:
    for rule in rules():
        assert rule.source
        assert rule.title.fr != rule.title.en
        assert rule.why.fr != rule.why.en
