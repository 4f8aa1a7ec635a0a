"""The published rules, applied by hand, give the truth back, except what is listed as unseen."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from written_quebec import Extract, Row

from transat.simulate.quebec.dins import Dins
from transat.tables.quebec import PAID, SERVICES_SET_ASIDE

ICD10_OUTCOMES = {"O03": "spontaneous_abortion", "O00": "ectopic"}
ICD9_OUTCOMES = {
    "634": "spontaneous_abortion",
    "635": "elective_termination",
    "633": "ectopic",
}


def without_repeats(rows: list[Row]) -> list[Row]:
    return [dict(line) for line in dict.fromkeys(tuple(row.items()) for row in rows)]


def without_cancelled(rows: list[Row], amount: str, key: tuple[str, ...]) -> list[Row]:
    """Lines left when each negative one has taken its positive away."""
    taken = Counter(
        (*(row[k] for k in key), -float(row[amount])) for row in rows if float(row[amount]) < 0
    )
    left = []
    for row in rows:
        name = (*(row[k] for k in key), float(row[amount]))
        if float(row[amount]) < 0:
            continue
        if taken[name] > 0:
            taken[name] -= 1
            continue
        left.append(row)
    return left


def atc_of_din() -> dict[str, str]:
    dins = Dins.of_the_study()
    return {
        str(code): atc
        for (atc, _), (first, count) in dins.groups.items()
        for code in dins.codes[first : first + count].tolist()
    }


def dispensings(extract: Extract) -> Counter[tuple[str, str, str, int]]:
    rows = [
        row
        for row in without_repeats(extract.rows("V_DEM_PAIMT_MED_CM"))
        if row["SMED_COD_STA_DECIS"] in PAID
    ]
    key = ("SMED_NO_INDIV_BEN_BANLS", "SMED_DAT_SERV", "SMED_COD_DIN", "SMED_NBR_JR_DUREE_TRAIT")
    atc = atc_of_din()
    return Counter(
        (row[key[0]], row[key[1]], atc[row[key[2]]], int(row[key[3]]))
        for row in without_cancelled(rows, "SMED_QTE_MED", key)
        if row["SMED_COD_SERV_1"] not in SERVICES_SET_ASIDE and int(row[key[3]]) > 0
    )


def test_exposures(extract: Extract) -> None:
    numbers, hidden = extract.numbers(), extract.hidden("exposure")
    truth = Counter(
        (numbers[row["person_id"]], row["date"].isoformat(), row["atc"], row["days"])
        for row in extract.population.exposures.to_pylist()
        if row["exposure_id"] not in hidden
    )
    assert len(truth) > 300
    assert dispensings(extract) == truth


def test_what_the_plan_does_not_cover_is_not_there(extract: Extract) -> None:
    plan: dict[int, list[tuple[date, date]]] = {}
    for row in extract.population.drug_plan.to_pylist():
        plan.setdefault(row["person_id"], []).append((row["start"], row["end"]))
    outside = {
        row["exposure_id"]
        for row in extract.population.exposures.to_pylist()
        if not any(start <= row["date"] < end for start, end in plan.get(row["person_id"], []))
    }
    reasons = {
        row["id"]: row["reason"] for row in extract.unseen.to_pylist() if row["kind"] == "exposure"
    }
    assert outside == {i for i, reason in reasons.items() if reason == "not_in_drug_plan"}
    assert set(reasons.values()) <= {"not_in_drug_plan", "no_code_on_this_shore"}


Pregnancy = tuple[str, str, str, "str | None"]


def hospital_losses(extract: Extract) -> set[Pregnancy]:
    gestation = {
        row["NO_SEQ_SEJ_HOSP"]: int(row["AGE_GESTATIONNEL_JOURS"])
        for row in extract.rows("GROSSESSES_HOSP")
    }
    stays = {row["SHOP_NO_SEQ_SEJ_HOSP"]: row for row in extract.rows("V_SEJ_HOSP_CM")}
    found: set[Pregnancy] = set()
    for row in extract.rows("V_DIAGN_SEJ_HOSP_CM"):
        number, code = row["SHOP_NO_SEQ_SEJ_HOSP"], row["SHOP_COD_DIAGN_MDCAL_CLINQ"][:3]
        if code not in {"O04", *ICD10_OUTCOMES}:
            continue
        days = gestation[number]
        late = "therapeutic_termination" if days >= 140 else "elective_termination"
        outcome = ICD10_OUTCOMES.get(code, late)
        end = date.fromisoformat(stays[number]["SHOP_DAT_ADMIS_SEJ_HOSP"])
        start = (end - timedelta(days)).isoformat()
        found.add((stays[number]["SHOP_NO_INDIV_BEN_BANLS"], outcome, end.isoformat(), start))
    return found


def deliveries(extract: Extract) -> set[Pregnancy]:
    births: dict[tuple[str, str, int], list[bool]] = {}
    for row in extract.rows("NAISSANCES"):
        key = (row["NO_INDIV_MERE"], row["DATE_NAISSANCE"], int(row["AGE_GESTATIONNEL_JOURS"]))
        births.setdefault(key, []).append(row["VIVANT"] == "1")
    for row in extract.rows("MORTINAISSANCES"):
        key = (row["NO_INDIV_MERE"], row["DATE_ACCOUCHEMENT"], int(row["AGE_GESTATIONNEL_JOURS"]))
        births.setdefault(key, []).append(False)
    return {
        (
            mother,
            "live_birth" if any(live) else "stillbirth",
            day,
            (date.fromisoformat(day) - timedelta(gestation)).isoformat(),
        )
        for (mother, day, gestation), live in births.items()
    }


def claimed_losses(extract: Extract) -> set[Pregnancy]:
    key = ("SMOD_NO_INDIV_BEN_BANLS", "SMOD_DAT_SERV", "SMOD_COD_ACTE", "DISP_NO_SEQ_DISP_BANLS")
    rows = [
        row
        for row in without_repeats(extract.rows("I_SMOD_SERV_MD_CM"))
        if row["SMOD_COD_STA_DECIS"] in PAID
    ]
    return {
        (row[key[0]], outcome, row[key[1]], None)
        for row in without_cancelled(rows, "SMOD_MNT_PAIMT", key)
        if (outcome := ICD9_OUTCOMES.get(row["SMOD_COD_DIAGN_PRIMR"][:3]))
    }


def test_pregnancies(extract: Extract) -> None:
    numbers = extract.numbers()
    hidden, undated = extract.hidden("pregnancy"), extract.hidden("start")
    truth = {
        (
            numbers[row["person_id"]],
            row["outcome"],
            row["end"].isoformat(),
            None if row["pregnancy_id"] in undated else row["start"].isoformat(),
        )
        for row in extract.population.pregnancies.to_pylist()
        if row["pregnancy_id"] not in hidden
    }
    seen = hospital_losses(extract) | deliveries(extract)
    dated = {(person, end) for person, _, end, _ in seen}
    seen |= {p for p in claimed_losses(extract) if (p[0], p[2]) not in dated}
    assert seen == truth


def test_outcome_codes_of_delivery_stays_agree_with_the_register(extract: Extract) -> None:
    born: dict[str, list[bool]] = {}
    known: set[tuple[str, str]] = set()
    for row in without_repeats(extract.rows("NAISSANCES")):
        born.setdefault(row["NO_SEQ_SEJ_HOSP_MERE"], []).append(row["VIVANT"] == "1")
        known.add((row["NO_SEQ_SEJ_HOSP_MERE"], row["RANG_NAISSANCE"]))
    for row in extract.rows("MORTINAISSANCES"):
        if (row["NO_SEQ_SEJ_HOSP_MERE"], row["RANG_NAISSANCE"]) not in known:
            born.setdefault(row["NO_SEQ_SEJ_HOSP_MERE"], []).append(False)
    code = {
        row["SHOP_NO_SEQ_SEJ_HOSP"]: row["SHOP_COD_DIAGN_MDCAL_CLINQ"]
        for row in extract.rows("V_DIAGN_SEJ_HOSP_CM")
        if row["SHOP_COD_DIAGN_MDCAL_CLINQ"].startswith("Z37")
    }
    single = {(1, 1): "Z370", (1, 0): "Z371", (2, 2): "Z372", (2, 1): "Z373", (2, 0): "Z374"}
    assert set(code) == set(born)
    for stay, live in born.items():
        assert code[stay] == single[len(live), sum(live)]


def test_links(extract: Extract) -> None:
    numbers, hidden = extract.numbers(), extract.hidden("link")
    truth = {
        (numbers[row["mother_id"]], numbers[row["infant_id"]], row["birth_date"].isoformat())
        for row in extract.population.links.to_pylist()
        if row["infant_id"] is not None and row["infant_id"] not in hidden
    }
    seen = {
        (row["NO_INDIV_MERE"], row["NO_INDIV_ENFANT"], row["DATE_NAISSANCE"])
        for row in extract.rows("NAISSANCES")
        if row["NO_INDIV_ENFANT"]
    }
    assert seen == truth


def test_malformations(extract: Extract) -> None:
    numbers, hidden = extract.numbers(), extract.hidden("malformation")
    truth = {
        (numbers[row["infant_id"]], row["icd10"])
        for row in extract.population.malformations.to_pylist()
        if row["malformation_id"] not in hidden
    }
    infants = {
        numbers[row["person_id"]]
        for row in extract.population.persons.to_pylist()
        if row["role"] == "infant"
    }
    seen = {
        (row["SHOP_NO_INDIV_BEN_BANLS"], row["SHOP_COD_DIAGN_MDCAL_CLINQ"])
        for row in extract.rows("V_DIAGN_SEJ_HOSP_CM")
        if row["SHOP_NO_INDIV_BEN_BANLS"] in infants
        and row["SHOP_COD_DIAGN_MDCAL_CLINQ"][:3] not in ("Z38", "P07")
    }
    assert truth
    assert seen == truth


def test_persons(extract: Extract) -> None:
    numbers = extract.numbers()
    truth = {
        (
            numbers[row["person_id"]],
            row["sex"],
            row["birth_date"].isoformat(),
            row["death_date"].isoformat() if row["death_date"] else "",
        )
        for row in extract.population.persons.to_pylist()
    }
    certified = {row["NO_INDIV"]: row["DATE_DECES"] for row in extract.rows("DECES_ISQ")}
    seen = set()
    for row in extract.rows("V_FICH_ID_BEN_CM"):
        number, sex, birth, death = row.values()
        assert not (death and number in certified) or certified[number] == death
        seen.add((number, sex, birth, death or certified.get(number, "")))
    assert seen == truth


def test_nothing_happens_outside_the_extract_or_after_death(extract: Extract) -> None:
    death = {
        row["BENF_NO_INDIV_BEN_BANLS"]: row["BENF_DAT_DECES"]
        for row in extract.rows("V_FICH_ID_BEN_CM")
    }
    dated = (
        ("V_DEM_PAIMT_MED_CM", "SMED_NO_INDIV_BEN_BANLS", "SMED_DAT_SERV"),
        ("I_SMOD_SERV_MD_CM", "SMOD_NO_INDIV_BEN_BANLS", "SMOD_DAT_SERV"),
        ("V_SEJ_HOSP_CM", "SHOP_NO_INDIV_BEN_BANLS", "SHOP_DAT_ADMIS_SEJ_HOSP"),
    )
    for table, person, day in dated:
        for row in extract.rows(table):
            assert "2012-01-01" <= row[day] < "2020-01-01"
            assert row[day] <= (death[row[person]] or "9999")
