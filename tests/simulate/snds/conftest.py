"""The SNDS extract that the tests of this folder read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from written_snds import Extract, written

from transat.engines.engine import Engine


@pytest.fixture(scope="session")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Extract:
    """One chunk of the French population, as CSV."""
    return written(tmp_path_factory.mktemp("snds"), seed=11, women=3000, file_format="csv")


@pytest.fixture(scope="session")
def native(extract: Extract) -> Iterator[Engine]:
    """The extract's tables, the truth, and what is unseen, ready for SQL."""
    with extract.engine() as engine:
        yield engine
