"""What open_source makes of what it is given, and what it refuses."""

import asyncio
import collections
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from onward.errors import SourceError, UsageError
from onward.sources import is_async, open_source
from onward.sources.folder import FolderSource
from onward.sources.iterables import AsyncIterableSource, IterableSource, SequenceSource
from onward.sources.jsonl import JsonlSource


def values(items: Any) -> list[Any]:
    source = open_source(items)
    assert not is_async(source)
    return list(source.read())


class Records:
    """An iterable of one's own, without a length."""

    def __iter__(self) -> Iterator[int]:
        return iter([1, 2])


class Frame(Records):
    """What looks like a table."""


Frame.__name__ = "DataFrame"


# ---------------------------------------------------------------------------------- objects


@pytest.mark.parametrize(
    ("items", "total"),
    [
        ([1, 2], 2),
        ((1, 2), 2),
        (range(1, 3), 2),
        (collections.deque([1, 2]), 2),
        (collections.UserList([1, 2]), 2),
        ({1: "a", 2: "b"}.keys(), 2),
        ({"a": 1, "b": 2}.values(), 2),
        (Records(), None),
        (lambda: [1, 2], None),
        (lambda: iter([1, 2]), None),
    ],
)
def test_what_can_be_read_again(items: Any, total: int | None) -> None:
    source = open_source(items)
    assert source.repeatable
    assert source.total() == total
    assert source.fingerprint() is None
    assert [list(source.read()), list(source.read())] == [[1, 2], [1, 2]]


@pytest.mark.parametrize(
    "items",
    [iter([1, 2]), (n for n in [1, 2]), map(int, "12"), zip([1], [2], strict=True), io.StringIO("1\n2\n")],
)
def test_what_can_be_read_once(items: Any) -> None:
    source = open_source(items)
    assert not source.repeatable
    assert source.total() is None
    assert list(source.read())
    with pytest.raises(SourceError, match="only once"):
        source.read()


def test_a_source_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1\n")
    source = JsonlSource(tmp_path / "a")
    assert open_source(source) is source


def test_a_sequence_is_iterated_over_bare() -> None:
    items = [1, 2]
    assert type(iter(SequenceSource(items).read())) is type(iter(items))
    assert type(iter(IterableSource(iter(items)).read())) is type(iter(items))


def test_a_generator_of_the_callers_is_not_closed() -> None:
    numbers = (number for number in range(3))
    reading = open_source(numbers).read()
    assert next(iter(reading)) == 0
    reading.close()
    assert next(numbers) == 1


def test_a_generator_made_for_the_reading_is_closed() -> None:
    closed = []

    def numbers() -> Iterator[int]:
        try:
            yield from range(3)
        finally:
            closed.append(True)

    reading = open_source(numbers).read()
    iterator = iter(reading)
    next(iterator)
    reading.close()
    assert closed == [True]


def test_what_the_callers_code_raises_passes_through() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise LookupError("theirs")

    for items in (numbers, numbers()):
        with pytest.raises(LookupError, match="theirs"):
            values(items)


@pytest.mark.parametrize(
    ("items", "way_out"),
    [
        ({1, 2}, "sorted"),
        (frozenset([1]), "sorted"),
        ({"a": 1}, r"\.items\(\)"),
        (collections.Counter("a"), r"\.items\(\)"),
        (b"a.jsonl", "path"),
        (bytearray(b"x"), "path"),
        (memoryview(b"x"), "path"),
        (Frame(), "to_dict"),
        (12, "cannot iterate over int"),
        (None, "cannot iterate over NoneType"),
    ],
)
def test_what_is_refused(items: Any, way_out: str) -> None:
    with pytest.raises(UsageError, match=way_out):
        open_source(items)


def test_a_function_that_returns_no_iterable() -> None:
    def nothing() -> None:
        pass

    with pytest.raises(UsageError, match=r"nothing\(\) returns is NoneType"):
        values(nothing)


def test_a_coroutine_function_is_refused() -> None:
    async def numbers() -> list[int]:
        return [1]

    with pytest.raises(UsageError, match="cannot iterate over function"):
        open_source(numbers)


# ------------------------------------------------------------------------------ asynchronous


async def numbers() -> AsyncIterator[int]:
    yield 1
    yield 2


class AsyncRecords:
    def __aiter__(self) -> AsyncIterator[int]:
        return numbers()

    def __len__(self) -> int:
        return 2


@pytest.mark.parametrize(
    ("make", "repeatable", "total"),
    [(numbers, False, None), (lambda: numbers, True, None), (AsyncRecords, True, 2)],
)
def test_asynchronous_iterables(make: Any, repeatable: bool, total: int | None) -> None:
    async def read() -> None:
        source = open_source(make())
        assert is_async(source)
        assert isinstance(source, AsyncIterableSource)
        assert source.repeatable == repeatable
        assert source.total() == total
        reading = source.read()
        assert reading.place is None
        assert [value async for value in reading] == [1, 2]
        await reading.aclose()
        if repeatable:
            assert [value async for value in source.read()] == [1, 2]
        else:
            with pytest.raises(SourceError, match="only once"):
                source.read()

    asyncio.run(read())


# ----------------------------------------------------------------------------------- paths


@pytest.mark.parametrize("as_text", [True, False])
def test_files_by_their_names(tmp_path: Path, as_text: bool) -> None:
    for name, content, expected in [
        ("a.jsonl", "1\n2\n", [1, 2]),
        ("a.JSONL", "1\n", [1]),
        ("a.ndjson", "1\n", [1]),
        ("a.csv", "a\n1\n", [{"a": "1"}]),
        ("a.tsv", "a\tb\n1\t2\n", [{"a": "1", "b": "2"}]),
        ("a.txt", "1\n", ["1"]),
        ("a.json", "[1, [2]]", [1, [2]]),
    ]:
        path = tmp_path / name
        path.write_text(content)
        assert values(str(path) if as_text else path) == expected
        assert open_source(path).name == str(path)


def test_the_format_may_be_said(tmp_path: Path) -> None:
    path = tmp_path / "data.log"
    path.write_text("[1]\n")
    for kind, expected in [("jsonl", [[1]]), ("lines", ["[1]"]), ("json", [1]), ("csv", []), ("tsv", [])]:
        assert list(open_source(path, format=kind).read()) == expected


@pytest.mark.parametrize("name", ["notes.md", "data", "data.xlsx", "data.gz"])
def test_an_unknown_name_asks_for_the_format(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(UsageError, match="say format= one of jsonl, csv, tsv, lines, json"):
        open_source(tmp_path / name)


def test_wrong_formats(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'xml' is not known"):
        open_source("a.jsonl", format="xml")
    with pytest.raises(UsageError, match="format= is for files"):
        open_source([1], format="jsonl")
    with pytest.raises(UsageError, match="is a folder"):
        open_source(tmp_path, format="jsonl")
    with pytest.raises(UsageError, match="standard input"):
        open_source("-", format="json")


@pytest.mark.parametrize("path", ["", "missing.jsonl", Path("missing"), "missing/", "hello, I am not a path"])
def test_a_missing_path(path: Any) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        open_source(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'{"a": 1}', "must hold one JSON array"),
        (b"[1, 2", "not valid JSON"),
        (b'["\xff"]', "not valid JSON"),
        (b"", "not valid JSON"),
    ],
)
def test_a_json_file_that_is_no_array(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(SourceError, match=what):
        open_source(tmp_path / "a.json")


def test_a_folder(tmp_path: Path) -> None:
    assert isinstance(open_source(str(tmp_path)), FolderSource)
