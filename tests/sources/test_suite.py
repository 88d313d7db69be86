"""Every source that comes with onward passes the suite that others' sources are held to."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onward.sources import SelectionSource, open_source
from onward.sources.base import Source
from onward.testing.source_suite import SourceSuite

JSONL = '\ufeff{"a": 1}\n\n  \r\n{"a": "\u2028"}\r\n3\n[4]\n"last, no line end"'
CSV = '\ufeffid,text\r\n1,"two\r\nlines"\r\n\r\n2,"a ""quote"""\n3,\u2028\n4,""'
TSV = "id\ttext\n1\t'x'\n2\t\"tab\t\"\n3\t,\n"
LINES = "\ufeffone\r\n\n  two \u2028\nthree\n\nlast, no line end"


class FileSuite(SourceSuite):
    name = ""
    content = b""

    def make(self, folder: Path) -> Source:
        path = folder / self.name
        if not path.exists():
            path.write_bytes(self.content)
        return open_source(path)

    def change(self, folder: Path) -> None:
        path = folder / self.name
        path.write_bytes(path.read_bytes() + b"x")


class TestJsonl(FileSuite):
    name, content = "a.jsonl", JSONL.encode()


class TestNdjson(FileSuite):
    name, content = "a.NDJSON", JSONL.encode() + b"\n\n \n"


class TestPackedJsonl(FileSuite):
    name, content = "a.jsonl.gz", gzip.compress(JSONL.encode())


class TestCsv(FileSuite):
    name, content = "a.csv", CSV.encode()


class TestPackedCsv(FileSuite):
    name, content = "a.csv.gz", gzip.compress(CSV.encode())


class TestTsv(FileSuite):
    name, content = "a.tsv", TSV.encode()


class TestLines(FileSuite):
    name, content = "a.txt", LINES.encode()


class TestArray(FileSuite):
    name, content = "a.json", b"[1, 2,\n {}]"


class TestFolder(SourceSuite):
    def make(self, folder: Path) -> Source:
        for name in ["b/x.txt", "b.txt", "b-b", "a/a/a", "a/b", "z", ".hidden", ".git/x", "Ä"]:
            path = folder / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(name)
        return open_source(folder)

    def change(self, folder: Path) -> None:
        (folder / "a" / "b").write_text("b")


class TestEmptyingFolder(TestFolder):
    def change(self, folder: Path) -> None:
        (folder / "a" / "b").unlink()


class TestSelection(SourceSuite):
    def make(self, folder: Path) -> Source:
        for name in ("in/b.txt", "in/deep/c.txt", "a.txt"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(name)
        return SelectionSource([folder / "in", folder / "a.txt", folder / "in" / "b.txt"])

    def change(self, folder: Path) -> None:
        (folder / "in" / "deep" / "c.txt").write_text("other")
        (folder / "in" / "d.txt").write_text("new")


class TestList(SourceSuite):
    def make(self, folder: Path) -> Source:
        return open_source([1, "2", {"three": 3}])


class TestGenerator(SourceSuite):
    def make(self, folder: Path) -> Source:
        return open_source(number for number in range(5))


class TestFunction(SourceSuite):
    def make(self, folder: Path) -> Source:
        def numbers() -> Iterator[int]:
            yield from range(5)

        return open_source(numbers)


class TestDictView(SourceSuite):
    def make(self, folder: Path) -> Source:
        return open_source({"a": 1, "b": 2, "c": 3}.items())


@pytest.mark.parametrize("suite", [TestJsonl, TestCsv, TestLines])
def test_the_suite_notices_a_wrong_place(suite: Callable[[], FileSuite], tmp_path: Path) -> None:
    class Broken(suite):
        def make(self, folder: Path) -> Source:
            source = super().make(folder)
            read = source.read
            source.read = lambda place=None: read(place and None)
            return source

    with pytest.raises(AssertionError):
        Broken().test_a_place_is_where_the_rest_begins(tmp_path)
