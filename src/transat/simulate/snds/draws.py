"""Random numbers that belong to a row, not to its place: same row, same draw, in any order.

A draw is a hash (SplitMix64: Steele, Lea & Flood 2014, doi 10.1145/2714064.2660195) of the row's
own number and of a stream named after what is drawn, whose key comes from a NumPy SeedSequence of
(seed, 'snds', stream). So a chunk, a shuffle or one more trap never changes another draw.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ids = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", dtype=np.uint8)
_CHARACTERS_PER_WORD = 12
_BITS_PER_CHARACTER = np.uint64(5)


@lru_cache(maxsize=4096)
def _stream_key(seed: int, stream: str) -> int:
    words = np.random.SeedSequence([seed, *b"snds", *stream.encode()]).generate_state(1, np.uint64)
    return int(words[0])


def _hash(ids: Ids, key: int) -> Words:
    z = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


class Draws:
    """Draws of one seed; `ids` are row numbers, one draw each, equal for equal (stream, id)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def uniform(self, stream: str, ids: Ids) -> Floats:
        """Numbers in [0, 1)."""
        words = _hash(ids, _stream_key(self.seed, stream)) >> np.uint64(11)
        return words.astype(np.float64) * 2.0**-53

    def integers(self, stream: str, ids: Ids, low: int, high: int) -> Ints:
        """Whole numbers in [low, high), each as likely."""
        return (low + np.floor(self.uniform(stream, ids) * (high - low))).astype(np.int32)

    def below(self, stream: str, ids: Ids, rate: float | Floats) -> Flags:
        """True with probability `rate`."""
        return self.uniform(stream, ids) < rate

    def letters(self, stream: str, ids: Ids, width: int) -> pa.StringArray:
        """Pseudonyms of `width` characters (A-Z, 2-7); 5 bits of hash each."""
        characters = np.empty((len(ids), width), dtype=np.uint8)
        for start in range(0, width, _CHARACTERS_PER_WORD):
            word = _hash(ids, _stream_key(self.seed, f"{stream}/{start}"))
            for place in range(start, min(start + _CHARACTERS_PER_WORD, width)):
                characters[:, place] = _ALPHABET[(word & np.uint64(31)).astype(np.intp)]
                word >>= _BITS_PER_CHARACTER
        flat = np.ascontiguousarray(characters).view(f"S{width}").ravel()
        return pa.array(flat).cast(pa.string())
