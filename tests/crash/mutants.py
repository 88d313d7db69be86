"""Deliberately broken copies of onward, each of which the crash tests must catch: else they prove nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """One way to break it: in ``file``, ``old`` becomes ``new``; ``test`` is what must fail then."""

    name: str
    file: str
    old: str
    new: str
    test: str


POWER = "tests/crash/test_power_cuts.py"

MUTANTS = [
    Mutant(
        "SQLite without synchronous=FULL",
        "stores/sqlite.py",
        '"synchronous=FULL"',
        '"synchronous=NORMAL"',
        f"{POWER} -k sqlite",
    ),
    Mutant(
        "a journal that is not synced",
        "stores/file.py",
        "            _write_all(file, group)\n            sync(file.fileno())",
        "            _write_all(file, group)",
        f"{POWER} -k file",
    ),
    Mutant(
        "folders that are not synced",
        "disk.py",
        "        sync(descriptor)\n    finally",
        "        pass\n    finally",
        POWER,
    ),
    Mutant(
        "a pragma whose answer is not fetched",
        "stores/sqlite.py",
        'database.execute("PRAGMA journal_mode=WAL").fetchone()[0]',
        'database.execute("PRAGMA journal_mode=WAL") and "wal"',
        "tests/stores/test_sqlite.py",
    ),
    Mutant(
        "a database turned to WAL in its place",
        "stores/sqlite.py",
        "        _prepare(database, path)\n    for suffix",
        "    for suffix",
        f"{POWER} -k sqlite",
    ),
    Mutant(
        "the names of what is published not durable before they are announced",
        "publish/actions.py",
        "    files.sync_folder(output.path.parent)  # the names",
        "    # the names",
        f"{POWER} -k again",
    ),
    Mutant(
        "the output not synced before it is renamed",
        "outputs/files.py",
        "            disk.sync(handle.fileno())",
        "            pass",
        f"{POWER} -k while_running",
    ),
    Mutant(
        "outcomes reported before they are committed",
        "journal/journal.py",
        "                self.store.commit(change)",
        "                self._late, change = change, getattr(self, '_late', Change())\n"
        "                self.store.commit(change)",
        f"{POWER} -k while_running",
    ),
    Mutant(
        "the marker written before the rename",
        "publish/finishing.py",
        '    register.turn("finishing", marker)\n    register.write()',
        '    register.turn("finished", marker)\n    register.write()',
        "tests/acceptance/test_finishing.py",
    ),
    Mutant(
        "a failed save that is swallowed",
        "journal/journal.py",
        "                self.error = error  # never tried again as if nothing had happened",
        "                return",
        "tests/acceptance/test_stores.py -k TestFull",
    ),
    Mutant(
        "a journal that goes on after a failed sync",
        "stores/file.py",
        "            self._give_up(content.end)\n            raise",
        "            pass",
        "tests/stores/test_file.py",
    ),
    Mutant(
        "checksums that are not compared",
        "journal/records.py",
        '        raise StoreCorrupt(f"{what} is damaged: it does not match its checksum")',
        "        pass",
        "tests/acceptance/test_stores.py",
    ),
    Mutant(
        "a journal whose checksums are not compared",
        "stores/text.py",
        "if body.endswith(_end(number, checksum)):",
        "if True:",
        "tests/stores/test_file.py",
    ),
    Mutant(
        "a number of saves that is written before they are on the disk",
        "stores/sqlite.py",
        "                schema.write_saves(database, saves)\n",
        "                schema.write_saves(database, saves)\n                self._watermark.rise(saves)\n",
        f"{POWER} -k sqlite",
    ),
    Mutant(
        "saves that are not missed",
        "stores/watermark.py",
        "    if found.count >= most:\n",
        "    if True:\n",
        "tests/crash/test_damage.py",
    ),
    Mutant(
        "a migration that is not one transaction",
        "stores/schema.py",
        '        return\n    database.execute("BEGIN IMMEDIATE")\n    try:\n        for step',
        "        return\n    try:\n        for step",
        "tests/stores/test_versions.py -k migration",
    ),
    Mutant(
        "contents of a later version that are read as if they were today's",
        "journal/formats.py",
        "    if mark.format > newest():\n",
        "    if False:\n",
        "tests/stores/test_versions.py -k newer",
    ),
    Mutant(
        "torn writes taken for damage",
        "stores/text.py",
        "        raise Torn\n",
        '        raise Damaged("torn")\n',
        f"{POWER} -k file",
    ),
    Mutant(
        "a journal that keeps what a torn write left",
        "stores/file.py",
        "            file.truncate(self._content.end)  # less",
        "            # less",
        "tests/stores/test_file.py",
    ),
]


def caught(folder: Path) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether its test failed."""
    for mutant in MUTANTS:
        copy = folder / "mutant"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__"))
        path = copy / "src" / "onward" / mutant.file
        source = path.read_text("utf-8")
        if mutant.old not in source:
            raise AssertionError(f"mutant {mutant.name!r} does not fit the code any more")
        path.write_text(source.replace(mutant.old, mutant.new), "utf-8")
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.test.split()]
        environment = {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy / 'tests'}"}
        done = subprocess.run(words, cwd=copy, check=False, capture_output=True, env=environment, timeout=600)
        yield mutant, done.returncode == 1
