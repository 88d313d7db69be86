"""A file of tasks belongs to people: what they write in it stays, byte for byte."""

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.errors import UsageError
from onward.recipes.meeting_tasks.trackers import Kept, Tracker, open_tracker
from onward.recipes.meeting_tasks.trackers.base import one_line, stamp_after, stamp_of
from onward.recipes.meeting_tasks.trackers.csv_file import CsvFile
from onward.recipes.meeting_tasks.trackers.file import Format
from onward.recipes.meeting_tasks.trackers.ics_file import IcsFile
from onward.recipes.meeting_tasks.trackers.markdown_file import MarkdownFile
from onward.recipes.meeting_tasks.trackers.suite import task


def put(tracker: Tracker, number: int, **given: object) -> Kept:
    made = task(number, **given)
    return tracker.create(made, stamp_of(made, tracker.fields(made)))


def retitle(tracker: Tracker, kept: Kept, title: str) -> Kept:
    made = task(1, title=title)
    return tracker.update(kept, {"title": title}, made, stamp_after(kept, made, {"title": title}))


FOREIGN = {
    "tasks.md": (
        "# Ours\n\n- [ ] mine\n  - owner: me\n\n| a | b |\n|---|---|\n| 1 | 2 |  \n\n<!-- a comment -->\n"
        "\tindented\n* [X] done\n\n\n\n"
    ),
    "tasks.csv": (
        "\ufeffdone;title;comment;owner;due;priority;labels;description;meeting;onward\r\n"
        'x;"mine; with ""quotes""";  spaced ;me;;;;"two\nlines";;\r\n'
        ";=SUM(A1);;;;;;;;\r\n"
    ),
    "tasks.ics": (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//other//EN\r\nX-WR-CALNAME:Ours\r\nBEGIN:VTODO\r\nUID:other-1\r\n"
        "DTSTAMP:20260101T000000Z\r\nSUMMARY:A long line that is\r\n  folded in a place of its own\r\n"
        "X-ODD;A=b:c,d\\;e\r\n"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VTODO\r\nBEGIN:VEVENT\r\nUID:e\r\n"
        "DTSTAMP:20260101T000000Z\r\nDTSTART:20260101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_lines_stay(name: str) -> None:
    path, foreign = Path(name), FOREIGN[name].encode()
    path.write_bytes(foreign)
    tracker = open_tracker(name)
    kept = put(tracker, 1)
    put(tracker, 2)
    kept = retitle(tracker, kept, "Another")
    assert kept.fields["title"] == "Another"
    content = path.read_bytes()
    for line in foreign.rstrip().split(b"\n"):
        assert content.count(line) >= 1, line
    head = foreign[: foreign.rindex(b"END:VCALENDAR")] if name == "tasks.ics" else foreign.rstrip(b"\n")
    assert content.startswith(head)
    assert len(list(tracker.tasks(None))) == 2


def test_lines_of_their_own_within_a_task_stay() -> None:
    tracker = open_tracker("tasks.md")
    kept = put(tracker, 1)
    path = Path("tasks.md")
    text = path.read_text()
    text = text.replace("  - due: 2026-05-08\n", "  - due: 2026-05-08\n  - asked Ben on Monday\n\n  1. one\n")
    path.write_text("Above.\n\n" + text.replace("## Standup", "## The standup") + "\nBelow.\n")
    kept = retitle(tracker, kept, "Another")
    assert (
        path.read_text()
        == "Above.\n\n"
        + text.replace("## Standup", "## The standup")
        .replace("Send contract 1 to Northwind\n", "Another\n")
        .replace(text[text.index("<!-- onward-task") :], f"<!-- onward-task {kept.stamp.text()} -->\n")
        + "\nBelow.\n"
    )


def test_a_new_task_stands_with_those_of_its_meeting() -> None:
    tracker = open_tracker("tasks.md")
    put(tracker, 1)
    put(tracker, 2, meeting="retro@2026-05-05", heading="Retro")
    put(tracker, 3)
    lines = Path("tasks.md").read_text().splitlines()
    shown = [line for line in lines if line.startswith(("## ", "- [ ]"))]
    assert [line.split(",")[0] for line in shown] == [
        "## Standup",
        "- [ ] Send contract 1 to Northwind",
        "- [ ] Send contract 3 to Northwind",
        "## Retro",
        "- [ ] Send contract 2 to Northwind",
    ]


def test_line_ends_are_the_files() -> None:
    path = Path("tasks.md")
    path.write_bytes(b"# Ours\r\n\r\ntext\r\n")
    tracker = open_tracker("tasks.md")
    retitle(tracker, put(tracker, 1), "Another")
    content = path.read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n")
    assert next(tracker.tasks(None)).fields["title"] == "Another"


def test_mode_and_links_stay() -> None:
    Path("real.md").write_text("x\n")
    Path("real.md").chmod(0o664)
    Path("tasks.md").symlink_to("real.md")
    put(open_tracker("tasks.md"), 1)
    assert Path("tasks.md").is_symlink()
    assert Path("real.md").stat().st_mode & 0o777 == 0o664
    assert "Send contract" in Path("real.md").read_text()
    assert not list(Path.cwd().glob(".*.onward-tmp"))


def test_an_editor_that_saves_meanwhile_loses_nothing() -> None:
    """It knows no lock: it reads, adds a line, and writes the whole file, as editors do."""
    tracker, path, stop = open_tracker("tasks.md"), Path("tasks.md").absolute(), threading.Event()
    path.write_text("")

    def edit() -> None:
        number = 0
        while not stop.is_set():
            with path.open("a") as file:  # in one write, or its own reading would be what loses lines
                file.write(f"\nline {number}\n")
            number += 1
            stop.wait(0.02)
        path.with_suffix(".count").write_text(str(number))

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        for number in range(30):
            put(tracker, number)
    finally:
        stop.set()
        editor.join()
    written = int(path.with_suffix(".count").read_text())
    lines = path.read_text().splitlines()
    lost = [number for number in range(written) if f"line {number}" not in lines]
    assert len(list(tracker.tasks(None))) == 30
    assert len(lost) <= written // 10, "only what falls between the last look and the replacement can be lost"


def test_a_copied_task_is_somebody_elses() -> None:
    tracker, path = open_tracker("tasks.md"), Path("tasks.md")
    kept = put(tracker, 1)
    text = path.read_text()
    path.write_text(text + "\n" + text.replace("Send contract 1", "A copy of contract 1"))
    kept = retitle(tracker, kept, "Another")
    assert "A copy of contract 1" in path.read_text()
    assert [one.fields["title"] for one in tracker.tasks(None)] == ["Another"]


def test_a_task_without_its_comment_is_somebody_elses() -> None:
    tracker, path = open_tracker("tasks.md"), Path("tasks.md")
    put(tracker, 1)
    put(tracker, 2)
    lines = path.read_text().splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if "onward-task" in line)
    path.write_text("".join(lines[:first] + lines[first + 1 :]))
    (only,) = tracker.tasks(None)
    assert only.fields["title"] == "Send contract 2 to Northwind"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tasks.md", b"\xff\xfe\x00", "not UTF-8"),
        ("tasks.csv", b"name,age\n", "not a header"),
        ("tasks.ics", b"no calendar", "no calendar"),
    ],
)
def test_what_is_no_such_file_is_refused_and_left_alone(name: str, content: bytes, said: str) -> None:
    Path(name).write_bytes(content)
    with pytest.raises(UsageError, match=said):
        put(open_tracker(name), 1)
    assert Path(name).read_bytes() == content


def test_a_spreadsheet_that_was_saved_elsewhere() -> None:
    """With semicolons, every cell quoted, and other line ends, as some programs do."""
    import csv

    tracker, path = open_tracker("tasks.csv"), Path("tasks.csv")
    put(tracker, 1)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    (kept,) = tracker.tasks(None)
    assert kept.fields == tracker.fields(task(1))
    put(tracker, 2)
    assert len(list(tracker.tasks(None))) == 2


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(lambda text: one_line(text) or "x")


@pytest.mark.parametrize("form", [MarkdownFile(), CsvFile(), IcsFile()], ids=lambda form: type(form).__name__)
@given(
    texts=st.lists(TEXTS, min_size=6, max_size=6), others=st.text(st.characters(codec="utf-8"), max_size=80)
)
def test_any_text_reads_back(form: Format, texts: list[str], others: str) -> None:
    title, owner, label, words, said, check = texts
    made = task(
        1, title=title, owner=owner, labels=[label.replace(",", " ")], quote=words, said=said, checks=[check]
    )
    before = f"{others}\n" if isinstance(form, MarkdownFile) and "onward-task" not in others else ""
    text = form.add(before, made, stamp_of(made, form.fields(made)))
    text = form.add(text, task(2), stamp_of(task(2), form.fields(task(2))))
    first, second = form.read(text)
    assert first.fields == form.fields(made)
    assert first.stamp == stamp_of(made, form.fields(made))
    assert second.fields == form.fields(task(2))
    shown = form.fields(made)["title"]  # what the file shows of a title: no space at the ends, in Markdown
    assert shown.strip() == title.strip()
    changed = form.change(text, "key0002", {"title": shown, "description": ""}, second.stamp)
    assert [one.fields["title"] for one in form.read(changed)] == [shown, shown]
    assert form.read(changed)[0] == first
