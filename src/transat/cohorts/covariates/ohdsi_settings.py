"""Settings written by OHDSI FeatureExtraction (createCovariateSettings as JSON), read as ours.

Studies of OHDSI carry them; what cannot be done here is refused by its name.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from transat.cohorts.covariates.settings import (
    LONG,
    MEDIUM,
    SHORT,
    Settings,
    catalogue,
    chosen,
)
from transat.core.errors import StudyError, close_match
from transat.core.languages import Text

_DAYS: Final = {
    "longTermStartDays": LONG,
    "mediumTermStartDays": MEDIUM,
    "shortTermStartDays": SHORT,
    "endDays": 0,
}
_LISTS: Final = {
    "includedCovariateConceptIds": "included",
    "excludedCovariateConceptIds": "excluded",
    "includedCovariateIds": "covariates",
}
_DESCENDANTS: Final = {
    "addDescendantsToInclude": "included_descendants",
    "addDescendantsToExclude": "excluded_descendants",
}
_REFUSED: Final = ("temporal", "temporalSequence", "temporalAnnual")
#: What R writes beside the settings, and that changes nothing.
_IGNORED: Final = ("attr_class", "attr_fun")
#: Analyses of FeatureExtraction that are not in the catalogue.
_MISSING: Final = ("CareSiteId", "Hfrs")


def settings_from_ohdsi(text: str) -> Settings:
    """The settings of a JSON text such as {"temporal": false, "DemographicsGender": true, …}.

    Raises StudyError, with the name and the one it looks like, for what is unknown or cannot be
    done: temporal settings, detailed analyses (`analyses`), CareSiteId and Hfrs.
    """
    try:
        said = json.loads(text)
    except ValueError as error:
        raise _refused("JSON", None) from error
    if not isinstance(said, dict):
        raise _refused("JSON", None)
    names = [a.name for a in catalogue()]
    known = (*names, *_DAYS, *_LISTS, *_DESCENDANTS, *_REFUSED, *_IGNORED)
    wanted = []
    for key, value in said.items():
        if key not in known or (key in _REFUSED and value is not False):
            if key in _MISSING and value is False:
                continue
            raise _refused(key, None if key in _REFUSED else close_match(key, known))
        if key in names and _flag(key, value):
            wanted.append(key)
    days = [_number(key, said.get(key, default)) for key, default in _DAYS.items()]
    lists = {ours: _numbers(key, said.get(key, [])) for key, ours in _LISTS.items()}
    flags = {ours: _flag(key, said.get(key, False)) for key, ours in _DESCENDANTS.items()}
    return replace(chosen(wanted, *days), **lists, **flags)  # type: ignore[arg-type]


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refused(key, None)
    return value


def _number(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise _refused(key, None)
    return int(value)


def _numbers(key: str, value: Any) -> tuple[int, ...]:
    # R writes a list of one number as the number.
    listed = value if isinstance(value, list) else [value]
    return tuple(_number(key, number) for number in listed)


def _refused(key: str, near: str | None) -> StudyError:
    return StudyError(
        Text(
            f"ce réglage de FeatureExtraction ne peut être lu : {key}.",
            f"this setting of FeatureExtraction cannot be read: {key}.",
        ),
        f"covariates: {key}",
        Text(f"Voulez-vous dire « {near} » ?", f'Do you mean "{near}"?')
        if near
        else Text(
            "Réglages lus : ceux de createCovariateSettings, sans fenêtres temporelles.",
            "Settings read: those of createCovariateSettings, without temporal windows.",
        ),
    )
