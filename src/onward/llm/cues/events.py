"""The events that a meeting speaks of, and the words for their days: "the fitting" is on "the 29th of this month".

Learnt from all sentences before a date is asked for, since the day of an event is said once, and sometimes late. A day
belongs to an event if the clause says so ("the board meets on the 12th", "the wedding, that's the twentieth"), not if
both only stand in it ("I'll print the flyers for the fair on Monday").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from onward.llm.cues.due_words import DueWords, days_in, is_a_day
from onward.llm.cues.words import stem, word_set

NEAR = 15
"""Floors within which "before it closes" is before a day on which something closes."""
ANSWERED_WITHIN = 1
"""Floors after which it is no longer the event that was asked for whose day is said."""

_NO_NAME = word_set(
    """a an the this that these those it its he him his she her they them their we us our i me my you your who which what one
    is are am was were be been being will would shall should can could may might must has have had do does did ll re ve d s
    on in at by to of for from with up off as into about and or but so if than then not no only still now also always there
    here again back just already next coming set booked scheduled due planned happening full good whole exactly least latest"""
)
_OF_ANYTHING = word_set("get giv tak want mak put se say send need bring look let keep work hav")
"""What anybody does to anything, so that no event is known by it; as stems."""
_SHARED = word_set("day night week morn even afternoon dat tim thing last first big mee meet")
"""What many events have in their names, and none is known by alone; as stems."""
_LEAD = (
    r"^(?:(?:well|okay|ok|now|right|yes|yeah|no|oh|ah|actually|look|anyway|mind|chair|and|so|but|because|then"
    r"|(?:i|we)\s+(?:think|thought|believe|guess|hear|heard|reckon|said)|they\s+(?:say|said)|you\s+said|remember),?\s+)*"
)
_BREAK = re.compile(
    r"[.;:!?…]+\s+|,\s+|\s-+\s+|\s+(?:and|so|but|because|cos|if|then|though|when|unless|that|which|who)\s+(?=\S)",
    re.IGNORECASE,
)
_ON = r"(?:\s+(?:only|still|now|on|the|in|by|coming|set\s+for|booked\s+for|down\s+for|scheduled\s+for|due|due\s+on|planned\s+for|always|back\s+on|first\s+thing))*\s*$"
_IS = r"(?:['’]s|['’]re|['’]ll\s+be|\s+(?:is|are|will\s+be|has\s+to\s+be|have\s+to\s+be))"
_DET = r"(?:the|our|my|your|his|her|their|this|next|an?|[\w-]+['’]s)"
_NAME = r"[\w-]+(?:['’]s)?(?:\s+[\w-]+){0,6}?"

_NAMED = re.compile(
    rf"{_LEAD}(?P<name>(?!(?:it|that|this|which|he|she|they|we|i|you|there|what|when)\b){_NAME}){_IS}{_ON}",
    re.IGNORECASE,
)
_POINTED = re.compile(rf"{_LEAD}(?:(?:it|that|this|which|they){_IS}|which\s+is|is){_ON}", re.IGNORECASE)
_DOES = re.compile(
    rf"{_LEAD}(?P<who>(?:{_DET}\s+)?[\w'’-]+)(?P<rest>(?:\s+[\w'’-]+){{1,8}}){_ON}", re.IGNORECASE
)
_NO_AGENT = re.compile(
    r"(?:i|you|let['’]?s|please|can|could|would|will|shall|maybe|give|say|make|not|call|see|how|what|who|\w+['’](?:ll|d|ve))$",
    re.IGNORECASE,
)
_PLANS = re.compile(
    r"\b(?:can|could|should|must|need|needs|want|wants|might|may|would|was|were|had|did|came|went|sat|met|broke|said|told|left|took|saw|got|\w+ed)\b",
    re.IGNORECASE,
)
_AT_NAME = re.compile(
    r"\b(?:for|at|before|after|until|till|about|there['’]s|there\s+is|have|has|got|['’]ve|with)\s+(?:the|our|my|your|his|her|their|an?)\s+(?P<name>[\w-]+(?:\s+[\w-]+){0,2}?)(?:\s+on)?(?:\s+the)?\s*$",
    re.IGNORECASE,
)
_IS_TO_DO = re.compile(
    rf"{_LEAD}(?:(?:i|you)(?!(?:['’](?:ll|d)|\s+will)\s+be\b|['’]ve\b|\s+have\b|['’](?:re|m)\b)|can|could|please|let['’]?s|shall|would|will)\b",
    re.IGNORECASE,
)
_BARE_NAME = re.compile(
    rf"{_LEAD}(?:the|our|my|your|his|her|their)\s+(?P<name>[\w-]+(?:\s+[\w-]+){{0,2}})$", re.IGNORECASE
)
_HEADED = re.compile(
    rf"{_LEAD}(?:let['’]?s\s+(?:do|take|talk\s+about|go\s+to)\s+)?(?:the\s+|our\s+|my\s+)?(?!(?:yes|yeah|no|okay|thanks?|good|right|sure|me|you|sorry|hello)\b)(?P<name>[\w-]+(?:\s+[\w-]+){{0,2}})[,.?]",
    re.IGNORECASE,
)
"""A subject named by itself: "The concert.", "So the parish meeting, if I may."."""
_IS_NAME = re.compile(
    rf"^{_IS}\s+(?:(?:the|our|my|your|his|her|their|an?)\s+)?(?P<name>[\w-]+(?:\s+[\w-]+){{0,2}})$",
    re.IGNORECASE,
)
_WHEN_IS = re.compile(
    rf"\bwhen(?:['’]s|\s+is|\s+are)\s+(?:the|our|my|your|this|that)\s+(?P<name>[\w-]+(?:\s+[\w-]+)?)|\b(?:the|our|my|your)\s+(?P<then>[\w-]+(?:\s+[\w-]+)?){_IS}\s+when\b",
    re.IGNORECASE,
)
_BEFORE_NAME = re.compile(
    r"\b(?:before|by|until|till|ahead of|in time for)\s+(?P<name>(?:(?:the|our|my|your)\s+[\w-]+|they|it|he|she)(?:\s+[\w-]+){0,2})\W*$",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(r"(?:it|they|he|she|we)(?:['’]\w+)?\s+", re.IGNORECASE)
_NOBODY_ELSE = re.compile(r"(?:i|you)\b", re.IGNORECASE)


class Event(NamedTuple):
    """An event and words for its day. ``names`` are the words it may be called by, ``does`` all that were said of it."""

    names: frozenset[str]
    does: frozenset[str]
    day: str
    number: int  # of the sentence
    floor: int


class Saying(NamedTuple):
    """A sentence as it is read."""

    text: str
    number: int
    floor: int


class Events:
    """The events of a meeting."""

    def __init__(self, said: Sequence[Saying]) -> None:
        self._known: list[Event] = []
        self._open: tuple[int, str] | None = (
            None  # the event whose day may be said next, and in which floor it was named
        )
        for one in said:
            self._learn(one)

    def day(self, event: str, saying: Saying) -> str | None:
        """Words for the day of an event that a sentence names; None if it was not said, or not of one event only."""
        if _NOBODY_ELSE.match(event):
            return None
        if somebody := _SOMEBODY.match(event):
            return self._day_of_doing(words(event[somebody.end() :]), saying)
        wanted = words(event)
        fits = [(len(wanted & one.does), one) for one in self._known if _fits(wanted, one)]
        best = [one for fit, one in fits if fit == max(fit for fit, _ in fits)]
        same = {one.day.lower() for one in best}
        if len(same) > 1 and len({one.does for one in best}) > 1:
            return None
        return best[-1].day if best else None

    def _day_of_doing(self, wanted: frozenset[str], saying: Saying) -> str | None:
        wanted -= _OF_ANYTHING
        near = [
            one for one in self._known if wanted & one.does and (wanted <= one.does or one.does <= wanted)
        ]
        near = [one for one in near if abs(one.floor - saying.floor) <= NEAR]
        nearest = sorted(near, key=lambda one: abs(one.number - saying.number))
        return nearest[0].day if nearest else None

    # ----------------------------------------------------------------------------------- learning

    def _learn(self, saying: Saying) -> None:
        text = saying.text
        days = days_in(text)
        for number, day in enumerate(days):
            begin = days[number - 1].end if number else 0
            end = days[number + 1].start if number + 1 < len(days) else len(text)
            if not is_a_day(day.text):
                continue
            for names, does in self._events_at(text, begin, day, end, saying):
                if does:
                    self._known.append(Event(names, does, day.text, saying.number, saying.floor))
        if asked := _WHEN_IS.search(text):
            self._open = saying.floor, asked["name"] or asked["then"]
        elif before := _BEFORE_NAME.search(text):
            self._open = saying.floor, before["name"]
        elif headed := _HEADED.match(text):
            self._open = saying.floor, headed["name"]

    def _events_at(
        self, text: str, begin: int, day: DueWords, end: int, saying: Saying
    ) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
        """Names and all words of the events that are on this day of the text."""
        *earlier, head = _BREAK.split(" " + text[begin : day.start])
        tail = _BREAK.split(text[day.end : end] + " ")[0].rstrip(" .,;:!?")
        head = head.strip()
        previous = earlier[-1].strip() if earlier else ""
        if named := _NAMED.match(head):
            yield _named(named["name"])
        elif _POINTED.match(head) or not head:
            yield from self._pointed(head, previous, tail, saying)
        elif (at := _AT_NAME.search(head)) and not _IS_TO_DO.match(head):
            yield _named(at["name"])
        if does := _DOES.match(head):
            yield from _doing(does["who"], does["rest"])

    def _pointed(
        self, head: str, previous: str, tail: str, saying: Saying
    ) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
        """What a day alone is the day of: it is said behind, or before."""
        if not head and (named := _IS_NAME.match(tail)):
            yield _named(named["name"])
        elif not head and (does := _DOES.match(tail.strip())):
            yield from _doing(does["who"], does["rest"])
        elif (
            before := _AT_NAME.search(previous) or _BARE_NAME.match(previous) or _BEFORE_NAME.search(previous)
        ):
            yield _named(before["name"])
        elif self._open and not previous and not tail and saying.floor - self._open[0] <= ANSWERED_WITHIN:
            yield _named(self._open[1])


def _named(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """The noun that an event is called by, and all words of its name: "the budget hearing" is a hearing, and no budget."""
    noun = re.split(r"\s(?:of|with|for|in|at|on|from|to)\s", name)[0].split()
    while len(noun) > 1 and words(noun[-1]) <= _SHARED:  # "the council meeting" is "the council" too
        noun.pop()
    return words(noun[-1]), words(name)


def _doing(who: str, rest: str) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Somebody or something that does something on a day: an event, if it is not what one of those present plans."""
    if _NO_AGENT.search(who) or _PLANS.search(rest):
        return
    does = words(f"{who} {rest}")
    thing = re.match(rf"(?:{_DET})\s", who, re.IGNORECASE)
    yield (does if thing else frozenset()), does


def words(text: str) -> frozenset[str]:
    """The words that an event is known by, without their endings; of those of many events only if there are no others."""
    found = re.findall(r"[a-z0-9][a-z0-9-]*", re.sub(r"['’][a-z]+", "", text.lower()))
    stems = frozenset("go" if word == "goes" else stem(word) for word in found if word not in _NO_NAME)
    return stems - _SHARED or stems


def _fits(wanted: frozenset[str], one: Event) -> bool:
    """Whether an event is the one that is wanted: by a name of it, and no other word that speaks against it."""
    return bool(wanted & one.names) and (wanted <= one.does or one.does <= wanted)
