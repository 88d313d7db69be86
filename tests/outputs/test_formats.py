"""Formats: what they write exactly, what reads back, what is neutralised, what is refused."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.errors import OnwardError, OutputMissing, UsageError, ValueRefused
from onward.outputs import FORMATS, Format, format_for

TEXT = (
    st.text(max_size=12)
    | st.sampled_from(["12", "-0", "true", "null", "[1]", "{}", " 1", "1 ", '"a"', "007"])
    | st.text(st.sampled_from("'=+-@\t\r\n\",;a1 \u2028\x00"), max_size=6)
)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
DELIMITED = [FORMATS["csv"], FORMATS["tsv"]]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs") / "output"


def written(form: Format, results: list[Any]) -> bytes:
    return b"".join(form.chunks([msgspec.json.encode(result) for result in results]))


def back(form: Format, path: Path, content: bytes) -> list[Any]:
    path.write_bytes(content)
    return list(form.values(path))


def seen(value: Any) -> Any:
    """What a cell looks like when it comes back."""
    if not isinstance(value, str):
        return value
    if value == "":
        return None
    if value[0] not in "0123456789tf[{":  # a text that begins with "-" is marked as one
        return value
    try:
        return msgspec.json.decode(value)
    except (ValueError, RecursionError):
        return value


# ------------------------------------------------------------------------------- choosing


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("a.jsonl", None, "jsonl"),
        ("a.NDJSON", None, "jsonl"),
        (Path("b/a.CSV"), None, "csv"),
        ("a.tsv", None, "tsv"),
        ("a.json", None, "json"),
        ("a.out", "csv", "csv"),
        ("a.csv", "jsonl", "jsonl"),
    ],
)
def test_the_format_by_name(path: Any, name: str | None, expected: str) -> None:
    assert format_for(path, name).name == expected


@pytest.mark.parametrize(
    ("path", "name"), [("a.xlsx", None), ("a", None), ("a.csv.gz", None), ("a.csv", "xml")]
)
def test_unknown_formats_name_the_known_ones(path: str, name: str | None) -> None:
    with pytest.raises(UsageError, match=r"\.jsonl, \.csv, \.tsv, \.json"):
        format_for(path, name)


# ------------------------------------------------------------------------------------ JSON


@given(st.lists(VALUE))
def test_json_reads_back_without_loss(path: Path, results: list[Any]) -> None:
    lines = written(FORMATS["jsonl"], results)
    assert back(FORMATS["jsonl"], path, lines) == results
    assert lines.count(b"\n") == len(results)
    assert [json.loads(line) for line in lines.decode().split("\n")[:-1]] == results
    array = written(FORMATS["json"], results)
    assert back(FORMATS["json"], path, array) == results
    assert json.loads(array) == results
    assert array.count(b"\n") == (len(results) + 2 if results else 1)


@pytest.mark.parametrize("name", ["jsonl", "json"])
def test_layout_inside_a_value_is_taken_out(path: Path, name: str) -> None:
    raws = [b'{\n  "a": [\n1,\r\n2]\n}', b'"x\\n"']
    content = b"".join(FORMATS[name].chunks(raws))
    assert b'{"a":[1,2]}' in content
    assert back(FORMATS[name], path, content) == [{"a": [1, 2]}, "x\n"]


def test_exact_bytes() -> None:
    assert written(FORMATS["jsonl"], [{"a": 1}, "é"]) == b'{"a":1}\n"\xc3\xa9"\n'
    assert written(FORMATS["json"], [{"a": 1}, "é"]) == b'[\n{"a":1},\n"\xc3\xa9"\n]\n'
    assert written(FORMATS["jsonl"], []) == b""
    assert written(FORMATS["json"], []) == b"[]\n"
    assert written(FORMATS["csv"], []) == b"value\n"


# --------------------------------------------------------------------------------- CSV, TSV


def test_columns_come_in_the_order_of_their_first_appearance() -> None:
    results = [{"b": 1}, {"a": "x", "b": None}, {"c": [1, {"d": "e"}], "b": True}]
    assert written(FORMATS["csv"], results) == b'b,a,c\n1,,\n,x,\ntrue,,"[1,{""d"":""e""}]"\n'
    assert written(FORMATS["tsv"], results) == b'b\ta\tc\n1\t\t\n\tx\t\ntrue\t\t"[1,{""d"":""e""}]"\n'


def test_results_that_are_not_dicts_have_one_column() -> None:
    assert written(FORMATS["csv"], [1, None, "a,b", [1, 2]]) == b'value\n1\n""\n"a,b"\n"[1,2]"\n'
    assert written(FORMATS["csv"], [{}, {}]) == b"value\n{}\n{}\n"


def test_numbers_are_not_touched() -> None:
    raws = [b'{"a":-1,"b":1.50,"c":123456789012345678901234567890,"d":1e+22}']
    assert b"".join(FORMATS["csv"].chunks(raws)) == b"a,b,c,d\n-1,1.50,123456789012345678901234567890,1e+22\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx", "'=1", "''@x"])
@pytest.mark.parametrize("form", DELIMITED, ids=lambda form: form.name)
def test_formulas_are_neutralised_and_come_back(path: Path, form: Format, text: str) -> None:
    content = written(form, [{"a": text, text: 1}])
    delimiter = "," if form.name == "csv" else "\t"
    rows = list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter))
    assert rows == [["a", "'" + text], ["'" + text, "1"]]
    assert back(form, path, content) == [{"a": text, text: 1}]


@given(st.lists(st.dictionaries(TEXT, VALUE, max_size=4)), st.sampled_from(DELIMITED))
def test_dicts_read_back_but_for_what_is_documented(path: Path, results: list[Any], form: Format) -> None:
    columns = list(dict.fromkeys(key for result in results for key in result))
    content = written(form, results)
    got = back(form, path, content)
    if not columns:
        assert got == results
        return
    expected = [{column: seen(result.get(column)) for column in columns} for result in results]
    assert got == ([row["value"] for row in expected] if columns == ["value"] else expected)
    assert_no_formula(content, form)


@given(st.lists(VALUE.filter(lambda value: not isinstance(value, dict))), st.sampled_from(DELIMITED))
def test_others_read_back_but_for_what_is_documented(path: Path, results: list[Any], form: Format) -> None:
    content = written(form, results)
    assert back(form, path, content) == [seen(result) for result in results]
    assert_no_formula(content, form)


def assert_no_formula(content: bytes, form: Format) -> None:
    delimiter = "," if form.name == "csv" else "\t"
    for row in csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter, strict=True):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t", "\r", "\n"))
            assert not cell.startswith("-") or isinstance(json.loads(cell), int | float)


@pytest.mark.parametrize("results", [[{"a": 1}, 2], [1, {"a": 2}], [None, {}], [{"a": 1}, [1]]])
def test_a_mixture_is_refused_and_names_the_way_out(results: list[Any]) -> None:
    with pytest.raises(ValueRefused, match=r"write JSONL instead"):
        written(FORMATS["csv"], results)


def test_results_that_cannot_be_passed_over_twice_are_noticed() -> None:
    with pytest.raises(RuntimeError, match="between two passes"):
        list(FORMATS["csv"].chunks(iter([b'{"a":1}'])))


def test_long_cells_read_back(path: Path) -> None:
    results = [{"a": "x" * 1_000_000, "b": 1}]
    assert back(FORMATS["csv"], path, written(FORMATS["csv"], results)) == results


# ------------------------------------------------------------------------------------ damage


@given(st.sampled_from(list(FORMATS.values())), st.binary() | st.text('[]{}",\n\t=1a').map(str.encode))
def test_any_bytes_give_values_or_an_error_that_names_the_file(
    path: Path, form: Format, content: bytes
) -> None:
    try:
        back(form, path, content)
    except OnwardError:
        with pytest.raises(OutputMissing, match=r"output, line \d+: was changed"):
            back(form, path, content)


@pytest.mark.parametrize(
    "content", [b"", b"[\n1,\n2", b"[\n1,\n2,\n", b"[1,2]\n", b"[]\n1\n", b"[\n1\n]\n2\n"]
)
def test_an_array_that_is_not_whole_is_noticed(path: Path, content: bytes) -> None:
    with pytest.raises(OutputMissing):
        back(FORMATS["json"], path, content)


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_a_missing_file_is_named(tmp_path: Path, form: Format) -> None:
    with pytest.raises(OutputMissing, match="gone: cannot be read: No such file"):
        list(form.values(tmp_path / "gone"))
