"""Every tracker keeps the seam's contract."""

import json
import os
from pathlib import Path

import httpx2
import pytest

from onward.recipes.meeting_tasks.trackers import Kept, Tracker, open_tracker
from onward.recipes.meeting_tasks.trackers.github import GitHub
from onward.recipes.meeting_tasks.trackers.suite import IdempotentSuite, TrackerSuite, task
from recipes.tracking.servers import Server


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode()
    assert text.count(old) == 1, text
    path.write_bytes(text.replace(old, new).encode())


class TestMarkdown(IdempotentSuite):
    path = Path("tasks.md")

    def make(self) -> Tracker:
        return open_tracker("tasks.md")

    def edit(self, kept: Kept, title: str) -> None:
        edited(self.path, f"[ ] {kept.fields['title']}\n", f"[ ] {title}\n")

    def finish(self, kept: Kept) -> None:
        edited(self.path, f"[ ] {kept.fields['title']}\n", f"[x] {kept.fields['title']}\n")


class TestCsv(IdempotentSuite):
    path = Path("tasks.csv")

    def make(self) -> Tracker:
        return open_tracker("tasks.csv")

    def edit(self, kept: Kept, title: str) -> None:
        edited(self.path, f"\n,{kept.fields['title']},", f"\n,{title},")

    def finish(self, kept: Kept) -> None:
        edited(self.path, f"\n,{kept.fields['title']},", f"\nx,{kept.fields['title']},")


class TestIcs(IdempotentSuite):
    path = Path("tasks.ics")

    def make(self) -> Tracker:
        return open_tracker("tasks.ics")

    def edit(self, kept: Kept, title: str) -> None:
        edited(self.path, f"SUMMARY:{kept.fields['title']}\r\n", f"SUMMARY:{title}\r\n")

    def finish(self, kept: Kept) -> None:
        before, mine, after = self.path.read_bytes().decode().partition(f"UID:onward-{kept.stamp.key}")
        start = before.rindex("BEGIN:VTODO")
        head, mine = before[:start], before[start:] + mine
        tail, end, rest = after.partition("END:VTODO")
        block = (mine + tail).replace("STATUS:NEEDS-ACTION", "STATUS:COMPLETED")
        self.path.write_bytes((head + block + end + rest).encode())


class TestCalDav(IdempotentSuite):
    @pytest.fixture(autouse=True)
    def _server(self, caldav: str) -> None:
        self.address = caldav

    def make(self) -> Tracker:
        return open_tracker(f"caldav:{self.address}")

    def change(self, kept: Kept, old: str, new: str) -> None:
        account = (os.environ["CALDAV_USERNAME"], os.environ["CALDAV_PASSWORD"])
        url = httpx2.URL(self.address).join(kept.ref)
        text = httpx2.get(url, auth=account).text
        assert old in text
        put = httpx2.put(
            url, content=text.replace(old, new), auth=account, headers={"content-type": "text/calendar"}
        )
        assert put.is_success, put.text

    def edit(self, kept: Kept, title: str) -> None:
        self.change(kept, f"SUMMARY:{kept.fields['title']}", f"SUMMARY:{title}")

    def finish(self, kept: Kept) -> None:
        self.change(kept, "STATUS:NEEDS-ACTION", "STATUS:COMPLETED")


class TestGitHub(TrackerSuite):
    @pytest.fixture(autouse=True)
    def _server(self, github: Server) -> None:
        self.server = github

    def make(self) -> Tracker:
        return open_tracker("github:octo/work")

    def change(self, kept: Kept, **fields: str) -> None:
        path = self.server.folder / f"issue-{kept.ref}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    def edit(self, kept: Kept, title: str) -> None:
        self.change(kept, title=title)

    def finish(self, kept: Kept) -> None:
        self.change(kept, state="closed")

    def test_a_list_that_lags_is_looked_at_again(self) -> None:
        tracker = GitHub("octo/work")
        tracker.lag = 2.0
        (self.server.folder / "lag").write_text("1")
        self.put(tracker, task(1))
        assert tracker.find("key0001", "", None) is not None
        tracker.close()
