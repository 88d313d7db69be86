"""What holds for every test: it starts in an empty folder, and no setting of the user's reaches it."""

import os
from pathlib import Path

import hypothesis
import pytest

# No deadline: the machines that run this are shared, and a slow example is not a wrong one.
# In CI the examples are the same every time, so that a red build is about the change.
hypothesis.settings.register_profile("onward", deadline=None, derandomize="CI" in os.environ, print_blob=True)
hypothesis.settings.load_profile("onward")


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ONWARD_")]:
        monkeypatch.delenv(name)
