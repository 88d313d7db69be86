"""To-dos on a CalDAV server (RFC 4791), such as Nextcloud, iCloud or Radicale. Apple Reminders shows them.

A task is a resource named after its key, and put there on condition that there is none (``If-None-Match: *``): the
server itself refuses a second one. An update is put on condition that nobody changed it since (``If-Match``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from onward.errors import UsageError
from onward.recipes.meeting_tasks.trackers import vtodo
from onward.recipes.meeting_tasks.trackers.base import (
    Fields,
    Kept,
    Stamp,
    Task,
    TaskChanged,
    TaskRefused,
    TrackerUnavailable,
)
from onward.recipes.meeting_tasks.trackers.http import Http

if TYPE_CHECKING:
    from icalendar import Calendar, Todo

_DAV, _CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_XMLNS = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
_QUERY = (
    f"<C:calendar-query {_XMLNS}><prop><getetag/><C:calendar-data/></prop>"
    '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VTODO"/></C:comp-filter></C:filter>'
    "</C:calendar-query>"
)
_WHAT_IT_IS = (
    f"<propfind {_XMLNS}><prop><resourcetype/><C:supported-calendar-component-set/></prop></propfind>"
)
_XML = {"content-type": "application/xml; charset=utf-8"}
_ICS = "text/calendar; charset=utf-8"


class CalDav:
    """One calendar, by its address; the account is read from ``CALDAV_USERNAME`` and ``CALDAV_PASSWORD``."""

    kind = "caldav"
    readable = True
    spacing = 0.0

    def __init__(self, url: str) -> None:
        name, password = os.environ.get("CALDAV_USERNAME"), os.environ.get("CALDAV_PASSWORD", "")
        self.name = f"caldav:{url}"
        self._http = Http(url.rstrip("/") + "/", self.name, auth=(name, password) if name else None)
        self._checked = False

    def fields(self, task: Task) -> Fields:
        return vtodo.fields_of(task)

    def tasks(self, since: date | None) -> Iterator[Kept]:
        self._check()
        answer = self._http.read("REPORT", "", content=_QUERY, headers={**_XML, "depth": "1"}, fine=(207,))
        for response in ElementTree.fromstring(answer.content).iter(f"{_DAV}response"):
            text = response.findtext(f".//{_CAL}calendar-data") or ""
            kept = _kept(
                text, response.findtext(f"{_DAV}href") or "", response.findtext(f".//{_DAV}getetag") or ""
            )
            if kept is not None:
                yield kept

    def find(self, key: str, ref: str, since: date | None) -> Kept | None:
        found = self._get(ref or _name(key))
        kept = _kept(*found) if found else None
        return kept if kept is not None and kept.stamp.key == key else None

    def create(self, task: Task, stamp: Stamp) -> Kept:
        text = _calendar(vtodo.make(task, stamp)).to_ical()
        headers = {"content-type": _ICS, "if-none-match": "*"}
        put = self._http.write(
            "PUT", _name(task.key), content=text, headers=headers, fine=(200, 201, 204, 409, 412)
        )
        kept = self.find(task.key, "", None)
        if kept is not None:
            return kept
        if put.status_code == 409:
            raise TaskRefused(f"{self.name}: the server refuses the to-do {vtodo.uid(task.key)} (409)")
        raise TrackerUnavailable(f"{self.name}: {vtodo.uid(task.key)} was put there, but cannot be read back")

    def update(self, kept: Kept, fields: Fields, task: Task, stamp: Stamp) -> Kept:
        found = self._get(kept.ref)
        if found is None or found[2] != kept.version:
            raise TaskChanged(f"{self.name}: {kept.ref} was edited a moment ago")
        calendar = _parsed(found[0])
        todo = _ours(calendar)
        assert todo is not None  # it is what it was when it was read
        vtodo.change(todo, fields, stamp)
        headers = {"content-type": _ICS, "if-match": kept.version}
        put = self._http.write(
            "PUT", kept.ref, content=calendar.to_ical(), headers=headers, fine=(200, 201, 204, 412)
        )
        if put.status_code == 412:
            raise TaskChanged(f"{self.name}: {kept.ref} was edited a moment ago")
        return self.find(kept.stamp.key, kept.ref, None) or kept

    def close(self) -> None:
        self._http.close()

    def _get(self, ref: str) -> tuple[str, str, str] | None:
        """A resource's text, its address, and its etag."""
        response = self._http.read("GET", ref, fine=(200, 404, 410))
        if response.status_code != 200:
            return None
        return response.text, response.url.raw_path.decode(), response.headers.get("etag", "")

    def _check(self) -> None:
        """Whether this is a calendar that takes to-dos, before anything is put there."""
        if self._checked:
            return
        headers = {**_XML, "depth": "0"}
        answer = self._http.read("PROPFIND", "", content=_WHAT_IT_IS, headers=headers, fine=(207, 404, 405))
        found = ElementTree.fromstring(answer.content) if answer.status_code == 207 else None
        if found is None or found.find(f".//{_DAV}resourcetype/{_CAL}calendar") is None:
            raise UsageError(
                f"{self.name}: there is no calendar at this address; copy the one that your server shows "
                "in the calendar's settings"
            )
        kinds = {kind.get("name") for kind in found.iter(f"{_CAL}comp")}
        if kinds and "VTODO" not in kinds:
            raise UsageError(f"{self.name}: this calendar takes no to-dos; name a task list")
        self._checked = True


def _name(key: str) -> str:
    return f"{vtodo.uid(key)}.ics"


def _calendar(todo: Todo) -> Calendar:
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", vtodo.PRODUCT)
    calendar.add_component(todo)
    return calendar


def _parsed(text: str) -> Calendar:
    from icalendar import Calendar

    found = Calendar.from_ical(text)
    if not isinstance(found, Calendar):
        raise TaskRefused("the server sent something else than one calendar")
    return found


def _ours(calendar: Calendar) -> Todo | None:
    return next((todo for todo in calendar.todos if vtodo.STAMP in todo), None)


def _kept(text: str, ref: str, etag: str) -> Kept | None:
    if vtodo.STAMP not in text.replace("\r\n ", ""):
        return None  # somebody else's, and perhaps not even valid
    todo = _ours(_parsed(text))
    return vtodo.read(todo, ref, etag) if todo is not None else None
