"""What a drug's eras are counted under: its ingredients where the vocabulary tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.eras.intervals import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transat.cohorts.eras.merging import Ints
    from transat.engines.engine import Engine

#: OHDSI's rule: the standard ingredients of RxNorm and of its extension. A standard concept under
#: none of them (a vaccine, a device) has no era; one that is not standard (ATC) is its own key.
_PAIRS = """
    WITH ingredient AS (
        SELECT concept_id FROM concept
        WHERE concept_class_id = 'Ingredient' AND standard_concept = 'S'
          AND vocabulary_id IN ('RxNorm', 'RxNorm Extension')),
    used AS (
        SELECT DISTINCT drug_concept_id AS concept_id FROM drug_exposure WHERE drug_concept_id <> 0)
    SELECT u.concept_id, coalesce(i.ancestor_concept_id, u.concept_id) AS key_id
    FROM used u
    LEFT JOIN (SELECT descendant_concept_id, ancestor_concept_id FROM concept_ancestor
               SEMI JOIN ingredient ON ingredient.concept_id = ancestor_concept_id) i
      ON i.descendant_concept_id = u.concept_id
    LEFT JOIN concept c ON c.concept_id = u.concept_id
    WHERE EXISTS (SELECT 1 FROM ingredient)
      AND (i.ancestor_concept_id IS NOT NULL OR c.standard_concept IS DISTINCT FROM 'S')
    GROUP BY ALL ORDER BY ALL"""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of each concept: those of `concept[i]` are `key[first[i]:first[i + 1]]`.

    concept: ascending. A concept that is not there has no key, and its rows make no era.
    """

    concept: Ints
    first: NDArray[np.int64]
    key: Ints

    def of(self, rows: Rows) -> Rows:
        """The rows under their keys: once for each key of their concept."""
        if not len(rows):
            return rows
        cuts = np.flatnonzero(rows.key[1:] != rows.key[:-1]) + 1
        heads = rows.key[np.concatenate(([0], cuts))]
        lengths = np.diff(cuts, prepend=0, append=len(rows))
        place = np.minimum(np.searchsorted(self.concept, heads), len(self.concept) - 1)
        times = np.where(self.concept[place] == heads, np.diff(self.first)[place], 0)
        times, place = np.repeat(times, lengths), np.repeat(place, lengths)
        which = np.repeat(np.arange(len(rows)), times)
        nth = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
        key = self.key[self.first[place][which] + nth]
        return Rows(rows.person[which], key, rows.start[which], rows.end[which])


def ingredients(engine: Engine) -> Keys | None:
    """The keys of the drugs of the CDM attached to `engine`.

    None when its vocabulary has no ingredient (French and Québec CDMs without OHDSI's vocabularies,
    whose drugs are ATC codes): every concept is then its own key.
    """
    pairs = engine.arrow(_PAIRS)
    concept, key = (pairs[name].to_numpy().astype(np.int32) for name in ("concept_id", "key_id"))
    if not len(concept):
        return None
    own, first = np.unique(concept, return_index=True)
    return Keys(own, np.append(first, len(concept)), key)
