"""Input files with whatever bytes are read or refused with an error of onward's, and a wrong place is never trusted."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onward.errors import OnwardError
from onward.sources import open_source

bounded = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PIECES = st.sampled_from(
    [b"\n", b"\r", b"\r\n", b"\0", b",", b'"', b'""', b"{", b"}", b'{"a":1}\n', b"a,b\n", b"1,2\n", b"\xff",
     b"\xef\xbb\xbf", b"NaN", b"1e999", b"[" * 3000, b"9" * 5000, b'"\\ud800"', b"\x1b[2J", "\u2028é".encode()]
)  # fmt: skip
BODIES = st.lists(PIECES | st.binary(max_size=12), max_size=12).map(b"".join)
NAMES = pytest.mark.parametrize("name", ["in.jsonl", "in.csv", "in.tsv", "in.txt"])


def entries(path: Path, place: Any = None) -> list[Any]:
    """What there is to be read, at the beginning or from a place; nothing if it is refused."""
    try:
        source: Any = open_source(path)
        source.fingerprint(), source.total()
        return list(source.read(place))
    except OnwardError:
        return []


@NAMES
@bounded
@given(body=BODIES)
def test_any_bytes(tmp_path: Path, name: str, body: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    entries(path)


def real_place(path: Path) -> dict[str, Any]:
    source: Any = open_source(path)
    reading = source.read()
    next(iter(reading))
    return dict(reading.place)


@NAMES
@bounded
@given(data=st.data())
def test_any_place(tmp_path: Path, name: str, data: st.DataObject) -> None:
    """As a checkpoint of another file, or of a file that was changed since, might have it."""
    path = tmp_path / name
    path.write_text('{"a":1}\n' * 5 if name == "in.jsonl" else 'a,b\n1,"2\n3"\n4,5\n')
    place = real_place(path)
    for field in place:
        place[field] = data.draw(st.integers(0, 80) | st.sampled_from([2**40, place[field]]), field)
    entries(path, place)
