"""Permits for tests: signed by holders made for the purpose, under the installed policies."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from transat import __version__
from transat.federation.keys import Key
from transat.federation.permit import Permit, sign, terms_for
from transat.federation.policy import installed
from transat.federation.questions import STEPS

STUDY, DOCUMENT, COHORT = "1" * 64, "2" * 64, "3" * 64
HOLDER = Key.new()
POLICIES = {"france": "snds", "quebec": "ramq"}


def draft(coordinator: Key, keys: Mapping[str, Key], **changed: Any) -> Permit:
    """An unsigned permit for the sites of `keys`, whose holder is HOLDER; valid now."""
    policies = installed()
    said: dict[str, Any] = {
        "project": "INuTERO",
        "study": STUDY,
        "document": DOCUMENT,
        "version": __version__,
        "cohorts": (COHORT,),
        "steps": tuple(STEPS),
        "rounds": 10_000,
        "starts": datetime.date(2020, 1, 1),
        "ends": datetime.date(2100, 1, 1),
        "coordinator": coordinator.public,
        "sites": {
            site: terms_for(policies[POLICIES.get(site, "snds")], HOLDER.public, key.public)
            for site, key in keys.items()
        },
        "signatures": {},
    }
    return Permit(**{**said, **changed})


def permit(coordinator: Key, keys: Mapping[str, Key], **changed: Any) -> Permit:
    """As `draft`, signed."""
    return sign(draft(coordinator, keys, **changed), HOLDER)
