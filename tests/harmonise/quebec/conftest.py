"""Extracts of one woman, to be completed by a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from quebec_by_hand import HandMade


@pytest.fixture
def hand_made(tmp_path: Path) -> Callable[[], HandMade]:
    """Starts an extract of one woman (number 100) who lives in Québec."""

    def start() -> HandMade:
        return HandMade(tmp_path / "extract").people("100")

    return start


@pytest.fixture
def extract(hand_made: Callable[[], HandMade]) -> HandMade:
    """An extract of one woman (number 100) who lives in Québec."""
    return hand_made()
