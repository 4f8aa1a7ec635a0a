"""The states of a request for review, who may move it on from each, and their names for people.

The states and their owners follow those of OpenSAFELY's Airlock (design only), as described in the
project's reference on federation, section 4.5.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

from transat.core.languages import Text

Owner = Literal["author", "reviewer", "nobody"]


class State(Enum):
    """Where a request stands."""

    PENDING = "pending"
    SUBMITTED = "submitted"
    PARTIALLY_REVIEWED = "partially_reviewed"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    RELEASED = "released"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


#: Who can act in a state (the author can withdraw in any that has not ended).
OWNERS: Final[dict[State, Owner]] = {
    State.PENDING: "author",
    State.SUBMITTED: "reviewer",
    State.PARTIALLY_REVIEWED: "reviewer",
    State.REVIEWED: "reviewer",
    State.APPROVED: "reviewer",
    State.RETURNED: "author",
    State.RELEASED: "nobody",
    State.REJECTED: "nobody",
    State.WITHDRAWN: "nobody",
}

#: States that nothing leads out of.
ENDED: Final = frozenset(state for state, owner in OWNERS.items() if owner == "nobody")

TEXTS: Final[dict[State, Text]] = {
    State.PENDING: Text(
        "en préparation : l'auteur ne l'a pas encore soumise",
        "pending: its author has not submitted it yet",
    ),
    State.SUBMITTED: Text("soumise : personne n'a voté", "submitted: nobody has voted"),
    State.PARTIALLY_REVIEWED: Text(
        "examinée en partie : il manque des votes", "partially reviewed: votes are missing"
    ),
    State.REVIEWED: Text(
        "examinée : tous ont voté ; il reste à ouvrir les votes, ou à s'accorder",
        "reviewed: all have voted; votes are to be opened, or to be agreed upon",
    ),
    State.APPROVED: Text(
        "approuvée par deux personnes de chaque détenteur",
        "approved by two people of each holder",
    ),
    State.RELEASED: Text("publiée", "released"),
    State.RETURNED: Text(
        "rendue à l'auteur, avec ce qu'il doit changer",
        "returned to its author, with what to change",
    ),
    State.REJECTED: Text("rejetée", "rejected"),
    State.WITHDRAWN: Text("retirée par son auteur", "withdrawn by its author"),
}
