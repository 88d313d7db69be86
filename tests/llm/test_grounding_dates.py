"""Words about time and a meeting's day, to a date: said on Tuesday 10 March 2026 unless the test says otherwise."""

import builtins
import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.errors import UsageError
from onward.llm.grounding import due_date, find_dates
from onward.llm.grounding.calendar import CalendarUnavailable, months_on
from onward.llm.grounding.words import MONTHS, ORDINALS, WEEKDAYS

TUESDAY = date(2026, 3, 10)
days = st.dates(date(2000, 1, 1), date(2090, 12, 31))

SAID = {
    # weekdays
    "Thursday": "2026-03-12",
    "by Thursday, if that works": "2026-03-12",
    "I'll have it on friday": "2026-03-13",
    "this Friday": "2026-03-13",
    "next Friday": "2026-03-20",
    "Monday": "2026-03-16",
    "Tuesday": "2026-03-17",
    "Wednesday next week": "2026-03-18",
    "next week on Wednesday": "2026-03-18",
    "next week's Wednesday": "2026-03-18",
    "Monday the week after next": "2026-03-23",
    "Monday week": "2026-03-23",
    "a week on Thursday": "2026-03-19",
    "two weeks from Friday": "2026-03-27",
    "Monday in two weeks": "2026-03-30",
    "by Mon, please": "2026-03-16",
    # days of the month
    "by the 14th": "2026-03-14",
    "on the 5th": "2026-04-05",
    "the twenty-seventh": "2026-03-27",
    "it runs out on the twenty seventh": "2026-03-27",
    "before the 22nd": "2026-03-22",
    "Monday the sixteenth": "2026-03-16",
    "by Mon 16th": "2026-03-16",
    "the 3rd of next month": "2026-04-03",
    "by the 31st": "2026-03-31",
    "so the 14th": "2026-03-14",
    # counted from another day
    "the board meets on the 30th, so I need it a week earlier": "2026-03-23",
    "it's out on the twenty-sixth so the Friday before": "2026-03-20",
    "next Wednesday … the Friday after": "2026-03-20",
    "two working days after the 19th": "2026-03-23",
    "the day before the 20th": "2026-03-19",
    "on the 24th, ten working days before, they say": "2026-03-10",
    "the wedding is on the 21st, so three days before that": "2026-03-18",
    "two days before the wedding on the 21st": "2026-03-19",
    "the 29th … two days before the fitting": "2026-03-27",
    "the 29th … two days before the fitting … the Wednesday before that": "2026-03-25",
    "the fifth … a week before it closes": "2026-03-29",
    "the 20th … the morning after the vigil": "2026-03-21",
    "the 20th … the night before the concert": "2026-03-19",
    "the 20th … the eve of the fair": "2026-03-19",
    "the 20th … on the morning of the fair": "2026-03-20",
    "the 20th … a full week out from polling day": "2026-03-13",
    "the 20th … a day or two ahead of the audit": "2026-03-19",
    "the 20th … a month after the audit": "2026-04-20",
    "Monday 13 April … the Sunday": "2026-04-12",
    "Monday 13 April … by the Thursday": "2026-04-16",
    "the morning of the 15th": "2026-03-15",
    "end of day tomorrow": "2026-03-11",
    "give me a fortnight": "2026-03-24",
    "first thing in the morning": "2026-03-11",
    "the council comes on the 15th, we'll have it by then": "2026-03-15",
    # with a month
    "4 April": "2026-04-04",
    "April 4th": "2026-04-04",
    "by December the first": "2026-12-01",
    "the third of June": "2026-06-03",
    "the twenty-second of June": "2026-06-22",
    "Tues 17 March": "2026-03-17",
    "10 March": "2026-03-10",
    "June 3, 2027": "2027-06-03",
    "the 29th of February": "2028-02-29",
    "2026-04-02": "2026-04-02",
    "27/3": "2026-03-27",
    "3/27": "2026-03-27",
    "6/6": "2026-06-06",
    "3.6.2026": "2026-06-03",
    "tomorrow by noon": "2026-03-11",
    "by 5 pm on Thursday": "2026-03-12",
    # so far ahead
    "EOD": "2026-03-10",
    "this afternoon": "2026-03-10",
    "by close of business": "2026-03-10",
    "right after the call": "2026-03-10",
    "in a minute": "2026-03-10",
    "tomorrow": "2026-03-11",
    "first thing tomorrow": "2026-03-11",
    "the day after tomorrow": "2026-03-12",
    "in three days": "2026-03-13",
    "in a week": "2026-03-17",
    "in two weeks": "2026-03-24",
    "in two weeks' time": "2026-03-24",
    "two weeks from now": "2026-03-24",
    "in a fortnight": "2026-03-24",
    "within ten days": "2026-03-20",
    "in 48 hours": "2026-03-12",
    "within five working days": "2026-03-17",
    "in a month": "2026-04-10",
    "a week today": "2026-03-17",
    "two weeks from tomorrow": "2026-03-25",
    "tomorrow week": "2026-03-18",
    "this day next week": "2026-03-17",
    "on Thursday in the morning": "2026-03-12",
    "it closes the thirtieth, mind": "2026-03-30",
    "the bank holiday's the first, isn't it": "2026-04-01",
    "on the twenty-second, a Sunday": "2026-03-22",
    # ends of periods
    "the end of the week": "2026-03-13",
    "by the end of next week": "2026-03-20",
    "end of the month": "2026-03-31",
    "at the end of next month": "2026-04-30",
    "end of May": "2026-05-31",
    "month end": "2026-03-31",
    "the last day of the month": "2026-03-31",
    "the last Thursday of April": "2026-04-30",
    "the first Monday in May": "2026-05-04",
    "before the weekend's over": "2026-03-15",
    "before the month is out": "2026-03-31",
    "before this month ends": "2026-03-31",
    "end of the quarter": "2026-03-31",
    "end of the year": "2026-12-31",
    "EOY": "2026-12-31",
    # said twice, and corrected
    "next Friday. The twentieth": "2026-03-20",
    "Thursday. No wait, Friday": "2026-03-13",
    "by the end of this week. Actually no, then make it Monday": "2026-03-16",
    "not tonight, Thursday": "2026-03-12",
}

FLAGGED = {
    "next Friday": ("2026-03-20", "next weekday"),
    "Tuesday": ("2026-03-17", "today's weekday"),
    "this Tuesday": ("2026-03-10", "today's weekday"),
    "next week": ("2026-03-20", "period"),
    "this month": ("2026-03-31", "period"),
    "Q3": ("2026-09-30", "period"),
    "Q1 2027": ("2027-03-31", "period"),
    "in May": ("2026-05-31", "period"),
    "mid-April": ("2026-04-15", "period"),
    "the beginning of next week": ("2026-03-16", "period"),
    "within five working days": ("2026-03-17", "working days"),
    "9 March": ("2027-03-09", "next year"),
    "a week later": (None, "which day?"),
    "on the 12th, so a week earlier": (None, "past"),
    "you'll have it by five.": ("2026-03-10", "today assumed"),
    "before lunch": ("2026-03-10", "today assumed"),
    "over the weekend": ("2026-03-15", "period"),
    "I'll ring them in the morning": ("2026-03-11", "tomorrow assumed"),
    "before I go home": ("2026-03-10", "today assumed"),
    "the 20th … the week of the fair": ("2026-03-20", "period"),
    "two days before the fitting": (None, "which day?"),
    "the 11th … two days before the fitting": (None, "past"),
    "on the Friday after the fair": (None, "vague"),
    "the first Monday of the month": (None, "past"),
    "before Good Friday": (None, "vague"),
    "next weekend": ("2026-03-22", "period"),
    "in January": ("2027-01-31", "next year"),
    "the end of February": ("2027-02-28", "next year"),
    "Thursday. No, Friday": ("2026-03-13", "corrected"),
    "soon": (None, "vague"),
    "as soon as I have the photo": (None, "vague"),
    "before the launch": (None, "vague"),
    "before Christmas": (None, "vague"),
    "at some point": (None, "vague"),
    "in a few days": (None, "vague"),
    "by May": (None, "vague"),
    "the Friday before": (None, "vague"),
    "6/3": (None, "day or month first"),
    "Friday the 14th": (None, "weekday and date disagree"),
    "31 April": (None, "no such day"),
    "2026-03-09": (None, "past"),
    "Thursday or Friday": (None, "several days"),
    "I really like it": (None, "no date"),
    "": (None, "no date"),
}

NO_DATES = [
    "That may be, give me a second.",
    "March on!",
    "for the first time",
    "the third says eighty-four",
    "the second company never came",
    "last Friday",
    "since Monday",
    "every Thursday",
    "every first Friday",
    "six in the morning",
    "she's the first",
    "day after day",
    "the week before last",
    "two weeks ago",
    "it takes two weeks",
    "we sat in the sun",
    "a batch of 2026/12/3/4",
    "3/4/5/6",
    "cut it by five percent",
]


@pytest.mark.parametrize(("words", "expected"), SAID.items())
def test_what_people_say_comes_to_a_date(words: str, expected: str) -> None:
    assert str(due_date(words, TUESDAY).date) == expected


@pytest.mark.parametrize(("words", "expected"), FLAGGED.items())
def test_doubts_are_said(words: str, expected: tuple[str | None, str]) -> None:
    day, flag = expected
    due = due_date(words, TUESDAY)
    assert (due.date and str(due.date)) == day
    assert flag in due.flags


@pytest.mark.parametrize("text", NO_DATES)
def test_what_only_sounds_like_a_date_is_none(text: str) -> None:
    assert find_dates(text, TUESDAY) == []


def test_a_second_way_of_saying_it_removes_the_doubt() -> None:
    assert due_date("next Friday. The twentieth.", TUESDAY).flags == ()


def test_the_weekend_belongs_to_the_week_that_ends() -> None:
    saturday = date(2026, 3, 14)
    assert due_date("next Friday", saturday).date == date(2026, 3, 20)
    assert due_date("this Friday", saturday).date == date(2026, 3, 20)
    assert due_date("the end of next week", saturday).date == date(2026, 3, 20)
    assert due_date("this week", saturday).date == date(2026, 3, 15)


def test_the_end_of_a_period_is_never_behind() -> None:
    assert due_date("the end of March", date(2026, 3, 31)).date == date(2026, 3, 31)
    assert due_date("the end of March", date(2026, 4, 1)).date == date(2027, 3, 31)
    assert due_date("the beginning of the month", TUESDAY).flags == ("past",)


def test_the_words_that_were_read_are_given_back() -> None:
    text = "I send it next Friday. The list by the twenty-second, it's due on the fifth. The rest by the end of May."
    found = find_dates(text, TUESDAY)
    assert [mention.words for mention in found] == [
        "next Friday", "the twenty-second", "the fifth", "the end of May",
    ]  # fmt: skip
    assert all(text[mention.start : mention.end] == mention.words for mention in found)


def test_the_meetings_day_is_that_of_its_time_zone() -> None:
    evening = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)
    assert due_date("tomorrow", evening).date == date(2026, 3, 11)
    assert due_date("tomorrow", evening, "Asia/Tokyo").date == date(2026, 3, 12)
    assert due_date("tomorrow", evening, "America/Los_Angeles").date == date(2026, 3, 11)
    with pytest.raises(UsageError, match="Europe/Berlin"):
        due_date("tomorrow", evening, "Berlin time")


def test_other_languages_are_read_by_dateparser() -> None:
    assert due_date("dans deux semaines", TUESDAY, languages=["fr"]).date == date(2026, 3, 24)
    assert due_date("übermorgen", TUESDAY, languages=["de"]).date == date(2026, 3, 12)
    assert due_date("irgendwann", TUESDAY, languages=["de"]).flags == ("no date",)
    with pytest.raises(UsageError, match="languages"):
        due_date("tomorrow", TUESDAY, languages=["xx"])


def test_without_dateparser_english_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: object, **kwargs: object) -> object:
        if name == "dateparser":
            raise ImportError(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", missing)
    assert due_date("4 April", TUESDAY).date == date(2026, 4, 4)
    with pytest.raises(CalendarUnavailable, match=r"onward\[meetings\]"):
        due_date("demain", TUESDAY, languages=["fr"])


# ---------------------------------------------------------------------------------- properties


@given(days, st.integers(0, 6))
def test_a_weekday_is_within_the_next_seven_days(day: date, weekday: int) -> None:
    due = due_date(WEEKDAYS[weekday].title(), day).date
    assert due is not None
    assert due.weekday() == weekday
    assert 1 <= (due - day).days <= 7


@given(days, st.integers(0, 6))
def test_a_next_weekday_is_in_the_following_week(day: date, weekday: int) -> None:
    due = due_date(f"by next {WEEKDAYS[weekday]}", day).date
    assert due is not None
    assert due.weekday() == weekday
    assert due.isocalendar()[:2] == (day + timedelta(7)).isocalendar()[:2]


@given(days, st.sampled_from([*ORDINALS.items()]))
def test_a_day_of_the_month_is_the_next_with_its_number(day: date, ordinal: tuple[str, int]) -> None:
    word, number = ordinal
    due = due_date(f"the {word}", day).date
    assert due is not None
    assert due.day == number
    assert due >= day
    assert not any((day + timedelta(n)).day == number for n in range((due - day).days))


@given(days, st.integers(1, 31), st.integers(1, 12))
def test_a_date_without_a_year_is_the_next_such_date(day: date, number: int, month: int) -> None:
    due = due_date(f"{MONTHS[month - 1].title()} {number}", day)
    if due.date is None:
        assert due.flags == ("no such day",)
        assert (
            number > 29 or month == 2
        )  # 1 March 2096 to 28 February 2104 has no 29 February in reach of eight years
        return
    assert (due.date.month, due.date.day) == (month, number)
    assert due.date >= day
    assert ("next year" in due.flags) == (due.date.year > day.year and (due.date - day).days > 180)


@given(days, st.integers(1, 400))
def test_days_ahead_are_counted(day: date, count: int) -> None:
    assert due_date(f"in {count} days", day).date == day + timedelta(count)


@given(days)
def test_the_end_of_a_month_is_its_last_day(day: date) -> None:
    due = due_date("by the end of the month", day).date
    assert due is not None
    assert (due.year, due.month) == (day.year, day.month)
    assert (due + timedelta(1)).day == 1


@given(days, st.integers(0, 40))
def test_months_on_keeps_the_day_where_it_can(day: date, count: int) -> None:
    later = months_on(day, count)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == count
    assert later.day == day.day or (later + timedelta(1)).day == 1


TIME_WORDS = [*SAID, *FLAGGED, *NO_DATES, "no,", "Then", "the", "of", "in", "by", "week", "and", "?", "2026"]


@given(st.lists(st.sampled_from(TIME_WORDS), max_size=6).map(" ".join) | st.text(max_size=60), days)
def test_any_text_is_read_without_fault(text: str, day: date) -> None:
    mentions = find_dates(text, day)
    assert all(text[m.start : m.end] == m.words for m in mentions)
    assert all(one.end <= other.start for one, other in itertools.pairwise(mentions))
    assert all(m.date or m.flags for m in mentions)
    due = due_date(text, day)
    assert due.date is None or due.date >= day
    assert due.date or due.flags
    assert due.words is None or due.words in text
