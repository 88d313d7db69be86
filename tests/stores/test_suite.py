"""Every store that comes with onward passes the suite that others' stores are held to."""

from pathlib import Path

import pytest

from onward.stores import Runs, file, open_runs
from onward.stores.memory import MemoryRuns
from onward.testing.store_suite import StoreSuite


class TestMemory(StoreSuite):
    def make(self, folder: Path) -> Runs:
        return MemoryRuns()


class TestSqliteFolder(StoreSuite):
    def make(self, folder: Path) -> Runs:
        return open_runs(folder / "store")


class TestSqliteFile(StoreSuite):
    many = False

    def make(self, folder: Path) -> Runs:
        return open_runs(folder / "one.db")


class TestFileFolder(StoreSuite):
    def make(self, folder: Path) -> Runs:
        return open_runs(f"file:{folder / 'store'}")


class TestFileSingle(StoreSuite):
    many = False

    def make(self, folder: Path) -> Runs:
        return open_runs(folder / "one.journal")


class TestFileTidied(StoreSuite):
    """With a snapshot, and a journal written anew, as often as can be."""

    @pytest.fixture(autouse=True)
    def always(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(file, "SNAPSHOT_EVERY", 0)
        monkeypatch.setattr(file, "COMPACT_FROM", 300)

    def make(self, folder: Path) -> Runs:
        return open_runs(f"file:{folder / 'store'}")
