"""The conformance suite for trackers: what :mod:`onward.recipes.meeting_tasks.trackers.base` promises, as tests.

Derive from it, override the first three methods, and let pytest collect the class:

    class TestMine(TrackerSuite):
        def make(self): ...
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from datetime import date

from onward.recipes.meeting_tasks.trackers.base import (
    TITLE,
    Kept,
    Stamp,
    Task,
    TaskChanged,
    Tracker,
    one_line,
    stamp_after,
    stamp_of,
)

SINCE = date(2026, 5, 4)
HOSTILE = [
    "=HYPERLINK(1)",
    "+1 -2 @SUM(A1)",
    "'=quoted already",
    "a, b; c\\n d \\, \\; : \\\\ end",
    "END:VTODO",
    "--> <!-- onward-task {} --> <script>alert(1)</script>",
    "[link](javascript:alert(1)) `code` *bold* _x_ ~~s~~ ![i](u) | $x$ &amp;",
    "@everyone see #12 and octo/repo#3",
    "# heading",
    "- [x] done",
    "1. first",
    "> quote",
    '"quoted" and “typographic”',
    "owner: Nobody",
    "x" * 5000,
    "👩‍👩‍👧 naïve Ünïcödé 漢字 \u202egnp",
    "tab\there\x00\x07 null",
    "trailing backslash \\",
    "https://example.com/?a=b&c=d#e_f",
]


def task(number: int = 1, **given: object) -> Task:
    """A task like any other."""
    usual = Task(
        key=f"key{number:04}",
        meeting="standup@2026-05-04",
        heading="Standup, 2026-05-04",
        title=f"Send contract {number} to Northwind",
        what=f"send contract {number} to Northwind",
        who="Mia",
        owner="Mia Chen",
        handle="miac",
        due="2026-05-08",
        priority="high",
        labels=["legal", "meeting"],
        quote=f"I'll send contract {number} to Northwind by Friday.",
        said="Mia at 12:31, line 42 of standup.vtt",
        link="notes/standup.md",
        checks=["check the due date"],
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def hostile(number: int, text: str) -> Task:
    """A task whose every text is the same hostile one, as the recipe would hand it on."""
    line, title = one_line(text), one_line(text, TITLE)
    texts = {
        "title": title,
        "what": line,
        "who": line,
        "owner": one_line(text, 80),
        "quote": line,
        "said": line,
    }
    return task(number, **texts, link="notes.md", heading=title, checks=[line])


class TrackerSuite:
    """See the module."""

    def make(self) -> Tracker:
        """A tracker on the same place as before within a test; a new place for each test."""
        raise NotImplementedError

    def edit(self, kept: Kept, title: str) -> None:
        """Change a task's title as a person would."""
        raise NotImplementedError

    def finish(self, kept: Kept) -> None:
        """Close a task as a person would."""
        raise NotImplementedError

    def put(self, tracker: Tracker, made: Task) -> Kept:
        return tracker.create(made, stamp_of(made, tracker.fields(made)))

    def all(self) -> dict[str, Kept]:
        """What another process sees."""
        tracker = self.make()
        found = list(tracker.tasks(SINCE))
        tracker.close()
        assert len({kept.stamp.key for kept in found}) == len(found), "a task twice"
        return {kept.stamp.key: kept for kept in found}

    def test_an_empty_tracker_has_no_tasks(self) -> None:
        assert self.all() == {}
        tracker = self.make()
        assert tracker.find("nothing", "", SINCE) is None
        tracker.close()

    def test_what_was_created_reads_back_letter_for_letter(self) -> None:
        tracker, made = self.make(), [task(number) for number in range(3)]
        bare = task(
            3, owner="", handle="", due="", priority="normal", labels=[], quote="", said="", checks=[]
        )
        low = task(4, priority="low", meeting="retro@2026-05-05", heading="Retro, 2026-05-05")
        for one in (*made, bare, low):
            self.put(tracker, one)
        found = self.all()
        for one in (*made, bare, low):
            fields = tracker.fields(one)
            assert found[one.key].fields == fields
            assert found[one.key].stamp == stamp_of(one, fields)
            assert not found[one.key].closed
        tracker.close()

    def test_hostile_text_stays_text(self) -> None:
        tracker = self.make()
        made = [hostile(number, text) for number, text in enumerate(HOSTILE)]
        for one in made:
            self.put(tracker, one)
        found = self.all()
        assert len(found) == len(made)
        for one in made:
            assert found[one.key].fields == tracker.fields(one), one.title
            assert found[one.key].stamp == stamp_of(one, tracker.fields(one))
            assert not found[one.key].closed
        tracker.close()

    def test_a_task_is_found_by_its_key(self) -> None:
        tracker = self.make()
        kept = self.put(tracker, task(1))
        for ref in ("", kept.ref):
            found = tracker.find("key0001", ref, SINCE)
            assert found is not None
            assert found.ref == kept.ref
        assert tracker.find("key0002", "", SINCE) is None
        assert tracker.find("key0002", kept.ref, SINCE) is None
        tracker.close()

    def test_an_update_writes_what_it_is_given_and_nothing_else(self) -> None:
        tracker = self.make()
        self.put(tracker, task(1))
        self.put(tracker, task(2))
        kept = self.all()["key0001"]
        new = task(
            1, title="Send it today", owner="Ben Ode", handle="", due="", priority="normal", quote="Anew."
        )
        wanted = tracker.fields(new)
        for name in [name for name in wanted if wanted[name] != kept.fields[name]]:
            stamp = stamp_after(kept, new, {name: wanted[name]})
            tracker.update(kept, {name: wanted[name]}, new, stamp)
            before, kept = kept, self.all()["key0001"]
            assert kept.fields == {**before.fields, name: wanted[name]}
            assert kept.stamp == stamp
        assert kept.fields == wanted
        assert self.all()["key0002"].fields == tracker.fields(task(2))
        tracker.close()

    def test_an_edit_by_hand_is_seen(self) -> None:
        tracker = self.make()
        kept = self.put(tracker, task(1))
        self.put(tracker, task(2))
        self.edit(kept, "Another title")
        assert self.all()["key0001"].fields == {**kept.fields, "title": "Another title"}
        assert self.all()["key0001"].stamp == kept.stamp
        tracker.close()

    def test_an_edit_meanwhile_is_not_lost(self) -> None:
        tracker = self.make()
        self.put(tracker, task(1))
        kept = tracker.find("key0001", "", SINCE)
        assert kept is not None
        self.edit(kept, "Theirs")
        new = task(1, title="Ours")
        with contextlib.suppress(TaskChanged):
            tracker.update(kept, {"title": "Ours"}, new, stamp_after(kept, new, {"title": "Ours"}))
        assert self.all()["key0001"].fields["title"] == "Theirs"
        tracker.close()

    def test_a_closed_task_is_seen_as_closed_and_stays_so(self) -> None:
        tracker = self.make()
        kept = self.put(tracker, task(1))
        self.put(tracker, task(2))
        self.finish(kept)
        closed = self.all()["key0001"]
        assert closed.closed
        assert not self.all()["key0002"].closed
        new = task(1, title="New title")
        tracker.update(closed, {"title": "New title"}, new, stamp_after(closed, new, {"title": "New title"}))
        assert self.all()["key0001"].closed
        tracker.close()

    def test_two_writers_at_once_lose_nothing(self) -> None:
        failed: list[BaseException] = []

        def write(first: int) -> None:
            tracker = self.make()
            try:
                for number in range(first, first + 5):
                    self.put(tracker, task(number))
            except BaseException as error:  # noqa: BLE001 - it is told by the test
                failed.append(error)
            finally:
                tracker.close()

        writers = [threading.Thread(target=write, args=(first,)) for first in (10, 20, 30)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert not failed
        assert len(self.all()) == 15

    def test_many_tasks_are_all_found(self) -> None:
        tracker = self.make()
        for number in range(105):
            self.put(tracker, task(number))
        assert len(self.all()) == 105
        tracker.close()

    def test_a_stamp_reads_back(self) -> None:
        for text in HOSTILE:
            stamp = Stamp("k", "m", one_line(text), one_line(text), one_line(text), {"title": "00"})
            assert Stamp.read(stamp.text()) == stamp
            assert not {"--", "<", ">", "\n"} & {*stamp.text(), *(["--"] if "--" in stamp.text() else [])}


class IdempotentSuite(TrackerSuite):
    """For trackers that can refuse a second task of one key."""

    def test_a_second_create_gives_back_the_first(self) -> None:
        tracker = self.make()
        first = self.put(tracker, task(1))
        again = self.put(tracker, task(1, title="Another title"))
        assert again.ref == first.ref
        assert self.all()["key0001"].fields == tracker.fields(task(1))
        tracker.close()
