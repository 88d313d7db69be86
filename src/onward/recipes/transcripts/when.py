"""When a meeting was held, and what it was called, as far as a file's name and header say."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo

_YMD = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_GMT = re.compile(r"GMT(20\d{6})-(\d{6})")  # as Zoom names its recordings
_NOISE = re.compile(r"(?i)\b(transcript(ion)?|recording|captions?|otter(_ai)?|en|en-us|gallery|\d+x\d+)\b")
_WRITTEN = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%Y %B %d", "%Y/%m/%d")
_ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th)\b")
_WEEKDAY = re.compile(r"(?i)\b(mon|tues?|wed(nes)?|thu(rs?)?|fri|sat(ur)?|sun)(day)?\b\.?")


def day_of(held: date | datetime | None, zone: tzinfo | None) -> date | None:
    """The day of a moment: in ``zone`` if that is given, else where its own clock stands."""
    if not isinstance(held, datetime):
        return held
    return (held.astimezone(zone) if zone and held.tzinfo else held).date()


def day_in_name(stem: str, zone: tzinfo | None) -> date | None:
    """The date in a file's name: ``2026-11-25``, ``20261125``, or Zoom's ``GMT20261125-140530``, a moment."""
    if match := _GMT.search(stem):
        try:
            return day_of(
                datetime.strptime("".join(match.groups()), "%Y%m%d%H%M%S").replace(tzinfo=UTC), zone
            )
        except ValueError:
            return None
    for year, _, month, day in _YMD.findall(stem):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def title_from_name(stem: str) -> str:
    """A file's name without date and clutter, as a title: ``2026-11-25_weekly-sync.en`` is "Weekly sync"."""
    words = _NOISE.sub(" ", re.sub(r"[-_.\s]+", " ", _YMD.sub(" ", _GMT.sub(" ", stem)))).split()
    title = " ".join(words) or stem
    return title[0].upper() + title[1:]


def written_day(text: str) -> date | datetime | None:
    """A date as people and programs write it: ISO 8601, ``25 November 2026``, ``Wed, Nov 25th, 2026, 14:00``.

    None for anything else; ``11/12/2026`` too, which is two different days in two countries.
    """
    text = text.strip()
    try:
        return datetime.fromisoformat(text) if ":" in text else date.fromisoformat(text)
    except ValueError:
        pass
    plain = re.sub(r"[,.]", " ", _ORDINAL.sub("", _WEEKDAY.sub("", text)))
    words = plain.split()
    for count in (3, 1):
        for form in _WRITTEN:
            try:
                return datetime.strptime(" ".join(words[:count]), form).date()  # noqa: DTZ007 - a day, no moment
            except ValueError:
                continue
    if match := _YMD.search(text):
        return day_in_name(match.group(), None)
    return None
