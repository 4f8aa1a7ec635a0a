"""G14. A refusal looks like the answer that it stands for.

Rule: a refusal says a code of the list (`refusals.CODES`), names of columns and of merges, never a
value; it is made after the same work as the answer (`answering`), and its message has a size of the
same class: spaces after the body fill it up. What it stops: learning from how soon or how long an
answer is what it does not say, and texts of exceptions that hold a patient's values.

Sizes are eight to an octave from 512 bytes on, so that a message is at most an eighth longer than
it need be. Source: reference/federation.md §2.1 (four patient values in an exception's text), G14.
"""

from __future__ import annotations

from typing import Final

from transat.federation.messages import LONGEST, LONGEST_HEAD

RULE: Final = "G14"
KEY: Final = "refusals"

#: Bytes of the smallest size class of a body.
SMALLEST: Final = 512


def padding(body: int, size: int) -> int:
    """Spaces after a body of `body` bytes that stands for one of `size` bytes; never so many that
    the message could not be read."""
    longest = max(body, size, SMALLEST)
    step = 1 << max((longest - 1).bit_length() - 4, 0)
    room = LONGEST - LONGEST_HEAD - 2
    return max(min(-(-longest // step) * step, room) - body, 0)
