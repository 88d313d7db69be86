from onward.cli.answer import table


def test_table_lines_up_wide_characters_and_drops_empty_columns() -> None:
    lines = list(table(("JOB", "EMPTY", "N"), [["名前", "", "1"], ["plain-name", "", "20"]]))
    assert lines == ["JOB         N", "名前        1", "plain-name  20"]
