"""Arithmetic on the calendar, and dateparser for the languages that the grammar does not know."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from onward.errors import OnwardError, UsageError

FRIDAY = 4


class CalendarUnavailable(OnwardError):
    """The library that reads dates in other languages is not installed."""


def in_other_words(words: str, day: date, languages: Sequence[str]) -> date | None:
    """What dateparser makes of the words as a whole, in one of the languages ("en", "fr", ...), said on the day.

    Raises:
        CalendarUnavailable: dateparser is not installed.
        UsageError: it does not know one of the languages.
    """
    try:
        import dateparser
    except ImportError as missing:
        raise CalendarUnavailable(
            'dates in other languages are read by dateparser: pip install "onward[meetings]"'
        ) from missing
    settings = {
        "RELATIVE_BASE": datetime.combine(day, time()),
        "PREFER_DATES_FROM": "future",
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    try:
        found = dateparser.parse(words, languages=list(languages), settings=settings)
    except ValueError as error:
        raise UsageError(f"dateparser does not know the languages {list(languages)}: {error}") from error
    return found.date() if found else None


def next_dated(number: int, month: int, day: date, year: int | None = None) -> date | None:
    """The next such day of such a month, the day itself included, or that of the year; None if there is none."""
    for candidate in (
        [year] if year else range(day.year, day.year + 9)
    ):  # a 29 February may be eight years off
        if 1 <= month <= 12 and 1 <= number <= monthrange(candidate, month)[1]:
            found = date(candidate, month, number)
            if year or found >= day:
                return found
    return None


def months_on(day: date, count: int) -> date:
    """The same day so many months later, or the last of that month if it has no such day."""
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def next_numbered(number: int, day: date) -> date | None:
    """The next day with that number in its month, the day itself included; None if there is no such number."""
    for ahead in range(3):
        first = months_on(day.replace(day=1), ahead)
        if 1 <= number <= monthrange(first.year, first.month)[1] and first.replace(day=number) >= day:
            return first.replace(day=number)
    return None


def next_weekday(weekday: int, day: date) -> date:
    """The next such weekday after the day."""
    return day + timedelta((weekday - day.weekday() - 1) % 7 + 1)


def weekday_in_week(weekday: int, day: date, weeks: int = 0) -> date:
    """The weekday in the week so many weeks after the day's; weeks begin on Monday."""
    return day + timedelta(weekday - day.weekday() + 7 * weeks)


def working_days_on(day: date, count: int) -> date:
    """So many days later, or earlier if fewer than none, not counting Saturdays and Sundays."""
    step = timedelta(1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while day.weekday() > FRIDAY:
            day += step
    return day
