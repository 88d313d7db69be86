from collections.abc import Callable
from pathlib import Path

import pytest

from acceptance.harness import Place

PlaceMaker = Callable[[str], Place]


@pytest.fixture
def place(tmp_path: Path) -> PlaceMaker:
    """Makes a place for a script."""
    return lambda script: Place(tmp_path, script)
