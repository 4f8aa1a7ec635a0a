"""G15. Models: a model leaves only if it does not betray whom it was learnt from.

Rule: a forest is reviewed on the site's own rows before it may be released: it must be one that
grew here (but for its last tree, which is made of the last answers), every leaf must hold nobody or
at least `leaf_patients` people of the site, and an attack by the losses must tell the people it was
grown on from those kept apart with an area under the curve of at most `attack_auc`. A model that
fails is refused (`models`); one that passes goes to two reviewers with this report. A model of
hazards that the coordinator sends (to be judged, or set right for a shore) is applied only where
what it foresees is not of a few people: their effective number is `effective_rows` or more, and no
one or two of them are nearly all of it (as rules G5, G10). What it stops: over-fitted models, from
which membership can be read; models made to count the people of one pattern.

Source: reference/federation.md §4.4, G15; EDPB Opinion 28/2024 (anonymity of a model is shown by
attack tests); SACRO-ML 2.0.1 for the order, structure first, then attacks.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from transat.federation import sent_models
from transat.federation.checks.check import Asked, Remembered
from transat.federation.checks.coefficients import effective
from transat.federation.checks.dominance import spread
from transat.federation.questions import PARAMETERS
from transat.federation.refusals import Refused
from transat.learners import boosted_trees, tree_review
from transat.learners.trees import Forest


class Models:
    """The check of G15; it remembers the forests that grew here."""

    rule, key = "G15", "models"

    def __init__(self) -> None:
        self._grown: set[str] = set()

    def before(self, asked: Asked) -> None:
        """Raises Refused: models, for a forest from elsewhere or with leaves that are too small."""
        sent = sent_models.foreseen(asked.data, asked.parameters)
        if sent is not None:
            least = asked.policy.limit("effective_rows")
            if effective(sent) < least or not spread(sent, asked.policy):
                raise Refused("models", ("model",))
        review = asked.parameters
        if not isinstance(review, tree_review.Parameters):
            return
        but_last = replace(review.forest, trees=review.forest.trees[:-1])
        if _name(asked, but_last, review.hold_out) not in self._grown:
            raise Refused("models", ("forest",))
        found = tree_review.structure(asked.data.table, review)
        if found.smallest_leaf < asked.policy.limit("leaf_patients"):
            raise Refused("models", ("leaves",))

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is. Raises Refused: models, where the attack succeeds."""
        if isinstance(release, tree_review.Release):
            limit = asked.policy.limit("attack_auc")
            # A model that is wrong about everybody in the same way betrays as much
            if not 1 - limit <= release.attack <= limit:
                raise Refused("models", ("attack",))
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """The forest so far."""
        if not isinstance(release, boosted_trees.Release):
            return None
        p: boosted_trees.Parameters = asked.parameters
        return _name(asked, Forest(p.outcome, p.bins, p.base, p.grown), p.hold_out)

    def recall(self, remembered: Remembered) -> None:
        """Remember a forest."""
        self._grown.add(str(remembered))


def _name(asked: Asked, forest: Forest, hold_out: float) -> str:
    body = PARAMETERS.encode(tree_review.Parameters(forest, hold_out))
    return hashlib.sha256(f"{asked.study} {asked.cohort} ".encode() + body).hexdigest()
