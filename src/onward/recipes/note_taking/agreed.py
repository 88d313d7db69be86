"""What is to be done, as the agreement reader finds it in a meeting: each item with its quote, owner, and day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from onward.llm import agreement, embedded
from onward.llm.agreement import Item, Named, Said, Timed
from onward.llm.cues import (
    Action,
    Heard,
    People,
    Sentence,
    due_words,
    goes_to_a_machine,
    plain,
    shape,
    vague_words,
)
from onward.recipes.meetings import ActionItem
from onward.recipes.note_taking.checking import Record, without_repeats
from onward.recipes.note_taking.steps import Step
from onward.recipes.note_taking.wording import worded

NEAR = 30
"""Sentences within which the rules' day of an item may be said."""
HALF = 0.5
"""From which share of its sentences on what the rules found is of the item that the reader found."""
CERTAIN = 0.5
"""Up to where an owner or a day, though more likely than any other, is one to check."""
AGREED = 0.8
"""Up to where an item itself is one to check."""
CHECK_ITEM = "it is not certain that this was agreed: check it"
CHECK_OWNER = "the owner is not certain: check it"
CHECK_DUE = "the day is not certain: check it"


def agreed_actions(heard: Heard, record: Record, step: Step) -> list[ActionItem]:
    """The action items of a meeting, in the order of their lines; to read it is a saved step."""
    if not heard.sentences:
        return []
    found = map(_restored, step("agreed", agreed, [asdict(one) for one in said_in(heard)]))
    told = [one for one in found if not goes_to_a_machine(heard.sentences, one.best)]
    # What the rules found may be of two of the reader's items, half and half.
    return without_repeats([action for one in told for action in actions_of(one, heard, record)])


def agreed(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is to be done in a meeting, as a step takes and keeps it: the reader's items, pairs in place of mappings."""
    sentences = [
        Said(
            **one
            | {
                "shape": tuple(one["shape"]),
                "names": tuple(Named(start, end, tuple(people)) for start, end, people in one["names"]),
                "times": tuple(Timed(*span) for span in one["times"]),
                "owners": tuple(one["owners"]),
                "dues": tuple((number, place) for number, place in one["dues"]),
            }
        )
        for one in said
    ]
    found = agreement.items(agreement.read(sentences, embedded.load(threads=1), agreement.learned()))
    return [
        asdict(item) | {"people": list(item.people.items()), "times": list(item.times.items())}
        for item in found
    ]


def said_in(heard: Heard) -> list[Said]:
    """The sentences of a meeting as the reader takes them."""
    ruled: dict[int, list[Action]] = {}
    for action in heard.actions:
        for one in action.sentences:
            ruled.setdefault(one.number, []).append(action)
    return [_said(one, ruled.get(one.number, ()), heard) for one in heard.sentences]


def _said(sentence: Sentence, ruled: Sequence[Action], heard: Heard) -> Said:
    text = plain(sentence.text) or sentence.text
    best = any((action.best or action.sentences[0]) is sentence for action in ruled)
    near = heard.sentences[max(0, sentence.number - NEAR) : sentence.number + NEAR]
    days = {action.due for action in ruled if action.due}
    return Said(
        text,
        sentence.speaker,
        sentence.floor,
        (*shape(sentence, heard.people), float(bool(ruled)), float(best)),
        tuple(_named(text, heard.people)),
        tuple(Timed(time.start, time.end) for time in heard.times.of(sentence)),
        tuple(owner for action in ruled for owner in action.owners),
        tuple(
            (one.number, place)
            for one in near
            for place, time in enumerate(heard.times.of(one) if days else ())
            if days & {time.words, time.reading}
        ),
    )


def _named(text: str, people: People) -> Iterator[Named]:
    for name in re.finditer(people.pattern, text):
        yield Named(*name.span(), tuple(people.named(name.group())) or (name.group(),))


def _restored(kept: Mapping[str, Any]) -> Item:
    """The item that a step has kept, in which tuples may have become lists."""
    people = {who and tuple(who): likely for who, likely in kept["people"]}
    times = {place and (place[0], place[1]): likely for place, likely in kept["times"]}
    return Item(tuple(kept["sentences"]), kept["best"], kept["likely"], people, times)


def actions_of(item: Item, heard: Heard, record: Record) -> list[ActionItem]:
    """The action items that an item stands for: one, unless the rules know several in it, each by a day of its own."""
    known = sorted(
        (one for one in heard.actions if _inside(one, item) >= HALF), key=lambda one: -_inside(one, item)
    )
    if not known:
        return [_action(item, None, heard, record)]
    first, *others = known
    apart = [
        one for one in others if first.due and one.due and (one.due, one.owners) != (first.due, first.owners)
    ]
    return [_action(item, one, heard, record) for one in (first, *apart)]


def _inside(action: Action, item: Item) -> float:
    """The share of the sentences of what the rules found that are an item's."""
    return sum(one.number in item.sentences for one in action.sentences) / len(action.sentences)


def _action(item: Item, spoken: Action | None, heard: Heard, record: Record) -> ActionItem:
    """What the rules say of it if they know its form, since that is what was said; else what the reader points at."""
    sentence = spoken.best if spoken and spoken.best else heard.sentences[item.best]
    what = spoken.what if spoken else plain(sentence.text)
    people, sure = _likeliest(item.people)
    if spoken and spoken.owners:
        people, sure = tuple(spoken.owners), 1.0
    if people is not None and len(people) > 1:
        owner, flags = None, [f"owner: {' or '.join(people)}?"]
    else:
        owner, flags = record.owner(people[0] if people else None, sentence.speaker)
    flags += [CHECK_OWNER] if owner and sure < CERTAIN else []
    said, certain = _due_words(item, heard, record)
    if spoken and spoken.due:
        said, certain = spoken.due, 1.0
    due, words, doubts = record.due(said, _vague(item, heard.sentences))
    doubts += [CHECK_DUE] if due and certain < CERTAIN else []
    return ActionItem(
        worded(what, sentence, people or (), heard.sentences),
        owner,
        due,
        words,
        sentence.text,
        sentence.line,
        sentence.seconds,
        sentence.speaker or None,
        [*flags, *doubts, *([CHECK_ITEM] if item.likely < AGREED else [])],
    )


def _due_words(item: Item, heard: Heard, record: Record) -> tuple[str | None, float]:
    """The words that say when, as they were said, and how likely all those together are that mean their day."""
    days: dict[str | None, float] = {}
    spoken: dict[str | None, tuple[float, str]] = {}
    for place, likely in item.times.items():
        words = _as_said(heard, *place, record) if place else None
        day = record.day(words) if words else None
        days[day] = days.get(day, 0.0) + likely
        if words and likely > spoken.get(day, (0.0, ""))[0]:
            spoken[day] = likely, words
    day, sure = _likeliest(days)
    return (spoken[day][1] if day else None), sure


def _as_said(heard: Heard, number: int, place: int, record: Record) -> str | None:
    """The words of a time, hesitations and all; those of the sentence as it was read if they cannot be told in it."""
    sentence = heard.sentences[number]
    reading = heard.times.of(sentence)[place].reading
    day = record.day(reading) if reading else None
    raw = [one.text for one in due_words(sentence.text) if day and record.day(one.text) == day]
    return raw[-1] if raw else reading


def _likeliest(likely: Mapping[Any, float]) -> tuple[Any, float]:
    best = max(likely, key=lambda one: likely[one])
    return best, likely[best]


def _vague(item: Item, sentences: Sequence[Sentence]) -> str | None:
    """Words of the item that say when without a day."""
    found = [words for number in item.sentences if (words := vague_words(sentences[number].text))]
    return found[-1] if found else None
