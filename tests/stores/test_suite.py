"""Every store that comes with onward passes the suite that others' stores are held to."""

from pathlib import Path

from onward.stores import Runs, open_runs
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
