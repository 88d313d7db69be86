"""Every format that comes with onward passes the suite that others' formats are held to."""

from typing import Any

from onward.outputs import Format, format_for
from onward.testing.output_suite import OutputSuite


class TestJsonl(OutputSuite):
    def make(self) -> Format:
        return format_for("x.jsonl")


class TestJson(OutputSuite):
    def make(self) -> Format:
        return format_for("x.json")


class TestCsv(OutputSuite):
    def make(self) -> Format:
        return format_for("x.csv")

    def expected(self, results: list[Any]) -> list[Any]:
        """An empty text is an empty cell, and so is a key that is not there."""
        if not any(isinstance(result, dict) for result in results):
            return results
        columns = dict.fromkeys(key for result in results for key in result)
        return [
            {key: None if result.get(key) == "" else result.get(key) for key in columns} for result in results
        ]


class TestTsv(TestCsv):
    def make(self) -> Format:
        return format_for("x.tsv")
