"""A store that is damaged, someone else's, from the future, or cannot be written: named, and never touched."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import onward
from acceptance.conftest import PlaceMaker
from acceptance.harness import Ended, Place, write_jsonl
from onward.errors import StoreUnwritable

SCRIPT = """
    import resource

    def work(item):
        called(item["id"])
        time.sleep(given.get("seconds", 0))
        return {"id": item["id"], "text": "long " * given.get("size", 20) + str(item["id"])}

    if "largest" in given:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (given["largest"], resource.RLIM_INFINITY))

    main(lambda: onward.map(
        work, numbers(given.get("count", 100)), job=given.get("job", "job"), store=given.get("store"),
        output=given.get("output", "out.jsonl"), **{"every": 10, **given.get("policies", {})}))
"""

ROOT = os.geteuid() == 0


def half_done(here: Place, **given: Any) -> Place:
    ended = here.run(**{"policies": {"limit": 60}, **given})
    assert ended.told["status"] == "interrupted", ended
    return here


def content(here: Place) -> dict[str, bytes]:
    """Everything in the store but the lock, whose content is who came last."""
    store = here.folder / ".onward"
    return {
        str(path): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and path.suffix not in (".lock",)
    }


def refused_and_untouched(here: Place, error: str, *parts: str, code: int = 7, **given: Any) -> Ended:
    before = content(here)
    ended = here.run(**given).refused(error, code, *parts)
    assert ended.calls == []
    assert not here.has("out.jsonl")
    assert content(here) == before, "touches nothing"
    return ended


def goes_on(here: Place, **given: Any) -> None:
    """With the store put right, nothing that was settled is done again."""
    ended = here.run(**given).finished()
    assert ended.calls == list(range(61, 101))
    assert len(here.lines()) == 100


class TestDamaged:
    @pytest.fixture
    def here(self, place: PlaceMaker) -> Place:
        here = half_done(place(SCRIPT))
        shutil.copytree(here.folder / ".onward", here.folder / "good")
        return here

    def restore(self, here: Place) -> None:
        shutil.rmtree(here.folder / ".onward")
        shutil.copytree(here.folder / "good", here.folder / ".onward")

    def test_pages_overwritten(self, here: Place) -> None:
        size = here.store.stat().st_size
        for page in range(1, size // 4096):
            with here.store.open("r+b") as file:
                file.seek(page * 4096)
                file.write(b"\xa5" * 4096)
            ended = here.run()
            if ended.code:  # else the page was a free one
                ended.refused("StoreCorrupt", 7)
                assert not here.has("out.jsonl")
                self.restore(here)
            else:
                assert len(here.lines()) == 100
                (here.folder / "out.jsonl").unlink()
                self.restore(here)
        goes_on(here)

    def test_first_page_overwritten(self, here: Place) -> None:
        with here.store.open("r+b") as file:
            file.write(b"\xa5" * 4096)
        assert here.run().code == 7
        self.restore(here)
        goes_on(here)

    @pytest.mark.parametrize("left", [0, 1, 2048, 4096, 8192, -4096, -1])
    def test_truncated(self, left: int, here: Place) -> None:
        size = here.store.stat().st_size
        os.truncate(here.store, left if left >= 0 else size + left)
        ended = here.run()
        assert ended.calls == [], "a truncated store is no fresh one"
        assert ended.code == 7, ended
        assert "default.db" in ended.message
        self.restore(here)
        goes_on(here)

    @pytest.mark.parametrize(
        ("column", "table", "where", "part"),
        [
            ("payload", "block", "seq = 2", "block 2"),
            ("content", "block", "seq = 2", "block 2"),
            ("body", "document", "name = 'head'", "checkpoint"),
            ("body", "document", "name = 'info'", "description"),
        ],
        ids=["payload", "index", "head", "info"],
    )
    def test_a_byte_flipped(self, column: str, table: str, where: str, part: str, here: Place) -> None:
        with _Database(here.store) as database:
            rowid = f"SELECT {column} FROM {table} WHERE {where}"
            raw = bytearray(database.execute(rowid).fetchone()[0])
            raw[len(raw) // 2] ^= 0x10
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (bytes(raw),))
        ended = here.run()
        assert (ended.error, ended.code) == ("StoreCorrupt", 7), ended
        assert part in ended.message
        assert not here.has("out.jsonl")
        self.restore(here)
        goes_on(here)

    @pytest.mark.parametrize(
        "sql", ["DELETE FROM block WHERE seq = 2", "DELETE FROM document WHERE name = 'head'"]
    )
    def test_a_row_removed(self, sql: str, here: Place) -> None:
        with _Database(here.store) as database:
            database.execute(sql)
        ended = here.run()
        assert (ended.error, ended.code) == ("StoreCorrupt", 7), ended
        assert not here.has("out.jsonl")
        self.restore(here)
        goes_on(here)

    def test_two_payloads_swapped(self, here: Place) -> None:
        with _Database(here.store) as database:
            payloads = dict(database.execute("SELECT seq, payload FROM block WHERE seq IN (2, 3)"))
            for seq, other in ((2, 3), (3, 2)):
                database.execute("UPDATE block SET payload = ? WHERE seq = ?", (payloads[other], seq))
        assert here.run().refused("StoreCorrupt", 7, "block")
        self.restore(here)
        goes_on(here)

    def test_by_command(self, place: PlaceMaker) -> None:
        here = place("")
        (here.folder / "app.py").write_text("def job(item):\n    return item\n")
        write_jsonl(here.folder / "items.jsonl", range(10))
        words = ["run", "app.py:job", "--input", "items.jsonl", "--output", "out.jsonl"]
        assert here.command(*words, "--limit", "5").code == 75
        with here.store.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xa5" * 4096)
        for command in (words, ["show", "job"], ["errors", "job"], ["export", "job", "x.jsonl"]):
            ended = here.command(*command)
            assert ended.code == 7, (command, ended)
            assert "default.db" in ended.err


class TestOthers:
    @pytest.mark.parametrize("text", [b"just some text\n", b"\0" * 5000], ids=["text", "zeros"])
    def test_a_foreign_file(self, text: bytes, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.store.parent.mkdir(parents=True)
        here.store.write_bytes(text)
        refused_and_untouched(here, "StoreForeign", "default.db")

    def test_a_foreign_database(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.store.parent.mkdir(parents=True)
        with _Database(here.store) as database:
            database.execute("CREATE TABLE precious (thing)")
            database.execute("INSERT INTO precious VALUES (1)")
        refused_and_untouched(here, "StoreForeign", "default.db", "another place")

    def test_a_newer_store(self, place: PlaceMaker) -> None:
        here = half_done(place(SCRIPT))
        with _Database(here.store) as database:
            database.execute("PRAGMA user_version=99")
        refused_and_untouched(here, "StoreNewer", "99", "upgrade")
        with _Database(here.store) as database:
            database.execute("PRAGMA user_version=1")
        goes_on(here)

    def test_another_run_in_a_single_file(self, place: PlaceMaker) -> None:
        here = half_done(place(SCRIPT), store="runs.db")
        here.run(store="runs.db", job="other").refused("StoreForeign", 7, "'job'", "'other'")
        goes_on(here, store="runs.db")

    def test_a_file_that_is_no_store(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        (here.folder / "notes.txt").write_text("precious")
        here.run(store="notes.txt").refused("StoreForeign", 7, "notes.txt")
        assert here.read("notes.txt") == b"precious"


class TestUnwritable:
    def nobody(self) -> list[str]:
        """Words before a command that make it someone who is bound by permissions."""
        if not ROOT:
            return []
        if not shutil.which("setpriv"):
            pytest.skip("runs as root, whom no permission binds, and there is no setpriv")
        return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

    def test_a_folder_without_permission(self, place: PlaceMaker) -> None:
        here = half_done(place(SCRIPT))
        for path in (here.folder, *here.folder.parents):
            if ROOT and path.is_relative_to("/tmp") and path != Path("/tmp"):
                path.chmod(0o755)
        for path in here.folder.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        before = content(here)
        message = _probe(here, self.nobody(), output=None)
        assert message.startswith("StoreUnwritable 1 "), message
        assert "default.db" in message
        assert content(here) == before
        goes_on(here)

    def test_a_read_only_file_system(self, place: PlaceMaker, tmp_path: Path) -> None:
        if not ROOT or subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
            pytest.skip("needs to mount")
        here = half_done(place(SCRIPT))
        before = content(here)
        store = here.folder / ".onward"
        mount = f'mount --bind {store} {store} && mount -o remount,ro,bind {store} && exec "$@"'
        ended = here.run(prefix=["unshare", "-m", "sh", "-c", mount, "sh"])
        ended.refused("StoreUnwritable", 1, ".onward", "ead-only")
        assert ended.calls == []
        assert content(here) == before
        goes_on(here)

    def test_where_a_folder_cannot_be_made(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        (here.folder / "file").write_text("")
        ended = here.run(store="file/store")
        assert ended.code in (1, 7), ended
        assert ended.error in ("StoreUnwritable", "StoreForeign")
        assert "file" in ended.message


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a file system of so many KiB."""
    mounted: list[Path] = []

    def mount(size: int) -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", str(folder)]
        if not ROOT or subprocess.run(words, check=False, capture_output=True).returncode:
            pytest.skip("needs to mount")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class TestFull:
    """No room is no disaster: what was saved is there, and with room again the run goes on."""

    @pytest.mark.parametrize("workers", [1, 4], ids=["inline", "threads"])
    def test_store(self, workers: int, place: PlaceMaker, small_disk: Callable[[int], Path]) -> None:
        here = place(SCRIPT)
        disk = small_disk(300)
        given: dict[str, Any] = {"store": str(disk / "store"), "count": 1000, "seconds": 0.001 * workers}
        given["policies"] = {"workers": workers}
        ended = here.run(**given).refused("StoreUnwritable", 1, "default.db", "make room")
        saved = {outcome.key for outcome in here.view(store=given["store"]).outcomes()}
        assert 0 < len(saved) < 1000
        assert ended.told.get("status") != "finished"
        full = here.run(**given)
        assert (full.error, full.code) == ("StoreUnwritable", 1), "still full"
        saved = {outcome.key for outcome in here.view(store=given["store"]).outcomes()}
        subprocess.run(["mount", "-o", "remount,size=16m", str(disk)], check=True)
        ended = here.run(**given).finished()
        assert sorted(ended.calls) == [n + 1 for n in range(1000) if n not in saved]
        assert len(here.lines()) == 1000

    @pytest.mark.parametrize("size", range(8, 100, 4))
    def test_a_disk_of_any_size_is_said_to_be_full(
        self, size: int, small_disk: Callable[[int], Path]
    ) -> None:
        """Whatever it is that finds no room: the database, its log, the log's index, the record of items in flight."""
        with pytest.raises(StoreUnwritable, match=r"the disk is full|No space left on device"):
            onward.map(
                lambda number: os.urandom(2000).hex(),
                list(range(40)),
                job="j",
                version=1,
                store=small_disk(size) / "a.db",
                every=4,
            )

    def test_store_from_the_beginning(self, place: PlaceMaker, small_disk: Callable[[int], Path]) -> None:
        here = place(SCRIPT)
        disk = small_disk(512)
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        ended = here.run(store=str(disk / "store"), count=3)
        assert ended.calls == []
        ended.refused("StoreUnwritable", 1, "store")
        filler.unlink()
        assert len(here.run(store=str(disk / "store"), count=3).finished().calls) == 3

    def test_every_amount_of_room(self, place: PlaceMaker, small_disk: Callable[[int], Path]) -> None:
        """Wherever in starting, saving and finishing it runs out, it is the same error, and goes on."""
        here = place(SCRIPT)
        disk = small_disk(256)
        given = {"store": str(disk / "store"), "output": str(disk / "out.jsonl"), "count": 20, "size": 300}
        filler = disk / "filler"
        for room in range(0, 256, 16):
            _fill_but(filler, disk, room * 1024)
            ended = here.run(**given)
            if ended.code == 0:
                break
            ended.refused("StoreUnwritable", 1)
        filler.unlink(missing_ok=True)
        told = here.run(**given).finished().told
        assert (told["succeeded"], told["left"]) == (20, 0)
        assert len((disk / "out.jsonl").read_bytes().splitlines()) == 20

    @pytest.mark.parametrize("workers", [1, 4], ids=["inline", "threads"])
    def test_no_file_may_be_that_large(self, workers: int, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        given: dict[str, Any] = {"policies": {"workers": workers}, "seconds": 0.005 * workers}
        here.run(largest=60_000, **given).refused("StoreUnwritable", 1, "default.db")
        saved = here.saved()
        assert len(saved) < 100
        ended = here.run(**given).finished()
        assert sorted(ended.calls) == [n + 1 for n in range(100) if n not in saved]
        assert len(here.lines()) == 100

    def test_output(self, place: PlaceMaker, small_disk: Callable[[int], Path]) -> None:
        here = place(SCRIPT)
        disk = small_disk(64)
        given = {"output": str(disk / "out.jsonl"), "size": 2000}
        ended = here.run(**given).refused("StoreUnwritable", 1, "out.jsonl", "free some space")
        assert len(ended.calls) == 100
        assert list(disk.iterdir()) == [], "no half output, and no litter"
        assert here.view().status == "interrupted"
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert here.run(**given).finished().calls == []
        assert len((disk / "out.jsonl").read_bytes().splitlines()) == 100

    def test_by_command(self, place: PlaceMaker, small_disk: Callable[[int], Path]) -> None:
        here = place("")
        disk = small_disk(32)
        (here.folder / "app.py").write_text("def job(item):\n    return 'long' * 1000\n")
        write_jsonl(here.folder / "items.jsonl", range(30))
        words = ["run", "app.py:job", "--input", "items.jsonl", "--output", str(disk / "out.jsonl")]
        ended = here.command(*words)
        assert ended.code == 1, ended
        assert "No space left" in ended.err
        assert "Go on with:  onward run" in ended.err
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert here.command(*words).code == 0


def _fill_but(filler: Path, disk: Path, room: int) -> None:
    filler.unlink(missing_ok=True)
    status = os.statvfs(disk)
    free = status.f_bavail * status.f_frsize
    if free > room:
        filler.write_bytes(bytes(free - room))


def _probe(here: Place, prefix: list[str], **given: Any) -> str:
    """Start where nothing can be written, not even a report."""
    (here.folder / "ask.py").write_text(
        "import onward\n"
        "try:\n"
        "    onward.map(print, [{'id': 1}], job='job')\n"
        "except onward.OnwardError as error:\n"
        "    print(type(error).__name__, error.exit_code, error)\n"
    )
    import sys

    words = [*prefix, sys.executable, "ask.py"]
    done = subprocess.run(words, cwd=here.folder, check=False, capture_output=True, text=True, timeout=60)
    (here.folder / "ask.py").unlink()
    if "Permission denied" in done.stderr and "Traceback" not in done.stderr:
        pytest.skip(f"another user cannot run this Python: {done.stderr}")
    return done.stdout + done.stderr


class _Database:
    """A database, closed for good when done."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.commit()
        self._connection.close()
