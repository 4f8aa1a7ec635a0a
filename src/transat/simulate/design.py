"""What is simulated: size, seed, whether drugs act, and the clock of the extracts."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, get_args

import numpy as np

from transat.core.errors import ConfigError
from transat.core.languages import Text

Shore = Literal["france", "quebec", "both"]
SHORES: tuple[Shore, ...] = get_args(Shore)

EXTRACT_START = date(2012, 1, 1)
EXTRACT_END = date(2020, 1, 1)  # closed-open
FIRST_LMP = date(2012, 7, 1)
LAST_END = date(2019, 1, 1)  # every pregnancy ends before: a year of follow-up for the child

WOMEN_PER_CHUNK = 20_000
IDS_PER_CHUNK = 200_000  # persons, pregnancies, malformations
ELDERS_FROM = 150_000  # identifiers of elders in a chunk, beyond women and children
EVENTS_PER_CHUNK = 2_000_000  # dispensings, visits
MAX_PERSONS = 10_000_000
QUEBEC_OFFSET = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Design:
    """A simulation, wholly determined by these fields.

    seed: 0 or more. persons: number of women on each shore (children come on top).
    same_people: the same persons are written on both shores.
    effects: 'published' plants the published ratios; 'none' makes the null population
    (no drug effect, no effect of diseases on malformations).
    exposure_multiplier: scales the prevalence of the studied drugs, and of the diseases that
    they treat, so that confounding keeps its shape; capped (0.9 of those with the disease).
    file_format: of the native extracts.
    elders: number of older persons on each shore, with and without aortic valve disease; 0 gives
    the files of a simulation that knows no elders.

    Raises ConfigError for a value outside these ranges.
    """

    seed: int
    persons: int
    same_people: bool = False
    effects: Literal["published", "none"] = "published"
    exposure_multiplier: float = 1.0
    file_format: Literal["csv", "parquet"] = "csv"
    elders: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.persons <= MAX_PERSONS:
            _refuse("persons", "1 … 10 000 000")
        if not 0 <= self.elders <= MAX_PERSONS:
            _refuse("elders", "0 … 10 000 000")
        if self.seed < 0:
            _refuse("seed", "0, 1, 2 …")
        if not 0 < self.exposure_multiplier <= 1000:
            _refuse("exposure_multiplier", "]0, 1000]")
        if self.effects not in ("published", "none"):
            _refuse("effects", "published | none")
        if self.file_format not in ("csv", "parquet"):
            _refuse("file_format", "csv | parquet")

    @property
    def shores(self) -> tuple[Shore, ...]:
        """The populations to draw: one for both shores, or one each."""
        return ("both",) if self.same_people else ("france", "quebec")

    @property
    def chunks(self) -> int:
        """Number of chunks of WOMEN_PER_CHUNK women and as many elders."""
        return -(-max(self.persons, self.elders) // WOMEN_PER_CHUNK)

    def women_in(self, chunk: int) -> int:
        """Number of women in one chunk."""
        return max(0, min(WOMEN_PER_CHUNK, self.persons - chunk * WOMEN_PER_CHUNK))

    def elders_in(self, chunk: int) -> int:
        """Number of elders in one chunk."""
        return max(0, min(WOMEN_PER_CHUNK, self.elders - chunk * WOMEN_PER_CHUNK))

    def as_dict(self) -> dict[str, Any]:
        """For truth/design.json; without elders, nothing is said of them."""
        return {name: value for name, value in asdict(self).items() if name != "elders" or value}


def stream(design: Design, shore: Shore, chunk: int, name: str) -> np.random.Generator:
    """The random stream of one concern in one chunk; independent of every other stream.

    So a concern can draw more or fewer numbers without moving the others, and a chunk does not
    depend on how many chunks or processes there are.
    """
    key = [design.seed, SHORES.index(shore), chunk, zlib.crc32(name.encode())]
    return np.random.default_rng(np.random.SeedSequence(key))


def day(when: date) -> int:
    """Days since 1970-01-01, the unit of every date array."""
    return when.toordinal() - date(1970, 1, 1).toordinal()


def id_base(shore: Shore, chunk: int, per_chunk: int) -> int:
    """First identifier minus one of a chunk; the two shores never share an identifier."""
    return chunk * per_chunk + (QUEBEC_OFFSET if shore == "quebec" else 0)


def _refuse(field: str, allowed: str) -> None:
    raise ConfigError(
        Text("valeur hors limites.", "value out of range."),
        f"Design.{field}",
        Text(f"Valeurs permises : {allowed}.", f"Allowed: {allowed}."),
    )
