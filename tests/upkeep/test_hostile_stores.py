"""Store files with whatever bytes: an error of onward's or the right answer, never another error or a wrong one."""

import contextlib
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onward.errors import OnwardError
from onward.stores import open_runs
from onward.upkeep.inspection import inspect
from onward.view import load

RELEASED = Path(__file__).parent.parent / "stores" / "released"
FILES = sorted(path for path in RELEASED.glob("*-1/*") if path.stem in ("failures", "moves"))
bounded = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def read(path: Path) -> list[object]:
    """All that there is to be seen of a run."""
    job = path.stem
    view = load(job, store=path)
    outcomes = [(one.key, one.status, one.value, str(one.error)) for one in view.outcomes()]
    return [view.status, view.state, outcomes, list(view.results())]


def is_an_earlier_one(found: list[object], whole: list[object]) -> bool:
    """Whether this might have been read at an earlier checkpoint: a cut-off journal ends at one."""
    seen, known = found[2], whole[2]
    assert isinstance(seen, list)
    assert isinstance(known, list)
    return all(one in known for one in seen)


def harmless_or_refused(path: Path, body: bytes, whole: list[object]) -> None:
    for beside in path.parent.glob(f"{path.name}-*"):
        beside.unlink()
    path.write_bytes(body)
    with contextlib.suppress(OnwardError):
        assert is_an_earlier_one(read(path), whole)
    with contextlib.suppress(OnwardError):
        inspect(open_runs(path), path.stem, "default")
    with contextlib.suppress(OnwardError):
        list(open_runs(path).names())


@pytest.fixture(params=FILES, ids=lambda path: path.name, name="path")
def _path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copy(request.param, tmp_path))


@bounded
@given(st.data())
def test_spliced_overwritten_and_cut(path: Path, data: st.DataObject) -> None:
    (original,) = (found for found in FILES if found.name == path.name)
    body = bytearray(original.read_bytes())
    path.write_bytes(body)
    whole = read(path)
    place = st.integers(0, len(body) - 1)
    for _ in range(data.draw(st.integers(1, 3))):
        at, other = data.draw(place), data.draw(place)
        how = data.draw(st.sampled_from(["overwrite", "cut", "splice", "insert", "remove", "zeros"]))
        size = data.draw(st.integers(1, 600))
        if how == "overwrite":
            body[at : at + 8] = data.draw(st.binary(min_size=1, max_size=8))
        elif how == "cut":
            del body[max(1, at) :]
        elif how == "splice":
            body[at : at + size] = body[other : other + size]
        elif how == "insert":
            body[at:at] = data.draw(st.binary(max_size=40))
        elif how == "remove":
            del body[at : at + size]
        else:
            body[at : at + size] = bytes(len(body[at : at + size]))
    harmless_or_refused(path, bytes(body), whole)


@pytest.mark.parametrize("name", ["one.db", "one.journal"])
@pytest.mark.parametrize(
    "start", [b"", b"SQLite format 3\0", b"onward journal 1 ", b"onward journal ", b"onward "]
)
@bounded
@given(rest=st.binary(max_size=300))
def test_any_bytes_are_no_store(tmp_path: Path, name: str, start: bytes, rest: bytes) -> None:
    harmless_or_refused(tmp_path / name, start + rest, [None, None, [], []])
