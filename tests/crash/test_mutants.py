"""The broken copies that ``make torture`` makes can still be made. Whether each is caught takes it minutes."""

from pathlib import Path

import pytest

import onward
from crash.mutants import MUTANTS, Mutant

PACKAGE = Path(onward.__file__).parent


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_code(mutant: Mutant) -> None:
    assert (PACKAGE / mutant.file).read_text("utf-8").count(mutant.old) == 1
