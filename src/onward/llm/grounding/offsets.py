"""Days that are counted from another one: "two days before the fitting", "the Friday after", "by then".

The other day stands behind ("the day before the 20th"), was spoken of before ("on the 21st, so three days before"), or
is an event's, which only who knows the whole meeting can tell. Such a day is put before the words, with an ellipsis
between: "the 29th … two days before the fitting".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from onward.llm.grounding.calendar import months_on, weekday_in_week, working_days_on
from onward.llm.grounding.readings import FRIDAY, Mention, Reading, part
from onward.llm.grounding.words import COUNT, LONG_WEEKDAY, count_of, weekday_of

WHICH_DAY = "which day?"
JOINT = " … "
"""Stands between a day and the words that are counted from it."""

_PARTS = r"morning|afternoon|evening|night"
_STOP = (
    r"and|so|or|but|because|if|to|at|in|on|with|for|from|by|is|are|was|were|will|would|please|when|where|which|who|as|since"
    r"|until|till|last|next|after|before|i|you|we|he|she|they|latest|only|somebody|someone|everybody|now|maybe|just"
)
_WORD = rf"(?!(?:{_STOP})\b)[\w'’-]+"
_SPOKEN_OF = rf"(?:that|it|this|then)(?=\W*$|[,.;?!)]|\s+(?:{_STOP})\b)"
EVENT = rf"(?:it,\s+)?(?!{_SPOKEN_OF})(?:(?:i|you|we|he|she|they)\s+)?{_WORD}(?:\s+{_WORD}){{0,3}}"
_ALONE = (
    r"(?=\W*$|\s*[,.;?!)]|\s+(?:and|at|please|so|or|latest|only|then)\b|\s+(?:i|you|we|he|she|they)['’]"
    rf"|\s+{_SPOKEN_OF})"
)

PATTERN = (
    rf"(?:(?:the\s+)?(?P<weekday>{LONG_WEEKDAY})"
    rf"|(?P<count>{COUNT})\s+(?:(?:full|whole|clear|good)\s+)?(?P<working>(?:working|business|work)\s+)?(?P<unit>day|week|fortnight|month)s?(?:\s+or\s+(?:two|so))?"
    rf"|(?:the\s+)?(?P<next>day|week|month|{_PARTS}))\s+"
    r"(?:(?P<bare>beforehand|earlier|ahead(?!\s+of)|prior(?!\s+to)|afterwards|later)"
    rf"|(?P<side>before|after|ahead\s+of|prior\s+to|out\s+from)(?:\s+(?P<event>{EVENT}))?)"
    rf"|the\s+(?P<on>day|week|eve|{_PARTS})(?P<of>\s+of)\s+(?P<its>{EVENT})"
    r"|(?P<then>(?:by|before|until|till)\s+then)"
    rf"|(?<=…\s)(?:(?:by|on|before|until|for)\s+)?the\s+(?P<nearest>{LONG_WEEKDAY})"
)

_FOUND = re.compile(rf"(?<![\w/])(?:{PATTERN})(?!\w)", re.IGNORECASE)
_ALONE_HERE = re.compile(_ALONE, re.IGNORECASE)
_JOINED = re.compile(
    r"…\W*(?:(?:by|on|before|until|till|for|at|latest|no|not|later|than|first|thing|the)\s+)*$", re.IGNORECASE
)
_UP_TO_DAY = re.compile(r"(?:,?\s+(?:on|is|that['’]s|which is))?\s+(?:(?:the|that)\s+)?", re.IGNORECASE)


def event_in(words: str) -> str | None:
    """The event whose day words such as "two days before the fitting" are counted from; None if they name none."""
    found = _FOUND.search(words)
    return event_of(found) if found else None


def event_of(found: re.Match[str]) -> str | None:
    named = found["event"] or found["its"]
    again = (part(found, "unit"), part(found, "next"))  # "day after day"
    return named if named and named.lower() not in again else None


def find_offsets(text: str) -> Iterator[re.Match[str]]:
    """The places in a text that may count from another day."""
    return _FOUND.finditer(text)


def counted(found: re.Match[str], mentions: Sequence[Mention], day: date) -> list[Mention]:
    """The mentions of a text with one more, that takes in the day it is counted from; unchanged, if it is none."""
    side_end = max(found.end(name) for name in ("bare", "side", "of", "then", "nearest"))
    if any(one.start <= found.start() and one.end > side_end for one in mentions):
        return list(mentions)  # "the day after tomorrow"
    dated = [one for one in mentions if one.date]
    before = [one for one in dated if one.end <= found.start()][-1:]
    behind = [one for one in dated if one.start >= side_end and _leads_to(one, found, side_end)][:1]
    named = (
        event_of(found) if not behind and not any(_overlap(one, found, side_end) for one in dated) else None
    )
    joined = bool(_JOINED.search(found.string, 0, found.start()))
    alone = not named and bool(_ALONE_HERE.match(found.string, side_end))
    anchors = before if joined else behind or (before if alone else [])
    if not (anchors or alone or named):
        return list(mentions)
    new = _mention(found, found.end() if named else side_end, anchors, day)
    return [one for one in mentions if one.end <= new.start or one.start >= new.end] + [new]


def _overlap(one: Mention, found: re.Match[str], side_end: int) -> bool:
    return side_end <= one.start < found.end()


def _leads_to(one: Mention, found: re.Match[str], side_end: int) -> bool:
    """Whether a day stands right behind, or behind the event that it is the day of: "before the fair on the 9th"."""
    starts = [side_end, *(found.end(name) for name in ("event", "its") if found[name])]
    return any(_UP_TO_DAY.fullmatch(found.string, start, one.start) for start in starts) or (
        not found.string[side_end : one.start].strip()
    )


def _mention(found: re.Match[str], end: int, anchors: list[Mention], day: date) -> Mention:
    start = min([found.start(), *(one.start for one in anchors)])
    end = max([end, *(one.end for one in anchors)])
    words = found.string[start:end]
    if not anchors or anchors[0].date is None:
        return Mention(words, start, end, None, (WHICH_DAY, "vague"))
    reading = _from_another_day(found, anchors[0].date)
    if reading.day is None or reading.day < day:
        return Mention(words, start, end, None, ("past",))
    return Mention(words, start, end, reading.day, (*anchors[0].flags, *reading.flags))


def _from_another_day(found: re.Match[str], anchor: date) -> Reading:
    """Such as "the Friday before", "two working days after": counted from the anchor."""
    if part(found, "then"):
        return Reading(anchor)
    if named := part(found, "nearest"):
        return Reading(anchor + timedelta((weekday_of(named) - anchor.weekday() + 3) % 7 - 3))
    if on := part(found, "on"):
        return _on(on, anchor)
    side = part(found, "side") or part(found, "bare")
    sign = 1 if side.startswith(("after", "later")) else -1
    if named := part(found, "weekday"):
        days = (weekday_of(named) - anchor.weekday()) * sign % 7 or 7
        return Reading(anchor + timedelta(sign * days))
    count = count_of(part(found, "count") or "one") * sign
    unit = part(found, "unit") or part(found, "next")
    if unit == "month":
        return Reading(months_on(anchor, count))
    if part(found, "working"):
        return Reading(working_days_on(anchor, count))
    return Reading(anchor + timedelta(count * {"week": 7, "fortnight": 14}.get(unit, 1)))


def _on(which: str, anchor: date) -> Reading:
    """Such as "the morning of the fitting", "the eve of", "the week of": a part of the day itself, or its week."""
    if which == "week":
        return Reading(weekday_in_week(FRIDAY, anchor), ("period",))
    return Reading(anchor - timedelta(1 if which == "eve" else 0))
