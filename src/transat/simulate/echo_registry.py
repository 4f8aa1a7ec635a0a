"""The echocardiography registry of a shore: one line an echo of a person who is in it.

    registre_echo/registre_echo_0000.csv
    <person>, date_echo, vmax_m_s, gradient_moyen_mmhg, surface_cm2, fevg_pct, nyha,
    score_calcique_ua

<person> is what ties the other tables of the shore to a person. A value that was not measured is
empty. Few lines are there twice, word for word, as registries filled at several sites have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transat.simulate.population import Population
from transat.simulate.valve_care import registered_echos

NAME: Final = "registre_echo"
COLUMNS: Final[Mapping[str, str]] = {
    "vmax": "vmax_m_s",
    "mean_gradient": "gradient_moyen_mmhg",
    "ava": "surface_cm2",
    "lvef": "fevg_pct",
    "nyha": "nyha",
    "calcium_score": "score_calcique_ua",
}
_ONE_IN: Final = 97  # lines written twice

#: From the identifiers of persons and the days, the columns that name them.
Key = Callable[[NDArray[np.int64], NDArray[np.int64]], Mapping[str, pa.Array]]


def echo_lines(population: Population, key: Key) -> pa.Table | None:
    """Every column as text, by number of the echo; None where nobody has an aortic valve record."""
    if not population.valve_patients.num_rows:
        return None
    echos = registered_echos(population)
    echos = pa.concat_tables([echos, echos.filter(pc.equal(_rank(echos), 0))])
    people = echos["person_id"].to_numpy().astype(np.int64)
    days = echos["date"].cast(pa.int32()).to_numpy().astype(np.int64)
    return pa.table(
        {
            **key(people, days),
            "date_echo": echos["date"].cast(pa.string()),
            **{column: echos[name].cast(pa.string()) for name, column in COLUMNS.items()},
        }
    )


def _rank(echos: pa.Table) -> pa.Array:
    """A number below `_ONE_IN` that belongs to the echo."""
    return pa.array(echos["echo_id"].to_numpy().astype(np.int64) % _ONE_IN)
