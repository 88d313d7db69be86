"""`onward tasks`, as one types it: notes go in, tasks come out once, and what people did to them stays."""

import json
import re
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cli.processes import PROGRAM, environment
from cli.test_cli_terminal import Terminal
from onward.recipes.meeting_tasks.trackers import Kept, open_tracker
from recipes.tracking.meetings import item, many, notes, save, tasks
from recipes.tracking.servers import Server

MD = ("notes", "--to", "tasks.md")


def kept(to: str = "tasks.md") -> list[Kept]:
    tracker = open_tracker(to)
    found = list(tracker.tasks(None))
    tracker.close()
    return found


def titles(to: str = "tasks.md") -> list[str]:
    return [one.fields["title"] for one in kept(to)]


def actions(*words: str) -> dict[str, str]:
    done = tasks(*words, "--json")
    assert done.code == 0, done.err
    return {one["title"]: one["action"] for one in done.document["tasks"]}


def replaced(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new, 1))


def test_notes_become_tasks() -> None:
    save(notes(item(1), item(2, due="2026-05-20", quote="That is urgent: contract 2.")))
    done = tasks(*MD)
    assert done.code == 0, done.err
    assert re.search(r"created +Send contract 1 to Northwind +Mia +2026-05-08 +Standup, 2026-05-04", done.out)
    first, second = kept()
    assert first.fields["title"] == "Send contract 1 to Northwind"
    assert first.fields["owner"] == "Mia"
    assert first.fields["due"] == "2026-05-08"
    assert "“I will send contract number 1 to Northwind by Friday.”" in first.fields["description"]
    assert "Mia at 1:00, line 10 of standup.vtt" in first.fields["description"]
    assert "(<notes/standup.json>)" in first.fields["description"]
    assert (second.fields["due"], second.fields["priority"]) == ("2026-05-20", "high")


def test_transcripts_are_noted_first() -> None:
    samples = Path(__file__).parents[3] / "samples" / "meetings"
    done = tasks(str(samples), "--to", "tasks.md", "--json")
    assert done.code == 0, done.err
    found = [one["title"] for one in done.document["tasks"]]
    assert "Run the load test" in found
    assert titles() == found
    assert (Path("notes") / "index.html").exists()
    load_test = kept()[found.index("Run the load test")]
    assert (load_test.fields["owner"], load_test.fields["due"]) == ("Amara Obi", "2026-11-20")
    assert "(<notes/2026-11-12-release-planning.md>)" in load_test.fields["description"]
    # From the notes it is the same tasks.
    assert actions("notes", "--to", "tasks.md", "--run", "other") == dict.fromkeys(found, "unchanged")


def test_a_transcript_that_cannot_be_read_is_told_and_left_out() -> None:
    Path("meetings").mkdir()
    Path("meetings/standup.txt").write_text(
        "Mia: Ben, can you book the room by Friday?\nBen: Yes, I will book the room.\n"
    )
    Path("meetings/broken.vtt").write_bytes(b"\xff\x00")
    done = tasks("meetings", "--to", "tasks.md", "--date", "2026-05-04")
    assert "broken.vtt" in done.err
    assert done.code == 3, done
    assert len(titles()) >= 1


@pytest.mark.parametrize("to", ["tasks.md", "tasks.csv", "tasks.ics"])
def test_the_same_again_does_nothing(to: str) -> None:
    save(notes(*many(5)))
    assert tasks("notes", "--to", to).code == 0
    before = Path(to).read_bytes()
    again = tasks("notes", "--to", to)
    assert again.code == 0
    assert "already finished" in again.err
    assert actions("notes", "--to", to, "--again") == dict.fromkeys(titles(to), "unchanged")
    assert Path(to).read_bytes() == before


def test_edited_notes_renew_and_do_not_double() -> None:
    items = many(6)
    save(notes(*items))
    assert tasks(*MD).code == 0
    keys = {one.fields["title"]: one.stamp.key for one in kept()}
    edited = [
        replace(items[3], line=900),  # lines have shifted, and the order changed
        replace(items[0], what="book the small meeting room for the workshop"),
        replace(items[1], owner="Zoe", due="2026-06-01"),
        replace(items[2], quote=items[2].quote + " And the blog post."),
        replace(items[5], what="get the board to sign"),  # only the quote is the same
    ]
    save(notes(*edited, item(77, what="water the plants", quote="And water the plants, Ben.")))
    done = tasks(*MD, "--json")
    assert done.code == 0, done.err
    found = {one["title"]: one["action"] for one in done.document["tasks"]}
    assert found == {
        "Call the caterer and cancel the vegetarian option": "updated",  # the line stands in the description
        "Book the small meeting room for the workshop": "updated",
        "Ask legal about the licence of the fonts": "updated",
        "Write the release notes for version four": "updated",
        "Get the board to sign": "updated",
        "Water the plants": "created",
    }
    assert [one["what"] for one in done.document["vanished"]] == [items[4].what]
    now = {one.stamp.key: one for one in kept()}
    assert len(now) == 7
    assert now[keys["Collect the signatures of the board"]].fields["title"] == "Get the board to sign"
    assert now[keys["Ask legal about the licence of the fonts"]].fields["owner"] == "Zoe"
    assert (
        now[keys["Fix the login page on small screens"]].fields["title"]
        == "Fix the login page on small screens"
    )


def test_what_people_changed_stays() -> None:
    save(notes(*many(3)))
    assert tasks(*MD).code == 0
    replaced("tasks.md", "[ ] Book the large meeting room", "[ ] Book room 5")
    replaced("tasks.md", "- [ ] Ask legal", "- [x] Ask legal")
    replaced("tasks.md", "- [ ] Write", "My own line.\n\n- [ ] Write")
    changed = [replace(one, what=one.what + " today", due="2026-07-01") for one in many(3)]
    save(notes(*changed))
    done = tasks(*MD, "--json")
    assert done.code == 0, done.err
    found = {one["title"]: (one["action"], one["left"]) for one in done.document["tasks"]}
    assert list(found.values()) == [("updated", ["title"]), ("closed", ["title", "due"]), ("updated", [])]
    first, second, third = kept()
    assert first.fields["title"] == "Book room 5 for the workshop"
    assert first.fields["due"] == "2026-07-01"
    assert second.closed
    assert second.fields["title"] == "Ask legal about the licence of the fonts"
    assert third.fields["title"] == "Write the release notes for version four today"
    assert "My own line." in Path("tasks.md").read_text()


def test_what_people_deleted_is_not_made_again_unless_asked() -> None:
    save(notes(*many(2)))
    assert tasks(*MD).code == 0
    Path("tasks.md").write_text("")
    assert set(actions(*MD, "--again").values()) == {"deleted"}
    assert titles() == []
    assert set(actions(*MD, "--again", "--recreate").values()) == {"created"}
    assert len(titles()) == 2


def test_without_a_ledger_the_tracker_knows() -> None:
    save(notes(*many(4)))
    assert tasks(*MD).code == 0
    save(notes(*[replace(one, what=one.what + " today") for one in many(4)]))
    assert set(actions(*MD, "--store", "elsewhere", "--run", "new").values()) == {"updated"}
    assert len(titles()) == 4


def test_a_dry_run_does_nothing() -> None:
    save(notes(*many(2)))
    done = tasks(*MD, "--dry-run")
    assert done.code == 0
    assert "would be created" in done.out
    assert not Path("tasks.md").exists()
    assert tasks(*MD).code == 0
    save(notes(*many(3)))
    assert [one["action"] for one in tasks(*MD, "--dry-run", "--json").document["tasks"]] == [
        "unchanged",
        "unchanged",
        "created",
    ]
    assert len(titles()) == 2


def test_a_limit_is_resumed() -> None:
    save(notes(*many(5)))
    first = tasks(*MD, "--limit", "2")
    assert first.code == 75, first.err
    assert len(titles()) == 2
    assert "Go on with:  onward tasks notes --to tasks.md" in first.err
    second = tasks(*MD, "--json")
    assert (second.code, second.document["reused"]) == (0, 2)
    assert len(titles()) == 5


def test_owners_are_matched_and_never_guessed() -> None:
    Path("people.yaml").write_text(
        "- {name: Mia Chen, aliases: [Mimi], email: mia@example.com, github: miac}\n"
        "- {name: Alex Kim}\n- {name: Alex Novak}\n"
    )
    who = ["Mia", "mimi", "Alex", "Alex Novak", "Zoe", None, "mia@example.com"]
    save(notes(*[replace(one, owner=owner) for one, owner in zip(many(7), who, strict=True)]))
    done = tasks(*MD, "--people", "people.yaml")
    assert done.code == 0, done.err
    owners = [one.fields["owner"] for one in kept()]
    assert owners == ["Mia Chen", "Mia Chen", "", "Alex Novak", "", "", "Mia Chen"]
    assert "“Alex” could be Alex Kim or Alex Novak" in done.out
    assert "“Zoe” is not in the people file" in done.out
    assert "could be Alex Kim or Alex Novak" in kept()[2].fields["description"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["notes", "--to", "nowhere"], "write FILE.md, FILE.csv"),
        (["notes", "--to", "github:octo/work"], "set GITHUB_TOKEN"),
        (
            ["notes", "--to", "caldav:https://user:secret@example.com/"],
            "no user name or password in the address",
        ),
        (["notes", "--to", "tasks.md", "--review"], "there is no terminal"),
        (["notes", "--to", "tasks.md", "--people", "none.csv"], "people file none.csv cannot be read"),
        (["elsewhere.json", "--to", "tasks.md"], "elsewhere.json"),
        (["empty", "--to", "tasks.md"], "no notes"),
    ],
)
def test_mistakes_are_told(words: list[str], said: str) -> None:
    save(notes(item(1)))
    Path("empty").mkdir()
    done = tasks(*words)
    assert done.code in (1, 2), done
    assert said in done.err
    assert "secret" not in done.err
    assert not Path("tasks.md").exists()


def test_two_notes_of_one_meeting_are_refused() -> None:
    save(notes(item(1)))
    save(notes(item(1)), "notes/copy.json")
    done = tasks(*MD)
    assert done.code == 2
    assert "are notes of one meeting, standup@2026-05-04" in done.err


def test_a_file_of_another_kind_is_left_alone() -> None:
    save(notes(item(1)))
    Path("tasks.csv").write_text("a,b\n1,2\n")
    done = tasks("notes", "--to", "tasks.csv")
    assert done.code == 2, done
    assert "not a header" in done.err
    assert Path("tasks.csv").read_text() == "a,b\n1,2\n"


# -------------------------------------------------------------------------------------------------- review


def test_a_review_accepts_edits_and_skips() -> None:
    save(notes(*many(4)))
    terminal = Terminal("tasks", *MD, "--review")
    answers = ["a\n", "e\n", "s\n", "a\n"]
    for number, answer in enumerate(answers, 1):
        terminal.read_until(rf"{number}/4 .*(?s:.*)\[q\]uit $")
        terminal.type(answer)
        if answer == "e\n":
            for prompt, text in [
                ("title", "Ask Dana"),
                ("owner", "-"),
                ("due", "2026-09-09"),
                ("priority", "low"),
            ]:
                terminal.read_until(rf"{prompt}[^\n]*: $")
                terminal.type(f"{text}\n")
    assert terminal.end() == 0, terminal.plain
    first, second, third = kept()
    assert first.fields["title"] == "Book the large meeting room for the workshop"
    assert (second.fields["title"], second.fields["owner"]) == ("Ask Dana", "")
    assert (second.fields["due"], second.fields["priority"]) == ("2026-09-09", "low")
    assert third.fields["title"] == "Call the caterer and cancel the vegetarian option"
    # What was decided holds, for whoever runs it next, and is not asked again.
    assert actions(*MD, "--again") == dict.fromkeys(titles(), "unchanged")
    save(notes(*many(5)))
    again = tasks(*MD, "--review", "--yes", "--json")
    assert again.code == 0, again.err
    assert "1 task to review" in again.err
    assert again.document["left_out"] == ["Write the release notes for version four"]
    assert len(titles()) == 4


def test_a_review_can_accept_all_or_be_left_off() -> None:
    save(notes(*many(4)))
    terminal = Terminal("tasks", *MD, "--review")
    terminal.read_until(r"1/4 .*(?s:.*)\[q\]uit $")
    terminal.type("s\n")
    terminal.read_until(r"2/4 .*(?s:.*)\[q\]uit $")
    terminal.type("q\n")
    assert terminal.end() == 75
    assert "your answers are kept" in terminal.plain
    assert not Path("tasks.md").exists()
    terminal = Terminal("tasks", *MD, "--review")
    terminal.read_until(r"1/3 .*(?s:.*)\[q\]uit $")
    terminal.type("all\n")
    assert terminal.end() == 0, terminal.plain
    assert len(titles()) == 3


# -------------------------------------------------------------------------------------- services that fail


def test_github_is_asked_slowly_and_again(github: Server) -> None:
    save(notes(*many(6)))
    limited = {"message": "You have exceeded a secondary rate limit"}
    github.fail(method="POST", status=403, body=limited, headers={"retry-after": "1"})
    github.fail(method="POST", status=502)
    github.fail(method="POST", status=502, after=True)  # it was made, and the answer lost
    github.fail(method="POST", drop=True, after=True)
    github.fail(method="GET", status=503)
    done = tasks("notes", "--to", "github:octo/work", "--json")
    assert done.code == 0, done.err
    assert len(list(github.folder.glob("issue-*.json"))) == 6
    assert len({one["url"] for one in done.document["tasks"]}) == 6


def test_a_refused_key_stops_and_resumes(github: Server) -> None:
    save(notes(*many(3)))
    done = tasks("notes", "--to", "github:octo/work", GITHUB_TOKEN="wrong")
    assert done.code == 6, done.err
    assert "Go on with:  onward tasks notes --to github:octo/work" in done.err
    assert tasks("notes", "--to", "github:octo/work", "--limit", "1").code == 75
    github.fail(method="POST", status=401)
    stopped = tasks("notes", "--to", "github:octo/work")
    assert stopped.code == 6, stopped.err
    assert "saved at 1/3. Go on with:" in stopped.err
    assert tasks("notes", "--to", "github:octo/work").code == 0
    assert len(list(github.folder.glob("issue-*.json"))) == 3


def test_an_interrupt_leaves_what_is_made(github: Server) -> None:
    save(notes(*many(10)))
    (github.folder / "delay").write_text('{"before": 0.2, "after": 0}')
    with Path("log").open("w") as log:
        process = subprocess.Popen(
            [*PROGRAM, "tasks", "notes", "--to", "github:octo/work"],
            stdout=log,
            stderr=log,
            env=environment(),
        )
        while not list(github.folder.glob("issue-*.json")):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 75, Path("log").read_text()
    assert "Go on with:  onward tasks notes --to github:octo/work" in Path("log").read_text()
    assert tasks("notes", "--to", "github:octo/work").code == 0
    assert len(list(github.folder.glob("issue-*.json"))) == 10


def test_a_refused_task_is_that_items_failure(github: Server) -> None:
    Path("people.csv").write_text("name,github\nMia,miac\nBen,nobody-there\n")
    save(notes(*many(4)))
    done = tasks("notes", "--to", "github:octo/work", "--people", "people.csv")
    assert done.code == 3, done.err
    assert len(list(github.folder.glob("issue-*.json"))) == 2
    Path("people.csv").write_text("name,github\nMia,miac\nBen,beno\n")
    again = tasks("notes", "--to", "github:octo/work", "--people", "people.csv", "--retry-failed")
    assert again.code == 0, again.err
    assert len(list(github.folder.glob("issue-*.json"))) == 4


def test_what_people_write_around_it_in_an_issue_stays(github: Server) -> None:
    save(notes(*many(2)))
    assert tasks("notes", "--to", "github:octo/work").code == 0
    path = github.folder / "issue-1.json"
    issue = json.loads(path.read_text())
    issue["body"] = f"Before.\n\n{issue['body']}\nAfter: <!-- x -->".replace("\n", "\r\n")
    issue["labels"] = [{"name": "triaged"}]
    path.write_text(json.dumps(issue))
    save(notes(*[replace(one, due="2026-08-08") for one in many(2)]))
    assert actions("notes", "--to", "github:octo/work") == dict.fromkeys(titles_of(github), "updated")
    after = json.loads(path.read_text())
    assert after["body"].startswith("Before.\n\n<!-- onward -->\n> Somebody said")
    assert after["body"].endswith(" -->\n\nAfter: <!-- x -->")
    assert after["body"].count("2026-08-08") == after["body"].count("onward-task") == 1
    assert after["labels"] == [{"name": "triaged"}]


def titles_of(github: Server) -> list[str]:
    return [json.loads(path.read_text())["title"] for path in sorted(github.folder.glob("issue-*.json"))]


def test_assignees_that_github_drops_are_told(github: Server) -> None:
    Path("people.csv").write_text("name,github\nMia,MiaC\nBen,\n")
    save(notes(*many(2)))
    assert tasks("notes", "--to", "github:octo/work", "--people", "people.csv").code == 0
    first = json.loads((github.folder / "issue-1.json").read_text())
    assert first["assignees"] == [{"login": "miac"}]
    (github.folder / "no-push").touch()
    save(notes(*many(2), item(9, quote="Another one, and Mia sends it.")))
    done = tasks("notes", "--to", "github:octo/work", "--people", "people.csv")
    assert (
        "stands differently in the tracker, left as it is: Send contract 9 to Northwind (assignee)"
        in done.out
    )


def test_a_webhook_is_sent_once_and_signed(webhook: Server) -> None:
    from standardwebhooks import Webhook

    secret = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
    save(notes(*many(3)))
    to = f"webhook:{webhook.url}/hook?token=abc"
    assert tasks("notes", "--to", to, ONWARD_WEBHOOK_SECRET=secret, ONWARD_WEBHOOK_TOKEN="good").code == 0
    assert "already finished" in tasks("notes", "--to", to).err
    save(notes(*[replace(one, due="2026-08-08") for one in many(3)]))
    done = tasks("notes", "--to", to, "--json")
    assert [one["action"] for one in done.document["tasks"]] == ["updated"] * 3
    requests = webhook.requests()
    assert len(requests) == 6
    assert len({headers["idempotency-key"] for headers, _ in requests}) == 6
    Webhook(secret).verify(requests[0][1], requests[0][0])
    made = [json.loads(path.read_text()) for path in webhook.folder.glob("task-*.json")]
    assert [one["due"] for one in made] == ["2026-08-08"] * 3
    assert not list(webhook.folder.glob("twice-*"))


@pytest.mark.parametrize(("in_doubt", "code", "sent"), [("redo", 0, 5), ("fail", 3, 3)])
def test_a_lost_answer_of_a_webhook_is_in_doubt(webhook: Server, in_doubt: str, code: int, sent: int) -> None:
    save(notes(*many(3)))
    (webhook.folder / "drop").touch()
    done = tasks("notes", "--to", f"webhook:{webhook.url}/hook", "--in-doubt", in_doubt)
    assert done.code == code, done.err
    assert len(webhook.requests()) == sent
    assert len(list(webhook.folder.glob("task-*.json"))) == 3
    assert not list(webhook.folder.glob("twice-*"))
    if code:
        again = tasks("notes", "--to", f"webhook:{webhook.url}/hook", "--retry-failed")
        assert again.code == 0, again.err  # sent again because somebody looked, and asked for it
        assert len(webhook.requests()) == 5  # the creation again, and what it is now


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tasks.md", "tasks.csv", "tasks.ics", "caldav"])
def test_two_at_once_make_each_task_once(kind: str, caldav: str) -> None:
    save(notes(*many(15)))
    to = f"caldav:{caldav}" if kind == "caldav" else kind
    both = [
        subprocess.Popen(
            [*PROGRAM, "tasks", "notes", "--to", to, "--store", f"store-{number}", "--workers", "3"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        for number in range(2)
    ]
    assert [one.wait(120) for one in both] == [0, 0]
    assert len(titles(to)) == 15


def test_caldav_says_when_there_is_no_list(caldav: str) -> None:
    save(notes(item(1)))
    done = tasks("notes", "--to", f"caldav:{caldav}nowhere/")
    assert done.code == 2, done.err
    assert "there is no calendar at this address" in done.err
    refused = tasks("notes", "--to", f"caldav:{caldav}", CALDAV_PASSWORD="wrong")
    assert refused.code == 6, refused.err
