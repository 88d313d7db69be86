"""When something is due: words such as "by the end of next week", and the day of the meeting, to a date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onward.errors import UsageError
from onward.llm.grounding.calendar import in_other_words
from onward.llm.grounding.grammar import DAYS, NO_DAYS, Reader
from onward.llm.grounding.offsets import counted, find_offsets
from onward.llm.grounding.readings import TODAY, TOMORROW, Mention

NOT_AHEAD = re.compile(
    r"\b(?:not|last|since|every|each|every\s+(?:other|first|second|third|last)|previous|past)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
BEHIND = re.compile(r"\s+(?:ago|before last)\b", re.IGNORECASE)
# Of another day, if one is named: "end of day tomorrow".
END_OF_DAY = re.compile(
    r"(?:the\s+)?(?:end|close)\s+of\b(?!.*\b(?:week|month|quarter|year)\b)|eod|cob", re.IGNORECASE
)
CORRECTION = re.compile(
    r"\b(?:no|not|nope|actually|rather|instead|sorry|wait|hang on|i mean|make (?:it|that)|let'?s say|then|oh)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due. ``date`` is None where no single day can be told; ``flags`` say why, or what was
    assumed; ``words`` are those that were read, as they stand in the text."""

    date: date | None
    flags: tuple[str, ...] = ()
    words: str | None = None


def due_date(
    words: str, meeting_day: date | datetime, tz: str | None = None, *, languages: Sequence[str] = ("en",)
) -> Due:
    """The day that `words`, said on `meeting_day`, mean. It depends on nothing else, not on today.

    A weekday is its next coming one; "next Friday" is the Friday of the following week, flagged `next weekday`;
    weeks begin on Monday, and "this week" or "the end of next week" is its Friday. The end of a month is its
    last day. A day of the month is the next one with that number, a date without a year the next such date.
    "Before the 4th" is the 4th. A period in the place of a day ("next week", "Q3", "in May") is its last day,
    flagged `period`. A time without a day ("by noon") is the meeting's day, flagged `today assumed`. A date far
    off that may have been meant as one just over is flagged `next year`.

    No date, and a flag: "soon", "before the launch" (`vague`); "6/3" (`day or month first`); "Friday the 14th"
    that is a Saturday (`weekday and date disagree`); a day that is over (`past`) or does not exist
    (`no such day`); several days (`several days`), unless the last corrects the others ("Thursday. No, Friday",
    flagged `corrected`); "the Friday before" that stands alone, "two days before the fitting" (`which day?`); nothing
    about time (`no date`). Beside a day, such words are counted from it: "on the 21st, so three days before". If the
    day was said elsewhere, put it before them with an ellipsis: "the 29th … two days before the fitting".

    Args:
        words: what was said, or a sentence with it.
        meeting_day: a date, or a time that has a zone.
        tz: name of the meeting's time zone ("Europe/Berlin"); says which day it was there at `meeting_day`,
            if that is a time.
        languages: of the words. Only English is read by the grammar described above; for others dateparser
            must understand the words as a whole.

    Raises:
        UsageError: there is no such time zone or language.
        CalendarUnavailable: dateparser, of the extra `meetings`, is needed for another language and not there.
    """
    day = _local_day(meeting_day, tz)
    if "en" not in languages:
        found = in_other_words(words, day, languages)
        return Due(found, (), words) if found and found >= day else Due(None, ("no date",))
    mentions = find_dates(words, day)
    dated = [mention for mention in mentions if mention.date]
    dated = [
        one for one in dated if not ({TODAY, TOMORROW} & {*one.flags} or END_OF_DAY.match(one.words))
    ] or dated
    if not mentions:
        return Due(None, ("no date",))
    if not dated:
        return Due(None, mentions[-1].flags, mentions[-1].words)
    last = dated[-1]
    if len({mention.date for mention in dated}) == 1:
        return Due(last.date, _shared([mention.flags for mention in dated]), dated[0].words)
    if CORRECTION.search(words, dated[0].end, last.start):
        return Due(last.date, (*last.flags, "corrected"), last.words)
    return Due(None, ("several days",), words[dated[0].start : last.end])


def find_dates(text: str, meeting_day: date | datetime, tz: str | None = None) -> list[Mention]:
    """The places in an English text that say when something is to happen, in order, each read as by `due_date`.

    Days behind ("last Friday", "since Monday", "two weeks ago") and habits ("every Friday") are left out.

    Raises:
        UsageError: there is no such time zone.
    """
    day = _local_day(meeting_day, tz)
    mentions = find_days(text, day)
    for match in find_offsets(text):
        if _lies_ahead(match):
            mentions = counted(match, mentions, day)
    return sorted(mentions, key=lambda one: one.start)


def find_days(text: str, day: date) -> list[Mention]:
    """The same, without what is counted from another day: "the 30th", in "on the 30th, so a week earlier"."""
    chosen: list[tuple[re.Match[str], Reader]] = []
    taken = bytearray(len(text))
    for rules in (DAYS, NO_DAYS):  # what names a day goes before what does not
        found = [(match, read) for pattern, read in _compiled(rules) for match in pattern.finditer(text)]
        for match, read in sorted(found, key=lambda one: (one[0].start(), -one[0].end())):
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = b"\1" * len(match[0])
                chosen.append((match, read))
    chosen.sort(key=lambda one: one[0].start())
    return [_mention(match, read, day) for match, read in chosen if _lies_ahead(match)]


def _shared(flags: list[tuple[str, ...]]) -> tuple[str, ...]:
    """What is doubtful in one way of saying it is not if another makes it clear."""
    return tuple(flag for flag in flags[0] if all(flag in others for others in flags))


def _mention(match: re.Match[str], read: Reader, day: date) -> Mention:
    reading = read(match, day)
    start = match.end("lead") if match.groupdict().get("lead") else match.start()
    return Mention(match.string[start : match.end()], start, match.end(), reading.day, reading.flags)


def _lies_ahead(match: re.Match[str]) -> bool:
    return not (NOT_AHEAD.search(match.string[: match.start()]) or BEHIND.match(match.string, match.end()))


def _compiled(rules: list[tuple[str, Reader]]) -> list[tuple[re.Pattern[str], Reader]]:
    return [(_pattern(pattern), read) for pattern, read in rules]


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w/])(?:{pattern})(?!\w)", re.IGNORECASE)


def _local_day(moment: date | datetime, tz: str | None) -> date:
    if not isinstance(moment, datetime):
        return moment
    if tz is None or moment.tzinfo is None:
        return moment.date()
    try:
        return moment.astimezone(ZoneInfo(tz)).date()
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageError(f"there is no time zone {tz!r}; zones are named like Europe/Berlin") from error
