"""Files of lines: any content, any place, any damage."""

import csv
import gc
import gzip
import io
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.errors import SourceError
from onward.sources import open_source
from onward.sources.base import Source
from onward.testing.source_suite import passed

NASTY = [
    "\u2028",
    "\u0085",
    "\x0b",
    "\x1c",
    '"',
    '""',
    ",",
    "\t",
    "'",
    "é",
    "😀",
    " ",
    "a",
    "\\",
    "\x00",
    "\ufeff",
]
TEXT = st.lists(st.sampled_from(NASTY) | st.text(max_size=3), max_size=8).map("".join)
LINE = TEXT.map(lambda text: text.replace("\n", "").replace("\r", ""))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
LINE_END = st.sampled_from(["\n", "\r\n"])
BLANKS = st.sampled_from(["", "", "", "\n", "\r\n", " \t\r\n\n"])
BOM = st.sampled_from([b"", b"\xef\xbb\xbf"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def source_of(path: Path, content: bytes) -> Source:
    path.write_bytes(content)
    source = open_source(path)
    assert source.repeatable
    return source


def check(source: Source, expected: list[Any]) -> None:
    """The source yields what is expected, the rest of it from every place, and counts it right."""
    values, places = passed(source)
    assert values == expected
    assert source.total() == len(expected)
    for number, place in enumerate(places):
        assert list(source.read(place)) == expected[number:]


def complaint(source: Source, place: Any = None) -> str:
    with pytest.raises(SourceError) as caught:
        list(source.read(place))
    return str(caught.value)


# ---------------------------------------------------------------------------- what is read is right


@given(st.lists(st.tuples(VALUES, st.booleans(), LINE_END, BLANKS)), BLANKS, BOM, st.booleans())
def test_jsonl(folder: Path, lines: list[Any], first: str, bom: bytes, ended: bool) -> None:
    text = first
    for value, ascii_only, end, blanks in lines:
        text += json.dumps(value, ensure_ascii=ascii_only) + end + blanks
    if not ended:
        text = text.rstrip("\r\n")
    check(source_of(folder / "a.jsonl", bom + text.encode()), [value for value, *_ in lines])


@given(st.lists(st.tuples(LINE, LINE_END)), BOM, LINE)
def test_lines(folder: Path, lines: list[tuple[str, str]], bom: bytes, last: str) -> None:
    text = "".join(line + end for line, end in lines) + last
    expected = [line for line, _ in lines] + ([last] if last else [])
    if text.startswith("\ufeff") and not bom:
        bom = b"\xef\xbb\xbf"  # otherwise the text's own first character would be taken for one
    check(source_of(folder / "a.txt", bom + text.encode()), expected)


@given(
    st.lists(TEXT.filter(str.strip), min_size=1, max_size=4, unique=True),
    st.data(),
    LINE_END,
    st.sampled_from([("a.csv", ","), ("a.tsv", "\t")]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    BOM,
    st.booleans(),
)
def test_delimited(
    folder: Path, names: list[str], data: Any, end: str, kind: Any, quoting: Any, bom: bytes, ended: bool
) -> None:
    rows = data.draw(st.lists(st.lists(TEXT, min_size=len(names), max_size=len(names)), max_size=5))
    blanks = data.draw(st.lists(BLANKS.map(str.strip), min_size=len(rows), max_size=len(rows)))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=kind[1], lineterminator="\r\n", quoting=quoting)
    writer.writerow(names)
    for row, blank in zip(rows, blanks, strict=True):
        writer.writerow(row)
        out.write(end if blank else "")
    text = out.getvalue() if ended else out.getvalue().removesuffix("\r\n")
    if text.startswith("\ufeff"):
        bom = b"\xef\xbb\xbf"
    check(
        source_of(folder / kind[0], bom + text.encode()), [dict(zip(names, row, strict=True)) for row in rows]
    )


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.tsv", "a.txt", "a.jsonl.gz"])
def test_an_empty_file_has_no_values(tmp_path: Path, name: str) -> None:
    source = source_of(tmp_path / name, b"")
    assert list(source.read()) == []
    assert source.total() == (None if name.endswith("gz") else 0)
    assert source.fingerprint()


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\n", b"\r\n \n\n", b"\xef\xbb\xbf\n"])
def test_a_file_of_blanks_has_no_values(tmp_path: Path, content: bytes) -> None:
    check(source_of(tmp_path / "a.jsonl", content), [])


def test_a_header_alone_has_no_values(tmp_path: Path) -> None:
    check(source_of(tmp_path / "a.csv", b"\n\na,b\n\n"), [])


def test_lines_and_fields_may_be_long(tmp_path: Path) -> None:
    long = "x" * 3_000_000
    check(source_of(tmp_path / "a.jsonl", f'"{long}"\n1\n'.encode()), [long, 1])
    check(
        source_of(tmp_path / "a.csv", f"a,b\n1,{long}\n2,y\n".encode()),
        [{"a": "1", "b": long}, {"a": "2", "b": "y"}],
    )


def test_a_value_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.jsonl", b"1\n2\nnot JSON\n")
    values = iter(source.read())
    assert [next(values), next(values)] == [1, 2]
    with pytest.raises(SourceError):
        next(values)


# --------------------------------------------------------------------- what is wrong is named


@given(
    st.binary()
    | st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"a", b"\xff", b"{", b"}", b"1"])).map(b"".join)
)
def test_any_bytes_give_values_or_a_source_error(folder: Path, content: bytes) -> None:
    for name in ["a.jsonl", "a.csv", "a.tsv", "a.txt", "a.jsonl.gz", "a.csv.gz"]:
        source = source_of(folder / name, content)
        total = source.total()
        try:
            values = list(source.read())
        except SourceError:
            assert name in complaint(source)
        else:
            assert total in (len(values), None)


@pytest.mark.parametrize(
    ("name", "content", "line", "what"),
    [
        ("a.jsonl", b'{"a": 1}\n\n{"a": \n3\n', 3, "JSON"),
        ("a.jsonl", b'1\n"\xff"\n', 2, "utf-8"),
        ("a.jsonl", b"NaN\n", 1, "JSON"),
        ("a.jsonl", b"[" * 100_000, 1, "recursion"),
        ("a.jsonl", "1\n2\n".encode("utf-16"), 1, "JSON"),
        ("a.txt", b"good\n\xff\n", 2, "UTF-8"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", 3, "3 fields"),
        ("a.csv", b"a,b\n1,2\n1\n", 3, "1 fields"),
        ("a.csv", b"a,a\n", 1, "twice"),
        ("a.csv", b"a,\n", 1, "no name"),
        ("a.csv", b"a, \n", 1, "no name"),
        ("a.csv", b'a,b\n1,2\n"never,closed\n1,2\n', 3, "unexpected end of data"),
        ("a.csv", b'a,b\n"x"y,2\n', 2, "expected"),
        ("a.csv", b'a,b\n1,"x\ny"\n\xff,2\n', 4, "UTF-8"),
        ("a.csv", b"a,b\r1,2\r", 1, "new-line"),
    ],
)
def test_damage_is_named_with_its_line(
    tmp_path: Path, name: str, content: bytes, line: int, what: str
) -> None:
    source = source_of(tmp_path / name, content)
    text = complaint(source)
    assert f"{name}, line {line}: " in text
    assert what in text


def test_the_line_is_right_after_a_resume_too(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.csv", b'a\n"1\n2"\n\n3\n4,5\n')
    reading = source.read()
    next(iter(reading))
    assert "line 6:" in complaint(source, reading.place)


def test_damaged_packed_files(tmp_path: Path) -> None:
    packed = gzip.compress(b'"hello"\n' * 1000)
    for content in (b"not packed", packed[:-9], packed[:20] + b"\xff" * 8 + packed[28:]):
        assert "a.jsonl.gz" in complaint(source_of(tmp_path / "a.jsonl.gz", content))


# ----------------------------------------------------------------------- files that change


def test_a_place_behind_the_end(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.jsonl", b"1\n2\n3\n")
    place = passed(source)[1][-1]
    for content in (b"1\n2\n", b""):
        (tmp_path / "a.jsonl").write_bytes(content)
        assert "shortened or replaced" in complaint(source, place)


def test_a_place_behind_the_end_of_a_packed_file(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.jsonl.gz", gzip.compress(b"1\n2\n3\n"))
    place = passed(source)[1][-1]
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"1\n2\n"))
    assert "shortened or replaced" in complaint(source, place)


def test_a_place_inside_a_line(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.txt", b"one\ntwo\nthree\n")
    place = passed(source)[1][2]
    (tmp_path / "a.txt").write_bytes(b"one and a half\ntwo\nthree\n")
    assert "inside a line" in complaint(source, place)


@pytest.mark.parametrize("place", [{}, {"after": "x"}, {"offset": "1", "line": 1}, {"offset": 1}])
def test_a_place_of_something_else(tmp_path: Path, place: Any) -> None:
    assert "not one in this input" in complaint(source_of(tmp_path / "a.txt", b"one\n"), place)


def test_a_last_line_may_get_its_end_and_the_file_may_grow(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    source = source_of(path, b"one\ntwo")
    place = passed(source)[1][-1]
    for end in (b"\n", b"\r\n"):
        path.write_bytes(b"one\ntwo" + end)
        assert list(source.read(place)) == []
        path.write_bytes(b"one\ntwo" + end + b"three\nfour")
        assert list(source.read(place)) == ["three", "four"]
    path.write_bytes(b"one\ntwo and a half\nthree")
    assert "inside a line" in complaint(source, place)


def test_a_file_that_becomes_shorter_while_it_is_read(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.jsonl", b'"0123456789"\n' * 100_000)
    values = iter(source.read())
    next(values)
    os.truncate(tmp_path / "a.jsonl", 0)
    with pytest.raises(SourceError, match="became shorter while it was read"):
        list(values)


def test_fingerprints_see_size_time_and_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    source = source_of(path, b"x" * 200_000)
    before = source.fingerprint()
    status = path.stat()

    def changed(content: bytes, mtime_ns: int = status.st_mtime_ns) -> set[str]:
        path.write_bytes(content)
        os.utime(path, ns=(mtime_ns, mtime_ns))
        after = source.fingerprint()
        assert before is not None
        assert after is not None
        return {name for name in before if before[name] != after[name]}

    assert changed(b"x" * 200_000) == set()
    assert changed(b"x" * 200_000, status.st_mtime_ns + 1) == {"mtime_ns"}
    assert changed(b"y" + b"x" * 199_999) == {"head"}
    assert changed(b"x" * 199_999 + b"y") == {"tail"}
    assert changed(b"x" * 200_001) == {"size"}


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.txt", b"one\n")
    (tmp_path / "a.txt").unlink()
    assert "No such file" in complaint(source)
    assert source.total() is None
    with pytest.raises(SourceError, match="No such file"):
        source.fingerprint()


# ------------------------------------------------------------------------------ open files


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts open files by /proc")
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.txt", "a.jsonl.gz"])
def test_no_file_stays_open(tmp_path: Path, name: str) -> None:
    content = b"1\n2\n3\n"
    source = source_of(tmp_path / name, gzip.compress(content) if name.endswith("gz") else content)
    gc.collect()  # what tests before this one left open must not be closed in between
    before = open_files()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(source.read())  # exhausted
        source.read()  # never begun
        for _ in source.read():  # broken off
            break
        values = iter(source.read())
        next(values)
        reading = source.read()
        next(iter(reading))
        reading.close()
        del values
        source.total()
        with pytest.raises(SourceError):
            source.read({"offset": 1000, "line": 1})
        gc.collect()
    assert open_files() == before


def test_a_pass_that_is_over_says_so(tmp_path: Path) -> None:
    reading = source_of(tmp_path / "a.txt", b"one\n").read()
    assert list(reading) == ["one"]
    with pytest.raises(SourceError, match="this pass is over"):
        list(reading)


# ------------------------------------------------------------- standard input and pipes


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (None, b"\xef\xbb\xbf1\n\n2\n", [1, 2]),
        ("jsonl", b"1\n", [1]),
        ("lines", b"one\n\ntwo", ["one", "", "two"]),
        ("csv", b"a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ("tsv", b"a\tb\n1\t2\n", [{"a": "1", "b": "2"}]),
    ],
)
def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, kind: str | None, content: bytes, expected: list[Any]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(content))
    monkeypatch.setattr(sys, "stdin", stdin)
    source = open_source("-", format=kind)
    assert not source.repeatable
    assert source.total() is None
    assert source.fingerprint() is None
    reading = source.read()
    assert reading.place is None
    assert list(reading) == expected
    assert reading.place is None
    assert not stdin.buffer.closed
    with pytest.raises(SourceError, match="only once"):
        source.read()


def test_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for stdin in (None, io.StringIO("1\n")):
        monkeypatch.setattr(sys, "stdin", stdin)
        assert "no standard input" in complaint(open_source("-"))


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders there")
def test_a_named_pipe_is_read_once_and_as_it_comes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jsonl")
    source = open_source(tmp_path / "a.jsonl")
    assert not source.repeatable
    assert source.total() is None
    assert source.fingerprint() is None
    writer = os.open(tmp_path / "a.jsonl", os.O_RDWR)
    os.write(writer, b"1\n2\n")
    values = iter(source.read())
    assert next(values) == 1
    assert next(values) == 2
    os.close(writer)
    assert list(values) == []


def test_a_wide_header_costs_its_width(tmp_path: Path) -> None:
    wide = tmp_path / "wide.csv"
    names = ",".join(f"c{number}" for number in range(100_000))
    wide.write_text(f"{names}\n{names}\n")
    began = time.process_time()
    assert len(next(iter(open_source(wide).read()))) == 100_000
    assert time.process_time() - began < 10  # comparing each with each takes minutes
