"""DCIR as files: ER_PRS_F and its sister tables, joined by the nine-column key.

A document (DCT_ORD_NUM) holds the lines of one person and one day of care in one flow;
PRS_ORD_NUM numbers them. Documents are numbered again in every flow month, fund and emission, so
all of FLX_DIS_DTD, FLX_EMT_TYP, FLX_EMT_NUM, ORG_CLE_NUM are needed to tell two lines apart;
FLX_EMT_ORD tells the chunks of the extract apart. Each line of a sister table has exactly one line
in ER_PRS_F, as the rules say of the affined lines.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transat.simulate.snds import formats, natures
from transat.simulate.snds.beneficiaries import NUMBER_KINDS, Beneficiaries, residence
from transat.simulate.snds.biology_and_devices import biology_columns, device_columns
from transat.simulate.snds.draws import Draws
from transat.simulate.snds.lines import (
    ACT,
    DEVICE,
    EMPTY,
    HOSPITAL_DRUG,
    NO_HOSPITAL,
    PHARMACY,
    TEST,
    Lines,
    taken,
)
from transat.simulate.snds.native_file import native_table
from transat.simulate.snds.pharmacy import hospital_drug_columns, pharmacy_columns
from transat.simulate.snds.rates import rates
from transat.simulate.snds.social_cover import rights
from transat.simulate.snds.town_care import act_columns
from transat.simulate.snds.window import FIRST_FLOW, WINDOW_START
from transat.tables.snds import NINE_KEYS

_EMISSIONS = 2
#: From this day BEN_AMA_COD is right (Santé publique France).
_AGE_MENDED = formats.day("2014-11-01")
Keys = dict[str, pa.Array]


def dcir_tables(
    source: Lines, people: Beneficiaries, draws: Draws, chunk: int
) -> Iterator[tuple[str, pa.Table]]:
    """Name and content of ER_PRS_F and of its sister tables."""
    ordered, keys = _keyed(source, people, draws, chunk)
    rows = len(ordered["flow"])
    columns = keys | _prestations(ordered, people) | _cover_and_age(ordered, people, draws)
    yield "ER_PRS_F", native_table("ER_PRS_F", rows, columns)
    sisters = (
        ("ER_PHA_F", ordered["detail"] == PHARMACY, pharmacy_columns),
        ("ER_UCD_F", ordered["detail"] == HOSPITAL_DRUG, hospital_drug_columns),
        ("ER_CAM_F", ordered["detail"] == ACT, act_columns),
        ("ER_BIO_F", ordered["detail"] == TEST, biology_columns),
        ("ER_TIP_F", ordered["detail"] == DEVICE, device_columns),
    )
    for name, here, own in sisters:
        part = taken(ordered, here)
        yield name, native_table(name, len(part["flow"]), _some(keys, here) | own(part))
    here = ordered["indicator"] != NO_HOSPITAL
    part = taken(ordered, here)
    columns_ = _some(keys, here) | _establishments(part, people)
    yield "ER_ETE_F", native_table("ER_ETE_F", len(part["flow"]), columns_)


def _keyed(source: Lines, people: Beneficiaries, draws: Draws, chunk: int) -> tuple[Lines, Keys]:
    """The lines in the order of the flow, and their nine-column key."""
    emission = draws.integers("emission", source["event"], 1, _EMISSIONS + 1)
    fund = people.department[source["beneficiary"]]
    flow = source["flow"] - FIRST_FLOW
    day = source["care"] - (WINDOW_START - 200)
    feed = (flow.astype(np.int64) * len(people.places.departments) + fund) * 4 + emission
    document = (feed << 40) + (source["beneficiary"].astype(np.int64) << 14) + day
    # Within a document: by event, then by line of the event. A total order, whatever came first.
    first = np.lexsort((source["copy"], source["event"]))
    order = first[np.argsort(document[first], kind="stable")]
    document, feed = document[order], feed[order]
    number, place = _numbered(feed, document)
    ordered = taken(source, order)
    days = formats.first_day(ordered["flow"])
    treated = (days - 1 - draws.integers("FLX_TRT_DTD", document, 0, 25)).astype(np.int32)
    funds = tuple(f"01C{d}1011" for d in people.places.departments)
    constant = np.full(len(order), chunk + 1, np.int32)
    keys = {
        "DCT_ORD_NUM": pa.array(number).cast(pa.string()),
        "FLX_DIS_DTD": formats.days(days, formats.DCIR_DAY),
        "FLX_EMT_NUM": formats.numbers(emission[order]),
        "FLX_EMT_ORD": formats.numbers(constant),
        "FLX_EMT_TYP": formats.numbers(np.ones(len(order), np.int32)),
        "FLX_TRT_DTD": formats.days(treated, formats.DCIR_DAY),
        "ORG_CLE_NUM": formats.choice(fund[order], funds),
        "PRS_ORD_NUM": formats.numbers(place),
        "REM_TYP_AFF": formats.numbers(np.maximum(ordered["surcharge"], 1)),
    }
    return ordered, {name: keys[name] for name in NINE_KEYS}


def _numbered(
    feed: npt.NDArray[np.int64], document: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Number of each line's document in its feed, and of the line in its document, from 1."""
    if not len(feed):
        return np.empty(0, np.int32), np.empty(0, np.int32)
    opens = np.append(True, document[1:] != document[:-1])
    new_feed = np.append(True, feed[1:] != feed[:-1])
    count = np.cumsum(opens)
    places = np.arange(len(feed))
    feed_start = np.maximum.accumulate(np.where(new_feed, places, 0))
    document_start = np.maximum.accumulate(np.where(opens, places, 0))
    number = count - count[feed_start] + 1
    return number.astype(np.int32), (places - document_start + 1).astype(np.int32)


def _prestations(source: Lines, people: Beneficiaries) -> dict[str, pa.Array]:
    """The varying columns of ER_PRS_F but its key."""
    row = source["beneficiary"]
    nature = formats.numbers(source["nature"])
    quantity = formats.numbers(source["quantity"])
    cents = _cents(source)
    return {
        **_who(source, people),
        **_when(source),
        "PRS_NAT_REF": nature,
        "BSE_PRS_NAT": nature,
        "PRS_ACT_QTE": quantity,
        "PRS_ACT_NBR": quantity,
        "PRS_PAI_MNT": formats.amounts(cents),
        "BSE_REM_BSE": formats.amounts(cents),
        "BSE_REM_MNT": formats.amounts(cents * 65 // 100),
        "DPN_QLF": formats.numbers(source["qualifier"], source["qualifier"] == EMPTY),
        "PRS_DPN_QLP": formats.numbers(source["qualifier_sent"], source["qualifier_sent"] == EMPTY),
        "CPL_MAJ_TOP": formats.numbers(source["surcharge"]),
        "RGO_ASU_NAT": formats.choice(source["nature"] == natures.ULTRASOUND, ("10", "30")),
        "PSE_SPE_COD": formats.numbers(source["performer"]),
        "PSP_SPE_COD": formats.numbers(source["prescriber"]),
        "PSE_ACT_NAT": formats.numbers(np.where(source["performer"] == 60, 50, 0)),
        "ETB_PRE_FIN": _finess(source, people, source["hospital"] < 0),
        **residence(people, row),
    }


def _cover_and_age(source: Lines, people: Beneficiaries, draws: Draws) -> dict[str, pa.Array]:
    """BEN_CMU_TOP inside the rights; BEN_AMA_COD, wrong on some lines before November 2014 (T17).

    Ages are months from 1000 below two years, then years. A wrong age is five years too high.
    """
    row, care = source["beneficiary"], source["care"]
    first, last = rights(people, draws)
    birth = people.birth[row]
    month, birth_month = formats.month_of(care), formats.month_of(birth)
    later = care - formats.first_day(month) < birth - formats.first_day(birth_month)
    months = np.maximum(month - birth_month - later, 0)
    wrong = draws.below("wrong age", source["event"], rates()["wrong_age"])
    months = months + np.where(wrong & (care < _AGE_MENDED), 60, 0)
    age = np.where(months < 24, 1000 + months, months // 12)
    return {
        "BEN_CMU_TOP": formats.numbers(
            ((care >= first[row]) & (care <= last[row])).astype(np.int8)
        ),
        "BEN_AMA_COD": formats.numbers(age),
    }


def _who(source: Lines, people: Beneficiaries) -> dict[str, pa.Array]:
    row = source["beneficiary"]
    return {
        "BEN_NIR_PSA": formats.choice(row, people.psa),
        "BEN_RNG_GEM": formats.numbers(people.gem[row]),
        "BEN_CDI_NIR": formats.choice(people.kind[row], NUMBER_KINDS),
        "BEN_SEX_COD": formats.numbers(people.sex[row]),
        "BEN_NAI_ANN": formats.days(people.birth[row], formats.YEAR),
        "BEN_DCD_DTE": formats.days(people.death[row], formats.DCIR_DAY),
        "BEN_DCD_AME": formats.days(people.death[row], formats.MONTH),
    }


def _when(source: Lines) -> dict[str, pa.Array]:
    care, prescribed = source["care"], source["prescribed"]
    day, month = formats.days(care, formats.DCIR_DAY), formats.days(care, formats.MONTH)
    return {
        "EXE_SOI_DTD": day,
        "EXE_SOI_DTF": day,
        "EXE_SOI_AMD": month,
        "EXE_SOI_AMF": month,
        "PRE_PRE_DTD": formats.days(prescribed, formats.DCIR_DAY),
        "PRE_PRE_AMD": formats.days(prescribed, formats.MONTH),
        "PRS_GRS_DTD": formats.days(source["pregnancy_day"], formats.DCIR_DAY),
    }


def _establishments(source: Lines, people: Beneficiaries) -> dict[str, pa.Array]:
    """The varying columns of ER_ETE_F but its key."""
    return {
        "ETB_EXE_FIN": _finess(source, people, np.zeros(len(source["flow"]), np.bool_)),
        "ETE_CAT_COD": formats.numbers(np.full(len(source["flow"]), 355, np.int32)),
        "ETE_IND_TAA": formats.numbers(source["indicator"], source["indicator"] == EMPTY),
    }


def _finess(source: Lines, people: Beneficiaries, missing: npt.NDArray[np.bool_]) -> pa.Array:
    """FINESS as DCIR writes it: eight digits, without the last."""
    eight = [code[:8] for code in people.places.hospitals]
    return formats.choice(np.maximum(source["hospital"], 0), eight, missing)


def _cents(source: Lines) -> npt.NDArray[np.int64]:
    unit = np.zeros(int(max(natures.CENTS)) + 1, np.int64)
    for nature, cents in natures.CENTS.items():
        unit[nature] = cents
    return unit[source["nature"]] * source["quantity"]


def _some(keys: Keys, here: npt.NDArray[np.bool_]) -> Keys:
    places = pa.array(np.flatnonzero(here))
    return {name: column.take(places) for name, column in keys.items()}
