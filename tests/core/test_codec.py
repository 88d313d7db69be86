"""Values come back equal in JSON's terms, through the annotation where there is one, or are refused by path."""

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import math
import pathlib
import subprocess
import sys
import uuid
from typing import Any, Optional

import hypothesis.strategies as st
import msgspec
import numpy as np
import pydantic
import pytest
from hypothesis import example, given

from onward.codec import decode, digest, encode, restorer
from onward.errors import ValueRefused

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text()  # no surrogates
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | FINITE | TEXT
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=10)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.0
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Nested:
    points: dict[str, Point]
    pair: tuple[int, Point]
    color: Color
    when: datetime.datetime


class Score(pydantic.BaseModel):
    name: str
    value: float
    point: Point | None = None
    when: datetime.date | None = None


class Packed(msgspec.Struct):
    a: int
    b: list[Point] = []


POINT = Point(1, 2.5, ["a"])
WHEN = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=datetime.UTC)
SCORE = Score(name="x", value=0.5, point=POINT, when=datetime.date(2024, 1, 2))


@given(JSON)
@example(-0.0)
@example(1e308)
@example(5e-324)
def test_plain_json_comes_back_equal(value: Any) -> None:
    back = decode(encode(value))
    assert back == value
    assert repr(back) == repr(value)


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**64, -(2**63) - 1, 10**30, -(10**100)])
def test_integers_of_any_size_come_back(number: int) -> None:
    back = decode(encode({"n": [number]}))["n"][0]
    assert back == number
    assert isinstance(back, int)


REFUSED: list[tuple[Any, str, str]] = [
    (math.nan, "", "nan"),
    (math.inf, "", "inf"),
    ({"a": [1, {"b": -math.inf}]}, "$.a[1].b", "-inf"),
    ([[1, 2], [3, math.nan]], "$[1][1]", "nan"),
    ({1: "a"}, "", "key 1 is an int"),
    ({"a": {("x", "y"): 1}}, "$.a", "tuple"),
    ({"a": {None: 1}}, "$.a", "NoneType"),
    ({True: 1}, "", "bool"),
    ({"text": "\ud800"}, "$.text", "surrogate"),
    ({"a": {"\udfff": 1}}, "$.a", "surrogate"),
    ((1, {2.5}, {"a": {math.inf}}), "$[2].a[0]", "inf"),
    (Point(1, math.nan), "$.y", "nan"),
    ({"p": [Point(1, math.inf)]}, "$.p[0].y", "inf"),
    (Score(name="x", value=math.nan), "", "nan"),
    ({"o": object()}, "$.o", "no JSON form"),
    ([lambda: None], "$[0]", "no JSON form"),
    ({"n": np.array([1.0, np.nan])}, "$.n[1]", "nan"),
    ({"n": np.float32("inf")}, "$.n", "inf"),
]


@pytest.mark.parametrize(("value", "path", "why"), REFUSED, ids=[f"{path} {why}" for _, path, why in REFUSED])
def test_what_would_not_come_back_is_refused_by_path(value: Any, path: str, why: str) -> None:
    with pytest.raises(ValueRefused) as refusal:
        encode(value, "the result of item 7")
    message = str(refusal.value)
    assert message.startswith("the result of item 7")
    assert why in message
    assert (f" at {path} " in message) if path else True
    assert "Return plain JSON" in message


def test_what_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append({"again": loop})
    with pytest.raises(ValueRefused, match="contains itself"):
        encode(loop)


def test_deep_nesting_is_taken_or_refused_but_never_crashes() -> None:
    for depth in (100, 400, 600, 5000, 200_000):
        value: Any = math.nan if depth == 100 else 1
        for _ in range(depth):
            value = [value]
        try:
            assert decode(encode(value)) == value
        except ValueRefused:
            assert depth != 400
        while isinstance(value, list):  # taken apart by hand: deep nests are freed recursively
            value = value.pop() if value else None


@given(st.data())
def test_one_bad_leaf_is_found_wherever_it_is(data: st.DataObject) -> None:
    bad = data.draw(st.sampled_from([math.nan, {1: 2}, "\ud800", object()]))
    value, path = bad, ""
    for _ in range(data.draw(st.integers(0, 4))):
        if data.draw(st.booleans()):
            before = data.draw(st.lists(SCALARS, max_size=3))
            value, path = [*before, value], f"[{len(before)}]{path}"
        else:
            value, path = {"a": 1, "key": value}, f".key{path}"
    with pytest.raises(ValueRefused) as refusal:
        encode(value)
    assert f" at ${path} cannot" in str(refusal.value)


# Other types go in as the JSON they stand for, and come back through the annotation


ACCEPTED: list[tuple[Any, Any, Any]] = [
    ((1, "a"), [1, "a"], tuple[int, str]),
    ({1, 2}, None, set[int]),
    (frozenset({"a"}), ["a"], frozenset[str]),
    (POINT, {"x": 1, "y": 2.5, "tags": ["a"]}, Point),
    ([POINT, POINT], None, list[Point]),
    ({"p": POINT}, None, dict[str, Point]),
    (None, None, Optional[Point]),  # noqa: UP045
    (POINT, None, Point | None),
    (Nested({"a": POINT}, (1, POINT), Color.BLUE, WHEN), None, Nested),
    (
        SCORE,
        {"name": "x", "value": 0.5, "point": {"x": 1, "y": 2.5, "tags": ["a"]}, "when": "2024-01-02"},
        Score,
    ),
    ([SCORE], None, list[Score]),
    ({"a": [SCORE, SCORE]}, None, dict[str, list[Score]]),
    (SCORE, None, Score | None),
    ((1, SCORE), None, tuple[int, Score]),
    (Packed(1, [POINT]), {"a": 1, "b": [{"x": 1, "y": 2.5, "tags": ["a"]}]}, Packed),
    (WHEN, "2024-02-29T12:30:15.123456Z", datetime.datetime),
    (datetime.date(2024, 2, 29), "2024-02-29", datetime.date),
    (datetime.timedelta(seconds=90), "PT90S", datetime.timedelta),
    (Color.RED, "red", Color),
    ({"c": [Color.RED]}, {"c": ["red"]}, dict[str, list[Color]]),
    (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005", uuid.UUID),
    (decimal.Decimal("1.10"), "1.10", decimal.Decimal),
    (b"\x00\xff", "AP8=", bytes),
    (pathlib.PurePosixPath("a/b"), "a/b", pathlib.PurePosixPath),
    (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}, dict[str, int]),
]


@pytest.mark.parametrize(("value", "plain", "kind"), ACCEPTED, ids=[str(kind) for _, _, kind in ACCEPTED])
def test_typed_values_come_back_through_the_annotation(value: Any, plain: Any, kind: Any) -> None:
    def function() -> Any: ...

    function.__annotations__["return"] = kind
    raw = encode(value)
    if plain is not None:
        assert decode(raw) == plain
    restore = restorer(function)
    assert restore is not None
    back = restore(decode(raw))
    assert back == value
    assert type(back) is type(value) or isinstance(value, dict)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array(3), 3),
        (np.array([1, 2, 3]), [1, 2, 3]),
        (np.array([]), []),
        (np.array([[1.5, 2.0], [3.0, 4.0]]), [[1.5, 2.0], [3.0, 4.0]]),
        ({"vector": np.array([1, 2]), "n": np.int32(1)}, {"vector": [1, 2], "n": 1}),
        ([np.array([1, 2]), np.array([3])], [[1, 2], [3]]),
        ((np.array([1, 2]), POINT), [[1, 2], {"x": 1, "y": 2.5, "tags": ["a"]}]),
        (array.array("d", [1.0, 2.0]), [1.0, 2.0]),
    ],
    ids=repr,
)
def test_arrays_go_in_as_lists(value: Any, plain: Any) -> None:
    assert decode(encode(value)) == plain


def test_an_object_without_truth_of_its_equality_is_looked_at_closely() -> None:
    class Vague:
        def tolist(self) -> list[int]:
            return [1, 2]

        def __eq__(self, other: object) -> Any:
            raise ValueError("ambiguous")

        __hash__ = None  # type: ignore[assignment]

    assert decode(encode({"v": Vague()})) == {"v": [1, 2]}


# What the annotation says


def annotated(kind: Any) -> Any:
    def function() -> Any: ...

    function.__annotations__["return"] = kind
    return function


@pytest.mark.parametrize(
    "kind", [Any, object, dict, dict[str, Any], list, list[Any], str, int, float, bool, None, type(None)]
)
def test_plain_annotations_need_no_restoring(kind: Any) -> None:
    assert restorer(annotated(kind)) is None


def test_no_or_unresolvable_annotations_leave_plain_json() -> None:
    assert restorer(lambda x: x) is None
    assert restorer(annotated("Nowhere")) is None
    assert restorer(len) is None


@pytest.mark.parametrize("kind", [np.ndarray, np.float64, Score | Packed | None])
def test_what_there_is_no_way_back_to_stays_plain(kind: Any) -> None:
    restore = restorer(annotated(kind))
    assert restore is None or restore([1, 2]) == [1, 2]


def test_callables_of_all_kinds_have_annotations() -> None:
    import functools

    class Scorer:
        def __call__(self, item: Any, *, model: str = "") -> Point:
            return POINT

        def method(self, item: Any) -> Point:
            return POINT

    async def coroutine(item: Any) -> Point:
        return POINT

    for function in (Scorer(), Scorer().method, coroutine, functools.partial(Scorer(), model="a")):
        restore = restorer(function)
        assert restore is not None, function
        assert restore({"x": 1, "y": 2.5, "tags": ["a"]}) == POINT


def test_a_batch_functions_annotation_is_for_the_list() -> None:
    restore = restorer(annotated(list[Point]), batch=True)
    assert restore is not None
    assert restore({"x": 1, "y": 2.5, "tags": ["a"]}) == POINT
    assert restorer(annotated(list[int]), batch=True) is None
    assert restorer(annotated(list), batch=True) is None


# Digests


@given(JSON, st.randoms())
def test_digests_do_not_depend_on_the_order_of_keys(value: Any, random: Any) -> None:
    def shuffled(part: Any) -> Any:
        if isinstance(part, dict):
            names = list(part)
            random.shuffle(names)
            return {name: shuffled(part[name]) for name in names}
        return [shuffled(child) for child in part] if isinstance(part, list) else part

    assert digest(shuffled(value)) == digest(value)


def test_digests_differ_where_values_do() -> None:
    values = [
        None,
        0,
        1,
        "1",
        "",
        [],
        {},
        [1],
        ["1"],
        {"a": 1},
        {"a": "1"},
        {"b": 1},
        [[1]],
        True,
        1.5,
        POINT,
    ]
    assert len({digest(value) for value in values}) == len(values)


def test_what_has_no_json_form_has_no_digest() -> None:
    for value in (object(), {1: object()}, "\ud800"):
        assert digest(value) == 0
    loop: list[Any] = []
    loop.append(loop)
    assert digest(loop) == 0


def test_digests_of_sets_are_the_same_in_every_process() -> None:
    code = "from onward.codec import digest; print(digest({'tags': {'a', 'b', 'c', 'd'}}), digest({3, 1, 2}))"
    found = set()
    for seed in ("0", "1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(run.stdout)
    assert len(found) == 1
