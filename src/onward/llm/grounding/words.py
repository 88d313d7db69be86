"""The vocabulary of time in English: names and numbers, as patterns, and what each word stands for."""

import re
from collections.abc import Iterable

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = [
    *["january", "february", "march", "april", "may", "june"],
    *["july", "august", "september", "october", "november", "december"],
]
UNITS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
TEENS = [
    "tenth",
    "eleventh",
    "twelfth",
    *(f"{t}teenth" for t in ["thir", "four", "fif", "six", "seven", "eigh", "nine"]),
]
ORDINALS = {word: number for number, word in enumerate([*UNITS, *TEENS, "twentieth"], 1)}
ORDINALS |= {f"twenty {unit}": 20 + number for number, unit in enumerate(UNITS, 1)}
ORDINALS |= {"thirtieth": 30, "thirty first": 31}
DIGITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
NUMBERS = {word: number for number, word in enumerate(DIGITS, 1)}
NUMBERS |= {
    "a": 1,
    "an": 1,
    "fourteen": 14,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "sixty": 60,
    "ninety": 90,
}


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first; a blank within one may be a hyphen."""
    return "(?:" + "|".join(sorted((w.replace(" ", r"[\s-]+") for w in words), key=len, reverse=True)) + ")"


LONG_WEEKDAY = any_of(WEEKDAYS)
WEEKDAY = any_of(
    [*WEEKDAYS, "mon", "tues?", "wed", "thu(?:rs?)?", "fri"]
)  # "sat" and "sun" are words as well
MONTH = any_of([*MONTHS, "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept?", "oct", "nov", "dec"])
ORDINAL = r"(?:\d{1,2}(?:st|nd|rd|th)|" + any_of(ORDINALS) + ")"
CLEAR_ORDINAL = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|" + any_of(w for w, number in ORDINALS.items() if number > 9) + ")"
)
"""Those that are seldom of anything but a day: "the twelfth", where "the third" is of many things."""
HOUR = any_of(DIGITS)
COUNT = r"(?:\d{1,3}|" + any_of(NUMBERS) + ")"


def weekday_of(word: str) -> int:
    """0 for Monday; from a name or its abbreviation."""
    return next(number for number, name in enumerate(WEEKDAYS) if name.startswith(word[:3].lower()))


def month_of(word: str) -> int:
    """1 for January; from a name or its abbreviation."""
    return next(number for number, name in enumerate(MONTHS, 1) if name.startswith(word[:3].lower()))


def ordinal_of(word: str) -> int:
    """The number that "14th", "14" or "twenty-first" is."""
    digits = re.match(r"\d+", word)
    return int(digits[0]) if digits else ORDINALS[re.sub(r"[\s-]+", " ", word.lower())]


def count_of(word: str) -> int:
    """The number that "14", "a" or "two" is."""
    return int(word) if word.isdigit() else NUMBERS[word.lower()]
