"""What time words come to on a given day. Each function reads one pattern of the grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from onward.llm.grounding.calendar import (
    months_on,
    next_dated,
    next_numbered,
    next_weekday,
    weekday_in_week,
    working_days_on,
)
from onward.llm.grounding.words import count_of, month_of, ordinal_of, weekday_of

MONDAY, WEDNESDAY, FRIDAY, SUNDAY = 0, 2, 4, 6
FAR = timedelta(180)
TODAY = "today assumed"
TOMORROW = "tomorrow assumed"


@dataclass(frozen=True, slots=True)
class Reading:
    """A day, or none; and what has to be said about it."""

    day: date | None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """Words in a text that say when: `text[start:end] == words`."""

    words: str
    start: int
    end: int
    date: date | None
    flags: tuple[str, ...] = ()


def part(found: re.Match[str], name: str) -> str:
    """A part of what was found, in lower case; "" if the pattern or the words have no such part."""
    return (found.groupdict().get(name) or "").lower()


# ---------------------------------------------------------------------------- days in the calendar


def dated(found: re.Match[str], day: date) -> Reading:
    """A day and a month, perhaps a year and a weekday."""
    number, month = ordinal_of(part(found, "nth")), month_of(part(found, "month"))
    return agreeing(next_dated(number, month, day, year_of(part(found, "year"))), found, day)


def numeric(found: re.Match[str], day: date) -> Reading:
    """2026-06-03, 3.6.2026, 27/3; with strokes, day and month must not be exchangeable."""
    fields = [int(field) for field in re.findall(r"\d+", found[0])]
    if "-" in found[0]:
        fields.reverse()
    one, other, year = fields[0], fields[1], year_of(str(fields[2])) if len(fields) > 2 else None
    dates = {next_dated(one, other, day, year)}
    if "/" in found[0]:
        dates = (dates | {next_dated(other, one, day, year)}) - {None} or {None}
    return agreeing(dates.pop(), found, day) if len(dates) == 1 else Reading(None, ("day or month first",))


def year_of(digits: str) -> int | None:
    return int(digits) + (2000 if len(digits) == 2 else 0) if digits else None


def numbered(found: re.Match[str], day: date) -> Reading:
    """A day of this month or the next, perhaps with its weekday."""
    start = months_on(day.replace(day=1), 1) if part(found, "which") == "next" else day
    return agreeing(next_numbered(ordinal_of(part(found, "nth")), start), found, day)


def agreeing(day_found: date | None, found: re.Match[str], day: date) -> Reading:
    """The day, if there is such a day, it is not over, and it is the weekday that was named with it."""
    if day_found is None:
        return Reading(None, ("no such day",))
    if day_found < day:
        return Reading(None, ("past",))
    named = part(found, "weekday")
    if named and weekday_of(named) != day_found.weekday():
        return Reading(None, ("weekday and date disagree",))
    return Reading(day_found, doubt_of_year(day_found, found, day))


def doubt_of_year(day_found: date, found: re.Match[str], day: date) -> tuple[str, ...]:
    """A date far off in the next year, which was not named, may have been meant as one just over."""
    said = re.search(r"\d{4}|year", found[0])
    far = day_found.year > day.year and day_found - day > FAR
    return ("next year",) if far and not said else ()


# --------------------------------------------------------------------------------- weekdays


def weekday(found: re.Match[str], day: date) -> Reading:
    wanted, which = weekday_of(part(found, "weekday")), part(found, "which")
    if which == "next":
        return Reading(weekday_in_week(wanted, day, 1), ("next weekday",))
    if wanted == day.weekday():
        return Reading(day if which == "this" else next_weekday(wanted, day), ("today's weekday",))
    return Reading(next_weekday(wanted, day))


def weekday_and_week(found: re.Match[str], day: date) -> Reading:
    """Such as "Wednesday next week"."""
    week = part(found, "week")
    weeks = 2 if "after" in week else 0 if week.startswith("this") else 1
    return Reading(weekday_in_week(weekday_of(part(found, "weekday")), day, weeks))


def weeks_from_weekday(found: re.Match[str], day: date) -> Reading:
    """Such as "Monday week" or "two weeks from Thursday"."""
    coming = next_weekday(weekday_of(part(found, "weekday")), day)
    return Reading(coming + timedelta(weeks=count_of(part(found, "count") or "one")))


# -------------------------------------------------------------------------------- so far ahead


def same_day(found: re.Match[str], day: date) -> Reading:
    return Reading(day)


def time_of_day(found: re.Match[str], day: date) -> Reading:
    """A time without a day is taken to be the same day's, if nothing else is said."""
    return Reading(day, (TODAY,))


def tomorrow(found: re.Match[str], day: date) -> Reading:
    return Reading(day + timedelta(2 if "after" in found[0].lower() else 1))


def in_the_morning(found: re.Match[str], day: date) -> Reading:
    """The next one to come, if no other day is named."""
    return Reading(day + timedelta(1), (TOMORROW,))


def weeks_from_now(found: re.Match[str], day: date) -> Reading:
    """Such as "a week today", "tomorrow week" or "this day next week"."""
    ahead = timedelta(1 if part(found, "base") == "tomorrow" else 0)
    weeks = count_of(part(found, "count") or "one") * (2 if part(found, "unit") == "fortnight" else 1)
    return Reading(day + ahead + timedelta(weeks=weeks))


def after_a_while(found: re.Match[str], day: date) -> Reading:
    """Such as "in three days", "within five working days" or "in a month"."""
    count, unit = count_of(part(found, "count")), part(found, "unit")
    if unit in ("minute", "hour"):
        return Reading(day + timedelta(count // 24 if unit == "hour" else 0))
    if part(found, "working"):
        return Reading(working_days_on(day, count), ("working days",))
    if unit in ("month", "year"):
        return Reading(months_on(day, count * (12 if unit == "year" else 1)))
    return Reading(day + timedelta(count * {"day": 1, "week": 7, "fortnight": 14}[unit]))


# ----------------------------------------------------------------------------------- periods


def whole_period(found: re.Match[str], day: date) -> Reading:
    """The last day of a period, which was named as if it were a day."""
    last = period(found, day)[1]
    return (
        Reading(last, ("period", *doubt_of_year(last, found, day)))
        if last >= day
        else Reading(None, ("past",))
    )


def weekend(found: re.Match[str], day: date) -> Reading:
    """Its Sunday."""
    return Reading(weekday_in_week(SUNDAY, day, 1 if part(found, "which") == "next" else 0), ("period",))


def part_of_period(found: re.Match[str], day: date) -> Reading:
    """The end, the middle or the beginning of a period."""
    first, last = period(found, day)
    which = part(found, "part").removeprefix("the ")
    if which.startswith(("end", "late")):
        return Reading(last, doubt_of_year(last, found, day)) if last >= day else Reading(None, ("past",))
    if which.startswith("mid"):
        days = (last - first).days
        first += timedelta(WEDNESDAY if days < 7 else 14 if days < 31 else days // 2)
    return Reading(first, ("period",)) if first >= day else Reading(None, ("past",))


def period(found: re.Match[str], day: date) -> tuple[date, date]:
    """First and last day of the week, month, quarter or year that was named; a working week ends on Friday."""
    ahead = 1 if part(found, "which") == "next" else 0
    unit = part(found, "unit")
    if unit == "week":
        weekend = day.weekday() > FRIDAY and not ahead
        return weekday_in_week(MONDAY, day, ahead), weekday_in_week(SUNDAY if weekend else FRIDAY, day, ahead)
    if unit:
        months = {"month": 1, "quarter": 3, "year": 12}[unit]
        first = months_on(day.replace(month=(day.month - 1) // months * months + 1, day=1), ahead * months)
    else:
        quarter, months = part(found, "quarter"), 3 if part(found, "quarter") else 1
        month = int(quarter) * 3 - 2 if quarter else month_of(part(found, "month"))
        first = date(int(part(found, "year") or day.year), month, 1)
        if not part(found, "year") and months_on(first, months) <= day:
            first = months_on(first, 12)
    return first, months_on(first, months) - timedelta(1)


def last_day(found: re.Match[str], day: date) -> Reading:
    """The last day of a period, said to be that: "the last day of the month", "before the week is out"."""
    last = period(found, day)[1]
    return Reading(last, doubt_of_year(last, found, day)) if last >= day else Reading(None, ("past",))


def weekend_over(found: re.Match[str], day: date) -> Reading:
    """The Sunday of a weekend that something is to be done before the end of."""
    return Reading(weekday_in_week(SUNDAY, day))


def weekday_of_month(found: re.Match[str], day: date) -> Reading:
    """Such as "the last Thursday of the month"; past, if that one is over."""
    first, last = period(found, day)
    wanted, which = weekday_of(part(found, "weekday")), part(found, "nth")
    if which == "last":
        day_found = last - timedelta((last.weekday() - wanted) % 7)
    else:
        day_found = first + timedelta((wanted - first.weekday()) % 7, weeks=ordinal_of(which) - 1)
    if not first <= day_found <= last:
        return Reading(None, ("no such day",))
    return Reading(day_found) if day_found >= day else Reading(None, ("past",))


def period_end(found: re.Match[str], day: date) -> Reading:
    """Such as "month end" or "EOY"."""
    months = 12 if part(found, "unit").startswith("y") else 1
    first = day.replace(month=1 if months == 12 else day.month, day=1)
    return Reading(months_on(first, months) - timedelta(1))


def vague(found: re.Match[str], day: date) -> Reading:
    """Words about time that name no day."""
    return Reading(None, ("vague",))
