"""Fixtures used by every chapter of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from transat.core import languages

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The founders' reference material; not there on a user's machine."""
    if not SHARED.is_dir():
        pytest.skip("the reference material (../shared) is not on this machine")
    return SHARED


@pytest.fixture(autouse=True)
def _french() -> None:
    """Tests read messages in French unless they choose otherwise."""
    languages.choose("fr")
