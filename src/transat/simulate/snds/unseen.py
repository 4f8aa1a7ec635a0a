"""What this shore cannot know: true rows whose only trace is lost, each with its reason.

Kinds and what `id` is: person (person_id), pregnancy and start (pregnancy_id), link (infant_id),
exposure (exposure_id), contact (contact_id), malformation (malformation_id), valve_event and
valve_diagnosis (event_id), valve_echo (echo_id). A row is listed once, under the first reason met.
A pregnancy that is not seen has no separate 'start' row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.snds.draws import Ids

SCHEMA = pa.schema([("kind", pa.string()), ("id", pa.int32()), ("reason", pa.string())])


class Unseen:
    """Collects what is lost while the tables are made."""

    def __init__(self) -> None:
        self._rows: list[pa.Table] = []
        self._known: dict[str, npt.NDArray[np.int64]] = {}

    def add(self, kind: str, ids: Ids, reason: str) -> None:
        """Note the rows `ids`; those of this kind noted before keep their first reason."""
        before = self._known.get(kind, np.empty(0, np.int64))
        new = np.setdiff1d(ids.astype(np.int64), before)
        if not len(new):
            return
        self._known[kind] = np.union1d(before, new)
        words = [pa.array([w]).take(pa.array(np.zeros(len(new), np.int32))) for w in (kind, reason)]
        rows = [words[0], pa.array(new.astype(np.int32)), words[1]]
        self._rows.append(pa.table(rows, schema=SCHEMA))

    def ids(self, kind: str) -> npt.NDArray[np.int64]:
        """Everything noted of one kind, ascending."""
        return self._known.get(kind, np.empty(0, np.int64))

    def table(self) -> pa.Table:
        """All rows (kind, id, reason), by kind then id."""
        if not self._rows:
            return SCHEMA.empty_table()
        rows = pa.concat_tables(self._rows)
        lost = pa.array(self.ids("pregnancy").astype(np.int32))
        redundant = pc.and_(pc.equal(rows["kind"], "start"), pc.is_in(rows["id"], lost))
        kept = rows.filter(pc.invert(redundant))
        return kept.sort_by([("kind", "ascending"), ("id", "ascending")])
