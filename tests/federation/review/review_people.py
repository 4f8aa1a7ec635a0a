"""All four reviewers vote and open, in a process that may be killed and started again.

`python review_people.py DESK REQUEST KEYS`: goes on from wherever it was; prints the state.
"""

from __future__ import annotations

import sys
from pathlib import Path

from transat.federation import keys
from transat.federation.review import votes
from transat.federation.review.desk import FolderDesk
from transat.federation.review.terms import read_terms

PEOPLE = ("anne", "bruno", "chloe", "denis")


def go_on(desk: FolderDesk, request: str, folder: Path) -> str:
    """Do what is left to do; the state then."""
    for who in PEOPLE:
        key = keys.read(folder / who)
        if key.public not in desk.request(request).seals:
            votes.vote(desk, request, {}, key, folder / who)
    for who in PEOPLE:
        key = keys.read(folder / who)
        if votes.may_open(desk.request(request), key):
            votes.opened(desk, request, key, folder / who)
    return desk.request(request).state.value


if __name__ == "__main__":
    print("ready", flush=True)
    print(go_on(FolderDesk(Path(sys.argv[1]), read_terms), sys.argv[2], Path(sys.argv[3])))
