"""Which item is which task, who is who, and what becomes of an item: without any tracker."""

from pathlib import Path
from typing import Any

import pytest

from onward.errors import UsageError
from onward.recipes.meeting_tasks.drafts import Meeting, draft, look
from onward.recipes.meeting_tasks.people import read_people
from onward.recipes.meeting_tasks.planning import with_edits
from onward.recipes.meeting_tasks.sameness import Known, Look, assign
from onward.recipes.meeting_tasks.trackers import Task
from recipes.tracking.meetings import item, many, notes

ROOM = Look("book the room", "Ben", "Ben, can you book the room for Thursday?")
MINUTES = Look("send the minutes", "Mia", "I'll send the minutes tonight.")


def keys(*looks: Look) -> list[Known]:
    return [Known(key, one) for key, one in zip(assign("m", looks, []), looks, strict=True)]


def test_the_same_items_get_the_same_keys_in_any_order() -> None:
    known = keys(ROOM, MINUTES)
    assert assign("m", [MINUTES, ROOM], known) == [known[1].key, known[0].key]
    assert assign("m", [MINUTES, ROOM], []) == [known[1].key, known[0].key]
    assert not set(assign("another meeting", [MINUTES, ROOM], [])) & {one.key for one in known}


@pytest.mark.parametrize(
    "edited",
    [
        MINUTES._replace(what="mail the protocol to everyone"),
        MINUTES._replace(who="Ben"),
        MINUTES._replace(quote="i'll send the minutes, tonight"),
        MINUTES._replace(quote="I will send the minutes tonight."),
        MINUTES._replace(quote="Fine. I'll send the minutes tonight. Anything else?"),
        MINUTES._replace(
            what="send the minutes to all", quote="I'll send the minutes to all of you tonight."
        ),
        MINUTES._replace(who=""),
    ],
)
def test_an_edited_item_is_the_same(edited: Look) -> None:
    known = keys(ROOM, MINUTES)
    assert assign("m", [edited, ROOM], known) == [known[1].key, known[0].key]


@pytest.mark.parametrize(
    "other",
    [
        Look("send the minutes", "Ben", "I can send the minutes of the board, says Ben."),
        Look("water the plants", "Mia", "I'll water the plants tonight."),
        Look("send the slides", "Zoe", "And Zoe will send the slides tonight."),
    ],
)
def test_another_item_is_another(other: Look) -> None:
    known = keys(ROOM, MINUTES)
    found = assign("m", [other], known)
    assert found[0] not in {one.key for one in known}


def test_one_sentence_with_two_tasks() -> None:
    quote = "Mia sends the invite and Ben books the room."
    invite, room = Look("send the invite", "Mia", quote), Look("book the room", "Ben", quote)
    known = keys(invite, room)
    assert known[0].key != known[1].key
    edited = room._replace(what="book the large room", who="Zoe")
    assert assign("m", [edited, invite], known) == [known[1].key, known[0].key]
    assert assign("m", [room], known) == [known[1].key]


def test_two_equal_items_are_two() -> None:
    known = keys(MINUTES, MINUTES)
    assert len({one.key for one in known}) == 2
    assert sorted(assign("m", [MINUTES, MINUTES], known)) == sorted(one.key for one in known)


def test_a_crash_between_any_two_tasks_changes_no_key() -> None:
    """What is made so far, old and new, is found again; the rest gets the keys it would have had."""
    before = [look(one) for one in many(8)]
    known = keys(*before)
    after = [
        before[0]._replace(what="book the largest meeting room for the workshop"),
        before[1]._replace(quote=before[1].quote + " Soon."),
        before[2]._replace(what="something else entirely"),
        *[look(item(n, what=f"new {n * 'x'}", quote=f"new thing {n * 'y'}")) for n in range(1, 4)],
        before[7],
    ]
    wanted = assign("m", after, known)
    for done in range(len(after) + 1):
        fresh = dict(zip(wanted[:done], after[:done], strict=True))
        there = [Known(one.key, fresh.pop(one.key, one.look)) for one in known]
        there += [Known(key, one) for key, one in fresh.items()]
        assert assign("m", after, there) == wanted, done


# ------------------------------------------------------------------------------------------------- people


@pytest.mark.parametrize("name", ["people.csv", "people.yaml"])
def test_people_are_found_by_what_they_are_called(name: str) -> None:
    text = {
        "people.csv": "\ufeffName,aliases,email,github\nMia Chen,Mimi; M.,mia@example.com,@miac\nBen Ode,,,\n"
        "Alex Kim,,,\nAlex Novak,Lex,,\nJosé Ruiz,,,\n",
        "people.yaml": "- {name: Mia Chen, aliases: [Mimi, M.], email: mia@example.com, github: miac}\n"
        "- name: Ben Ode\n"
        "- name: Alex Kim\n- {name: Alex Novak, aliases: Lex}\n- name: José Ruiz\n",
    }[name]
    Path(name).write_text(text)
    people = read_people(Path(name))
    for words, wanted in {
        "Mia Chen": "Mia Chen",
        "mia": "Mia Chen",
        "Chen": "Mia Chen",
        "MIMI": "Mia Chen",
        "@miac": "Mia Chen",
        "mia@example.com": "Mia Chen",
        "Lex": "Alex Novak",
        "Alex Novak": "Alex Novak",
        "Jose": "José Ruiz",
    }.items():
        person = people.find(words).person
        assert person is not None, words
        assert person.name == wanted
    assert people.find("mia").person.handles == {"github": "miac"}  # type: ignore[union-attr]
    for words, doubt in {
        "Alex": "“Alex” could be Alex Kim or Alex Novak",
        "Lex Luthor": "not in the people file",
        "Ben Miller": "not in the people file",
        "Somebody": "“Somebody” is not in the people file",
        "Mia Chenn": "is not in the people file",
    }.items():
        found = people.find(words)
        assert found.person is None, words
        assert doubt in found.doubt


def test_two_people_of_one_name_are_nobody() -> None:
    Path("people.csv").write_text("name,email\nMia Chen,one@example.com\nMia Chen,two@example.com\n")
    people = read_people(Path("people.csv"))
    assert people.find("Mia Chen").person is None
    assert people.find("two@example.com").person is not None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("people.csv", "nom,mail\nMia,x\n", "entry 1: it has no name"),
        ("people.yaml", "name: Mia\n", "write a list"),
        ("people.yaml", "- [\n", "is not YAML"),
        ("people.txt", "Mia\n", "neither .csv nor .yaml"),
    ],
)
def test_a_people_file_that_cannot_be_meant(name: str, text: str, said: str) -> None:
    Path(name).write_text(text)
    with pytest.raises(UsageError, match=said):
        read_people(Path(name))


# ------------------------------------------------------------------------------------------------- drafts


def made(**given: Any) -> Task:
    meeting = Meeting(notes(**{name: given.pop(name) for name in ("date",) if name in given}), "notes/x.md")
    return draft(meeting, item(**given), "k", people=None, kind="file", labels=["b", "a,c"], zone=None)


def test_relative_words_are_days_of_the_meetings_week() -> None:
    assert made(due_words="by Friday").due == "2026-05-08"
    assert made(due_words="tomorrow", date="2026-12-31").due == "2027-01-01"
    assert made(due="2026-09-01", due_words="by Friday").due == "2026-09-01"
    none = made(due_words="soon")
    assert none.due == ""
    assert "“soon”" in none.checks[0]
    undated = made(due_words="by Friday", date=None)
    assert undated.due == ""
    assert "the meeting has no date" in undated.checks[0]
    assert "is no date" in made(due="Friday").checks[0]


def test_the_zone_says_which_day_it_was() -> None:
    meeting = Meeting(notes(date="2026-05-04T23:30:00+00:00"), "x")
    there = draft(
        meeting, item(due_words="tomorrow"), "k", people=None, kind="file", labels=[], zone="Asia/Tokyo"
    )
    assert there.due == "2026-05-06"


def test_priority_is_what_was_said() -> None:
    assert made(quote="This is urgent, please.").priority == "high"
    assert made(quote="No rush with that.").priority == "low"
    assert made(quote="Not urgent at all.").priority == "low"
    assert made().priority == "normal"


def test_labels_and_titles_are_tidy() -> None:
    assert made().labels == ["a c", "b"]
    assert made(what="  send\nit. ").title == "Send it"
    assert made(what="").title == "I will send contract number 1 to Northwind by Friday"
    assert len(made(what="x" * 999).title) == 200


def test_an_edit_of_a_review_holds_while_the_notes_say_the_same() -> None:
    edits = {"title": ("Send contract 1 to Northwind", "Call them"), "due": ("2026-05-08", "")}
    assert with_edits(made(), edits, None, "file").title == "Call them"
    assert with_edits(made(), edits, None, "file").due == ""
    assert with_edits(made(what="write to them"), edits, None, "file").title == "Write to them"
